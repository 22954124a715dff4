"""Exporting a traversal: what to sweep, how far, into which file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QStandardPaths, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QToolButton,
    QWidget,
)

from latent_studio.app.tasks.traverse import (
    Sweep,
    TraversalPlan,
    TraverseOptions,
    route,
    run_traversal,
    sweeps_of_edits,
)
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.ui.command_text import command_text
from latent_studio.ui.forms import OptionsForm
from latent_studio.ui.picture_names import file_stem, unused_path
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.fields import with_room

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.core.directions import Direction
    from latent_studio.core.edits import EditStack
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext

#: Sweep every edit that is switched on.
_ALL_EDITS = ""
_RANGE_LIMIT = 1000.0
#: Fields may become this narrow.
_FIELD_WIDTH = 84
#: Share of the rendering time that choosing colours and writing the file adds.
_WRITING_SHARE = 0.3


class ExportDock(QWidget):
    """A form for a GIF that sweeps one slider, or all active edits.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

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
        self._form = OptionsForm(
            TraverseOptions, fields=("frames", "fps", "size", "quality", "loop"), parent=self
        )
        self._form.setTexts("fps", label=self.tr("Speed"))
        self._form.setTexts("size", not_given=self.tr("the model's own"))
        self._file = QLineEdit(self)
        self._file.setObjectName("export-file")
        self._file.setAccessibleName(self.tr("File"))
        self._file.setToolTip(self.tr("The GIF to write."))
        browse = QToolButton(self)
        browse.setText("…")
        browse.setObjectName("export-browse")
        browse.setAccessibleName(self.tr("Choose a file"))
        browse.setToolTip(self.tr("Choose a file"))
        browse.clicked.connect(self._ask_for_file)
        self._estimate = ElidedLabel("", self)
        self._estimate.setProperty("muted", True)
        self._estimate.setObjectName("export-estimate")
        self._copy = QPushButton(self.tr("Copy as command"), self)
        self._copy.setObjectName("export-copy-command")
        self._copy.setToolTip(self.tr("Put the command line that writes the same file on the clipboard."))
        self._copy.clicked.connect(self._copy_command)
        self._start = QPushButton(self.tr("Export GIF"), self)
        self._start.setObjectName("export-start")
        self._start.setProperty("primary", True)
        self._start.setToolTip(self.tr("Begin; you can go on working meanwhile."))
        self._start.clicked.connect(self.start)
        self.setFocusProxy(self._what)
        self._lay_out(browse)
        self._file.setText(str(self._suggested_file()))

        self._what.currentIndexChanged.connect(self._take_what)
        self._low.valueChanged.connect(self._show_estimate)
        self._high.valueChanged.connect(self._show_estimate)
        self._form.changed.connect(self._show_estimate)
        self._file.textChanged.connect(self._show_estimate)
        context.actions["sigma_unit"].toggled.connect(self._show_unit)
        context.models.model_changed.connect(self._take_model)
        context.bridge.session_changed.connect(self.show_session)
        context.renders.timings_changed.connect(self._show_estimate)
        self._show_unit()
        self.setEnabled(False)
        if context.models.model is not None:
            self._take_model(context.models.model)
            self._choose_moved(context.store.session.edits)

    def _lay_out(self, browse: QWidget) -> None:
        ends = QHBoxLayout()
        ends.setSpacing(8)
        ends.addWidget(self._low, 1)
        ends.addWidget(QLabel(self.tr("to"), self))
        ends.addWidget(self._high, 1)
        file = QHBoxLayout()
        file.setSpacing(8)
        file.addWidget(self._file, 1)
        file.addWidget(browse)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self._copy)
        buttons.addWidget(self._start)
        layout = QGridLayout(self)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(8)
        for row, (text, buddy) in enumerate(
            ((self.tr("Sweep"), self._what), (self.tr("From"), self._low), (self.tr("File"), self._file))
        ):
            label = QLabel(text, self)
            label.setProperty("muted", True)
            label.setBuddy(buddy)
            layout.addWidget(label, row, 0)
        layout.addWidget(self._what, 0, 1)
        layout.addLayout(ends, 1, 1)
        layout.addLayout(file, 2, 1)
        layout.addWidget(self._estimate, 3, 0, 1, 2)
        layout.addLayout(buttons, 4, 0, 1, 2)
        layout.setRowStretch(5, 1)
        layout.setColumnStretch(1, 3)
        layout.setColumnMinimumWidth(2, 12)
        layout.addWidget(self._form, 0, 3, 6, 1, Qt.AlignmentFlag.AlignTop)
        layout.setColumnStretch(3, 2)

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
        self.setEnabled(True)
        self._show_estimate()

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Follow the active edits."""
        if old.edits is not new.edits or old.model != new.model:
            if any(old.edits.find(edit.id) is None for edit in new.edits):
                self._choose_moved(new.edits)
        if old.model != new.model or old.base != new.base:
            self._file.setText(str(self._suggested_file()))
        self._show_estimate()

    def _choose_moved(self, edits: EditStack) -> None:
        """Who moves sliders and then exports means what was moved."""
        if not len(edits):
            return
        only = edits.edits[0].id if len(edits) == 1 else _ALL_EDITS
        chosen = only if only in self._directions else _ALL_EDITS
        blocker = QSignalBlocker(self._what)
        self._what.setCurrentIndex(self._what.findData(chosen))
        blocker.unblock()
        self._show_estimate()

    @Slot()
    def _take_what(self) -> None:
        self._show_estimate()

    @Slot()
    def _show_unit(self) -> None:
        suffix = " σ" if self._in_sigma() else ""
        self._low.setSuffix(suffix)
        self._high.setSuffix(suffix)
        self._show_estimate()

    @Slot()
    def _show_estimate(self) -> None:
        sweeps = self._sweeps()
        can_start = (
            bool(sweeps) and self._low.value() < self._high.value() and bool(self._file.text().strip())
        )
        self._start.setEnabled(can_start)
        self._copy.setEnabled(can_start)
        if not sweeps:
            self._estimate.setText(self.tr("Move a slider first, or choose one here."))
            return
        if not self._file.text().strip():
            self._estimate.setText(self.tr("Name the file to write."))
            return
        if self._low.value() >= self._high.value():
            self._estimate.setText(self.tr("The first amount must be less than the last."))
            return
        values = self._form.values()
        frames, fps = int(values["frames"]), float(values["fps"])
        parts = [self.tr("{seconds:.1f} s long").format(seconds=frames / max(fps, 0.1))]
        full_ms = self._context.renders.full_ms
        if full_ms is not None and frames >= 1:
            places, _ = route(frames, values["loop"])
            seconds = len(places) * full_ms / 1000 * (1 + _WRITING_SHARE)
            parts.append(self.tr("about {seconds:.0f} s to make").format(seconds=max(1.0, seconds)))
        self._estimate.setText("  ·  ".join(parts))

    def _in_sigma(self) -> bool:
        return self._context.actions["sigma_unit"].isChecked()

    # What is exported

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

    def plan(self) -> TraversalPlan:
        """What the form says, frozen."""
        values = self._form.values()
        settings = FilmSettings(quality=values.pop("quality"))
        return TraversalPlan(
            self._context.store.session,
            self._sweeps(),
            _as_gif(self._file.text()),
            settings=settings,
            **values,
        )

    @Slot()
    def start(self) -> None:
        """Begin the export as a job."""
        try:
            plan = self.plan()
        except LatentStudioError as error:
            self._context.messages.posted.emit("bad", error.title, error.hint, "", None)
            return
        if plan.out.exists() and not self._may_replace(plan.out):
            return
        self._context.jobs.start(
            self.tr("Export {name}").format(name=plan.out.name),
            partial(run_traversal, self._context.studio, plan),
        )
        self._file.setText(str(unused_path(plan.out, taken=plan.out)))

    def _may_replace(self, path: Path) -> bool:
        answer = QMessageBox.question(
            self,
            self.tr("Replace the file?"),
            self.tr("{name} is there already. Replace it?").format(name=path.name),
        )
        return answer == QMessageBox.StandardButton.Yes

    @Slot()
    def _ask_for_file(self) -> None:
        # The export itself asks before it replaces a file, so that it does so once.
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Export GIF"),
            self._file.text(),
            self.tr("GIF (*.gif)"),
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if chosen:
            self._file.setText(str(_as_gif(chosen)))

    def _suggested_file(self) -> Path:
        folder = Path(self._file.text()).parent if self._file.text() else _pictures_folder()
        return unused_path(folder / f"{file_stem(self._context.store.session)}.gif")

    @Slot()
    def _copy_command(self) -> None:
        try:
            plan = self.plan()
        except LatentStudioError as error:
            self._context.messages.posted.emit("bad", error.title, error.hint, "", None)
            return
        problem = self._why_no_command(plan)
        if problem:
            self._context.messages.news(problem)
            return
        QGuiApplication.clipboard().setText(command_text("traverse", self._options_of(plan)))
        self._context.messages.success(self.tr("The command is on the clipboard."))

    def _options_of(self, plan: TraversalPlan) -> TraverseOptions:
        sigmas = (self._low.value(), self._high.value()) if self._in_sigma() else None
        return traverse_options(plan, sigmas=sigmas)

    def _why_no_command(self, plan: TraversalPlan) -> str:
        base, swept = plan.session.base, {sweep.direction.id for sweep in plan.sweeps}
        if not isinstance(base, SeedPoint) or not base.is_whole:
            return self.tr("The command line starts from a whole seed; snap to one first.")
        if any(edit.enabled and edit.amount and edit.id not in swept for edit in plan.session.edits):
            return self.tr("The command line cannot hold other edits; sweep all active edits, or reset them.")
        if len({sweep.rows for sweep in plan.sweeps}) > 1:
            return self.tr("The command line sweeps all directions on the same rows.")
        if len({(sweep.low, sweep.high) for sweep in plan.sweeps}) > 1 and not self._in_sigma():
            return self.tr("The command line sweeps all directions over the same range.")
        return ""


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
        model=session.model.path if session.model is not None else "",
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


def _as_gif(text: str) -> Path:
    """The file meant; a name without ``.gif`` gets it."""
    path = Path(text.strip()).expanduser()
    return path if path.suffix.lower() == ".gif" or not path.name else path.with_name(f"{path.name}.gif")


def _pictures_folder() -> Path:
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(place) if place and Path(place).is_dir() else Path.home()
