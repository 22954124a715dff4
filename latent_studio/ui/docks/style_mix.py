"""Style mixing: which rows of the latent come from a second place, and from where."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.core.edits import EditStack
from latent_studio.core.latent import Latent
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.style_mix import StyleMix, crossover_of, rows_from
from latent_studio.ui.seeds import draw_seed
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.labelled_slider import LabelledSlider
from latent_studio.ui.widgets.picture_label import PictureLabel
from latent_studio.ui.widgets.rows_picker import RowsPicker
from latent_studio.ui.widgets.seed_field import SeedField

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Base, Session
    from latent_studio.ui.api import DockContext

_CLIENT = "style mix"
_PICTURE = 88
#: Models that take longer than this show a preview of the second place.
_SHARP_WITHIN_MS = 2000.0


class StyleMixDock(QWidget):
    """The second place, the crossover, a box for each row, and how strongly.

    Nothing is mixed while no row is ticked; the second place is remembered then.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._num_ws = 0
        self._source: Base = SeedPoint(1)
        self._hint = QLabel(self)
        self._hint.setObjectName("mix-hint")
        self._hint.setProperty("muted", True)
        self._hint.setWordWrap(True)
        self._picture = PictureLabel(QSize(_PICTURE, _PICTURE), self)
        self._picture.setObjectName("mix-picture")
        self._picture.setAccessibleName(self.tr("Picture the rows come from"))
        self._seed = SeedField(self)
        self._seed.setObjectName("mix-seed")
        self._seed.setToolTip(self.tr("The seed that rows are taken from"))
        self._from = ElidedLabel(parent=self)
        self._from.setObjectName("mix-from")
        self._from.setProperty("muted", True)
        self._from.setBuddy(self._seed)
        self._places = QToolButton(self)
        self._places.setObjectName("mix-places")
        self._places.setText(self.tr("Key or photo"))
        self._places.setToolTip(self.tr("Rows come from a key of the timeline, or from a projected photo."))
        self._places.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._places)
        menu.setObjectName("mix-places-menu")
        menu.aboutToShow.connect(self._fill_places)
        self._places.setMenu(menu)
        self._take_picture = _button(
            self, "mix-take", self.tr("Take this picture"),
            self.tr("Rows come from the place the picture starts from now; then go on to another seed."),
        )  # fmt: skip
        self._swap = _button(
            self, "mix-swap", self.tr("Swap"), self.tr("The second place becomes the first, and back.")
        )
        self._crossover = LabelledSlider(self.tr("Crossover"), parent=self)
        self._crossover.setObjectName("mix-crossover")
        self._crossover.setToolTip(
            self.tr("Rows from this one on come from the second place; the last place mixes nothing.")
        )
        self._crossover.setIntegerMode(True)
        self._crossover.setStep(1)
        self._rows = RowsPicker(self)
        self._rows.setObjectName("mix-rows")
        self._rows.setAccessibleName(self.tr("Rows from the second place"))
        self._weight = LabelledSlider(self.tr("Strength"), parent=self)
        self._weight.setObjectName("mix-weight")
        self._weight.setToolTip(self.tr("1 takes the rows whole, less blends them with the picture's own."))
        self._weight.setRange(0.0, 1.0)
        self._weight.setDefault(1.0)
        self._weight.setStep(0.05)
        self._weight.setDecimals(2)
        self._weight.setValue(1.0)
        self._body = QWidget(self)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._take_picture)
        buttons.addWidget(self._swap)
        buttons.addStretch(1)
        beside = QVBoxLayout()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._from, 1)
        head.addWidget(self._places)
        beside.setSpacing(6)
        beside.addLayout(head)
        beside.addWidget(self._seed)
        beside.addLayout(buttons)
        beside.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(beside, 1)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(10)
        body.addLayout(top)
        body.addWidget(self._rows)
        body.addWidget(self._crossover)
        body.addWidget(self._weight)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._hint)
        layout.addWidget(self._body)
        layout.addStretch(1)

        store = context.store
        self._seed.seedChanged.connect(self._set_seed)
        self._seed.randomRequested.connect(self._throw_dice)
        self._take_picture.clicked.connect(self._set_from_picture)
        self._swap.clicked.connect(self._swap_places)
        self._crossover.valueChanged.connect(self._set_crossover)
        self._crossover.gestureFinished.connect(store.close_gesture)
        self._rows.rowsChanged.connect(self._set_rows)
        self._rows.gestureFinished.connect(store.close_gesture)
        self._weight.valueChanged.connect(self._set_weight)
        self._weight.gestureFinished.connect(store.close_gesture)
        context.models.model_changed.connect(self._take_model)
        context.bridge.session_changed.connect(self.show_session)
        context.pictures.ready.connect(self._take_frame)
        if context.models.model is not None:
            self._take_model(context.models.model)
        self._show_mix()

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self._num_ws = model.spec.num_ws
        self._source = SeedPoint(1)
        self._picture.setImage(None)
        self._crossover.setRange(0, self._num_ws)
        self._crossover.setDefault(self._num_ws)
        self._rows.setNumRows(self._num_ws)
        self._show_mix()

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Show the mix if it changed, and its source's picture if that looks different now."""
        if old.model != new.model or old.mix != new.mix:
            self._show_mix()
        elif old.synthesis != new.synthesis:
            self._want_picture()

    def showEvent(self, event: object) -> None:
        """The picture is made once somebody looks."""
        self._want_picture()

    def _show_mix(self) -> None:
        can_mix = self._num_ws > 1
        self._body.setVisible(can_mix)
        self._hint.setVisible(not can_mix)
        self._hint.setText(
            self.tr("This model takes one latent for all its layers, so there are no rows to mix.")
            if self._num_ws
            else self.tr("Rows of a second latent can be mixed in once a model is open.")
        )
        mix = self._context.store.session.mix
        if mix is not None:
            self._source = mix.source
        rows = () if mix is None else mix.rows
        self._rows.setRows(rows)
        crossover = crossover_of(rows, self._num_ws)
        if crossover is not None:
            self._crossover.setValue(crossover)
        self._weight.setValue(1.0 if mix is None else mix.weight)
        if isinstance(self._source, SeedPoint):
            self._seed.setPoint(self._source)
        self._from.setText(self._words())
        self._want_picture()

    def _words(self) -> str:
        """Where the rows come from, if that is no seed."""
        if isinstance(self._source, SeedPoint):
            return self.tr("Rows from")
        source = _key(self._source)
        name = next((name for name, place in self._known_places() if _key(place) == source), "")
        return self.tr("Rows from {name}").format(name=name or self.tr("a latent"))

    def _known_places(self) -> tuple[tuple[str, Base], ...]:
        """Keys of the timeline of this model, then projected photos, each with its name."""
        session = self._context.store.session
        sha256 = "" if session.model is None else session.model.sha256
        return (
            *(
                (key.name or self.tr("key at {seconds:g} s").format(seconds=key.seconds), key.pose.base)
                for key in session.timeline.keys
                if isinstance(key.pose.base, SeedPoint | Latent)
                and (key.model is None or key.model.sha256 == sha256)
            ),
            *((photo.name, photo.latent) for photo in session.projections),
        )

    @Slot()
    def _fill_places(self) -> None:
        menu = self._places.menu()
        menu.clear()
        for name, place in self._known_places():
            menu.addAction(name).triggered.connect(partial(self._choose_place, place))
        if menu.isEmpty():
            menu.addAction(self.tr("Set a key, or project a photo first")).setEnabled(False)

    def _choose_place(self, place: Base, _checked: bool = False) -> None:
        self._set_source(place)

    def _want_picture(self) -> None:
        session = self._context.store.session
        if session.model is None or self._num_ws < 2 or not self.isVisible():
            return
        plain = replace(session, base=self._source, edits=EditStack(), mix=None)
        full_ms = self._context.renders.full_ms
        is_slow = full_ms is not None and full_ms > _SHARP_WITHIN_MS
        request = RenderRequest.of(plain, revision=0, coarse_only=is_slow)
        self._context.pictures.wish(_CLIENT, [(_key(self._source), request)], priority=-1)

    @Slot(str, object, object)
    def _take_frame(self, client: str, key: object, frame: Frame) -> None:
        if client == _CLIENT and key == _key(self._source):
            self._picture.setImage(image_of(frame.pixels))

    # What the user does

    @Slot(object)
    def _set_seed(self, seed: int) -> None:
        self._set_source(SeedPoint(seed))

    @Slot()
    def _throw_dice(self) -> None:
        self._set_source(SeedPoint(draw_seed()))

    @Slot()
    def _set_from_picture(self) -> None:
        self._set_source(self._context.store.session.base)

    def _set_source(self, source: Base) -> None:
        self._source = source
        mix = self._context.store.session.mix
        if mix is None:
            # Nothing is mixed yet: the picture stays, and there is nothing to undo.
            self._show_mix()
            return
        self._change(replace(mix, source=source), self.tr("Mix another latent"))

    @Slot()
    def _swap_places(self) -> None:
        store = self._context.store
        session, source = store.session, self._source
        self._source = session.base
        mix = None if session.mix is None else replace(session.mix, source=session.base)
        store.replace(replace(session, base=source, mix=mix), self.tr("Swap the mixed latents"))
        self._show_mix()

    @Slot(float)
    def _set_crossover(self, row: float) -> None:
        self._set_rows(rows_from(round(row), self._num_ws))

    @Slot(tuple)
    def _set_rows(self, rows: tuple[int, ...]) -> None:
        mix = self._context.store.session.mix
        if not rows:
            new = None
        elif mix is None:
            new = StyleMix(self._source, rows, self._weight.value())
        else:
            new = replace(mix, rows=rows)
        self._change(new, self.tr("Mix rows"), gesture="mix rows")

    @Slot(float)
    def _set_weight(self, weight: float) -> None:
        mix = self._context.store.session.mix
        if mix is not None:
            self._change(replace(mix, weight=weight), self.tr("Change mix"), gesture="mix weight")

    def _change(self, mix: StyleMix | None, label: str, *, gesture: str | None = None) -> None:
        store = self._context.store
        store.replace(replace(store.session, mix=mix), label, gesture=gesture)


def _key(source: Base) -> object:
    return source if isinstance(source, SeedPoint) else (source.space, np.asarray(source.values).tobytes())


def _button(parent: QWidget, name: str, text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(tooltip)
    button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    return button
