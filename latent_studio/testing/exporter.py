"""check_exporter: an exporter against the ``Exporter`` protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from latent_studio.core.errors import ExportError
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.testing.require import require

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.exporters.protocol import Exporter

_WIDTH, _HEIGHT, _FRAMES = 24, 16, 5
_RECIPE = '{"made": "by a check"}'


class ExporterMaker(Protocol):
    """Makes an exporter; what a manifest names."""

    def __call__(self, settings: FilmSettings, /) -> Exporter:
        """An exporter for one file."""
        ...


def check_exporter(make: ExporterMaker, folder: Path, *, suffix: str = "") -> None:
    """Check an exporter that writes one file.

    The file is there after ``close`` and not before; what had its name stays until then and after ``abort``;
    nothing else is left in the folder; the same frames give the same bytes; grey, colour and transparent
    frames are taken, and frames of another size refused; no frame is no file.

    Args:
        make: the maker, called once for every file.
        folder: an empty one to write in.
        suffix: of the files; the exporter's own by default.

    Raises:
        AssertionError: the first thing that is wrong.
    """
    checks = _ExporterChecks(make, folder, suffix)
    checks.facts()
    checks.writing()
    checks.repeating()
    checks.channels()
    checks.aborting()
    checks.refusals()


class _ExporterChecks:
    def __init__(self, make: ExporterMaker, folder: Path, suffix: str) -> None:
        self._make = make
        self._folder = folder
        self._suffix = suffix or make(FilmSettings()).suffix

    def facts(self) -> None:
        made = self._make(FilmSettings())
        require(bool(made.id), "an exporter has an id")
        require(made.suffix.startswith("."), f"the suffix is {made.suffix!r}, but must begin with a dot")
        require(self._make(FilmSettings()) is not made, "every call must give an exporter of its own")

    def writing(self) -> None:
        path = self._path("writing")
        path.write_bytes(b"before")
        exporter = self._opened(path)
        for frame in _frames(3):
            kept = frame.copy()
            exporter.add(frame)
            require(bool((frame == kept).all()), "add() wrote to the frame it was given")
        require(path.read_bytes() == b"before", "the old file must stay until close()")
        exporter.close()
        require(path.is_file() and path.read_bytes() != b"before", "close() must give the file its name")
        require(path.stat().st_size > 0, "the file is empty")
        self._require_alone(path)

    def repeating(self) -> None:
        first, second = self._path("first"), self._path("second")
        for path in (first, second):
            self._write(path, _frames(3))
        require(first.read_bytes() == second.read_bytes(), "the same frames must give the same bytes")
        exporter = self._make(FilmSettings())
        for path in (first, second):
            self._open(exporter, path)
            for frame in _frames(3):
                exporter.add(frame)
            exporter.close()
        require(
            first.read_bytes() == second.read_bytes(),
            "an exporter that is opened again must begin anew",
        )

    def channels(self) -> None:
        for count in (1, 4):
            path = self._path(f"channels{count}")
            self._write(path, _frames(count))
            require(path.is_file(), f"frames of {count} channels must be taken")

    def aborting(self) -> None:
        path = self._path("aborting")
        self._make(FilmSettings()).abort()
        exporter = self._opened(path)
        exporter.add(_frames(3)[0])
        exporter.abort()
        exporter.abort()
        require(not path.exists(), "abort() must leave no file")
        path.write_bytes(b"before")
        exporter = self._opened(path)
        exporter.add(_frames(3)[0])
        exporter.abort()
        require(path.read_bytes() == b"before", "abort() must leave the old file as it was")
        self._require_alone(path)

    def refusals(self) -> None:
        path = self._path("refusals")
        exporter = self._opened(path)
        exporter.add(_frames(3)[0])
        wrong = np.zeros((_HEIGHT + 1, _WIDTH, 3), np.uint8)
        _require_refused(lambda: exporter.add(wrong), "a frame of another size")
        exporter.abort()
        empty = self._opened(path)
        _require_refused(empty.close, "a file without frames")
        empty.abort()
        require(not path.exists(), "no frame is no file")
        self._require_alone(path)
        closed = self._make(FilmSettings())
        _require_refused(lambda: closed.add(_frames(3)[0]), "a frame before open()")

    def _write(self, path: Path, frames: list[NDArray[np.uint8]]) -> None:
        exporter = self._opened(path)
        for frame in frames:
            exporter.add(frame)
        exporter.close()

    def _opened(self, path: Path) -> Exporter:
        exporter = self._make(FilmSettings())
        self._open(exporter, path)
        return exporter

    def _open(self, exporter: Exporter, path: Path) -> None:
        exporter.open(path, size=(_WIDTH, _HEIGHT), fps=10.0, loop=0, recipe=_RECIPE)

    def _path(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"film{self._suffix}"

    def _require_alone(self, path: Path) -> None:
        left = sorted(entry.name for entry in path.parent.iterdir() if entry != path)
        require(not left, f"{', '.join(left)} is left in the folder")


def _frames(channels: int) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (_FRAMES, _HEIGHT, _WIDTH, channels), dtype=np.uint8))


def _require_refused(call: object, what: str) -> None:
    try:
        call()  # type: ignore[operator]
    except ExportError as error:
        require(bool(error.title), f"the error about {what} has no title")
        return
    except Exception as error:
        raise AssertionError(f"{what} must raise ExportError, not {type(error).__name__}") from error
    raise AssertionError(f"{what} must raise ExportError")
