"""Recents: models, and sessions, opened lately, newest first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from latent_studio.app.paths import Paths

_FILE = "recents.json"
#: The same list for session files.
SESSIONS = "recent_sessions.json"
_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Recent:
    """One model or session opened lately.

    Attributes:
        name: what the user sees.
        path: the file.
        sha256: of the file when it was opened; empty in lists of earlier versions.
    """

    name: str
    path: Path
    sha256: str = ""


def load_recents(paths: Paths, list_file: str = _FILE) -> tuple[Recent, ...]:
    """Recents whose file is still there; none when the list is missing or damaged."""
    try:
        read = json.loads((paths.data / list_file).read_text(encoding="utf-8"))
        found = [
            Recent(str(entry["name"]), Path(entry["path"]), str(entry.get("sha256", ""))) for entry in read
        ]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return ()
    return tuple(recent for recent in found if recent.path.is_file())


def remember_recent(recent: Recent, paths: Paths, list_file: str = _FILE) -> tuple[Recent, ...]:
    """Put a model or session at the top of its list.

    Raises:
        OSError: the folder cannot be written.
    """
    others = [old for old in load_recents(paths, list_file) if old.path != recent.path]
    recents = (recent, *others)[:_LIMIT]
    entries = [{"name": entry.name, "path": str(entry.path), "sha256": entry.sha256} for entry in recents]
    with replacing(paths.data / list_file) as file:
        file.write(json.dumps(entries, indent=2).encode())
    return recents


def picture_path(sha256: str, paths: Paths) -> Path:
    """Where the small picture of a model is kept."""
    return paths.cache / "pictures" / f"{sha256[:32]}.png"
