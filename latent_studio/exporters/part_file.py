"""PartFile: a file that appears under its name only when it is complete."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from latent_studio.core.errors import ExportError

if TYPE_CHECKING:
    from pathlib import Path


class PartFile:
    """Written as ``name.part`` beside the target; ``commit`` renames it, ``abort`` removes it.

    Args:
        path: the target; its folder must exist. A file of that name is replaced at ``commit``, not before.

    Raises:
        ExportError: here and in every method but ``abort``, when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = part_of(path)
        check_target(path)
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise export_error(path, error) from error

    def write(self, data: bytes) -> None:
        """Append bytes."""
        try:
            self._file.write(data)
        except OSError as error:
            raise export_error(self._path, error) from error

    def tell(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def patch(self, place: int, data: bytes) -> None:
        """Write over bytes written earlier; the place to write stays at the end."""
        try:
            self._file.seek(place)
            self._file.write(data)
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise export_error(self._path, error) from error

    def commit(self) -> None:
        """Make sure the bytes are on the disk, then give the file its name."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self._path)
        except OSError as error:
            self.abort()
            raise export_error(self._path, error) from error
        with suppress(OSError):
            _sync_folder(self._path.parent)

    def abort(self) -> None:
        """Remove what was written; whatever had the target's name stays as it was."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


def part_of(path: Path) -> Path:
    """Where a target is written until it is complete: ``name.part`` beside it."""
    return path.with_name(f"{path.name}.part")


def check_target(path: Path) -> None:
    """Find out early, before hours of work, whether a file can be written. Writes nothing.

    Raises:
        ExportError: it is a folder, or its folder is missing or not ours to write in.
    """
    try:
        if path.is_dir():
            raise ExportError(f"{path} is a folder, not a file.", hint="Add a file name to it.")
        path.parent.stat()
    except OSError as error:
        raise export_error(path, error) from error
    if not os.access(path.parent, os.W_OK):
        raise export_error(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def check_folder_target(path: Path) -> None:
    """The same for a folder of files, which may exist already.

    Raises:
        ExportError: a file has its name, or the folder above it is missing or not ours to write in.
    """
    if path.is_dir():
        check_target(path / "x")
        return
    if path.exists():
        raise ExportError(f"{path} is a file, not a folder.", hint="Choose another folder.")
    check_target(path)


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file at once.

    Raises:
        ExportError: the disk refuses; nothing is left behind.
    """
    part = PartFile(path)
    try:
        part.write(data)
        part.commit()
    except BaseException:
        part.abort()
        raise


def make_folder(path: Path) -> None:
    """Create a folder and those above it, unless it is there already.

    Raises:
        ExportError: the disk refuses, or a file has that name.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise ExportError(f"{path} is a file, not a folder.", hint="Choose another folder.") from error
    except OSError as error:
        raise export_error(path / "x", error) from error


def export_error(path: Path, error: OSError) -> ExportError:
    """What went wrong with a target, in words."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return ExportError(
                f"The disk is full: {path.name} could not be written.",
                hint="Free some space, or choose a folder on another disk.",
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return ExportError(
                f"{path} could not be written: the folder does not allow it.",
                hint="Choose another folder, or change the permissions of this one.",
            )
        case errno.ENOENT | errno.ENOTDIR:
            return ExportError(
                f"There is no folder {path.parent}.", hint="Create it first, or choose another one."
            )
        case errno.ENAMETOOLONG:
            return ExportError("The file's name is too long.", hint="Choose a shorter one.")
        case _:
            reason = error.strerror or type(error).__name__
            return ExportError(
                f"{path.name} could not be written: {reason}.", hint="Choose another folder or disk."
            )


def _sync_folder(folder: Path) -> None:
    # Without this a power cut after the rename may still lose the new name.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
