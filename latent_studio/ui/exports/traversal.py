"""TraversalExport: a sweep of one slider, or of all active edits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QWidget,
)

from latent_studio.app.state_code import model_word
from latent_studio.app.tasks.export_plan import traversal_text
from latent_studio.app.tasks.traverse import (
    Sweep,
    TraversalPlan,
    TraverseOptions,
    route,
    run_traversal,
    sweeps_of_edits,
)
from latent_studio.core.errors import OptionError
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.exporters.formats import choose_format
from latent_studio.ui.exports.subject import LABEL_WIDTH, Extent, Target, render_options
from latent_studio.ui.forms import OptionsForm
from latent_studio.ui.picture_names import file_stem
from latent_studio.ui.widgets.fields import with_room

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.app.models import LoadedModel
    from latent_studio.core.directions import Direction
    from latent_studio.core.edits import EditStack
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.exporters.formats import FormatId
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.twin import Deed, Keep, Twin

#: Sweep every edit that is switched on.
_ALL_EDITS = ""
_RANGE_LIMIT = 1000.0
#: Fields may become this narrow.
_FIELD_WIDTH = 84


class TraversalExport(QWidget):
    """See ``ExportSubject``.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    changed = Signal()

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._directions: dict[str, Direction] = {}
        self._what = QComboBox(self)
        self._what.setObjectName("export-what")
        self._what.setAccessibleName(self.tr("What to sweep"))
        self._what.setToolTip(self.tr("One slider, or all active edits together."))
        self._what.setMinimumWidth(_FIELD_WIDTH)
        self._low = self._make_end(-3.0, "export-low", self.tr("First amount"))
        self._high = self._make_end(3.0, "export-high", self.tr("Last amount"))
        self._form = OptionsForm(TraverseOptions, fields=("frames", "loop", "beside", "caption"), parent=self)
        self._form.setTexts("beside", label=self.tr("Before beside"))
        self._form.setTexts("caption", label=self.tr("Captions"))
        self._form.setLabelWidth(LABEL_WIDTH)
        ends = QHBoxLayout()
        ends.setSpacing(8)
        ends.addWidget(self._low, 1)
        ends.addWidget(QLabel(self.tr("to"), self))
        ends.addWidget(self._high, 1)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(8)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field, buddy in (
            (self.tr("Sweep"), self._what, self._what),
            (self.tr("From"), ends, self._low),
        ):
            label = QLabel(text, self)
            label.setProperty("muted", True)
            label.setBuddy(buddy)
            label.setFixedWidth(LABEL_WIDTH)
            layout.addRow(label, field)
        layout.addRow(self._form)
        self._models = QCheckBox(self)
        self._models.setObjectName("export-models-beside")
        self._models.setToolTip(self.tr("Show the models of A | B beside it, at the same latent and edits."))
        self._models.toggled.connect(self._tell)
        layout.addRow(self._models)
        self._show_models()
        self.setFocusProxy(self._what)

        self._what.currentIndexChanged.connect(self._tell)
        self._low.valueChanged.connect(self._tell)
        self._high.valueChanged.connect(self._tell)
        self._form.changed.connect(self.changed)
        context.actions["sigma_unit"].toggled.connect(self._show_unit)
        context.models.model_changed.connect(self._take_model)
        context.comparison.changed.connect(self._show_models)
        context.bridge.session_changed.connect(self.show_session)
        self._show_unit()
        if context.models.model is not None:
            self._take_model(context.models.model)
            self._choose_moved(context.store.session.edits)

    @property
    def id(self) -> str:
        """See ``ExportSubject``."""
        return "traversal"

    @property
    def title(self) -> str:
        """See ``ExportSubject``."""
        return self.tr("Traversal of a slider")

    @property
    def is_film(self) -> bool:
        """See ``ExportSubject``."""
        return True

    def widget(self) -> QWidget:
        """See ``ExportSubject``."""
        return self

    def stem(self) -> str:
        """See ``ExportSubject``."""
        return file_stem(self._context.store.session)

    def extent(self) -> Extent:
        """See ``ExportSubject``."""
        values = self._form.values()
        frames = int(values["frames"])
        places, _ = route(frames, values["loop"])
        problem = ""
        if not self._sweeps():
            problem = self.tr("Move a slider first, or choose one here.")
        elif self._low.value() >= self._high.value():
            problem = self.tr("The first amount must be less than the last.")
        return Extent(frames, len(places) * (1 + len(self._beside())), problem)

    def job(self, target: Target) -> Callable[[ProgressSink, CancelToken], object]:
        """See ``ExportSubject``."""
        return partial(run_traversal, self._context.studio, self.plan(target))

    def plan(self, target: Target) -> TraversalPlan:
        """What the fields say, frozen."""
        values = self._form.values()
        return TraversalPlan(
            self._context.store.session,
            self._sweeps(),
            target.out,
            frames=values["frames"],
            fps=target.fps,
            loop=values["loop"],
            size=target.size,
            settings=target.settings,
            format=target.format,
            resampling=target.resampling,
            beside=values["beside"],
            caption=values["caption"],
            keep_part=target.keep_part,
            with_models=self._beside(),
        )

    def twin(self, target: Target) -> Twin:
        """See ``ExportSubject``: ``traverse`` where it has words for the state, else ``render``."""
        plan = self.plan(target)
        if not self._fits_traverse(plan):
            return partial(_deed, plan, target)
        sigmas = (self._low.value(), self._high.value()) if self._in_sigma() else None
        return "traverse", traverse_options(plan, sigmas=sigmas)

    def _fits_traverse(self, plan: TraversalPlan) -> bool:
        """Whether the verb starts where the session does, and sweeps as the plan does."""
        session, swept = plan.session, {sweep.direction.id for sweep in plan.sweeps}
        return (
            isinstance(session.base, SeedPoint)
            and session.base.is_whole
            and session.mix is None
            and session.noise is None
            and session.centre is None
            and not session.locks
            and not any(edit.enabled and edit.amount and edit.id not in swept for edit in session.edits)
            and len({sweep.rows for sweep in plan.sweeps}) == 1
            and (self._in_sigma() or len({(sweep.low, sweep.high) for sweep in plan.sweeps}) == 1)
        )

    # What is shown

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self._directions = {direction.id: direction for direction in model.directions}
        blocker = QSignalBlocker(self._what)
        self._what.clear()
        self._what.addItem(self.tr("All active edits"), _ALL_EDITS)
        for direction in model.directions:
            self._what.addItem(direction.name, direction.id)
        self._what.setCurrentIndex(1 if model.directions else 0)
        blocker.unblock()
        self.changed.emit()

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Follow the active edits."""
        if old.edits is not new.edits or old.model != new.model:
            if any(old.edits.find(edit.id) is None for edit in new.edits):
                self._choose_moved(new.edits)
        self.changed.emit()

    def _choose_moved(self, edits: EditStack) -> None:
        """Who moves sliders and then exports means what was moved."""
        if not len(edits):
            return
        only = edits.edits[0] if len(edits) == 1 else None
        blocker = QSignalBlocker(self._what)
        if only is not None and only.id not in self._directions:
            # From another bank, or found since.
            self._directions[only.id] = only.direction
            self._what.addItem(only.direction.name, only.id)
        self._what.setCurrentIndex(self._what.findData(only.id if only is not None else _ALL_EDITS))
        blocker.unblock()
        self.changed.emit()

    @Slot()
    def _show_models(self) -> None:
        """There is something to choose while other models are open in A | B."""
        names = [
            state.beside.ref.name for state in self._context.comparison.states if state.beside is not None
        ]
        self._models.setText(self.tr("Beside {names}").format(names=", ".join(names)))
        self._models.setVisible(bool(names))
        self.changed.emit()

    def _beside(self) -> tuple[str, ...]:
        """Files of the models to show beside it."""
        if not self._models.isChecked():
            return ()
        states = self._context.comparison.states
        return tuple(state.beside.ref.path for state in states if state.beside is not None)

    @Slot()
    def _show_unit(self) -> None:
        suffix = " σ" if self._in_sigma() else ""
        self._low.setSuffix(suffix)
        self._high.setSuffix(suffix)
        self.changed.emit()

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()

    def _in_sigma(self) -> bool:
        return self._context.actions["sigma_unit"].isChecked()

    def _sweeps(self) -> tuple[Sweep, ...]:
        session, chosen = self._context.store.session, self._what.currentData()
        low, high, in_sigma = self._low.value(), self._high.value(), self._in_sigma()
        if chosen == _ALL_EDITS:
            return sweeps_of_edits(session, low, high, in_sigma=in_sigma)
        direction = self._directions.get(chosen)
        if direction is None:
            return ()
        edit = session.edits.find(direction.id)
        unit = direction.sigma if in_sigma else 1.0
        return (Sweep(direction, low * unit, high * unit, edit.rows if edit is not None else None),)

    def _make_end(self, value: float, name: str, words: str) -> QDoubleSpinBox:
        box = with_room(QDoubleSpinBox(self))
        box.setMinimumWidth(_FIELD_WIDTH)
        box.setObjectName(name)
        box.setAccessibleName(words)
        box.setToolTip(words)
        box.setRange(-_RANGE_LIMIT, _RANGE_LIMIT)
        box.setDecimals(2)
        box.setSingleStep(0.5)
        box.setValue(value)
        return box


def _deed(plan: TraversalPlan, target: Target, keep: Keep) -> Deed:
    kept = keep(traversal_text(plan), stem="traversal")
    return "render", render_options(kept, plan.session, target, fps=target.fps)


def traverse_options(plan: TraversalPlan, *, sigmas: tuple[float, float] | None = None) -> TraverseOptions:
    """The command line's options for a plan that starts at a whole seed without other edits.

    Args:
        plan: whose sweeps share their rows, and their range if it is not in sigmas.
        sigmas: the range in standard deviations, if it was given so.
    """
    session, first = plan.session, plan.sweeps[0]
    seed = session.base.seed if isinstance(session.base, SeedPoint) else 0
    synthesis = session.synthesis
    return TraverseOptions(
        model=model_word(session),
        direction=tuple(sweep.direction.id for sweep in plan.sweeps),
        out=plan.out,
        seed=seed,
        range=sigmas or (first.low, first.high),
        sigma=sigmas is not None,
        layers=first.rows,
        frames=plan.frames,
        fps=plan.fps,
        loop=plan.loop,
        size=plan.size,
        quality=plan.settings.quality,
        format=_format_to_tell(plan),
        resampling=plan.resampling,
        crf=plan.settings.crf,
        lossless=plan.settings.lossless,
        palette=plan.settings.palette,
        columns=plan.settings.columns,
        beside=plan.beside,
        caption=plan.caption,
        keep_part=plan.keep_part,
        with_model=plan.with_models,
        truncation_psi=synthesis.truncation_psi,
        truncation_cutoff=synthesis.truncation_cutoff,
        class_idx=None if synthesis.class_blend else synthesis.class_idx,
        noise_mode=synthesis.noise_mode,
        noise_seed=synthesis.noise_seed,
        class_blend=synthesis.class_blend,
        translate=(synthesis.translate_x, synthesis.translate_y),
        rotate=synthesis.rotate_degrees,
        lod=synthesis.lod,
        chosen_scale=synthesis.chosen_scale,
    )


def _format_to_tell(plan: TraversalPlan) -> FormatId | None:
    """The format where the file's name does not say it already."""
    try:
        return None if plan.format == choose_format(plan.out).id else plan.format
    except OptionError:
        # A plugin's suffix; its format is told, so that the command does not depend on which plugin it is.
        return plan.format
