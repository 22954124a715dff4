"""Kept files: what a copied command needs that no option can hold, in the profile."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.paths import Paths


def keep_file(content: str | bytes, paths: Paths, *, stem: str, suffix: str = ".json") -> Path:
    """Write something down under a name that says what is in it; the same content is the same file.

    Args:
        content: of the file.
        paths: whose profile.
        stem: begins the file's name.
        suffix: ends it.

    Raises:
        ExportError: the disk refuses.
    """
    from latent_studio.exporters.part_file import make_folder, write_file

    raw = content.encode() if isinstance(content, str) else content
    folder = paths.data / "commands"
    path = folder / f"{stem}-{hashlib.blake2b(raw, digest_size=6).hexdigest()}{suffix}"
    if not path.is_file():
        make_folder(folder)
        write_file(path, raw)
    return path
