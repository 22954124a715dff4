"""Blends of classes as people write them: ``3:0.25,7:0.75``."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from latent_studio.core.errors import OptionError

if TYPE_CHECKING:
    from latent_studio.core.synthesis import ClassWeights

#: Classes no model has; a greater number is a slip of the keyboard.
CLASS_LIMIT = 1_000_000
#: Weights this near to a sum of one are taken to the last digit, so that what is written reads back the same.
_NEAR_ONE = 1e-6

_PART = re.compile(r"\s*(\d{1,9})\s*(?::\s*([^\s:]+)\s*)?")
_HINT = "Write classes with weights: --class-blend 3:0.25,7:0.75, or --class-blend 3,7 for equal shares."


def parse_blend(text: str, *, option: str = "--class-blend") -> ClassWeights:
    """Read classes and their weights; weights are scaled to add up to 1, and may be left out for equal ones.

    Args:
        text: such as ``3:0.25,7:0.75`` or ``3,7``.
        option: whom to blame in the error.

    Raises:
        OptionError: the text is no such list, names a class twice, or its weights do not add up to more than
            nothing.
    """
    found: dict[int, float] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part) if part.isascii() else None
        weight = None if match is None else _number(match[2] or "1")
        if match is None or weight is None:
            raise OptionError(option, f"{option} cannot be read: {part.strip()[:40]!r}.", hint=_HINT)
        label = int(match[1])
        if label >= CLASS_LIMIT:
            raise OptionError(option, f"{option} has class {label}, but must stay below {CLASS_LIMIT}.")
        if label in found:
            raise OptionError(option, f"{option} names class {label} twice.", hint="Name it once.")
        found[label] = weight
    total = math.fsum(found.values())
    if not total > 0:
        raise OptionError(option, f"The weights of {option} must add up to more than nothing.", hint=_HINT)
    if abs(total - 1) <= _NEAR_ONE:
        return tuple(found.items())
    return tuple((label, weight / total) for label, weight in found.items())


def format_blend(blend: ClassWeights) -> str:
    """Write a blend so that ``parse_blend`` reads back the same numbers."""
    return ",".join(f"{label}:{weight!r}" for label, weight in blend)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
