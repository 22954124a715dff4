"""Which device one of several training processes takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def training_device(chosen: torch.device) -> torch.device:
    """The chosen device; under ``torchrun`` each process on one machine takes a CUDA device of its own."""
    import torch

    local = os.environ.get("LOCAL_RANK")
    if chosen.type != "cuda" or local is None:
        return chosen
    device = torch.device("cuda", int(local) % torch.cuda.device_count())
    torch.cuda.set_device(device)
    return device
