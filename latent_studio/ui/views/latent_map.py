"""The latent map: samples of the model in a plane, and everything of the session that has a place there."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, QTimer, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from latent_studio.app.latent_map import (
    MapSamples,
    base_beside,
    draw_samples,
    principal_axes,
    read_axes,
)
from latent_studio.app.map_places import MapPlaces, find_places, stops_on_path, with_path
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.failures import Failure
from latent_studio.ui.map_axes import MapAxes
from latent_studio.ui.map_group import MapGroup
from latent_studio.ui.map_pictures import MapPictures
from latent_studio.ui.widgets.empty_state import EmptyAction, EmptyState
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.map_canvas import MapCanvas, MapTool
from latent_studio.ui.widgets.map_choice import MapChoice
from latent_studio.ui.widgets.map_tools import MapTools
from latent_studio.ui.widgets.picture_label import PictureLabel

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.latent import Latent
    from latent_studio.core.latent_plane import LatentPlane, PlaneAxis
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.core.synthesis import ClassWeights, SynthesisSettings
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.job_thread import Job

_GESTURE = "map"
#: Side of the picture beside the map, and how high the view has to be for it.
_PICTURE, _HIGH = 148, 290
#: Pictures a predictor is shown.
_READ = 400
#: The session has to rest this long before its place is asked for.
_REST_MS = 40
#: Keys of a drawn path: one each so many pixels.
_PX_PER_KEY = 90


class LatentMapView(QWidget):
    """Asks for samples when first seen, lays them out by two axes, and turns gestures into session changes.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._samples: MapSamples | None = None
        self._plane: LatentPlane | None = None
        self._places: MapPlaces | None = None
        self._job: Job | None = None
        self._walk_from: MapPlaces | None = None
        self._asked = 0
        self._placed: Session | None = None
        self.canvas = MapCanvas(self)
        self.canvas.setObjectName("map-canvas")
        self.canvas.setAccessibleName(self.tr("Latent map"))
        self.canvas.setAccessibleDescription(
            self.tr(
                "Arrows move the cross, plus and minus zoom, Home shows everything, Enter goes to the cross, "
                "Space chooses the sample there, Escape takes back."
            )
        )
        self._picture = PictureLabel(QSize(_PICTURE, _PICTURE), self)
        self._picture.setObjectName("map-picture")
        self._picture.setAccessibleName(self.tr("The picture where you are"))
        self._empty = EmptyState(self)
        self._tools = MapTools(self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.canvas)
        self._pages.addWidget(self._empty)
        self._pictures = MapPictures(context, self.canvas)
        self._group = MapGroup(context, self)
        self._choice = MapChoice(self)
        self._says = QLabel(self)
        self._says.setObjectName("map-says")
        self._says.setProperty("muted", True)
        self._says.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._tools)
        middle = QHBoxLayout()
        middle.setSpacing(8)
        middle.addWidget(self._pages, 1)
        middle.addLayout(self._make_side())
        layout.addLayout(middle, 1)
        layout.addWidget(self._choice)
        layout.addWidget(self._says)
        self.setFocusProxy(self.canvas)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._ask_for_places)

        self._tools.toolChosen.connect(self._set_tool)
        self._tools.countChosen.connect(self.start)
        self._tools.picturesToggled.connect(self.canvas.setPicturesShown)
        self.canvas.pointTaken.connect(self._go_to_sample)
        self.canvas.placeTaken.connect(self._go_to_place)
        self.canvas.walked.connect(self._walk)
        self.canvas.walkFinished.connect(self._finish_walk)
        self.canvas.chosenChanged.connect(self._show_choice)
        self.canvas.pathDrawn.connect(self._take_path)
        self.canvas.toolLeft.connect(partial(self._set_tool, "go"))
        self._choice.directionWanted.connect(self._learn)
        self._choice.centreWanted.connect(self._pull)
        self._choice.cleared.connect(self._clear_choice)
        context.renders.frame_ready.connect(self._show_frame)
        context.models.model_changed.connect(self._take_model)
        context.jobs.cancelled.connect(self._take_cancel)
        self._axes.changed.connect(self._lay_out)
        self._axes.readerWanted.connect(self._read)
        context.bridge.session_changed.connect(self._follow)
        self._show_state()

    def _make_side(self) -> QVBoxLayout:
        """The picture, and below it what the map shows."""
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addWidget(self._picture)
        self._axes = MapAxes(self._context.directions, self)
        for sign, field in zip("→↑", self._axes.fields, strict=True):
            field.setMaximumWidth(_PICTURE - 22)
            label = QLabel(sign, self)
            label.setProperty("muted", True)
            label.setBuddy(field)
            line = QHBoxLayout()
            line.setSpacing(4)
            line.addWidget(label)
            line.addWidget(field, 1)
            column.addLayout(line)
        column.addStretch(1)
        return column

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up; begin when first seen."""
        super().showEvent(event)
        if self._samples is None:
            self.start()
        self._pictures.take_look()
        if self._context.renders.frame is not None:
            self._show_frame(self._context.renders.frame)
        self._rest.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The picture goes where there is no room for both."""
        super().resizeEvent(event)
        self._picture.setVisible(self.height() >= _HIGH)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: wish for nothing."""
        super().hideEvent(event)
        self._pictures.rest()

    # Samples

    @Slot()
    def start(self, *_: object) -> None:
        """Draw samples of the open model, in a job that can be cancelled."""
        model = self._context.models.model
        if model is None:
            self._show_state()
            return
        if self._job is not None:
            self._context.jobs.cancel(self._job.id)
        count = self._tools.count()
        self._job = self._context.jobs.start(
            self.tr("Map {n} seeds").format(n=f"{count:,}"),
            partial(_draw, self._context, count, self._context.store.session.synthesis.class_weights),
            on_done=partial(self._take_samples, model),
            on_failed=self._fail,
            quiet=True,
        )
        self._show_state()

    def _take_samples(self, model: LoadedModel, drawn: tuple[MapSamples, list[PlaneAxis]]) -> None:
        self._job = None
        if self._context.models.model is not model:
            return
        samples, components = drawn
        self._samples = samples
        self._axes.setSamples(samples, components, _readers(self._context.studio, model))
        self._lay_out()

    @Slot(object)
    def _take_cancel(self, job: Job) -> None:
        if job == self._job:
            self._job = None
            self._show_state()

    def _fail(self, failure: Failure) -> None:
        self._job = None
        self._context.messages.failure(failure)
        self._show_state()

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self._job, self._samples, self._plane, self._places = None, None, None, None
        self._pictures.forget()
        self._axes.setSamples(None, [], [])
        self.canvas.setPoints(np.zeros((0, 2)))
        self._show_marks()
        self._show_state()
        if self.isVisible():
            self.start()

    # Axes

    @Slot(str)
    def _read(self, predictor_id: str) -> None:
        samples = self._samples
        if samples is None:
            return
        context = self._context
        context.jobs.start(
            self.tr("Read attributes of {n} pictures").format(n=min(_READ, len(samples.latents))),
            partial(_read, context, samples, predictor_id, context.store.session.synthesis),
            on_done=partial(self._take_axes, samples),
            on_failed=context.messages.failure,
            quiet=True,
        )

    def _take_axes(self, samples: MapSamples, axes: list[PlaneAxis]) -> None:
        if self._samples is None or self._samples.model_sha256 != samples.model_sha256:
            return
        self._axes.addRead(axes)
        self._context.messages.news(
            self.tr("The map knows {n} attributes now.").format(n=len(axes)),
            hint=self.tr("R² says how much of each the place of a latent tells; choose others above."),
        )

    @Slot()
    def _lay_out(self) -> None:
        """Put every sample in its place on the chosen axes."""
        samples = self._samples
        if samples is None:
            return
        try:
            plane = self._axes.plane()
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            plane = None
        if plane is None:
            self._axes.goBack()
            return
        chosen = self.canvas.chosen()
        self._plane = plane
        self.canvas.setTitles(*(axis.title for axis in plane.axes))
        self.canvas.setPoints(plane.places(samples.latents))
        if len(chosen) == len(samples.latents):
            self.canvas.setChosen(chosen)
        self._pictures.put_all()
        self._show_marks()
        self._show_state()
        self._rest.start()

    # What stands on the map

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if not self.isVisible() or new.model is None:
            return
        if old.synthesis.class_weights != new.synthesis.class_weights and self._samples is not None:
            if self._samples.classes and self._samples.classes != new.synthesis.class_weights:
                self.start()
        self._pictures.take_look()
        if self._walk_from is None:
            self._rest.start()

    @Slot()
    def _ask_for_places(self) -> None:
        session, model = self._context.store.session, self._context.models.model
        if self._plane is None or model is None or session.model is None or not self.isVisible():
            return
        if session.model.sha256 != model.ref.sha256 or session is self._placed:
            self._show_marks()
            return
        old = self._placed
        still = (
            old is not None
            and old.timeline is session.timeline
            and old.projections == session.projections
            and old.synthesis == session.synthesis
        )
        self._asked += 1
        self._context.renders.ask(
            partial(_find, self._context, session, self._places if still else None),
            partial(self._take_places, self._asked, session),
        )

    def _take_places(self, asked: int, session: Session, found: object) -> None:
        # A newer question is on its way, or the hand is walking: what it does is known better.
        if asked != self._asked or self._walk_from is not None:
            return
        if isinstance(found, MapPlaces):
            self._places, self._placed = found, session
        elif isinstance(found, Failure):
            self._places, self._placed = None, None
        self._show_marks()

    def _show_marks(self) -> None:
        places, plane = self._places, self._plane
        if places is None or plane is None or places.here.shape != (plane.dim,):
            self.canvas.setHere(None)
            self.canvas.setKeys((), ())
            self.canvas.setPhotos(())
            return
        here, edited = plane.places(np.stack([places.here, places.edited]))
        self.canvas.setHere(here, None if places.edited is places.here else edited)
        self.canvas.setKeys(plane.places(places.keys), plane.places(places.walk))
        self.canvas.setPhotos(plane.places(places.photos))

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        """The picture beside the map follows the hand."""
        if self.isVisible():
            self._picture.setImage(image_of(frame.pixels))

    # Going

    @Slot(int)
    def _go_to_sample(self, point: int) -> None:
        self._context.store.close_gesture()
        self._context.store.set_base(SeedPoint(point), self.tr("Go to seed {seed}").format(seed=point))

    @Slot(float, float)
    def _go_to_place(self, x: float, y: float) -> None:
        self._walk(x, y)
        self._finish_walk()

    @Slot(float, float)
    def _walk(self, x: float, y: float) -> None:
        """Move the picture along both axes; all else about it stays."""
        plane, model = self._plane, self._context.models.model
        start = self._walk_from or self._places
        if plane is None or model is None or start is None or start.here.shape != (plane.dim,):
            return
        self._walk_from = start
        here, edited = plane.places(np.stack([start.here, start.edited]))
        step = np.array([x, y]) - here
        base = base_beside(start.ws, plane.shift(step), model.spec)
        session = self._context.store.session
        # Noise that was found with a photo still suits it.
        self._context.store.replace(replace(session, base=base), self.tr("Walk on the map"), gesture=_GESTURE)
        self.canvas.setHere((x, y), None if start.edited is start.here else edited + step)

    @Slot()
    def _finish_walk(self) -> None:
        self._walk_from = None
        self._context.store.close_gesture()
        self._rest.start()

    # Drawing

    @Slot(str)
    def _set_tool(self, tool: MapTool, *_: object) -> None:
        self.canvas.setTool(tool)
        self._tools.setTool(tool)
        self.canvas.setFocus()
        self._show_state()

    @Slot(object)
    def _take_path(self, path: np.ndarray) -> None:
        plane, places, model = self._plane, self._places, self._context.models.model
        if plane is None or places is None or model is None:
            return
        scale = self.canvas.pixelsPerUnit()
        length = float(np.linalg.norm(np.diff(path * scale, axis=0), axis=1).sum())
        stops, closed = stops_on_path(path, scale, int(np.clip(round(length / _PX_PER_KEY) + 1, 3, 40)))
        here = plane.places(places.here[None])[0]
        bases: list[Latent] = [base_beside(places.ws, plane.shift(stop - here), model.spec) for stop in stops]
        session = self._context.store.session
        names = [self.tr("path {n}").format(n=index + 1) for index in range(len(bases))]
        try:
            timeline = with_path(session, bases, names=names, closed=closed)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        self._context.store.close_gesture()
        self._context.store.replace(replace(session, timeline=timeline), self.tr("Draw a path on the map"))
        self._context.messages.news(
            self.tr("{n} keys of the path are on the timeline.").format(n=len(bases)),
            hint=self.tr("Play it there; undo takes the path back."),
        )

    @Slot()
    def _show_choice(self) -> None:
        self._choice.setCount(int(self.canvas.chosen().sum()), len(self.canvas.chosen()))
        self._show_state()

    @Slot()
    def _clear_choice(self) -> None:
        self.canvas.setChosen(np.zeros(len(self.canvas.points()), np.bool_))
        self.canvas.setFocus()

    @Slot(str, str)
    def _learn(self, name: str, learner: str) -> None:
        if self._samples is not None:
            self._group.learn(self._samples, self.canvas.chosen().copy(), name, learner)

    @Slot()
    def _pull(self) -> None:
        if self._samples is not None:
            self._group.pull(self._samples, self.canvas.chosen())

    # Words

    def _show_state(self) -> None:
        model, has_map = self._context.models.model, self._plane is not None
        self._pages.setCurrentWidget(self.canvas if has_map else self._empty)
        self._tools.setEnabled(model is not None)
        has_choice = bool(self.canvas.chosen().any())
        self._choice.setVisible(has_choice)
        self._choice.setCanCentre(model is not None and model.spec.has_mapping)
        self._says.setVisible(has_map and not has_choice)
        if has_map:
            self._says.setText(self._help())
        elif model is None:
            self._empty.setWords(self.tr("Open a model, and the map of its latent space comes here."))
        elif self._job is not None:
            self._empty.setWords(self.tr("Mapping samples of the model…"))
        else:
            self._empty.setWords(
                self.tr("There are no samples yet."),
                (
                    EmptyAction(
                        "map-begin", self.tr("Draw samples"), self.tr("Map seeds of this model."), self.start
                    ),
                ),
            )

    def _help(self) -> str:
        words = {
            "go": self.tr("Ring: you are here. Click goes to a sample or a place, drag walks."),
            "move": self.tr("Drag moves the map, the wheel zooms, Home shows everything."),
            "loop": self.tr("Draw around samples: for a direction, or for truncation to pull towards."),
            "path": self.tr("Draw a path: places along it become keys of the timeline."),
        }
        return words[self.canvas.tool()]


def _draw(
    context: DockContext, count: int, classes: ClassWeights, progress: ProgressSink, cancel: CancelToken
) -> tuple[MapSamples, list[PlaneAxis]]:
    samples = draw_samples(
        context.studio,
        count=count,
        classes=classes,
        progress=progress,
        cancel=cancel,
    )
    return samples, principal_axes(samples)


def _read(
    context: DockContext,
    samples: MapSamples,
    predictor_id: str,
    synthesis: SynthesisSettings,
    progress: ProgressSink,
    cancel: CancelToken,
) -> list[PlaneAxis]:
    return read_axes(
        context.studio,
        samples,
        predictor_id,
        count=_READ,
        synthesis=synthesis,
        progress=progress,
        cancel=cancel,
    )


def _find(context: DockContext, session: Session, known: MapPlaces | None) -> MapPlaces:
    return find_places(context.studio.engine, session, known=known)


def _readers(studio: Studio, model: LoadedModel) -> list[tuple[str, str]]:
    """Predictors that know pictures of this model: id and title."""
    is_portraits = model.ref.name == "portraits"
    registry = studio.plugins.predictors()
    return [
        (id, registry.get(id).title)
        for id in sorted(registry)
        if registry.get(id).scope == "any" or (registry.get(id).scope == "portraits") == is_portraits
    ]
