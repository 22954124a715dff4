"""Failures: whatever goes wrong while rendering, as an error a user can read."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import Cancelled, LatentStudioError, ModelError, OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

#: What torch says when the CPU has no room; on CUDA it has an exception of its own.
_CPU_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory")


@contextmanager
def translated() -> Iterator[None]:
    """Turn foreign exceptions into ours; ours and a cancel pass.

    Raises:
        OutOfMemoryError: the device has no room.
        ModelError: anything else.
    """
    try:
        yield
    except (LatentStudioError, Cancelled):
        raise
    except Exception as error:
        raise _translate(error) from error


def _translate(error: Exception) -> LatentStudioError:
    if isinstance(error, torch.OutOfMemoryError):
        return OutOfMemoryError(
            "The GPU has no room for this picture.",
            hint="Close other programs that use the GPU, or choose the CPU in the settings.",
        )
    if isinstance(error, MemoryError) or any(words in str(error) for words in _CPU_OUT_OF_MEMORY):
        return OutOfMemoryError(
            "There is not enough memory for this picture.",
            hint="Close other programs, lower the cache in the settings, or open a smaller model.",
        )
    logger.exception("rendering failed", exc_info=error)
    return ModelError(
        f"The model failed while it computed the picture: {_first_line(error)}",
        hint="Try other settings or another model; the log has the details.",
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
