"""Document files: saving with backups, autosaves, and what a crash left behind."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from latent_studio import __version__
from latent_studio.core.errors import SessionFileError
from latent_studio.core.file_lock import FileLock
from latent_studio.core.session_file import SUFFIX, Summary, read_summary, write_document

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.paths import Paths
    from latent_studio.core.session_file import Document

log = logging.getLogger(__name__)

#: Earlier states of a saved file that are kept.
BACKUPS = 5
#: Autosaves of documents that were closed and never saved, kept for "Recover".
_KEPT_AUTOSAVES = 30
_NUMBERED = re.compile(r"(\d{6})-.*")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A document on disk that is not where the user saved it: an autosave, or a backup.

    Attributes:
        path: the file.
        summary: what it is about.
        is_backup: whether it is an earlier state of a saved file.
        is_crash: whether its program did not close in order.
    """

    path: Path
    summary: Summary
    is_backup: bool = False
    is_crash: bool = False


def save_document(document: Document, path: Path, paths: Paths) -> None:
    """Save where the user said, and keep what was there as a backup.

    Raises:
        SessionFileError: the disk refuses; the old file is still there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _back_up(path, paths)
    except OSError as error:
        log.warning("There is no backup of %s: %s", path.name, error)
    write_document(document, path, summary=Summary(saved_seconds=time.time(), program=_program()))


def backups_of(path: Path, paths: Paths) -> tuple[Leftover, ...]:
    """Earlier states of a file, newest first; each belongs to that file."""
    return tuple(
        Leftover(found, replace(summary, origin=str(path)), is_backup=True)
        for found in reversed(_backups_in(_backup_dir(path, paths)))
        if (summary := _summary_of(found)) is not None
    )


class Autosave:
    """The safety copy of one open document, in the user's profile. Locked while the program lives.

    Args:
        paths: whose profile.
    """

    def __init__(self, paths: Paths) -> None:
        self._folder = _autosave_dir(paths)
        self.path = self._folder / f"{secrets.token_hex(8)}{SUFFIX}"
        self._lock = FileLock(self.path)
        self._lock.acquire()

    def write(self, document: Document, *, origin: Path | None) -> None:
        """Save the document as it is now. Safe to call from any thread.

        Raises:
            SessionFileError: the disk refuses; the last good copy is still there.
        """
        summary = Summary(
            saved_seconds=time.time(), origin="" if origin is None else str(origin), program=_program()
        )
        write_document(document, self.path, summary=summary)

    def discard(self) -> None:
        """Nothing would be lost: take the copy away."""
        with suppress(OSError):
            self.path.unlink()

    def close(self) -> None:
        """Leave the copy, if there is one, to be found when the program starts again."""
        self._lock.release()


def find_leftovers(paths: Paths) -> tuple[Leftover, ...]:
    """Autosaves of documents that no living program has open, newest first. Damaged ones are passed over."""
    found = []
    with suppress(OSError):
        for path in _autosave_dir(paths).glob(f"*{SUFFIX}"):
            lock = FileLock(path)
            is_crash = lock.is_left_behind
            if not lock.acquire():
                continue
            lock.release()
            summary = _summary_of(path)
            if summary is not None:
                found.append(Leftover(path, summary, is_crash=is_crash))
    # By the clock of the disk, which one program cannot set back for the others.
    found.sort(key=lambda leftover: _modified(leftover.path), reverse=True)
    return tuple(found)


def discard_leftover(leftover: Leftover) -> None:
    """Take it away for good."""
    with suppress(OSError):
        leftover.path.unlink()


def forget_old_leftovers(paths: Paths) -> None:
    """Keep the newest autosaves only, and take away parts of files that a crash left half-written."""
    for leftover in find_leftovers(paths)[_KEPT_AUTOSAVES:]:
        discard_leftover(leftover)
    with suppress(OSError):
        for part in _autosave_dir(paths).glob(".*.part"):
            lock = FileLock(part.with_name(part.name[1:].rsplit(".", 2)[0]))
            if lock.acquire():
                lock.release()
                part.unlink()


def suffixed(path: Path) -> Path:
    """The path with the suffix of session files."""
    return path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)


def _program() -> str:
    return f"Latent Studio {__version__}"


def _autosave_dir(paths: Paths) -> Path:
    return paths.data / "autosave"


def _backup_dir(path: Path, paths: Paths) -> Path:
    place = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:12]
    return paths.data / "backups" / f"{path.stem[:40]}-{place}"


def _backups_in(folder: Path) -> list[Path]:
    """Oldest first: they are numbered, because a clock can go backwards."""
    try:
        return sorted(path for path in folder.glob(f"*{SUFFIX}") if _NUMBERED.fullmatch(path.name))
    except OSError:
        return []


def _back_up(path: Path, paths: Paths) -> None:
    folder = _backup_dir(path, paths)
    folder.mkdir(parents=True, exist_ok=True)
    known = _backups_in(folder)
    number = int(known[-1].name[:6]) + 1 if known else 1
    copy = folder / f"{number % 1_000_000:06}-{path.name}"
    part = copy.with_name(f".{copy.name}.part")
    shutil.copyfile(path, part)
    part.replace(copy)
    for old in [*known, copy][:-BACKUPS]:
        old.unlink(missing_ok=True)


def _summary_of(path: Path) -> Summary | None:
    try:
        summary = read_summary(path)
    except SessionFileError as error:
        log.info("%s is passed over: %s", path.name, error.title)
        return None
    return replace(summary, saved_seconds=_modified(path)) if summary.saved_seconds <= 0 else summary


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
