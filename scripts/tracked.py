"""The project's own files: what git tracks or would, without what it ignores."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tracked_files(root: Path = ROOT) -> list[Path]:
    """Files of a checkout, sorted; deleted ones are left out."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    ).stdout
    paths = {root / name.decode() for name in listing.split(b"\0") if name}
    return sorted(path for path in paths if path.is_file())
