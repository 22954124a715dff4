"""FilmMoments: what is seen at the moments of one timeline, evaluated once for each frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from latent_studio.core.timeline_course import TimelineCourse
from latent_studio.ui.film_order import FilmOrder

if TYPE_CHECKING:
    from latent_studio.core.pacing import Pacing
    from latent_studio.core.pose import Pose
    from latent_studio.core.timeline import Timeline

#: Longer films have no pictures made ahead beyond.
_MOST_FRAMES = 20_000


class FilmMoments:
    """A timeline's poses by frame and by second.

    Args:
        timeline: has keys.
        pacing: at which moment of the keys each second is, for an even speed; ``None`` is as keyed.
    """

    def __init__(self, timeline: Timeline, pacing: Pacing | None = None) -> None:
        self.fps = timeline.fps
        self.frames = min(_MOST_FRAMES, math.floor(timeline.duration * timeline.fps + 1e-6) + 1)
        self.order = FilmOrder(self.frames, timeline.fps)
        self._course = TimelineCourse(timeline)
        self._pacing = pacing
        self._poses: dict[int, Pose] = {}

    def frame_of(self, seconds: float) -> int:
        """The frame nearest to a moment."""
        return min(self.frames - 1, max(0, round(seconds * self.fps)))

    def pose(self, frame: int) -> Pose:
        """The pose of a frame."""
        pose = self._poses.get(frame)
        if pose is None:
            pose = self._poses[frame] = self._evaluated(frame / self.fps)
        return pose

    def known(self, frame: int) -> Pose | None:
        """The pose of a frame that was asked for before; evaluating all would keep the window waiting."""
        return self._poses.get(frame)

    def at(self, seconds: float) -> Pose:
        """The pose of a moment: a frame's own where it is as near as no matter."""
        frame = self.frame_of(seconds)
        if abs(frame / self.fps - seconds) < 1e-6:
            return self.pose(frame)
        return self._evaluated(seconds)

    def _evaluated(self, seconds: float) -> Pose:
        return self._course.at(seconds if self._pacing is None else self._pacing.at(seconds))
