"""Rows and seeds as people write them: ``0-3,8``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from latent_studio.core.errors import OptionError
from latent_studio.core.seed_plane import SEED_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Rows no generator reaches; a longer list is a slip of the keyboard.
ROW_LIMIT = 1024
#: Seeds one list may name, so that ``0-4000000000`` is refused before it fills the memory.
SEEDS_AT_MOST = 1_000_000

_PART = re.compile(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?")


def parse_rows(text: str, *, option: str = "--layers") -> tuple[int, ...]:
    """Read a list of rows of ws such as ``0-3,8``.

    Args:
        text: numbers and ranges (both ends included) between commas.
        option: whom to blame in the error.

    Returns:
        The rows, ascending, each once.

    Raises:
        OptionError: the text is no such list.
    """
    return tuple(sorted(_parse(text, option=option, limit=ROW_LIMIT, at_most=ROW_LIMIT)))


def parse_seeds(text: str, *, option: str = "--seeds") -> tuple[int, ...]:
    """Read a list of seeds such as ``0-31,40``.

    Args:
        text: numbers and ranges (both ends included) between commas.
        option: whom to blame in the error.

    Returns:
        The seeds in the order written, each once.

    Raises:
        OptionError: the text is no such list, or names more than a million seeds.
    """
    return tuple(_parse(text, option=option, limit=SEED_LIMIT, at_most=SEEDS_AT_MOST))


def format_rows(rows: Iterable[int]) -> str:
    """Write rows the short way: ``(0, 1, 2, 3, 8)`` becomes ``"0-3,8"``."""
    parts: list[list[int]] = []
    for row in sorted(set(rows)):
        if parts and row == parts[-1][1] + 1:
            parts[-1][1] = row
        else:
            parts.append([row, row])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def _parse(text: str, *, option: str, limit: int, at_most: int) -> dict[int, None]:
    hint = f"Write numbers and ranges with commas between them: {option} 0-3,8"
    found: dict[int, None] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part) if part.isascii() else None
        if match is None:
            raise OptionError(
                option, f"{option} cannot be read: {_shown(text)} is no list of numbers.", hint=hint
            )
        first = int(match[1][:20])
        last = int(match[2][:20]) if match[2] else first
        if last < first:
            raise OptionError(option, f"{option} has a range that runs backwards: {part.strip()}.", hint=hint)
        if last >= limit:
            raise OptionError(option, f"{option} has {last}, but must stay below {limit}.")
        if len(found) + last - first >= at_most:
            raise OptionError(
                option, f"{option} names more than {at_most} numbers.", hint="Do it in several runs."
            )
        found.update(dict.fromkeys(range(first, last + 1)))
    return found


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
