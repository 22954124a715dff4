"""SearchTuning: what most searches leave alone: method, distance, start, and what counts how much."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from latent_studio.methods.projection.loss_weights import LossWeights
from latent_studio.ui.photos.controls import button, choice, flow, row, slider
from latent_studio.ui.photos.weights_button import WeightsButton

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from latent_studio.ui.api import DockContext

#: Where each weight's slider ends.
_MOST = {
    "pixel": 4.0, "perceptual": 4.0, "multi_scale": 4.0, "identity": 2.0, "prior": 0.1, "rows": 0.1,
    "noise": 100.0,
}  # fmt: skip


class SearchTuning(QWidget):
    """Fields of a search that have good defaults.

    Args:
        context: the window's parts.
        parent: Qt owner.

    Signals:
        changed: a field has another value.
    """

    changed = Signal()

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._schedule = choice(
            self, "projection-schedule", self.tr("Method"),
            self.tr("Our own search, or a published projector's thousand steps, for comparison."),
            (
                (self.tr("Ladder"), "ladder"), ("StyleGAN2-ADA", "stylegan2-ada"), ("mmgen", "mmgen"),
                (self.tr("VGG feature"), "vgg-feature"),
            ),
        )  # fmt: skip
        self._loss = choice(
            self, "projection-loss", self.tr("Perceptual distance"),
            self.tr("ST-LPIPS comes with the program; the others need weights of torchvision's."),
            (
                ("ST-LPIPS", "st-lpips"), ("LPIPS alex", "lpips-alex"), ("LPIPS vgg", "lpips-vgg"),
                ("LPIPS squeeze", "lpips-squeeze"),
            ),
        )  # fmt: skip
        self._fetch = WeightsButton(context, "projection-fetch-loss", self)
        self._start = choice(
            self, "projection-begin", self.tr("Begin at"),
            self.tr("What the model's encoder sees, the best of random samples, or the mean."),
            (
                (self.tr("Encoder"), "encoder"), (self.tr("Samples"), "samples"), (self.tr("Mean"), "mean"),
            ),
        )  # fmt: skip
        self._film = QCheckBox(self.tr("Keep a film"), self)
        self._film.setObjectName("projection-keep-film")
        self._film.setToolTip(self.tr("Keep pictures of the search, so that it can be saved as a film."))
        usual = LossWeights()
        titles = {
            "pixel": self.tr("Pixels"),
            "perceptual": self.tr("Perceptual distance"),
            "multi_scale": self.tr("Smaller versions"),
            "identity": self.tr("Likeness of the person"),
            "prior": self.tr("Usual latent"),
            "rows": self.tr("Rows alike"),
            "noise": self.tr("White noise"),
        }
        helps = {
            "pixel": self.tr("Weight of the mean squared difference of pixels."),
            "perceptual": self.tr("Weight of how different the pictures look to a network."),
            "multi_scale": self.tr(
                "Weight of the difference at a half, a quarter and an eighth of the side."
            ),
            "identity": self.tr("Weight of being another person, as ArcFace sees it."),
            "prior": self.tr("Weight of being an unusual latent; more keeps edits usable."),
            "rows": self.tr("Weight of rows of w+ that differ from each other; more keeps edits usable."),
            "noise": self.tr("Weight of patterns in noise maps, where these are searched as well."),
        }
        self._weights = {
            field.name: slider(
                self, f"projection-weight-{field.name.replace('_', '-')}", titles[field.name],
                (0.0, _MOST[field.name]), getattr(usual, field.name),
                decimals=3 if _MOST[field.name] < 1 else 2,
            )
            for field in fields(LossWeights)
        }  # fmt: skip
        for name, one in self._weights.items():
            one.setToolTip(helps[name])
            one.valueChanged.connect(self.changed)
        self._reset = button(
            self, "projection-weights-reset", self.tr("Usual weights"), self.tr("All weights as they were.")
        )
        self._reset.clicked.connect(self._use_usual)
        self._schedule.currentIndexChanged.connect(self._show_schedule)
        self._loss.currentIndexChanged.connect(self._show_loss)
        self._start.currentIndexChanged.connect(self.changed)
        self._fetch.fetched.connect(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row(self._schedule, self._start, stretches=(1, 1)))
        layout.addLayout(row(self._loss, self._fetch, stretches=(1, 0)))
        for one in self._weights.values():
            layout.addWidget(one)
        layout.addLayout(flow(self._reset, self._film))

    @property
    def schedule(self) -> str:
        """``"ladder"``, or a published method."""
        return str(self._schedule.currentData())

    @property
    def loss(self) -> str:
        """The perceptual distance."""
        return str(self._loss.currentData())

    @property
    def start(self) -> str:
        """Where to begin."""
        return str(self._start.currentData())

    @property
    def keeps_film(self) -> bool:
        """Whether pictures of the way are kept."""
        return self._film.isChecked()

    @property
    def weights(self) -> LossWeights:
        """What counts how much."""
        return LossWeights(**{name: one.value() for name, one in self._weights.items()})

    def showEvent(self, event: QShowEvent) -> None:
        """Weights may have come meanwhile."""
        self._show_person()
        super().showEvent(event)

    @Slot()
    def _use_usual(self) -> None:
        usual = LossWeights()
        for name, one in self._weights.items():
            one.setValue(getattr(usual, name))
        self.changed.emit()

    @Slot()
    def _show_schedule(self) -> None:
        is_ours = self.schedule == "ladder"
        self._start.setEnabled(is_ours)
        for one in (*self._weights.values(), self._reset):
            one.setEnabled(is_ours)
        self._show_person()
        self.changed.emit()

    @Slot()
    def _show_loss(self) -> None:
        self._fetch.serve(self.loss, self._loss.currentText())
        self.changed.emit()

    @Slot()
    def _show_person(self) -> None:
        from latent_studio.app.face_net import missing_face_net

        missing = missing_face_net()
        person = self._weights["identity"]
        if missing is not None:
            person.setEnabled(False)
            person.setToolTip(f"{missing.title} {missing.hint}")
            return
        person.setEnabled(self.schedule == "ladder")
        person.setToolTip(self.tr("Weight of being another person, as ArcFace sees it."))
