"""Names of places in latent space, as people say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.seeds import describe_seed

if TYPE_CHECKING:
    from latent_studio.core.base_blend import AnyBase


def describe_base(base: AnyBase) -> str:
    """A place in a few words: ``"seed 42"``, ``"latent"``."""
    return describe_seed(base) if isinstance(base, SeedPoint) else "latent"
