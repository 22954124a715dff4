"""Warp training: learn paths of the open model, watch them form, rank them, put the best on sliders."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.app.state_code import place_of
from latent_studio.app.tasks.direction_convert import DirectionConvertOptions
from latent_studio.app.tasks.direction_keep import DirectionKeepOptions
from latent_studio.app.tasks.pool_traverse import SPREAD_SAMPLES, paths_file
from latent_studio.app.tasks.warp_rank import WarpRankOptions, run_warp_rank
from latent_studio.app.tasks.warp_train import WarpTrainOptions, run_warp_train
from latent_studio.core.errors import LatentStudioError
from latent_studio.ui.command_text import command_text
from latent_studio.ui.failures import Failure, describe_failure
from latent_studio.ui.forms import OptionsForm
from latent_studio.ui.path_curves import PathCurves
from latent_studio.ui.reader_menu import ReaderMenu
from latent_studio.ui.widgets.curve_plot import CurvePlot
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.ranking_table import RankingRow, RankingTable
from latent_studio.ui.widgets.strip_view import StripView

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.ranking import Ranking
    from latent_studio.app.tasks.rank import RankResult
    from latent_studio.core.jobs import Progress
    from latent_studio.methods.warp.settings import WarpSettings
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.job_thread import Job

#: What most people set, in two columns; the command line has the rest.
_FIELDS = ("preset", "support_sets", "dipoles")
_MORE_FIELDS = ("iterations", "picture_size")
#: What to begin with where no preset is meant for the model: few, since the published hundreds take days.
_PATHS, _DIPOLES = 32, 32
#: Points kept of a curve; every other one goes when there are more.
_MOST_POINTS = 2000
#: Pixels between the names of pages and the line beside them.
_BESIDE_NAMES = 16


class WarpDock(QWidget):
    """Pages for setting up, for watching it learn and for the ranking; buttons below them.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._training: Job | None = None
        self._measuring: Job | None = None
        self._ranking: Ranking | None = None
        self._loss = CurvePlot("warp-loss", self.tr("Loss over iterations"), self)
        self._told = CurvePlot(
            "warp-accuracy",
            self.tr("Share of pairs told, over iterations: of each path faintly, of all strongly"),
            self,
        )
        self._along = CurvePlot("warp-along", self.tr("The attribute along the path"), self)
        self._loss.setTitleText(self.tr("Loss"))
        self._told.setTitleText(self.tr("Paths told"))
        self._told.setYRange(0, 1)
        self._history: list[tuple[float, float, float]] = []
        self._shares = PathCurves()
        self._form = OptionsForm(WarpTrainOptions, fields=_FIELDS, parent=self)
        self._more = OptionsForm(WarpTrainOptions, fields=_MORE_FIELDS, parent=self)
        by_preset = self.tr("default")
        self._form.setTexts("preset", not_given=self.tr("none"))
        self._form.setTexts("support_sets", label=self.tr("Paths"), not_given=by_preset)
        self._form.setTexts("dipoles", label=self.tr("Dipoles"), not_given=by_preset)
        self._more.setTexts("iterations", label=self.tr("Steps"), not_given=by_preset)
        self._more.setTexts("picture_size", label=self.tr("Picture"), not_given=by_preset)
        self._folder = QLineEdit(self)
        self._folder.setObjectName("warp-folder")
        self._folder.setAccessibleName(self.tr("Folder of the training"))
        self._folder.setToolTip(
            self.tr("Where the training is kept. A folder that holds one already goes on with it.")
        )
        browse = QToolButton(self)
        browse.setText("…")
        browse.setObjectName("warp-browse")
        browse.setAccessibleName(self.tr("Choose a folder"))
        browse.setToolTip(self.tr("Choose a folder"))
        browse.clicked.connect(self._ask_for_folder)
        self._start = self._button("warp-start", self.tr("Start"), self.start, primary=True)
        self._start.setToolTip(self.tr("Train, or go on with the training in this folder."))
        self._pause = self._button("warp-pause", self.tr("Pause"), self.pause)
        self._pause.setToolTip(self.tr("Write a checkpoint and stop; Start goes on to the same bits."))
        self._copy = self._button("warp-copy-command", self.tr("Copy as command"), self._copy_command)
        self._copy.setToolTip(self.tr("Put the command line that trains the same on the clipboard."))
        self._keep = self._button("warp-keep", self.tr("Paths to sliders"), self.keep_paths)
        self._keep.setToolTip(self.tr("Put all paths of this folder's last checkpoint into the warp bank."))
        self._rank = self._button("warp-rank", self.tr("Measure and rank"), self.rank)
        self._rank.setToolTip(
            self.tr("Walk all paths from held-out pictures and say which changes which attribute best.")
        )
        self._readers = ReaderMenu(context, self)
        self._problem = ""
        self._bind = self._button("warp-bind", self.tr("To a slider"), self.bind)
        self._bind.setToolTip(self.tr("Make the path that is drawn a slider of the attribute's name."))
        self._status = _CornerLine("", self)
        self._status.setObjectName("warp-status")
        self._status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._status.setProperty("muted", True)
        self._samples = StripView(self)
        self._samples.setObjectName("warp-samples")
        self._samples.setAccessibleName(self.tr("Samples along paths"))
        self._samples.setWords(
            self.tr("While it learns, pictures along a few paths appear here, the start in the middle.")
        )
        self._table = RankingTable(self)
        self._table.attributeChosen.connect(self._show_along)
        self._table.bindRequested.connect(self._bind_attribute)
        self._path = QComboBox(self)
        self._path.setObjectName("warp-path")
        self._path.setAccessibleName(self.tr("Path"))
        self._path.setToolTip(
            self.tr("Which path is drawn and becomes the slider: the best for the attribute first.")
        )
        self._path.activated.connect(self._draw_along)
        self._pages = QTabWidget(self)
        self._pages.setObjectName("warp-pages")
        self._lay_out(browse)
        self.setFocusProxy(self._start)
        self._form.set_values({"preset": "portraits"})

        self._folder.textChanged.connect(self._take_folder)
        context.models.model_changed.connect(self._take_model)
        context.jobs.progressed.connect(self._take_progress)
        context.jobs.done.connect(self._take_end)
        context.jobs.failed.connect(self._take_end)
        context.jobs.cancelled.connect(self._take_end)
        self.setEnabled(False)
        if context.models.model is not None:
            self._take_model(context.models.model)
        self._show_state()

    def _button(self, name: str, text: str, do: object, *, primary: bool = False) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setProperty("primary", primary)
        button.clicked.connect(do)
        return button

    def _lay_out(self, browse: QWidget) -> None:
        folder = QHBoxLayout()
        folder.setSpacing(8)
        label = QLabel(self.tr("Folder"), self)
        label.setProperty("muted", True)
        label.setBuddy(self._folder)
        folder.addWidget(label)
        folder.addWidget(self._folder, 1)
        folder.addWidget(browse)
        folder.addWidget(self._copy)
        setup = QWidget(self)
        forms = QHBoxLayout()
        forms.setSpacing(12)
        forms.addWidget(self._form, 1)
        forms.addWidget(self._more, 1)
        filled = QVBoxLayout(setup)
        filled.setContentsMargins(0, 8, 0, 0)
        filled.setSpacing(8)
        filled.addLayout(forms)
        filled.addLayout(folder)
        filled.addStretch(1)
        setup.setObjectName("warp-page-setup")
        self._pages.addTab(setup, self.tr("Setup"))
        learning: list[tuple[QWidget, int]] = [(self._loss, 1), (self._told, 1), (self._samples, 1)]
        beside = QWidget(self)
        stacked = QVBoxLayout(beside)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(4)
        stacked.addWidget(self._path)
        stacked.addWidget(self._along, 1)
        ranking: list[tuple[QWidget, int]] = [(self._table, 3), (beside, 2)]
        for name, title, parts in (
            ("learning", self.tr("Learning"), learning),
            ("ranking", self.tr("Ranking"), ranking),
        ):
            page = QWidget(self)
            row = QHBoxLayout(page)
            row.setContentsMargins(0, 8, 0, 0)
            row.setSpacing(12)
            for part, stretch in parts:
                row.addWidget(part, stretch)
            page.setObjectName(f"warp-page-{name}")
            self._pages.addTab(page, title)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self._start, self._pause, self._keep, self._rank, self._readers, self._bind):
            buttons.addWidget(button)
        buttons.addStretch(1)
        # Beside the pages' names, where there is room for a sentence.
        self._pages.setCornerWidget(self._status)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self._pages, 1)
        layout.addLayout(buttons)

    def _show_page(self, name: str) -> None:
        page = self.findChild(QWidget, f"warp-page-{name}")
        if isinstance(page, QWidget):
            self._pages.setCurrentWidget(page)

    # What is shown

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self.setEnabled(True)
        is_bundled = model.ref.name == "portraits"
        self._form.set_values(
            {"preset": "portraits", "support_sets": None, "dipoles": None}
            if is_bundled
            else {"preset": None, "support_sets": _PATHS, "dipoles": _DIPOLES}
        )
        self._more.set_values({"iterations": None, "picture_size": None})
        self._folder.setText(str(self._suggested_folder(model)))
        self._ranking = None
        self._table.setRows(())
        self._show_state()

    @Slot()
    def _take_folder(self) -> None:
        """Another folder: the fields show what a training that is there was begun with."""
        self._problem = ""
        if self._has_begun():
            try:
                begun = self._begun_settings().to_record()
            except LatentStudioError as error:
                self._problem = error.title
            else:
                self._form.set_values({**begun, "preset": None})
                self._more.set_values(begun)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        is_training = self._training is not None
        has_folder = bool(self._folder.text().strip())
        self._start.setEnabled(has_folder and not is_training)
        self._pause.setEnabled(is_training)
        self._copy.setEnabled(has_folder)
        self._folder.setEnabled(not is_training)
        self._form.setEnabled(not is_training)
        self._more.setEnabled(not is_training)
        begun = has_folder and self._has_begun()
        self._start.setText(self.tr("Go on") if begun and not is_training else self.tr("Start"))
        self._keep.setEnabled(begun)
        self._rank.setEnabled(begun and self._measuring is None)
        self._bind.setEnabled(self._ranking is not None)
        if not is_training and self._measuring is None:
            if begun:
                state = self.tr("There is a training in this folder: go on with it, or use its paths.")
            else:
                state = self.tr("Learns curved directions without labels. You can go on working meanwhile.")
            self._status.setText(self._problem or state)

    @Slot(object, object)
    def _take_progress(self, job: Job, progress: Progress) -> None:
        if job not in (self._training, self._measuring):
            return
        self._status.setText(progress.message)
        if job != self._training:
            return
        if progress.preview is not None:
            self._samples.setImage(image_of(progress.preview.pixels))
        if "iteration" in progress.metrics:
            found = progress.metrics
            self._history.append((found["iteration"], found["total_loss"], found["accuracy"]))
            if len(self._history) > _MOST_POINTS:
                self._history = self._history[::2]
            self._show_state_of_paths(progress)
            self._draw()

    def _show_state_of_paths(self, progress: Progress) -> None:
        shares = [value for name, value in progress.metrics.items() if name.startswith("path_accuracy.")]
        if shares:
            self._shares.add(progress.metrics["iteration"], shares)
            known = [share for share in shares if share == share]
            told = sum(share > 0.5 for share in known)
            self._told.setTitleText(
                self.tr("Paths told: {told} of {count}").format(told=told, count=len(shares))
            )

    def _draw(self) -> None:
        at = [point[0] for point in self._history]
        losses, told = ([point[column] for point in self._history] for column in (1, 2))
        self._loss.setCurves([(at, losses, "accent", 0.35), (at, _smooth(losses), "accent", 1.0)])
        # Each path faintly, all of them together strongly.
        each = [(x, y, "muted", 0.35) for x, y in self._shares.curves()]
        self._told.setCurves([*each, (at, _smooth(told), "good", 1.0)])

    @Slot(object)
    @Slot(object, object)
    def _take_end(self, job: Job, what: object = None) -> None:
        if job in (self._training, self._measuring) and isinstance(what, Failure):
            self._problem = f"{what.title} {what.hint}".strip()
        if job == self._training:
            self._training = None
        elif job == self._measuring:
            self._measuring = None
        else:
            return
        self._show_state()

    # What is done

    @Slot()
    def start(self) -> None:
        """Train, or go on with what is in the folder."""
        try:
            options = self._options()
        except LatentStudioError as error:
            self._context.messages.failure(describe_failure(error))
            return
        self._history, self._problem = [], ""
        self._shares.clear()
        self._show_page("learning")
        self._training = self._context.jobs.start(
            self.tr("Learn warp paths"),
            partial(run_warp_train, self._context.studio, options),
            twin=("warp train", options),
        )
        self._show_state()

    @Slot()
    def pause(self) -> None:
        """Ask the training to write a checkpoint and stop."""
        if self._training is not None:
            self._status.setText(self.tr("Writing a checkpoint…"))
            self._context.jobs.cancel(self._training.id)

    @Slot()
    def rank(self) -> None:
        """Walk, measure and rank the folder's paths."""
        options = WarpRankOptions(
            self._run_folder(),
            self._model_place(),
            predictor=self._readers.chosen(),
            even=self._readers.is_even(),
        )
        self._problem = ""
        self._measuring = self._context.jobs.start(
            self.tr("Rank warp paths"),
            partial(run_warp_rank, self._context.studio, options),
            on_done=self._show_ranking,
            twin=("warp rank", options),
        )
        self._show_page("ranking")
        self._show_state()

    @Slot()
    def keep_paths(self) -> None:
        """Read the folder's paths and put them into the warp bank."""
        library, model = self._context.directions.library, self._context.models.model
        if library is None or model is None:
            return

        def read(_progress: object, _cancel: object) -> object:
            from latent_studio.app.direction_import import import_directions
            from latent_studio.app.models import sample_w

            return import_directions(
                paths_file(self._run_folder()),
                model.spec,
                model_sha256=model.ref.sha256,
                ws_samples=sample_w(model.generator, SPREAD_SAMPLES),
            ).directions

        self._context.jobs.start(
            self.tr("Read warp paths"),
            read,
            on_done=partial(library.keep, name=self._run_folder().name),
            quiet=True,
            twin=(
                "direction convert",
                DirectionConvertOptions(place_of(model.ref), paths_file(self._run_folder()), keep=True),
            ),
        )

    @Slot()
    def bind(self) -> None:
        """The chosen path, else the best for the chosen attribute, becomes a slider of its name."""
        self._bind_attribute(self._table.attribute())

    @Slot(str)
    def _bind_attribute(self, attribute: str) -> None:
        from latent_studio.app.ranking import bind, bind_best

        library, ranking = self._context.directions.library, self._ranking
        if ranking is None or library is None or not attribute:
            return
        place = self._path.currentIndex() if attribute == self._table.attribute() else 0
        try:
            if place > 0:
                info = ranking.attributes[ranking.column(attribute)]
                bound = bind(library, ranking, ranking.by_attribute(attribute)[place], info)
            else:
                bound = bind_best(library, ranking, attribute)
        except LatentStudioError as error:
            self._context.messages.failure(describe_failure(error))
            return
        id = ranking.traversal.directions[bound.path_idx].id
        self._remember_bound(id, bound.path_idx)
        self._context.directions.reveal(id)

    def _remember_bound(self, id: str, path_idx: int) -> None:
        """What binds the same path again, with its marks, is the action that can be copied."""
        entry, model = self._context.directions.find(id), self._context.models.model
        if entry is None or model is None:
            return
        said = entry.mark
        path = f"{paths_file(self._run_folder())}#{path_idx}"
        same = DirectionKeepOptions(
            place_of(model.ref), path, said.name, star=said.starred, turn=said.flipped, ends=said.ends
        )
        self._context.commands.add(("direction keep", same))

    def _show_ranking(self, result: RankResult) -> None:
        self._ranking = result.ranking
        rows = []
        for attribute in result.attributes:
            best = result.ranking.by_attribute(attribute)[0]
            info = result.ranking.attributes[result.ranking.column(attribute)]
            rows.append(
                RankingRow(attribute, info.title, best.name, best.pearson, best.effect, best.selectivity)
            )
        self._table.setRows(sorted(rows, key=lambda row: -abs(row.pearson * row.selectivity)))
        self._show_along(self._table.attribute())
        self._show_state()

    @Slot(str)
    def _show_along(self, attribute: str) -> None:
        """The paths for an attribute to choose from, and the best of them drawn."""
        self._path.clear()
        if self._ranking is None or not attribute:
            return
        for row in self._ranking.by_attribute(attribute):
            self._path.addItem(f"{row.name} · {row.pearson:+.2f}")
        self._draw_along()

    @Slot()
    def _draw_along(self) -> None:
        """The attribute along the chosen path, faint from each picture, strong on average."""
        attribute, ranking = self._table.attribute(), self._ranking
        if ranking is None or not attribute:
            return
        path = ranking.by_attribute(attribute)[max(0, self._path.currentIndex())]
        column, row = ranking.column(attribute), ranking.table.paths.index(path.path_idx)
        tracks = ranking.table.values[row, :, :, column]
        amounts = ranking.traversal.amounts
        curves = [(amounts, track.tolist(), "muted", 0.35) for track in tracks]
        # Where some pictures do not show it, the mean is that of the others.
        mean = np.ma.masked_invalid(tracks).mean(axis=0).filled(np.nan)
        self._along.setCurves([*curves, (amounts, mean.tolist(), "accent", 1.0)])

    def _options(self) -> WarpTrainOptions:
        """As filled in; a training that is there goes on as it began but for the numbers filled in."""
        given: dict[str, object] = {**self._form.values(), **self._more.values()}
        if self._has_begun():
            settings = self._begun_settings()
            filled = {name: value for name, value in given.items() if value is not None}
            kept = {"classes": settings.classes or None, "rows": settings.rows}
            given = {**settings.to_record(), **kept, **filled, "preset": None}
        built = self._form.build(**{**given, "model": self._model_place(), "out": self._run_folder()})
        if not isinstance(built, WarpTrainOptions):
            raise TypeError("the form builds its own options")
        return built

    def _begun_settings(self) -> WarpSettings:
        from latent_studio.methods.warp.runs import read_args

        return read_args(self._run_folder())[1]

    def _has_begun(self) -> bool:
        return (self._run_folder() / "models" / "support_sets.safetensors").is_file()

    @Slot()
    def _copy_command(self) -> None:
        try:
            text = command_text("warp train", self._options())
        except LatentStudioError as error:
            self._context.messages.failure(describe_failure(error))
            return
        QGuiApplication.clipboard().setText(text)

    @Slot()
    def _ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Folder of the training"), self._folder.text()
        )
        if chosen:
            self._folder.setText(chosen)

    def _run_folder(self) -> Path:
        return Path(self._folder.text().strip()).expanduser()

    def _model_place(self) -> str:
        model = self._context.models.model
        return "" if model is None else model.ref.path

    def _suggested_folder(self, model: LoadedModel) -> Path:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", model.ref.name).strip("-.") or "model"
        return self._context.studio.paths.data / "warp" / name


class _CornerLine(ElidedLabel):
    """A line beside the names of pages, which give it room for its first text only: it asks for the rest."""

    def sizeHint(self) -> QSize:
        """All that the names leave."""
        wanted, pages = super().sizeHint(), self.parentWidget()
        if isinstance(pages, QTabWidget):
            names = pages.tabBar().sizeHint().width() + _BESIDE_NAMES
            wanted.setWidth(max(self.minimumSizeHint().width(), pages.width() - names))
        return wanted


def _smooth(values: list[float], *, memory: float = 0.9) -> list[float]:
    """An exponential mean without the bias of its start."""
    smooth, mean, weight = [], 0.0, 0.0
    for value in values:
        mean = memory * mean + (1 - memory) * value
        weight = memory * weight + (1 - memory)
        smooth.append(mean / weight)
    return smooth
