"""FilmPreview: a timeline's moments on the canvas, from pictures made beforehand where there are any."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from latent_studio.core.render import Quality, RenderRequest
from latent_studio.core.timeline import Timeline, foreign_keys
from latent_studio.ui.film_moments import FilmMoments
from latent_studio.ui.film_player import FilmPlayer
from latent_studio.ui.proxies import ProxyCache
from latent_studio.ui.render_controller import PASSING_SHARE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from PySide6.QtGui import QImage

    from latent_studio.core.pacing import Pacing
    from latent_studio.core.pose import Pose
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure

_CLIENT = "timeline film"
#: A hand that rests this long wants to see the moment sharp.
_REST_MS = 120
#: Pictures asked for at once, so that a playhead that jumps is followed soon, and those of the sketch, which
#: stands wherever the playhead is.
_AT_ONCE, _SKETCHED_AT_ONCE = 12, 60
#: Models this fast are rendered ahead sharp at once; up to the second, coarse first and sharp later.
_FAST_MS, _WORTH_MS = 600.0, 4000.0
#: A timeline that changes is only measured once it has rested.
_MEASURE_MS = 900
#: The window must not wait longer than this for poses to be evaluated.
_TURN_SECONDS = 0.008
#: Part of the cache that is filled; the rest is for scrubbing beyond.
_FILLED_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked of the renderer.

    Attributes:
        seconds: the moment.
        pose: what is seen then.
        is_passing: a quick preview is enough.
    """

    seconds: float
    pose: Pose
    is_passing: bool


