"""WarpPath: a curved direction that follows the field of a support set.

How far along the curve is the amount: an arc length, signed, counted from where the latent is before this
edit. A path depends on where it starts, so a curved edit and the edits around it do not commute. The order is
that of the edit stack: an edit starts from what the edits above it made, and those below it start from the
curve's end. Moving an edit in the stack is a change like any other, with a step of the history to itself.
"""

from __future__ import annotations

import hashlib
import math
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.directions import DirectionInfo
from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.core.directions import Rows
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.support_sets import SupportSet

#: The longest step of the integration; what the paper's program takes by default.
LONGEST_STEP = 0.2
#: Part of a basis function's width that one step may cross.
_STEP_PER_WIDTH = 0.25
_SHORTEST_STEP = 0.02
#: Starting points whose way is remembered: a drag asks again and again from the same one.
_TRAILS = 16
#: Nobody's slider is as long as this many steps; keeps a slip of the keyboard from computing for hours.
_MOST_STEPS = 100_000


class WarpPath:
    """A path along the unit field of a support set, integrated from the current latent.

    In W every row of ws is a point of its own: rows that are equal stay equal, others go their own ways.

    Args:
        id: stable and unique.
        name: what the user sees.
        space: Z or W, where the support set was trained.
        support_set: its field.
        rows: rows of ws it is meant for; ``None`` means all. Not for Z.
        sigma: standard deviation of the model's latents along it, in units of arc length; positive.
        suggested_range: slider ends in arc length; default sixteen of the longest steps both ways.
        info: how it was found.

    Raises:
        IncompatibleLatentError: the space is neither Z nor W.
    """

    def __init__(
        self,
        id: str,
        name: str,
        space: Space,
        support_set: SupportSet,
        *,
        rows: Rows = None,
        sigma: float = 1.0,
        suggested_range: tuple[float, float] | None = None,
        info: DirectionInfo | None = None,
    ) -> None:
        if space not in (Space.Z, Space.W):
            raise IncompatibleLatentError(f"The path {name!r} cannot live in {space.value}, only in z or w.")
        self.id = id
        self.name = name
        self.space = space
        self.support_set = support_set
        self.rows = rows
        self.sigma = float(sigma)
        self.suggested_range = suggested_range or (-16 * LONGEST_STEP, 16 * LONGEST_STEP)
        self.info = info or DirectionInfo()
        self._trail = lru_cache(maxsize=_TRAILS)(_Trail)

    @cached_property
    def digest(self) -> str:
        """Hex digest of everything that decides what ``move`` does."""
        text = f"{self.id}{self.space.value}{self.rows}{self.support_set.digest}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def step_length(self) -> float:
        """Arc length of one step of the integration: short beside the width of a basis function."""
        width = 1.0 / math.sqrt(2.0 * self.support_set.gamma)
        return min(LONGEST_STEP, max(_SHORTEST_STEP, _STEP_PER_WIDTH * width))

    def check_fits(self, spec: GeneratorSpec) -> None:
        """See ``Direction.check_fits``."""
        dim = spec.z_dim if self.space is Space.Z else spec.w_dim
        if self.support_set.dim != dim or any(not 0 <= row < spec.num_ws for row in self.rows or ()):
            raise IncompatibleLatentError(
                f"The path {self.name!r} has support vectors of {self.support_set.dim} numbers in "
                f"{self.space.value}; the model has z_dim {spec.z_dim}, w_dim {spec.w_dim} and "
                f"{spec.num_ws} rows.",
                hint="It was found on another model.",
            )

    def move(self, values: NDArray[np.float32], amount: float, *, rows: Rows = None) -> NDArray[np.float32]:
        """See ``Direction.move``. The same amount gives the same bytes, however the slider came there."""
        if amount == 0:
            return values
        if self.space is Space.Z:
            return np.asarray(self._walked(values[None], amount)[0], dtype=np.float32)
        chosen = rows if rows is not None else self.rows
        index = list(range(len(values))) if chosen is None else list(chosen)
        points, places = _distinct(values[index])
        moved = values.copy()
        moved[index] = self._walked(points, amount)[places]
        return moved

    def _walked(self, points: NDArray[np.float32], amount: float) -> NDArray[np.float32]:
        """Points ``(N, dim)`` at an arc length from the given ones: whole steps, then the rest as one."""
        step = self.step_length
        whole = min(int(abs(amount) / step), _MOST_STEPS)
        rest = math.copysign(min(abs(amount) - whole * step, step), amount)
        trail = self._trail(points.tobytes(), points.shape, math.copysign(step, amount))
        reached = trail.point(whole, self.support_set)
        return np.asarray(self.support_set.midpoint_step(reached, rest), dtype=np.float32)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WarpPath) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"WarpPath({self.id!r}, {self.space.value}, {self.support_set.vectors.shape})"


class _Trail:
    """Where whole steps from one start have led so far; grows as sliders go further.

    Two threads may extend it at once: both compute the same points, and a tuple is exchanged as one.
    """

    def __init__(self, start: bytes, shape: tuple[int, ...], step: float) -> None:
        self._step = step
        self._points: tuple[NDArray[np.float64], ...] = (
            np.frombuffer(start, dtype=np.float32).reshape(shape).astype(np.float64),
        )

    def point(self, steps: int, support_set: SupportSet) -> NDArray[np.float64]:
        """The point after so many steps, ``(N, dim)``."""
        points = self._points
        if len(points) <= steps:
            longer = list(points)
            while len(longer) <= steps:
                longer.append(support_set.midpoint_step(longer[-1], self._step))
            points = self._points = tuple(longer)
        return points[steps]


def _distinct(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Rows that differ, in the order they first come, and which of them each row is."""
    found: dict[bytes, int] = {}
    places = np.array([found.setdefault(row.tobytes(), len(found)) for row in values], dtype=np.intp)
    first = np.array([int(np.argmax(places == k)) for k in range(len(found))], dtype=np.intp)
    return np.ascontiguousarray(values[first]), places
