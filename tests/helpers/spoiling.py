"""Spoiling valid files at random, and a bound on the memory that reading them may take."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def at_most(size: int) -> Iterator[None]:
    """Refuse this process more than ``size`` bytes on top of what it has."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@st.composite
def changes(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """A function that spoils bytes: flips, a cut, a piece moved or doubled."""
    flips = draw(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=6))
    cut = draw(st.none() | st.floats(0, 1))
    piece = draw(st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 40)))

    def spoil(content):
        spoiled = bytearray(content)
        for place, change in flips:
            spoiled[int(place * len(spoiled))] ^= change
        if piece is not None:
            source, target, length = piece
            start, goal = int(source * len(spoiled)), int(target * len(spoiled))
            spoiled[goal:goal] = spoiled[start : start + length]
        if cut is not None:
            del spoiled[int(cut * len(spoiled)) :]
        return bytes(spoiled)

    return spoil
