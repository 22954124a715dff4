"""Pacing of a timeline by what its pictures look like; kept on disk by what they depend on."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from latent_studio.core.jobs import Progress
from latent_studio.core.pacing import Pacing, even_pacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.core.timeline import Loop, Timeline

log = logging.getLogger(__name__)

#: Pictures compared from one key to the next, and in all.
_PER_SEGMENT = 16
_AT_MOST = 480
#: Side at which they are compared: movement shows, grain does not.
_SIDE = 64
_LAYOUT = 1


def pacing_for(
    studio: Studio, session: Session, progress: ProgressSink, cancel: CancelToken
) -> Pacing | None:
    """The pacing of a session's timeline, found once and remembered; ``None`` where the keys decide.

    Sharp pictures are compared, so that it does not depend on how fast the machine is.

    Args:
        studio: its open model is the timeline's.
        session: whose timeline.
        progress: told after every picture.
        cancel: looked at between stages.

    Raises:
        LatentStudioError: rendering failed.
        Cancelled: a stop was asked for.
    """
    timeline = session.timeline
    if timeline.speed == "keyed" or timeline.duration == 0:
        return None
    path = pacing_path(studio, session)
    kept = _read(path)
    if kept is not None:
        return kept
    moments = comparison_moments(timeline)
    distances = list(_distances(studio, timeline, moments, progress, cancel))
    fixed = [key.seconds for key in timeline.keys] if timeline.speed == "segments" else []
    found = even_pacing(moments, distances, fixed=fixed)
    _write(found, path)
    return found


def pacing_path(studio: Studio, session: Session) -> Path:
    """Where the pacing of a session's timeline is kept: a name made of all it depends on."""
    from latent_studio.app.recipe import film_recipe_of
    from latent_studio.core.session import Session as Plain

    timeline = replace(session.timeline, fps=24.0, work=None, markers=(), loop=_shape_of(session.timeline))
    text = film_recipe_of(Plain(model=studio.model.ref, timeline=timeline))
    digest = hashlib.blake2b(f"{_LAYOUT}{text}".encode(), digest_size=16).hexdigest()
    return studio.paths.cache / "pacing" / f"{digest}.json"


def comparison_moments(timeline: Timeline) -> list[float]:
    """Seconds at which pictures are compared: evenly between keys, ascending, both ends included."""
    stops = sorted({0.0, *(key.seconds for key in timeline.all_keys()), timeline.duration})
    parts = max(2, min(_PER_SEGMENT, _AT_MOST // max(1, len(stops) - 1)))
    moments = [
        start + (end - start) * part / parts for start, end in pairwise(stops) for part in range(parts)
    ]
    return [*moments, stops[-1]]


def _shape_of(timeline: Timeline) -> Loop:
    """Ping-pong passes the same pictures as once."""
    return "closed" if timeline.loop == "closed" else "once"


def _distances(
    studio: Studio,
    timeline: Timeline,
    moments: list[float],
    progress: ProgressSink,
    cancel: CancelToken,
) -> Iterator[float]:
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.timeline_course import course_of

    course = course_of(timeline)
    requests = (
        RenderRequest.of_pose(course.at(moment), revision=index) for index, moment in enumerate(moments)
    )
    compare = _Comparison(studio)
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    for done, frame in enumerate(frames, start=1):
        progress(Progress(done / len(moments), f"Compared {done} of {len(moments)}", preview=frame))
        distance = compare.to_last(frame.pixels)
        if distance is not None:
            yield distance


class _Comparison:
    """How different each picture looks from the one before."""

    def __init__(self, studio: Studio) -> None:
        from latent_studio.methods.projection.perceptual import load_perceptual_net

        self._net = load_perceptual_net(studio.engine.choice.device)
        self._device = studio.engine.choice.device
        self._last: object = None

    def to_last(self, pixels: NDArray[np.uint8]) -> float | None:
        """The distance, ``None`` for the first picture.

        Args:
            pixels: ``(H, W, C)`` uint8.
        """
        import torch

        from latent_studio.exporters.pixels import resized

        small = resized(pixels, _SIDE, _SIDE)
        image = torch.tensor(small, device=self._device).permute(2, 0, 1)[None, :3].float() / 127.5 - 1
        with torch.inference_mode():
            features = self._net.features(image)
            last, self._last = self._last, features
            if last is None:
                return None
            # The metric is a sum of squares; its root is a length, and lengths of steps add up.
            return float(self._net.distance(last, features).sqrt())  # type: ignore[arg-type]


def _read(path: Path) -> Pacing | None:
    try:
        kept = json.loads(path.read_text("utf-8"))
        return Pacing(tuple(map(float, kept["played"])), tuple(map(float, kept["shown"])))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("A kept pacing cannot be read and is found again: %s", error)
        return None


def _write(pacing: Pacing, path: Path) -> None:
    from latent_studio.core.files import replacing

    try:
        with replacing(path) as file:
            file.write(json.dumps({"played": pacing.played, "shown": pacing.shown}).encode())
    except OSError as error:
        log.warning("The pacing could not be kept: %s", error)
