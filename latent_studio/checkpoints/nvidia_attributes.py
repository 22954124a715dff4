"""Attributes of modules in NVIDIA's pickles, checked as they are taken."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latent_studio.checkpoints.checkpoint import OptionValue


def common(layers: Iterable[Mapping[object, object]], attribute: str, *, default: OptionValue) -> OptionValue:
    """The value that all layers have; ``default`` where one says nothing, or there are none.

    Raises:
        ValueError: they differ, or it is no plain value.
    """
    values: set[OptionValue] = set()
    for attributes in layers:
        value = attributes.get(attribute, default)
        if value is not None and not isinstance(value, bool | int | float | str):
            raise ValueError(f"a layer's {attribute} is a {type(value).__name__}")
        values.add(value)
    if len(values) > 1:
        raise ValueError(f"its layers differ in {attribute}")
    return values.pop() if values else default


def text(value: object, name: str) -> str:
    """A short word.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, str) or not re.fullmatch(r"\w{1,32}", value):
        raise ValueError(f"its {name} is no name")
    return value


def flag(value: object, name: str) -> bool:
    """True or false.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, bool):
        raise ValueError(f"its {name} is neither true nor false")
    return value


def positive(value: object, name: str) -> float:
    """A finite number above zero.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"its {name} is no number")
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"its {name} is {value}")
    return float(value)


def whole(value: object, name: str) -> int:
    """A whole number from 0 to a million.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000:
        raise ValueError(f"its {name} is no whole number")
    return value
