"""Folders: whether settings, caches, models and logs can be written, and the space that is left."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from latent_studio.app.probes.finding import Finding
from latent_studio.app.probes.privacy import place_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latent_studio.app.probes.finding import Examination

#: Below this, one large model fills the disk.
_LITTLE_BYTES = 500e6
_KEPT = {
    "config": "settings",
    "cache": "found directions",
    "data": "models and directions",
    "state": "logs",
}


def look_at_folders(examination: Examination) -> Iterator[Finding]:
    """One finding per folder of the profile."""
    for name, what in _KEPT.items():
        examination.cancel.check()
        yield _finding(f"{name} folder", getattr(examination.studio.paths, name), what)


def _finding(name: str, folder: Path, what: str) -> Finding:
    # A folder is made when it is first written to; until then the one that it would be made in decides.
    place = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            free = shutil.disk_usage(place).free
    except OSError as error:
        return Finding(
            name,
            "bad",
            f"{place_name(folder)}: {error.strerror or type(error).__name__}; {what} cannot be kept",
            "Make the folder writable, or choose another one with --profile.",
        )
    later = "" if place == folder else ", made when it is first needed"
    fact = f"{place_name(folder)}: writable{later}, {free / 1e9:.1f} GB free"
    if free < _LITTLE_BYTES:
        return Finding(name, "warn", fact, "Make room on this disk.")
    return Finding(name, "ok", fact)
