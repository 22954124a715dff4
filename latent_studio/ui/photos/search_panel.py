"""SearchPanel: how a latent is searched for, for which photos, and how far the search is."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from latent_studio.methods.projection.rungs import Start
from latent_studio.ui.icons import set_icon
from latent_studio.ui.photo_twins import search_deed
from latent_studio.ui.photos.controls import button, choice, flow, row
from latent_studio.ui.photos.search_tuning import SearchTuning
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.loss_plot import LossPlot
from latent_studio.ui.widgets.progress_line import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.tasks.project import ProjectOptions
    from latent_studio.core.jobs import Progress
    from latent_studio.core.session import Session
    from latent_studio.methods.projection.lpips_net import LossName
    from latent_studio.methods.projection.published import PublishedSettings
    from latent_studio.methods.projection.rungs import Rung
    from latent_studio.methods.projection.settings import ProjectionSettings
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem
    from latent_studio.ui.twin import Twin

#: Of a report's numbers, those that are no losses.
_NO_LOSSES = ("steps/s", "seconds left")


class SearchPanel(QWidget):
    """Preset, space, the buttons of a search, its progress and the curves of its losses.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._desk = context.photos
        self._plotted = 0
        self._preset = choice(
            self, "projection-preset", self.tr("How long"),
            self.tr("Fast takes about a quarter of Good's time, Best about three times."),
            ((self.tr("Fast"), "fast"), (self.tr("Good"), "good"), (self.tr("Best"), "best")),
        )  # fmt: skip
        self._preset.setCurrentIndex(1)
        self._space = choice(
            self, "projection-space", self.tr("Space"),
            self.tr("w+ comes closest, w is edited most safely; models without w are searched in z."),
            (("w+", "w+"), ("w", "w"), ("z", "z")),
        )  # fmt: skip
        self._fold = QToolButton(self)
        self._fold.setObjectName("projection-tuning")
        self._fold.setCheckable(True)
        self._fold.setText(self.tr("Weights"))
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setToolTip(self.tr("What counts how much, and other fields with good defaults."))
        set_icon(self._fold, "chevron-right", role="muted")
        self._fold.toggled.connect(self._unfold)
        self.tuning = SearchTuning(context, self)
        self.tuning.hide()
        self._start = button(
            self, "projection-start", self.tr("Project"), self.tr("Search the latent that gives this crop.")
        )
        self._start.setProperty("primary", True)
        self._start.clicked.connect(self.start)
        self._from_canvas = button(
            self, "projection-from-canvas", self.tr("From the canvas"),
            self.tr("Search on from the picture on the canvas, edits and all; the result takes their place."),
        )  # fmt: skip
        self._from_canvas.clicked.connect(self.start_from_canvas)
        self._stop = button(
            self, "projection-stop", self.tr("Stop, keep best"),
            self.tr("End the search with the best so far."),
        )  # fmt: skip
        self._stop.clicked.connect(self.stop)
        self._all = button(
            self, "projection-all", self.tr("All photos"),
            self.tr("Project every photo, one after the other."),
        )  # fmt: skip
        self._all.clicked.connect(self.start_all)
        self._copy = QToolButton(self)
        self._copy.setObjectName("projection-copy-command")
        self._copy.setProperty("quiet", True)
        self._copy.setAccessibleName(self.tr("Copy as command"))
        self._copy.setToolTip(self.tr("Put the command line that does the same on the clipboard."))
        set_icon(self._copy, "copy", role="muted")
        self._copy.clicked.connect(self.copy_command)
        self._bar = ProgressLine(self)
        self._bar.setObjectName("projection-progress")
        self._pace = ElidedLabel("", self)
        self._pace.setObjectName("projection-pace")
        self._pace.setProperty("muted", True)
        self._plot = LossPlot(self)
        self._plot.setObjectName("projection-plot")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row(self._preset, self._space, stretches=(1, 1)))
        layout.addLayout(flow(self._start, self._from_canvas, self._stop, self._all, self._fold, self._copy))
        layout.addWidget(self.tuning)
        layout.addWidget(self._bar)
        layout.addWidget(self._pace)
        layout.addWidget(self._plot)
        self._desk.searched.connect(self._show_search)
        context.models.model_changed.connect(self._take_model)

    # What is asked for -------------------------------------------------------------------------------------

    def options(self, model: str, photos: tuple[str, ...] = (), **more: Any) -> ProjectOptions:
        """The fields as the options of the verb that does the same.

        Args:
            model: name or path.
            photos: files.
            more: fields of the options that say which face.
        """
        from latent_studio.app.tasks.loss_weights import words_of
        from latent_studio.app.tasks.project import ProjectOptions

        tuning = self.tuning
        is_ours = tuning.schedule == "ladder"
        values: dict[str, Any] = {
            "preset": self._preset.currentData(),
            "space": self._space.currentData(),
            "schedule": tuning.schedule,
            "loss": tuning.loss,
            "start": tuning.start if is_ours else "encoder",
            "weights": words_of(tuning.weights) if is_ours else (),
            "video": "mp4" if tuning.keeps_film else None,
        }
        return ProjectOptions(model, photos, Path("projections"), **values, **more)

    def settings(self) -> ProjectionSettings | PublishedSettings:
        """The search that the fields ask for.

        Raises:
            OptionError: a published method does not know the space.
        """
        from latent_studio.app.tasks.project import settings_of

        return settings_of(self.options(""))

    # Searching ---------------------------------------------------------------------------------------------

    @Slot()
    def start(self) -> None:
        """Search for the photo looked at."""
        if self._desk.current is not None:
            self._begin([self._desk.current.id])

    @Slot()
    def start_all(self) -> None:
        """Search for all photos, one after the other."""
        self._begin([item.id for item in self._desk.items if item.photo is not None])

    @Slot()
    def stop(self) -> None:
        """End the search of the photo looked at; the best is kept."""
        if self._desk.current is not None:
            self._desk.stop(self._desk.current.id)

    def go_on(self, rung: Rung) -> None:
        """Search on from a rung of the photo looked at."""
        if self._desk.current is not None:
            self._begin([self._desk.current.id], start=Start(rung.space, rung.latent, rung.noise))

    @Slot()
    def start_from_canvas(self) -> None:
        """Search for the photo looked at, from the picture on the canvas."""
        if self._desk.current is not None:
            self._begin([self._desk.current.id], from_canvas=True)

    def _begin(
        self, item_ids: Iterable[int], *, start: Start | None = None, from_canvas: bool = False
    ) -> None:
        from latent_studio.app.search_film import FRAMES
        from latent_studio.core.errors import LatentStudioError
        from latent_studio.methods.projection.settings import ProjectionSettings

        try:
            settings = self.settings()
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        begin = self._context.store.session if from_canvas else start
        if begin is not None and not isinstance(settings, ProjectionSettings):
            self._context.messages.warning(
                self.tr("A published method cannot go on from a latent."),
                hint=self.tr("Choose the ladder under Weights."),
            )
            return
        frames = FRAMES if self.tuning.keeps_film else 0
        loss = cast("LossName", self.tuning.loss)
        self._desk.search(
            item_ids, settings, start=start, from_canvas=from_canvas, loss=loss, frames=frames,
            twin=partial(self._twin_of, begin),
        )  # fmt: skip

    def _twin_of(self, start: Start | Session | None, item: PhotoItem) -> Twin:
        """What searches for a photo in the same way without the window."""
        model, options = self._context.models.model, self._options_for(item)
        if model is None or (item.path and start is None):
            return "project", options
        return partial(search_deed, options, item, start, model)

    def _options_for(self, item: PhotoItem) -> ProjectOptions:
        """The options of the verb that does the same for a photo."""
        model = self._context.models.model
        more: dict[str, Any] = {"face": max(item.chosen, 0), "finder": self._desk.finder}
        if item.chosen < 0 and item.marks is not None:
            more["marks"] = tuple(float(value) for value in item.marks.array.flatten())
        if item.marks is None and item.quad is not None:
            corners = item.quad.array + 0.5
            more["box"] = (*corners[0].tolist(), *corners[2].tolist())
        return self.options("" if model is None else model.ref.path, (item.path or item.name,), **more)

    @Slot()
    def copy_command(self) -> None:
        """Put the verb with these fields on the clipboard."""
        item = self._desk.current
        if item is None or self._context.models.model is None:
            return
        self._context.commands.copy(self._twin_of(None, item))

    # Showing -----------------------------------------------------------------------------------------------

    @Slot(bool)
    def _unfold(self, open: bool) -> None:
        self.tuning.setVisible(open)
        set_icon(self._fold, "chevron-down" if open else "chevron-right", role="muted")

    @Slot(object, object)
    def _show_search(self, item: PhotoItem, progress: Progress) -> None:
        if item.id != self._plotted:
            self._plotted = item.id
            self._plot.clear()
        losses = {name: value for name, value in progress.metrics.items() if name not in _NO_LOSSES}
        if losses:
            self._plot.add(losses)
        if self._desk.current is not None and item.id == self._desk.current.id:
            self._bar.setFraction(progress.fraction)
            self._pace.setText(progress.message)

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        has_w = model.spec.has_mapping
        self._space.setEnabled(has_w)
        if not has_w:
            self._space.setCurrentIndex(self._space.findData("z"))

    def show_item(self, item: PhotoItem) -> None:
        """Show what can be done with a photo, and how far its search is."""
        is_busy = self._desk.is_searching(item.id)
        model = self._context.models.model
        self._start.setVisible(not is_busy)
        self._start.setEnabled(item.photo is not None and model is not None)
        self._from_canvas.setVisible(not is_busy and model is not None and model.spec.has_mapping)
        self._from_canvas.setEnabled(item.photo is not None)
        self._start.setText(self.tr("Project") if item.found is None else self.tr("Restart"))
        self._stop.setVisible(is_busy)
        self._all.setVisible(len(self._desk.items) > 1)
        self._bar.setVisible(is_busy)
        self._pace.setVisible(is_busy)
        if is_busy and item.state == "waiting":
            self._plotted = 0
            self._pace.setText(self.tr("Waits for its turn."))
            self._bar.setFraction(0.0)
