"""What is drawn on a plane of points: loops around some, paths, a choice spread over the view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Chosen points are this many cells apart, across or up.
_APART = 0.85
#: A path whose ends are this near, as a share of its length, goes round.
_CLOSED_WITHIN = 0.12


def within(points: NDArray[np.floating], outline: ArrayLike) -> NDArray[np.bool_]:
    """Which points a loop goes around, by the even-odd rule.

    Args:
        points: ``(N, 2)``.
        outline: corners ``(M, 2)``, the last one joined to the first; fewer than three surround nothing.

    Returns:
        ``(N,)``, True inside.
    """
    corners = np.asarray(outline, dtype=np.float64).reshape(-1, 2)
    inside = np.zeros(len(points), dtype=np.bool_)
    if len(corners) < 3:
        return inside
    x, y = np.asarray(points[:, 0], dtype=np.float64), np.asarray(points[:, 1], dtype=np.float64)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


def is_closed(path: ArrayLike) -> bool:
    """Whether a path ``(M, 2)`` ends about where it began."""
    line = np.asarray(path, dtype=np.float64)
    length = float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())
    return len(line) > 2 and float(np.linalg.norm(line[-1] - line[0])) <= _CLOSED_WITHIN * length


def evenly_along(path: ArrayLike, count: int, *, closed: bool = False) -> NDArray[np.float64]:
    """Places at even distances along a path.

    Args:
        path: corners ``(M, 2)``, at least one, in units that are alike both ways.
        count: places, at least 2 for a path of any length.
        closed: the path goes on to its first corner, and no place is there twice.

    Returns:
        ``(count, 2)`` with both ends; fewer where the path has no length.
    """
    line = np.asarray(path, dtype=np.float64).reshape(-1, 2)
    if closed:
        line = np.concatenate([line, line[:1]])
    gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    if gone[-1] == 0:
        return line[:1]
    stops = np.linspace(0.0, gone[-1], count, endpoint=not closed)
    return np.stack([np.interp(stops, gone, line[:, axis]) for axis in (0, 1)], axis=1)


def spread_over(
    points: NDArray[np.floating], view: tuple[float, float, float, float], cells: tuple[int, int]
) -> NDArray[np.intp]:
    """About one point of each cell of a view, none near another; the first in order come first.

    The cells lie on a grid that is fixed to the plane: moving the view exchanges points at its border only.

    Args:
        points: ``(N, 2)``.
        view: left, bottom, right, top.
        cells: about how many cells across and up.

    Returns:
        indices of the points, the lowest first.
    """
    left, bottom, right, top = view
    sides = np.array([(right - left) / max(cells[0], 1), (top - bottom) / max(cells[1], 1)])
    if not (sides > 0).all():
        return np.zeros(0, dtype=np.intp)
    x, y = points[:, 0], points[:, 1]
    seen = np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))
    places = np.floor(points[seen] / sides).astype(np.int64)
    _, first = np.unique(places, axis=0, return_index=True)
    chosen: list[int] = []
    for point in np.sort(seen[first]):
        away = np.abs(points[chosen] - points[point]) / sides
        if not (away.max(axis=1, initial=0.0) < _APART).any():
            chosen.append(int(point))
    return np.array(chosen, dtype=np.intp)
