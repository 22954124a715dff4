"""Where a head is turned, from five marks and the proportions of a face: no network.

A face is taken for five points of an average adult's head, seen from far away: the linear map that brings
them nearest to the marks is a turn, a size and a place (scaled orthographic projection; DeMenthon and Davis,
"Model-based object pose in 25 lines of code", IJCV 1995). The nose stands off the plane of the others, which
tells left from right and up from down. Who has another nose than the average is read some degrees off, in
every picture alike.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: Middles of the eyes, tip of the nose, corners of the mouth; to the right, down and away from the viewer, in
#: distances of the eyes. Left is left in the picture.
HEAD = np.array(
    [[-0.50, 0.0, 0.0], [0.50, 0.0, 0.0], [0.0, 0.60, -0.45], [-0.40, 1.08, -0.03], [0.40, 1.08, -0.03]]
)
_CENTRED = HEAD - HEAD.mean(0)
_TINY = 1e-9


class HeadPose(NamedTuple):
    """Degrees; all zero where somebody looks straight ahead.

    Attributes:
        yaw: positive to the right of the picture.
        pitch: positive up.
        roll: positive clockwise, as seen.
    """

    yaw: float
    pitch: float
    roll: float


def head_pose(points: ArrayLike) -> HeadPose:
    """The pose of a head.

    Args:
        points: ``(5, 2)``, x and y in pixels: left eye, right eye, tip of the nose, left and right corner of
            the mouth.

    Returns:
        The pose; NaN where the marks lie on one line or in one place.
    """
    marks = np.asarray(points, dtype=np.float64)
    linear = (np.linalg.pinv(_CENTRED) @ (marks - marks.mean(0))).T
    left, sizes, right = np.linalg.svd(linear, full_matrices=False)
    if not sizes[1] > _TINY:
        return HeadPose(math.nan, math.nan, math.nan)
    across, down = left @ right
    away = np.cross(across, down)
    # These are the rows of a turn by yaw, then pitch, then roll.
    return HeadPose(
        math.degrees(math.atan2(away[0], away[2])),
        math.degrees(math.asin(float(np.clip(-away[1], -1, 1)))),
        math.degrees(math.atan2(-across[1], down[1])),
    )
