"""What a process that renders sets up before it imports torch."""

from __future__ import annotations

from latent_studio.engine.allocator import tune_allocator
from latent_studio.engine.openmp import shorten_waits


def prepare_process() -> None:
    """Make memory and threads fit for rendering. Imports no torch; a second call changes nothing."""
    tune_allocator()
    shorten_waits()
