"""The project's own files: what git tracks or would, without what it ignores."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Left out where git cannot tell, as in an unpacked source archive.
_MADE = {".git", ".venv", "build", "dist", "out", "__pycache__"}


def tracked_files(root: Path = ROOT) -> list[Path]:
    """Files of a checkout, sorted; deleted ones are left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return sorted(path for path in root.rglob("*") if path.is_file() and not _is_made(path, root))
    paths = {root / name.decode() for name in listing.split(b"\0") if name}
    return sorted(path for path in paths if path.is_file())


def _is_made(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts
    return any(part in _MADE or part.endswith("_cache") for part in parts)
