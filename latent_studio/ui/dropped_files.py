"""DroppedFiles: who takes a file that was dropped on the window, by its first bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    #: Says whether it takes the file: path, and its first bytes; a folder has none.
    Taker = Callable[[Path, bytes], bool]

#: Enough for every magic number and the beginning of a safetensors header.
_HEAD_BYTES = 65536


class DroppedFiles:
    """Asks those who might want a file, newest first; what nobody takes is opened as a model."""

    def __init__(self) -> None:
        self._takers: list[Taker] = []

    def add_taker(self, taker: Taker) -> None:
        """Ask this one too, before all others."""
        self._takers.insert(0, taker)

    def offer(self, path: str) -> bool:
        """Whether somebody took the file."""
        place = Path(path)
        try:
            head = b""
            if not place.is_dir():
                with place.open("rb") as file:
                    head = file.read(_HEAD_BYTES)
        except OSError:
            return False
        return any(taker(place, head) for taker in self._takers)
