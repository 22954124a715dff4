"""Seeds in words, and drawing one."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latent_studio.core.seed_plane import SeedPoint

#: Random seeds stay this low: easy to read, to type and to tell somebody.
_DRAWN_BELOW = 1_000_000


def describe_seed(point: SeedPoint) -> str:
    """A place on the seed plane in words: ``"seed 42"`` or ``"seed 42 +0.30, +0.10"``."""
    if point.is_whole:
        return f"seed {point.seed}"
    return f"seed {point.seed} +{point.dx:.2f}, +{point.dy:.2f}"


def draw_seed() -> int:
    """A seed nobody chose."""
    return secrets.randbelow(_DRAWN_BELOW)
