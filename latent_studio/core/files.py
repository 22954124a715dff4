"""Whole files or none: written beside, then renamed."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BLOCK_BYTES = 1 << 20


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes ``path``'s place only if the block ends well; the old one stays otherwise.

    Folders above are made. Two writers at once do not mix: each has a file of its own until the rename.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def file_sha256(path: Path, *, check_cancel: Callable[[], None] | None = None) -> str:
    """Hex digest of a file.

    Args:
        path: of the file.
        check_cancel: asked after every megabyte; raises to stop.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            if check_cancel is not None:
                check_cancel()
    return digest.hexdigest()
