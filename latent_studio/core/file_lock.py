"""A lock on a file among processes, which the system takes back when its holder dies."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LockHeldError(Exception):
    """Another process, or another thread of this one, holds the lock."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; it does not wait.

    The file itself stays: taking it away would let two holders in, each with a file of its own.

    Raises:
        LockHeldError: somebody else holds it.
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _lock(handle)
        yield
    finally:
        # Closing gives the lock back.
        os.close(handle)


class FileLock:
    """A lock on a path that is held as long as an object lives, by means of a small file beside it.

    Where the folder cannot be written nobody else can write there either, and the lock is taken for granted.

    Args:
        path: what is locked; the lock's file is ``.NAME.lock`` in the same folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beside = path.with_name(f".{path.name}.lock")
        self._handle: int | None = None

    @property
    def is_left_behind(self) -> bool:
        """Whether the small file is there: its program has the lock, or was killed while it had."""
        return self._beside.exists()

    @property
    def is_held(self) -> bool:
        """Whether this lock was acquired and not released."""
        return self._handle is not None

    def acquire(self) -> bool:
        """Take the lock, without waiting.

        Returns:
            False if another program, or another lock of this one, holds it.
        """
        while self._handle is None:
            try:
                self._beside.parent.mkdir(parents=True, exist_ok=True)
                handle = os.open(self._beside, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError:
                return True
            try:
                _lock(handle)
            except LockHeldError:
                os.close(handle)
                return False
            except OSError:
                # A file system without locks: better to work than to refuse.
                os.close(handle)
                return True
            if self._is_still_there(handle):
                self._handle = handle
            else:
                # Its holder took it away between our two steps: the file we hold is nobody's.
                os.close(handle)
        return True

    def release(self) -> None:
        """Let go and take the small file away; nothing happens if it was not held."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        if sys.platform != "win32":
            # While it is held, so that nobody takes a file that is about to go.
            with suppress(OSError):
                self._beside.unlink()
        os.close(handle)

    def _is_still_there(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), self._beside.stat())
        except OSError:
            return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise LockHeldError from error

else:
    import fcntl

    def _lock(handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockHeldError from error
