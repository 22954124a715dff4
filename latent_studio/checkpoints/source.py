"""Source: an open file that is read by offset.

Files are read, never mapped: when somebody shortens a mapped file, the next look at it kills the program.
"""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from latent_studio.checkpoints import refusals

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Source:
    """A regular file, open for reading.

    Args:
        path: the file.

    Attributes:
        path: the file.
        name: its name for messages, without the folder.
        size: in bytes, when it was opened.

    Raises:
        OSError: it cannot be opened, or it is a folder, pipe or device.
    """

    def __init__(self, path: Path) -> None:
        # Opening a device may do something, and opening a pipe waits for its other end: ask first what it is,
        # and do not wait if it was exchanged in between.
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(f"{path} is not a regular file")
        self._file = io.FileIO(os.open(path, _OPEN_FLAGS))
        try:
            self._first_look = self._look()
        except OSError:
            self._file.close()
            raise
        self.path = path
        self.name = refusals.display_name(path)
        self.size = self._first_look[2]

    def _look(self) -> tuple[int, int, int, int]:
        status = os.fstat(self._file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a regular file")
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, start: int, length: int) -> bytes:
        """The ``length`` bytes from ``start`` on.

        Raises:
            CorruptFileError: the file ends before.
        """
        if start < 0 or length < 0 or start + length > self.size:
            raise refusals.cut_short(self.name)
        self._file.seek(start)
        found = self._file.read(length) or b""
        if len(found) == length:
            return found
        whole = bytearray(length)
        self.read_into(start, memoryview(whole))
        return bytes(whole)

    def read_into(self, start: int, target: memoryview) -> None:
        """Fill ``target``, a writable view of bytes, from ``start`` on.

        Raises:
            CorruptFileError: the file ends before.
        """
        if start < 0 or start + target.nbytes > self.size:
            raise refusals.cut_short(self.name)
        self._file.seek(start)
        done = 0
        while done < target.nbytes:
            count = self._file.readinto(target[done:])
            if not count:
                raise refusals.cut_short(self.name)
            done += count

    def check_unchanged(self) -> None:
        """Make sure that nobody wrote to the file since it was opened.

        Raises:
            CorruptFileError: somebody did.
        """
        if self._look() != self._first_look:
            raise refusals.damaged(self.name, "it changed while it was read")

    def reopened(self) -> Source:
        """A second, independent reader of the same file, for another thread.

        Raises:
            CorruptFileError: another file has this name by now.
        """
        again = Source(self.path)
        if again._first_look != self._first_look:
            again.close()
            raise refusals.damaged(self.name, "it changed while it was read")
        return again

    def close(self) -> None:
        """Close the file; done by ``with`` as well."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Some bytes of a file, not read yet.

    Attributes:
        source: the file.
        start: offset of the first byte.
        length: in bytes; ``start + length`` lies within the file.
    """

    source: Source
    start: int
    length: int

    def read(self, *, at_most: int) -> bytes:
        """The bytes.

        Args:
            at_most: more bytes than this are refused.

        Raises:
            CorruptFileError: the range is longer than that, or the file has become shorter.
        """
        if self.length > at_most:
            raise refusals.damaged(self.source.name, f"{self.length} bytes stand where a small value belongs")
        return self.source.read(self.start, self.length)
