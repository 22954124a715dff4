"""What a worker thread needs before it computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio


def prepare_computing(studio: Studio) -> None:
    """Give the calling thread its share of the machine: OpenMP and priorities are per thread. Imports torch.

    Raises:
        DeviceUnavailableError: the device of the settings is not there.
    """
    choice = studio.engine.choice
    from latent_studio.engine.device import apply_threads, lower_thread_priority

    apply_threads(choice)
    lower_thread_priority()
