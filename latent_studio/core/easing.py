"""Easing: how a value leaves one key and comes to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from latent_studio.core.errors import OptionError

Shape = Literal["linear", "quad", "cubic", "sine", "back", "bounce", "bezier"]
#: Which end is eased; a straight line has none.
Way = Literal["in", "out", "in-out"]

SHAPES: tuple[Shape, ...] = get_args(Shape)
WAYS: tuple[Way, ...] = get_args(Way)

#: How far ``back`` swings beyond its end: a tenth of the way.
_BACK = 1.70158
_BOUNCE = 7.5625
_BISECTIONS = 52
_HINT = "Choose one of: " + ", ".join(SHAPES) + "."


@dataclass(frozen=True, slots=True)
class Easing:
    """The share of the way that is done at a share of the time.

    Every shape goes from 0 to 1; ``back`` and some Bézier curves leave that range in between.

    Attributes:
        shape: the curve.
        way: which end it slows down at; not read for ``linear`` and ``bezier``.
        points: ``(x1, y1, x2, y2)``, the inner points of a cubic Bézier curve from (0, 0) to (1, 1), as style
            sheets write it; x from 0 to 1. Only read for ``bezier``.

    Raises:
        OptionError: the shape is not known, or a point is no number or out of range.
    """

    shape: Shape = "linear"
    way: Way = "in-out"
    points: tuple[float, float, float, float] = (0.42, 0.0, 0.58, 1.0)

    def __post_init__(self) -> None:
        if self.shape not in SHAPES or self.way not in WAYS:
            raise OptionError("easing", f"The easing {self.shape} {self.way} is not known.", hint=_HINT)
        if not all(map(math.isfinite, self.points)):
            raise OptionError(
                "easing",
                f"The points of an easing are {self.points}, but must be four finite numbers.",
                hint="Write x1, y1, x2, y2, such as 0.42, 0, 0.58, 1.",
            )
        if not (0 <= self.points[0] <= 1 and 0 <= self.points[2] <= 1):
            raise OptionError(
                "easing",
                f"An easing goes through x of {self.points[0]:g} and {self.points[2]:g}, "
                "but time must go forward: x from 0 to 1.",
            )

    @property
    def name(self) -> str:
        """As people write it: ``cubic in-out``."""
        return self.shape if self.shape in ("linear", "bezier") else f"{self.shape} {self.way}"

    def at(self, u: float) -> float:
        """The share of the way at a share of the time.

        Args:
            u: 0 to 1; beyond, the nearest end.
        """
        if u <= 0:
            return 0.0
        if u >= 1:
            return 1.0
        if self.shape == "linear":
            return u
        if self.shape == "bezier":
            return _bezier(self.points, u)
        if self.way == "in":
            return _eased_in(self.shape, u)
        if self.way == "out":
            return 1.0 - _eased_in(self.shape, 1.0 - u)
        if u < 0.5:
            return _eased_in(self.shape, 2 * u) / 2
        return 1.0 - _eased_in(self.shape, 2 - 2 * u) / 2

    def reversed(self) -> Easing:
        """The easing that shows the same course when time runs backwards."""
        if self.shape == "bezier":
            x1, y1, x2, y2 = self.points
            return Easing("bezier", self.way, (1 - x2, 1 - y2, 1 - x1, 1 - y1))
        ways: dict[Way, Way] = {"in": "out", "out": "in", "in-out": "in-out"}
        return Easing(self.shape, ways[self.way], self.points)


LINEAR = Easing()


def parse_easing(text: str) -> Easing:
    """Read an easing as people write it: ``linear``, ``cubic``, ``back-out``, ``bezier:0.4,0,0.6,1``.

    Raises:
        OptionError: it is none.
    """
    words = text.strip().lower().replace(" ", "-")
    shape, _, way = words.partition("-")
    if words.startswith("bezier:"):
        try:
            x1, y1, x2, y2 = (float(part) for part in words[len("bezier:") :].split(","))
        except ValueError as error:
            raise OptionError(
                "--easing", f"--easing cannot be read: {text[:40]!r}.", hint="Write bezier:x1,y1,x2,y2."
            ) from error
        return Easing("bezier", points=(x1, y1, x2, y2))
    if shape not in SHAPES or (way or "in-out") not in WAYS:
        raise OptionError("--easing", f"--easing is {text[:40]!r}, which is not known.", hint=_HINT)
    return Easing(shape, way or "in-out")  # type: ignore[arg-type]


def format_easing(easing: Easing) -> str:
    """Write an easing so that ``parse_easing`` reads back the same."""
    if easing.shape == "bezier":
        return "bezier:" + ",".join(repr(point) for point in easing.points)
    return easing.name.replace(" ", "-")


def _eased_in(shape: Shape, u: float) -> float:
    match shape:
        case "quad":
            return u * u
        case "cubic":
            return u * u * u
        case "sine":
            return 1.0 - math.cos(u * math.pi / 2)
        case "back":
            return u * u * ((_BACK + 1) * u - _BACK)
        case "bounce":
            return 1.0 - _bounced(1.0 - u)
        case _:
            return u


def _bounced(u: float) -> float:
    """Parabolas through falls of 4/11, 4/11, 2/11 and 1/11 of the time, each lower by its time squared."""
    for start, end, middle in ((0, 4, 0), (4, 8, 6), (8, 10, 9), (10, 11, 10.5)):
        if u < end / 11:
            # The top of each jump lies as far below 1 as half its time squared is long.
            half = (end - start) / 22 if start else 0.0
            return _BOUNCE * (u - middle / 11) ** 2 + (1.0 - _BOUNCE * half * half if start else 0.0)
    return 1.0


def _bezier(points: tuple[float, float, float, float], u: float) -> float:
    """The y of a cubic Bézier curve where its x is ``u``; x never goes back, so halving finds the place."""
    x1, y1, x2, y2 = points
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _cubic(x1, x2, middle) < u:
            low = middle
        else:
            high = middle
    return _cubic(y1, y2, (low + high) / 2)


def _cubic(first: float, second: float, s: float) -> float:
    r = 1.0 - s
    return 3 * r * r * s * first + 3 * r * s * s * second + s * s * s
