"""FilmTimes: the moments at which a timeline's frames stand, and the order they are shown in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.core.errors import OptionError
from latent_studio.core.timeline import FPS_RANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.core.timeline import Timeline

#: A frame this near to the end of the film belongs to it, in frames.
_ROUNDING = 1e-6
MOST_FRAMES = 1_000_000


@dataclass(frozen=True, slots=True)
class FilmTimes:
    """Frames at an even rate over a part of a timeline. Takes no room however many there are.

    A closed loop leaves its last frame out, which is its first; a film that runs back shows each end once.

    Attributes:
        start: second of the first frame.
        count: different frames.
        fps: frames per second.
        returns: whether they are shown backwards after that, without the ends.
    """

    start: float
    count: int
    fps: float
    returns: bool = False

    def seconds(self, index: int) -> float:
        """The moment of a frame."""
        return self.start + index / self.fps

    @property
    def order(self) -> Sequence[int]:
        """Which frame is shown when."""
        if not self.returns:
            return range(self.count)
        return [*range(self.count), *range(self.count - 2, 0, -1)]


def film_times(timeline: Timeline, fps: float, *, span: tuple[float, float] | None = None) -> FilmTimes:
    """The frames of a timeline.

    Args:
        timeline: at least one key.
        fps: frames per second.
        span: ``(from, to)`` in seconds, instead of the timeline's own.

    Raises:
        OptionError: there is no key, the rate is out of range, or nothing is left of the span.
    """
    low, high = FPS_RANGE
    if not (math.isfinite(fps) and low <= fps <= high):
        raise OptionError("--fps", f"--fps is {fps}, but must be from {low:g} to {high:g}.")
    if timeline.is_empty:
        raise OptionError(
            "timeline", "The timeline has no keys.", hint="Add a key of the picture you see, then another."
        )
    start, end = span or timeline.span
    if not (math.isfinite(start) and math.isfinite(end) and 0 <= start <= end):
        raise OptionError(
            "--from", f"The part from {start:g} s to {end:g} s is none.", hint="Put its end last."
        )
    end = min(end, timeline.duration)
    if timeline.duration == 0:
        raise OptionError(
            "timeline",
            "The timeline has one key, so nothing moves.",
            hint="Add a second key at another time, or export a picture.",
        )
    if start >= end:
        raise OptionError(
            "--from",
            f"The film is {timeline.duration:g} s long: there is nothing from {start:g} s to {end:g} s.",
            hint="Choose a part of it.",
        )
    frames = (end - start) * fps
    is_round = timeline.loop == "closed" and (start, end) == (0.0, timeline.duration)
    count = math.ceil(frames - _ROUNDING) if is_round else math.floor(frames + _ROUNDING) + 1
    if count > MOST_FRAMES:
        raise OptionError("--fps", f"The film has {count} frames, more than {MOST_FRAMES}.")
    return FilmTimes(start, max(1, count), fps, timeline.loop == "ping-pong")
