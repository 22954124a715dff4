"""MemoryPlan: how to run a model where memory is short, in words for the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from latent_studio.core.errors import OutOfMemoryError

if TYPE_CHECKING:
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.engine.estimate import Estimate

#: The window and its pictures want some, too.
_KEPT_FREE_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How to run a model.

    Attributes:
        cache_bytes: for activations that can be reused.
        last_stage: where interactive pictures end; ``None`` for the whole picture.
        precision: of the highest resolutions.
        note: what was given up for want of memory, in a sentence; empty when nothing was.
    """

    cache_bytes: int
    last_stage: int | None = None
    precision: Literal["as chosen", "half"] = "as chosen"
    note: str = ""


def plan_memory(
    wanted: Estimate,
    spec: GeneratorSpec,
    *,
    available: int | None,
    cache_bytes: int,
    can_halve: bool = False,
) -> MemoryPlan:
    """Fit a model into the memory there is: first the cache gives way, then precision, then size.

    Args:
        wanted: what the model takes.
        spec: of the model.
        available: bytes that can be had; ``None`` if nobody knows, which gives up nothing.
        cache_bytes: what the settings allow.
        can_halve: whether the device and the model can compute in half precision.

    Raises:
        OutOfMemoryError: not even the network and its smallest picture fit.
    """
    if available is None:
        return MemoryPlan(cache_bytes)
    room = available - _KEPT_FREE_BYTES - wanted.weights_bytes
    if room >= wanted.frame_bytes + cache_bytes:
        return MemoryPlan(cache_bytes)
    if room >= wanted.frame_bytes:
        left = room - wanted.frame_bytes
        return MemoryPlan(
            left,
            note=f"Memory is short: {_mb(left)} instead of {_mb(cache_bytes)} hold activations for reuse.",
        )
    if can_halve and room >= wanted.frame_bytes // 2:
        return MemoryPlan(
            0, precision="half", note="Memory is short: high resolutions are computed in half precision."
        )
    fitting = [index for index, size in enumerate(wanted.stage_bytes) if size <= room]
    sides = spec.stage_resolutions or (spec.resolution,)
    if fitting:
        last = fitting[-1]
        return MemoryPlan(
            0,
            last_stage=last,
            note=f"Memory is short: the window shows previews of {sides[last]} px; exports try the whole.",
        )
    raise OutOfMemoryError(
        f"This model needs about {_mb(wanted.total_bytes)}, and {_mb(available)} can be had.",
        hint="Close other programs, or open a smaller model.",
    )


def _mb(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{max(size, 0) / 1e6:.0f} MB"
