"""Checkpoint: what was read from a file with weights, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor


#: A hyper-parameter that shapes cannot tell: an activation's name, a clamp, a filter's taps.
OptionValue = bool | int | float | str | tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a checkpoint came from.

    Attributes:
        path: the file.
        format: how it was stored: ``"safetensors"`` or ``"nvidia-pickle"``.
        sha256: hex digest of the whole file; the model's identity everywhere.
        size_bytes: of the file.
        name: the author's name for the model, else the file's stem.
        licence: as the file states it; empty when it does not.
        notes: what was ignored or chosen while reading, one sentence each.
        labels: names of the classes, if the file states them.
        averaged: whether it is the average over training; ``None`` where the file does not say.
    """

    path: Path
    format: str
    sha256: str
    size_bytes: int
    name: str
    licence: str = ""
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    averaged: bool | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Tensors of one generator in the catalogue's own key names, and what shapes cannot tell.

    Attributes:
        family: architecture id in the generator catalogue, such as ``"stylegan2"``.
        tensors: name to CPU tensor, float32 or float16, contiguous, never aliased.
        options: hyper-parameters that cannot be inferred from shapes.
        provenance: where it came from.
    """

    family: str
    tensors: Mapping[str, Tensor]
    provenance: Provenance
    options: Mapping[str, OptionValue] = field(default_factory=lambda: MappingProxyType({}))
