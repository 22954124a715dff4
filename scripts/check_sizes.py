"""Refuse large files: a repository never forgets them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tracked import ROOT, tracked_files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LIMIT_BYTES = 8_000_000


def too_large(files: Iterable[Path], *, limit_bytes: int = LIMIT_BYTES) -> list[tuple[Path, int]]:
    """Files above the limit, with their sizes."""
    sizes = [(path, path.stat().st_size) for path in files]
    return [(path, size) for path, size in sizes if size > limit_bytes]


def main() -> int:
    found = too_large(tracked_files())
    for path, size in found:
        print(f"{path.relative_to(ROOT)}: {size / 1e6:.1f} MB, the limit is {LIMIT_BYTES / 1e6:.0f} MB")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
