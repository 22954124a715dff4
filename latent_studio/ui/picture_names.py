"""Names for files of pictures."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.seed_plane import SeedPoint

if TYPE_CHECKING:
    from latent_studio.core.session import Session


def file_stem(session: Session) -> str:
    """A file name that tells model and seed: ``"portraits-seed0042"``."""
    name = Path(session.model.path).stem if session.model is not None else "picture"
    base = session.base
    start = f"seed{base.seed:04d}" if isinstance(base, SeedPoint) else "latent"
    if isinstance(base, SeedPoint) and not base.is_whole:
        start += "-between"
    return f"{name}-{start}"


def unused_path(path: Path, *, taken: Path | None = None) -> Path:
    """The path itself if nothing is there, else with a number: ``film-2.gif``.

    Args:
        path: the wish.
        taken: a path that will be there soon.
    """
    stem = path.stem
    # A number of our own goes on counting.
    head, _, tail = stem.rpartition("-")
    if head and tail.isdigit() and len(tail) <= 3:
        stem = head
    for number in itertools.count(2):
        if path != taken and not path.exists():
            return path
        path = path.with_name(f"{stem}-{number}{path.suffix}")
    raise AssertionError("unreachable")
