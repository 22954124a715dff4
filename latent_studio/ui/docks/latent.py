"""Where the picture starts from: seed, truncation, noise, class, and how the network draws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from latent_studio.app.class_names import class_names
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import NOISE_MODES
from latent_studio.ui.widgets.class_picker import ClassPicker
from latent_studio.ui.widgets.drawing_controls import Drawing, DrawingControls
from latent_studio.ui.widgets.fields import with_room
from latent_studio.ui.widgets.labelled_slider import LabelledSlider
from latent_studio.ui.widgets.seed_field import SeedField

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.core.session import Session
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.synthesis import ClassWeights, SynthesisSettings
    from latent_studio.ui.api import DockContext

_PSI_RANGE = (-1.0, 2.0)
_PSI_SAFE = (0.0, 1.0)
_NOISE_SEED_LIMIT = 2**31 - 1


class LatentDock(QWidget):
    """Seed, truncation, noise, class and drawing of the session.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._num_ws = 1
        self._spec: GeneratorSpec | None = None
        self._seed = SeedField(self)
        self._seed.setObjectName("seed")
        self._psi = LabelledSlider(self.tr("Truncation ψ"), parent=self)
        self._psi.setObjectName("truncation-psi")
        self._psi.setToolTip(self.tr("1 leaves the latent alone, 0 gives the average picture."))
        self._psi.setRange(*_PSI_RANGE)
        self._psi.setSafeZone(*_PSI_SAFE)
        self._psi.setStep(0.05)
        self._psi.setDecimals(2)
        self._cutoff = LabelledSlider(self.tr("Cut-off row"), parent=self)
        self._cutoff.setObjectName("truncation-cutoff")
        self._cutoff.setToolTip(
            self.tr("Truncation pulls the rows before this one; the last place means all.")
        )
        self._cutoff.setIntegerMode(True)
        self._cutoff.setStep(1)
        self._centre = QPushButton(self.tr("Towards the average again"), self)
        self._centre.setObjectName("truncation-average")
        self._centre.setToolTip(
            self.tr("Truncation pulls towards a group chosen on the map; let it pull to the average again.")
        )
        self._centre.hide()
        self._noise = QComboBox(self)
        self._noise.setObjectName("noise-mode")
        self._noise.setAccessibleName(self.tr("Noise"))
        self._noise.setToolTip(self.tr("Where the small random detail comes from."))
        words = {"const": self.tr("constant"), "random": self.tr("random"), "none": self.tr("none")}
        for mode in NOISE_MODES:
            self._noise.addItem(words[mode], mode)
        self._noise_seed = with_room(QSpinBox(self))
        self._noise_seed.setObjectName("noise-seed")
        self._noise_seed.setAccessibleName(self.tr("Noise seed"))
        self._noise_seed.setToolTip(self.tr("Which random detail."))
        self._noise_seed.setRange(0, _NOISE_SEED_LIMIT)
        self._noise_seed.setKeyboardTracking(False)
        self._noise_seed.setMinimumWidth(72)
        self._class = ClassPicker(self)
        self._class.setObjectName("class")
        self._class_label = _label(self.tr("Class"), self._class, self)
        # Beside the first of the picker's lines.
        self._class_label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._class_label.setContentsMargins(0, 6, 0, 0)
        self._drawing = DrawingControls(self)
        noise = QHBoxLayout()
        noise.setSpacing(8)
        noise.addWidget(self._noise, 1)
        noise.addWidget(self._noise_seed, 1)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        grid.addWidget(_label(self.tr("Noise"), self._noise, self), 0, 0)
        grid.addLayout(noise, 0, 1)
        grid.addWidget(self._class_label, 1, 0)
        grid.addWidget(self._class, 1, 1)
        seed = QHBoxLayout()
        seed.setSpacing(12)
        seed.addWidget(_label(self.tr("Seed"), self._seed, self))
        seed.addWidget(self._seed, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(seed)
        layout.addWidget(self._psi)
        layout.addWidget(self._cutoff)
        layout.addWidget(self._centre)
        layout.addLayout(grid)
        layout.addWidget(self._drawing)
        layout.addStretch(1)

        self._seed.seedChanged.connect(self._set_seed)
        self._seed.randomRequested.connect(context.actions["random_seed"].trigger)
        self._psi.valueChanged.connect(self._set_psi)
        self._psi.gestureFinished.connect(context.store.close_gesture)
        self._cutoff.valueChanged.connect(self._set_cutoff)
        self._cutoff.gestureFinished.connect(context.store.close_gesture)
        self._centre.clicked.connect(self._forget_centre)
        self._noise.currentIndexChanged.connect(self._set_noise)
        self._noise_seed.valueChanged.connect(self._set_noise_seed)
        self._class.classChosen.connect(self._set_class)
        self._class.blendChanged.connect(self._set_blend)
        self._drawing.moved.connect(self._set_place)
        self._drawing.lodChanged.connect(self._set_lod)
        self._drawing.scaleChosen.connect(self._set_scale)
        for part in (self._class, self._drawing):
            part.gestureFinished.connect(context.store.close_gesture)
        context.models.model_changed.connect(self._take_model)
        context.bridge.session_changed.connect(self.show_session)
        self._class.hide()
        self._class_label.hide()
        self.setEnabled(False)
        self._show_synthesis(context.store.session.synthesis)

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        spec = model.spec
        self._num_ws = spec.num_ws
        self._spec = spec
        self._cutoff.setRange(0, spec.num_ws)
        self._cutoff.setDefault(spec.num_ws)
        self._psi.setDefault(model.start.synthesis.truncation_psi)
        has_class = spec.c_dim > 0
        self._class.setVisible(has_class)
        self._class_label.setVisible(has_class)
        names = class_names(spec, model.provenance.labels)
        guessed = self.tr("Names of {data}, by the number of classes; the file itself names none.")
        self._class.setClasses(
            spec.c_dim,
            () if names is None else names.names,
            hint=guessed.format(data=names.data_set) if names is not None and names.is_guessed else "",
        )
        self._drawing.setAbilities(
            can_move=spec.can_move, highest_lod=spec.highest_lod, lod=spec.lod, sizes=spec.sizes
        )
        # Without a mapping network truncation makes z shorter, which only BigGAN is made for.
        self._psi.setVisible(spec.has_mapping or spec.class_dims > 0)
        self._cutoff.setVisible(spec.has_mapping and spec.num_ws > 1)
        self.setEnabled(True)

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Show what changed."""
        is_new = old.model != new.model
        if is_new or old.base != new.base:
            if isinstance(new.base, SeedPoint):
                self._seed.setPoint(new.base)
        if is_new or old.synthesis != new.synthesis:
            self._show_synthesis(new.synthesis)
        self._centre.setVisible(new.centre is not None)

    def _show_synthesis(self, synthesis: SynthesisSettings) -> None:
        self._psi.setValue(synthesis.truncation_psi)
        cutoff = synthesis.truncation_cutoff
        self._cutoff.setValue(self._num_ws if cutoff is None else cutoff)
        widgets = (self._noise, self._noise_seed)
        blockers = [QSignalBlocker(widget) for widget in widgets]
        self._noise.setCurrentIndex(self._noise.findData(synthesis.noise_mode))
        self._noise_seed.setValue(synthesis.noise_seed)
        self._noise_seed.setVisible(synthesis.noise_mode == "random")
        for blocker in blockers:
            blocker.unblock()
        self._class.setWeights(synthesis.class_weights, is_blend=bool(synthesis.class_blend))
        self._drawing.setDrawing(self._drawing_of(synthesis))

    def _drawing_of(self, synthesis: SynthesisSettings) -> Drawing:
        """What is drawn, with the file's own values where the session says nothing."""
        lod, scale = synthesis.lod, synthesis.chosen_scale
        spec = self._spec
        if spec is not None and lod is None:
            lod = spec.lod
        if spec is not None and scale is None and spec.resolution in spec.sizes:
            scale = spec.sizes.index(spec.resolution)
        return Drawing(
            synthesis.translate_x, synthesis.translate_y, synthesis.rotate_degrees, lod or 0.0, scale or 0
        )

    @Slot(object)
    def _set_seed(self, seed: int) -> None:
        label = self.tr("Go to seed {seed}").format(seed=seed)
        self._context.store.set_base(SeedPoint(seed), label)

    @Slot(float)
    def _set_psi(self, psi: float) -> None:
        self._change(self.tr("Change truncation"), gesture="psi", truncation_psi=psi)

    @Slot(float)
    def _set_cutoff(self, cutoff: float) -> None:
        row = round(cutoff)
        self._change(
            self.tr("Change cut-off"),
            gesture="cutoff",
            truncation_cutoff=None if row >= self._num_ws else row,
        )

    @Slot()
    def _forget_centre(self) -> None:
        store = self._context.store
        store.replace(replace(store.session, centre=None), self.tr("Truncate towards the average"))

    @Slot(int)
    def _set_noise(self, index: int) -> None:
        self._change(self.tr("Change noise"), noise_mode=self._noise.itemData(index))

    @Slot(int)
    def _set_noise_seed(self, seed: int) -> None:
        self._change(self.tr("Change noise seed"), noise_seed=seed)

    @Slot(int)
    def _set_class(self, class_idx: int) -> None:
        self._change(self.tr("Change class"), class_idx=class_idx, class_blend=())

    @Slot(object)
    def _set_blend(self, blend: ClassWeights) -> None:
        self._change(self.tr("Blend classes"), gesture="blend", class_idx=blend[0][0], class_blend=blend)

    @Slot(float, float, float)
    def _set_place(self, x: float, y: float, degrees: float) -> None:
        label = self.tr("Move the picture")
        self._change(label, gesture="place", translate_x=x, translate_y=y, rotate_degrees=degrees)

    @Slot(float)
    def _set_lod(self, lod: float) -> None:
        is_own = self._spec is not None and lod == self._spec.lod
        self._change(self.tr("Change level of detail"), gesture="lod", lod=None if is_own else lod)

    @Slot(int)
    def _set_scale(self, scale: int) -> None:
        spec = self._spec
        is_own = spec is not None and spec.sizes[scale] == spec.resolution
        self._change(self.tr("Change picture size"), chosen_scale=None if is_own else scale)

    def _change(self, label: str, *, gesture: str | None = None, **changes: object) -> None:
        store = self._context.store
        synthesis: SynthesisSettings = replace(store.session.synthesis, **changes)  # type: ignore[arg-type]
        store.set_synthesis(synthesis, label, gesture=gesture)


def _label(text: str, buddy: QWidget, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setBuddy(buddy)
    return label
