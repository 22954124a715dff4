"""The open model: what it is, where it came from, and opening another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from latent_studio.core.render import Quality
from latent_studio.ui.model_facts import (
    badge_text,
    estimate_text,
    file_text,
    headline,
    shape_text,
    tooltip_text,
)
from latent_studio.ui.theme import colour, colours
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.images import image_of

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.core.render import Frame
    from latent_studio.ui.api import DockContext

_PICTURE = 64


class ModelDock(QWidget):
    """A card with the model's facts, and the ways to another one.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wants_picture = False
        self._context = context
        self._picture = _Picture(self)
        self._name = ElidedLabel(self.tr("No model"), self)
        self._name.setProperty("heading", True)
        self._name.setObjectName("model-name")
        self._headline = ElidedLabel("", self)
        self._headline.setProperty("muted", True)
        self._badge = ElidedLabel("", self)
        self._badge.setProperty("good", True)
        self._badge.setObjectName("trust-badge")
        self._shape = ElidedLabel("", self)
        self._shape.setProperty("muted", True)
        self._file = ElidedLabel("", self)
        self._file.setProperty("muted", True)

        self._estimate = ElidedLabel("", self)
        self._estimate.setProperty("muted", True)
        self._estimate.setObjectName("model-estimate")
        self._notes = QLabel(self)
        self._notes.setObjectName("model-notes")
        self._notes.setProperty("muted", True)
        self._notes.setWordWrap(True)
        self._notes.hide()

        facts = QVBoxLayout()
        facts.setSpacing(2)
        facts.addStretch(1)
        for line in (self._name, self._headline, self._badge):
            facts.addWidget(line)
        facts.addStretch(1)
        card = QHBoxLayout()
        card.setSpacing(12)
        card.addWidget(self._picture)
        card.addLayout(facts, 1)

        opener = _button(self.tr("Open…"), "model-open", context.actions["open_model"].toolTip(), self)
        opener.clicked.connect(context.actions["open_model"].trigger)
        library = _button(
            self.tr("Library"), "model-library", self.tr("Models that came with the program."), self
        )
        library.setMenu(context.model_menus.library)
        recent = _button(self.tr("Recent"), "model-recent", self.tr("Models opened lately."), self)
        recent.setMenu(context.model_menus.recent)
        buttons = QGridLayout()
        buttons.setSpacing(8)
        for column, button in enumerate((opener, library, recent)):
            buttons.addWidget(button, 0, column)
            buttons.setColumnStretch(column, 1)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(card)
        layout.addWidget(self._shape)
        layout.addWidget(self._file)
        layout.addWidget(self._estimate)
        layout.addWidget(self._notes)
        layout.addLayout(buttons)
        layout.addStretch(1)
        context.models.model_changed.connect(self._take_model)
        context.renders.frame_ready.connect(self._take_frame)

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self._name.setText(model.ref.name)
        self._headline.setText(headline(model.spec))
        self._shape.setText(shape_text(model.spec))
        self._file.setText(file_text(model.spec, model.provenance))
        self._estimate.setText(self.tr("{facts}, estimated").format(facts=estimate_text(model)))
        self._notes.setText("\n".join(model.provenance.notes))
        self._notes.setVisible(bool(model.provenance.notes))
        self._badge.setText(badge_text())
        self.setToolTip(tooltip_text(model))
        self._wants_picture = True

    @Slot(object)
    def _take_frame(self, frame: Frame) -> None:
        # The first sharp picture of a model stands for it.
        if self._wants_picture and frame.quality is Quality.FINAL:
            self._wants_picture = False
            image = image_of(frame.pixels)
            self._picture.show_image(image)
            self._context.models.keep_picture(image)


class _Picture(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setFixedSize(QSize(_PICTURE, _PICTURE))

    def show_image(self, image: QImage) -> None:
        side = round(_PICTURE * self.devicePixelRatioF())
        self._image = image.scaled(
            side,
            side,
            Qt.AspectRatioMode.KeepAspectRatioByExpanding,
            Qt.TransformationMode.SmoothTransformation,
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setClipPath(outline)
        painter.fillRect(self.rect(), colour(colours().raised))
        if not self._image.isNull():
            painter.drawImage(self.rect(), self._image)
        painter.end()


def _button(text: str, name: str, tooltip: str, parent: QWidget) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    button.setToolTip(tooltip)
    return button
