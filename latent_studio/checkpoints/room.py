"""Whether a model's weights fit into memory, found out before they are read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.errors import OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.torch_records import TensorRecord

#: Everything is computed in single precision, whatever a file stores.
_FLOAT_BYTES = 4


def check_room(tensors: Mapping[str, TensorRecord], file_name: str) -> None:
    """Refuse weights that cannot fit.

    Raises:
        OutOfMemoryError: they take more than programs can still have on this computer.
    """
    available = available_bytes()
    needed = sum(_FLOAT_BYTES * tensor.numel for tensor in tensors.values())
    if available is not None and needed > available:
        raise OutOfMemoryError(
            f"{file_name} needs {needed / 1e9:.1f} GB of memory, and {available / 1e9:.1f} GB can be had.",
            hint="Close other models and programs, then try again.",
        )


def available_bytes() -> int | None:
    """Memory that programs can still have on this computer; ``None`` where it cannot be told."""
    if sys.platform != "linux":
        return None
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None