class FilmPreview(QObject):
    """Scrubbing, playing, and rendering ahead while nothing else renders.

    A moment's picture comes from the cache at once, else from the renderer, coarse first, and until it is
    there the nearest picture kept is shown if it is nearer than the one on the canvas. When the hand rests
    the moment is rendered sharp. Every picture asked for gets a higher revision, so an older moment never
    comes last. Previews all over the film are rendered ahead first, so that there is something near wherever
    the hand goes.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    #: ``seconds``: the moment shown is another one.
    moved = Signal(float)
    #: More or fewer pictures are ready.
    ready_changed = Signal()
    #: It plays, or stopped.
    playing_changed = Signal(bool)

    def __init__(self, context: DockContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._timeline = Timeline()
        self._moments: FilmMoments | None = None
        self._pacing: Pacing | None = None
        self._proxies = ProxyCache()
        self._failed: set[Pose] = set()
        self._seconds = 0.0
        self._asked: dict[int, _Asked] = {}
        self._shown: float | None = None
        self._is_wanted = False
        self.player = FilmPlayer(self)
        self.player.due.connect(self._show_due)
        self.player.playing_changed.connect(self._take_playing)
        self._rest = _timer(self, _REST_MS, self._sharpen)
        self._fill = _timer(self, 30, self._wish)
        self._measure = _timer(self, _MEASURE_MS, self._start_measuring)
        self._told = _timer(self, 120, self.ready_changed.emit)
        context.pictures.ready.connect(self._take_picture)
        context.pictures.failed.connect(self._take_failed)
        context.renders.frame_ready.connect(self._take_frame)
        context.renders.preview_ended.connect(self._leave)
        context.models.model_changed.connect(self._forget)

    # What is shown

    @property
    def seconds(self) -> float:
        """Where the playhead is."""
        return self._seconds

    @property
    def shown_seconds(self) -> float | None:
        """The moment whose picture is on the canvas: near the playhead, and the playhead itself at rest."""
        return self._shown

    @property
    def proxies(self) -> ProxyCache:
        """The pictures kept."""
        return self._proxies

    @property
    def can_show(self) -> bool:
        """Whether the timeline can be rendered with the open model."""
        return self._moments is not None

    def set_timeline(self, session: Session) -> None:
        """Take another timeline; what looks the same keeps its pictures."""
        timeline = session.timeline
        if timeline == self._timeline and (self._moments is not None or timeline.is_empty):
            return
        if _course_fields(timeline) != _course_fields(self._timeline):
            self._pacing = None
        self._timeline = timeline
        self._moments = None
        self._shown = None
        usable = session.model is not None and not foreign_keys(timeline, session.model)
        if not timeline.is_empty and usable:
            self._moments = FilmMoments(timeline, self._pacing)
        if self._moments is None:
            self.player.stop()
            self._context.renders.end_preview()
        elif self._context.renders.preview is not None and not self.player.is_playing:
            self.show(self._seconds)
        if timeline.speed != "keyed" and self._pacing is None and timeline.duration > 0:
            self._measure.start()
        self._fill.start()
        self._told.start()

    def set_wanted(self, wanted: bool) -> None:
        """Whether anybody looks, so that pictures are worth making ahead."""
        self._is_wanted = wanted
        if wanted:
            self._fill.start()
        else:
            self._context.pictures.wish(_CLIENT, [])

    def show(self, seconds: float) -> None:
        """Put the playhead somewhere: the canvas shows that moment."""
        self._seconds = max(0.0, seconds)
        self.moved.emit(self._seconds)
        moments = self._moments
        if moments is None:
            return
        pose = moments.at(self._seconds)
        frame = moments.frame_of(self._seconds)
        kept = self._proxies.get(pose)
        if kept is None and (passed := self._proxies.get(moments.pose(frame))) is not None:
            # While the hand moves, the frame it passes is near enough; at rest the moment itself comes.
            kept = replace(passed, quality=Quality.COARSE)
        if kept is not None:
            self._show_kept(self._seconds, pose, kept)
        else:
            self._show_nearest(moments, pose)
            # Nothing sharp is begun before the hand rests: it would keep the next move waiting. What is drawn
            # is the frame that it passes, so that it is there when the hand comes back.
            self._ask(_Asked(frame / moments.fps, moments.pose(frame), is_passing=True))
        if kept is None or kept.quality is not Quality.FINAL:
            self._rest.start()
        self._fill.start()

    def _show_nearest(self, moments: FilmMoments, pose: Pose) -> None:
        """Until the renderer has answered, the nearest picture there is, if the canvas has none as near."""
        here = moments.frame_of(self._seconds)
        for frame in moments.order.around(here, 2 * moments.order.reach + 1):
            seconds = frame / moments.fps
            if self._shown is not None and abs(self._shown - self._seconds) <= abs(seconds - self._seconds):
                return
            kept = self._proxies.get(moments.known(frame))
            if kept is not None:
                self._show_kept(seconds, pose, replace(kept, quality=Quality.COARSE))
                return

    def _show_kept(self, seconds: float, pose: Pose, kept: Frame) -> None:
        self._shown = seconds
        self._context.renders.show_picture(pose, kept)

    def put(self, seconds: float) -> None:
        """Put the playhead somewhere and leave the canvas as it is."""
        self._seconds = max(0.0, seconds)
        self.moved.emit(self._seconds)

    def pose_now(self) -> Pose | None:
        """The pose at the playhead."""
        return None if self._moments is None else self._moments.at(self._seconds)

    def toggle(self) -> None:
        """Play from the playhead, or stand still."""
        if self.player.is_playing:
            self.player.stop()
        elif self._moments is not None:
            timeline = self._timeline
            self.player.play(self._seconds, span=timeline.span, fps=timeline.fps, loop=timeline.loop)

    def small_picture(self, seconds: float) -> QImage | None:
        """A small picture near a moment, if there is one."""
        moments = self._moments
        pose = None if moments is None else moments.known(moments.frame_of(seconds))
        return None if pose is None else self._proxies.small(pose)

    def ready_spans(self) -> tuple[tuple[float, float], ...]:
        """Parts of the film, in seconds, whose frames are all there."""
        moments = self._moments
        if moments is None:
            return ()
        found: list[tuple[float, float]] = []
        fps, start = moments.fps, None
        for frame in range(moments.frames + 1):
            ready = moments.known(frame) in self._proxies
            if ready and start is None:
                start = frame
            elif not ready and start is not None:
                found.append((start / fps, frame / fps))
                start = None
        return tuple(found)

    def missing(self) -> int:
        """Frames that have no picture yet."""
        moments = self._moments
        if moments is None:
            return 0
        return sum(moments.known(frame) not in self._proxies for frame in range(moments.frames))

    # Rendering

    def _ask(self, asked: _Asked) -> None:
        revision = self._context.renders.show_pose(asked.pose, is_passing=asked.is_passing)
        self._asked[revision] = asked

    @Slot()
    def _sharpen(self) -> None:
        pose = self.pose_now()
        if pose is not None and not self.player.is_playing and self._context.renders.preview is not None:
            self._ask(_Asked(self._seconds, pose, is_passing=False))

    @Slot(int, float)
    def _show_due(self, frame: int, seconds: float) -> None:
        moments = self._moments
        if moments is None:
            self.player.stop()
            return
        self._seconds = seconds
        pose = moments.pose(min(frame, moments.frames - 1))
        kept = self._proxies.get(pose)
        if kept is not None:
            self._show_kept(seconds, pose, kept)
        self.player.note(has_picture=kept is not None)
        self.moved.emit(seconds)

    @Slot(bool)
    def _take_playing(self, playing: bool) -> None:
        self.playing_changed.emit(playing)
        self._fill.start()
        if not playing and self._moments is not None and self._context.renders.preview is not None:
            self.show(self._seconds)

    @Slot(object)
    def _take_frame(self, frame: Frame) -> None:
        """What was rendered for a moment on the canvas is kept too."""
        self._asked = {revision: one for revision, one in self._asked.items() if revision >= frame.revision}
        asked = self._asked.get(frame.revision)
        if asked is None:
            return
        self._shown = asked.seconds
        # A quick preview that nothing better will follow would stand out among the others.
        if not asked.is_passing or self._are_sharp_worth():
            self._proxies.put(asked.pose, frame)
            self._told.start()

    @Slot()
    def _leave(self) -> None:
        """The canvas shows the session again."""
        self._rest.stop()
        self._asked.clear()
        self._shown = None
        self.player.stop()

    @Slot()
    def _forget(self) -> None:
        """Another model draws other pictures."""
        self.player.stop()
        self._proxies.clear()
        self._failed.clear()
        self._pacing = None
        self._moments = None
        self._asked.clear()
        self._shown = None

    # Ahead of time

    @Slot()
    def _wish(self) -> None:
        moments = self._moments
        if moments is None or not self._is_wanted:
            self._context.pictures.wish(_CLIENT, [])
            return
        poses, coarse_only, share = self._next(moments)
        requests = (RenderRequest.of_pose(pose, revision=0, coarse_only=coarse_only) for pose in poses)
        wishes = [
            (pose, replace(request, preview_share=share))
            for pose, request in zip(poses, requests, strict=True)
        ]
        self._context.pictures.wish(_CLIENT, wishes, priority=2)
        self._told_soon()

    def _next(self, moments: FilmMoments) -> tuple[list[Pose], bool, float]:
        """Poses to render, whether previews of them are enough, and the share of their time to take."""
        if not self.player.is_playing:
            sketch = self._lacking(moments, moments.order.sketch(), self._has_none, at_once=_SKETCHED_AT_ONCE)
            if sketch:
                return sketch, True, PASSING_SHARE if self._are_sharp_worth() else 1.0
        full_ms = self._context.renders.full_ms
        if full_ms is None or full_ms > _FAST_MS:
            rough = self._lacking(moments, self._following(moments), self._has_none)
            if rough:
                return rough, True, 1.0
        # All there is to see is there; now it may become better.
        following = self._following(moments) if self._are_sharp_worth() else ()
        return self._lacking(moments, following, self._has_none_sharp), False, 1.0

    def _are_sharp_worth(self) -> bool:
        """Whether sharp pictures come soon enough to be rendered ahead."""
        full_ms = self._context.renders.full_ms
        return full_ms is not None and full_ms <= _WORTH_MS

    def _has_none(self, pose: Pose) -> bool:
        return pose not in self._proxies

    def _has_none_sharp(self, pose: Pose) -> bool:
        return pose not in self._proxies or self._proxies.is_coarse(pose)

    def _following(self, moments: FilmMoments) -> Iterable[int]:
        """Frames that have room, the nearest to the playhead first; while playing, those to come."""
        here, reach = moments.frame_of(self._seconds), self._capacity()
        return (moments.order.onwards if self.player.is_playing else moments.order.around)(here, reach)

    def _lacking(
        self,
        moments: FilmMoments,
        frames: Iterable[int],
        lacks: Callable[[Pose], bool],
        *,
        at_once: int = _AT_ONCE,
    ) -> list[Pose]:
        """The first poses among frames that lack something."""
        found: list[Pose] = []
        deadline = time.perf_counter() + _TURN_SECONDS
        for frame in frames:
            if moments.known(frame) is None and time.perf_counter() > deadline:
                self._fill.start()
                break
            pose = moments.pose(frame)
            if pose not in found and pose not in self._failed and lacks(pose):
                found.append(pose)
                if len(found) >= at_once:
                    break
        return found

    def _capacity(self) -> int:
        """Frames that have room: more would push each other out, and be rendered again for ever."""
        return max(1, int(_FILLED_SHARE * self._proxies.room)) if len(self._proxies) else _AT_ONCE

    @Slot(str, object, object)
    def _take_picture(self, client: str, pose: Pose, frame: Frame) -> None:
        if client != _CLIENT:
            return
        self._proxies.put(pose, frame)
        self._told_soon()
        if not self._context.pictures.is_waiting(_CLIENT):
            self._fill.start()

    @Slot(str, object)
    def _take_failed(self, client: str, pose: Pose) -> None:
        if client == _CLIENT:
            self._failed.add(pose)
            self._fill.start()

    def _told_soon(self) -> None:
        if not self._told.isActive():
            self._told.start()

    # Even speed

    @Slot()
    def _start_measuring(self) -> None:
        session = self._context.store.session
        if self._moments is None or session.timeline.speed == "keyed":
            return
        self._context.jobs.start(
            self.tr("Even out the speed"),
            partial(_measured, self._context, session),
            on_done=partial(self._take_pacing, session.timeline),
            on_failed=self._tell_failed,
            quiet=True,
        )

    def _take_pacing(self, timeline: Timeline, pacing: Pacing | None) -> None:
        if self._moments is None or _course_fields(timeline) != _course_fields(self._timeline):
            return
        self._pacing = pacing
        self._moments = FilmMoments(self._timeline, pacing)
        if self._context.renders.preview is not None and not self.player.is_playing:
            self.show(self._seconds)
        self._fill.start()
        self._told.start()

    def _tell_failed(self, failure: Failure) -> None:
        self._context.messages.failure(failure)


def _measured(context: DockContext, session: Session, progress: object, cancel: object) -> Pacing | None:
    from latent_studio.app.pacing import pacing_for

    return pacing_for(context.studio, session, progress, cancel)  # type: ignore[arg-type]


def _course_fields(timeline: Timeline) -> tuple[object, ...]:
    """What decides which picture stands where."""
    return (
        timeline.keys,
        timeline.tracks,
        timeline.modes,
        timeline.loop == "closed",
        timeline.closing_seconds,
        timeline.speed,
    )


def _timer(owner: QObject, milliseconds: int, slot: object) -> QTimer:
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
