"""DroppedFiles: who takes a file that was dropped on the window, by its first bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import QMimeData

    #: Says whether it takes the file: path, and its first bytes; a folder has none.
    Taker = Callable[[Path, bytes], bool]

#: Enough for every magic number and the beginning of a safetensors header.
_HEAD_BYTES = 65536


class DroppedFiles:
    """Asks those who might want a file, newest first; what nobody takes is opened as a model."""

    def __init__(self) -> None:
        self._takers: list[Taker] = []
        self._address_takers: list[Callable[[str], bool]] = []

    def add_taker(self, taker: Taker) -> None:
        """Ask this one too, before all others."""
        self._takers.insert(0, taker)

    def add_address_taker(self, taker: Callable[[str], bool]) -> None:
        """Ask this one for addresses of the web."""
        self._address_takers.insert(0, taker)

    def offer_all(self, places: Sequence[str]) -> str:
        """Offer what was dropped together: who takes the first is asked for the others, and nobody else.

        Args:
            places: paths and addresses.

        Returns:
            A path if nobody took anything; else empty.
        """
        takers = tuple(self._takers)
        unknown, is_taken = "", False
        for place in places:
            if _is_address(place):
                is_taken |= self.offer(place)
                continue
            taker = _taker_of(place, takers)
            if taker is not None:
                takers, is_taken = (taker,), True
            unknown = unknown or place
        return "" if is_taken else unknown

    def offer(self, path: str) -> bool:
        """Whether somebody took the file, or what is at the address."""
        if _is_address(path):
            return any(taker(path) for taker in self._address_takers)
        return _taker_of(path, self._takers) is not None


def _taker_of(path: str, takers: Sequence[Taker]) -> Taker | None:
    """Who took the file; ``None`` for nobody."""
    place = Path(path)
    try:
        head = b""
        if not place.is_dir():
            with place.open("rb") as file:
                head = file.read(_HEAD_BYTES)
    except OSError:
        return None
    return next((taker for taker in takers if taker(place, head)), None)


def dropped_places(data: QMimeData) -> tuple[str, ...]:
    """Paths and addresses of the web in what is dragged."""
    return tuple(
        url.toLocalFile() if url.isLocalFile() else url.toString()
        for url in data.urls()
        if url.isLocalFile() or _is_address(url.toString())
    )


def _is_address(place: str) -> bool:
    return place.startswith(("http://", "https://"))
