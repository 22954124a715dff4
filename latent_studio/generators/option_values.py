"""Values of a checkpoint's options, checked as they are taken."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from latent_studio.core.errors import UnknownFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.checkpoint import OptionValue


def positive(options: Mapping[str, OptionValue], name: str) -> float | None:
    """A number above zero; ``None`` where the checkpoint says nothing.

    Raises:
        UnknownFormatError: the value is something else.
    """
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise UnknownFormatError(
        f"The checkpoint's option {name} is {value!r}; expected a positive number.",
        hint="The file may be damaged, or hold another kind of network.",
    )


def flag(options: Mapping[str, OptionValue], name: str) -> bool | None:
    """True or false; ``None`` where the checkpoint says nothing.

    Raises:
        UnknownFormatError: the value is something else.
    """
    value = options.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise UnknownFormatError(
        f"The checkpoint's option {name} is {value!r}; expected true or false.",
        hint="The file may be damaged, or hold another kind of network.",
    )


def number(options: Mapping[str, OptionValue], name: str) -> float | None:
    """A finite number that is not negative; ``None`` where the checkpoint says nothing.

    Raises:
        UnknownFormatError: the value is something else.
    """
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf:
        return float(value)
    raise UnknownFormatError(
        f"The checkpoint's option {name} is {value!r}; expected a number from 0 up.",
        hint="The file may be damaged, or hold another kind of network.",
    )


def whole(options: Mapping[str, OptionValue], name: str) -> int | None:
    """A whole number that is not negative; ``None`` where the checkpoint says nothing.

    Raises:
        UnknownFormatError: the value is something else.
    """
    value = number(options, name)
    if value is None or value == int(value):
        return None if value is None else int(value)
    raise UnknownFormatError(
        f"The checkpoint's option {name} is {value:g}; expected a whole number.",
        hint="The file may be damaged, or hold another kind of network.",
    )
