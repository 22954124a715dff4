"""Found: a generator located in a file whose numbers have not been read yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.state_dicts import Converted
    from latent_studio.checkpoints.torch_records import TensorRecord


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader of one format gives back.

    Attributes:
        format: as in :class:`~latent_studio.checkpoints.checkpoint.Provenance`.
        family: architecture id in the generator catalogue.
        tensors: by the catalogue's names, or by the file's if there is a ``convert``.
        options: what shapes cannot tell.
        name: the author's name for the model; empty when the file has none.
        licence: as the file states it; empty when it does not.
        notes: what was chosen and ignored, one sentence each.
        labels: names of the classes; empty when the file has none.
        averaged: whether it is the average over training; ``None`` where the file does not say.
        convert: makes the catalogue's tensors of the file's, emptying the dict it is given; ``None`` if they
            are the catalogue's already.
    """

    format: str
    family: str
    tensors: Mapping[str, TensorRecord]
    options: Mapping[str, OptionValue]
    name: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    averaged: bool | None = None
    convert: Callable[[dict[str, Tensor]], Converted] | None = None
