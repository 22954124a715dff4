"""TimelinePlan: a session's timeline as a film, the same for the window and every verb."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from latent_studio.exporters.film_settings import FilmSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latent_studio.app.film import FilmResult
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.pacing import Pacing
    from latent_studio.core.pose import Pose
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.session import Session
    from latent_studio.core.timeline import Timeline
    from latent_studio.exporters.film_settings import Resampling
    from latent_studio.exporters.formats import FormatId


@dataclass(frozen=True, slots=True)
class TimelinePlan:
    """What is written where. Frozen when the export starts: later changes cannot touch it.

    Attributes:
        session: whose timeline.
        out: the file to write, or the folder.
        fps: frames per second; ``None`` is the timeline's own.
        span: ``(from, to)`` in seconds, instead of the timeline's own part.
        size: side of a picture in pixels; ``None`` is the model's own.
        settings: how it is encoded.
        format: instead of the one the suffix of ``out`` stands for.
        resampling: how pictures are brought to ``size``.
        keep_part: see ``Film``.
        at_once: see ``Film``.
    """

    session: Session
    out: Path
    fps: float | None = None
    span: tuple[float, float] | None = None
    size: int | None = None
    settings: FilmSettings = field(default_factory=FilmSettings)
    format: FormatId | None = None
    resampling: Resampling = "lanczos"
    keep_part: bool = False
    at_once: int = 1


def write_timeline_film(
    studio: Studio, plan: TimelinePlan, progress: ProgressSink, cancel: CancelToken
) -> FilmResult:
    """Render a timeline of the open model into a film. Same plan, same bytes; memory does not grow with it.

    Raises:
        OptionError: the timeline has nothing to show, or the plan asks for what does not exist.
        ModelError: keys are of another model; names them.
        ExportError: the disk refuses; nothing is left behind.
        LatentStudioError: rendering failed.
        Cancelled: a stop was asked for; nothing is left behind.
    """
    from latent_studio.app.film import Film, Pane, write_film
    from latent_studio.app.pacing import pacing_for
    from latent_studio.app.recipe import film_recipe_of
    from latent_studio.core.film_times import film_times
    from latent_studio.exporters.formats import check_fps, choose_format

    timeline = plan.session.timeline
    chosen = choose_format(plan.out, plan.format, formats=studio.plugins.formats())
    fps = timeline.fps if plan.fps is None else plan.fps
    times = film_times(timeline, fps, span=plan.span)
    check_fps(chosen, fps)
    timeline.check_model(studio.model.ref)
    pacing = pacing_for(studio, plan.session, progress, cancel)
    request_at = requests_of(timeline, times.seconds, pacing)
    repeats = timeline.loop in ("closed", "ping-pong")
    film = Film(
        plan.out,
        chosen,
        times.count,
        order=times.order,
        fps=fps,
        loop=0 if repeats else 1,
        side=plan.size,
        resampling=plan.resampling,
        recipe=film_recipe_of(replace(plan.session, model=studio.model.ref), film=_film_record(plan, fps)),
        settings=plan.settings,
        keep_part=plan.keep_part,
        at_once=plan.at_once,
    )
    return write_film([Pane(studio.engine, request_at)], film, progress, cancel)


def pose_at(timeline: Timeline, seconds: float, pacing: Pacing | None = None) -> Pose:
    """What is shown at a second of the clock."""
    from latent_studio.core.timeline_course import course_of

    return course_of(timeline).at(seconds if pacing is None else pacing.at(seconds))


def requests_of(
    timeline: Timeline, seconds_at: Callable[[int], float], pacing: Pacing | None = None
) -> Callable[[int], RenderRequest]:
    """The requests of frames by their index.

    Args:
        timeline: at least one key.
        seconds_at: the moment of a frame.
        pacing: another speed than that of the keys.
    """
    from latent_studio.core.render import RenderRequest

    def request_at(index: int) -> RenderRequest:
        return RenderRequest.of_pose(pose_at(timeline, seconds_at(index), pacing), revision=index)

    return request_at


def _film_record(plan: TimelinePlan, fps: float) -> dict[str, object]:
    return {
        "fps": float(fps),
        "span": None if plan.span is None else [float(second) for second in plan.span],
        "size": plan.size,
        "quality": plan.settings.quality,
    }
