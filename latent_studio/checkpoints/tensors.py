"""Tensors made of records: the only place where numbers leave a file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.checkpoints import refusals
from latent_studio.core.errors import MissingWeightsError, UnknownFormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.source import Source
    from latent_studio.checkpoints.torch_records import TensorRecord

#: What weights may be stored as. Anything else is no weight of a generator.
DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}

_MOST_SHARED_BYTES = 64 << 20
_MOST_SHOWN = 5


def read_floats(source: Source, *, start: int, count: int, dtype: torch.dtype) -> Tensor:
    """Read numbers into memory of their own.

    Args:
        source: the file.
        start: offset in bytes.
        count: how many.
        dtype: as stored, little-endian.

    Returns:
        ``(count,)`` of ``dtype``.
    """
    values = torch.empty(count, dtype=dtype)
    if count:
        source.read_into(start, values.view(torch.uint8).numpy().data)
    return values


def as_weights(values: Tensor) -> Tensor:
    """``values`` as float32 or float16: doubles are rounded, bfloat16 is widened."""
    if values.dtype in (torch.float32, torch.float16):
        return values
    return values.to(torch.float32)


def count_bad(values: Tensor) -> int:
    """How many values are NaN or infinite; a network with one of them gives black pictures."""
    # One quick pass, no copy: one bad value spoils the sum. Very large ones may do so too, so count then.
    # NumPy keeps to one thread: on a busy machine two that wait for each other take twenty times as long.
    with np.errstate(over="ignore", invalid="ignore"):
        total = values.numpy(force=True).sum(dtype=np.float32)
    if math.isfinite(total):
        return 0
    return int(values.numel() - torch.isfinite(values).sum().item())


def check_finite(tensors: Mapping[str, Tensor], *, file_name: str) -> None:
    """Make sure that there is no NaN or infinity among the weights.

    Raises:
        MissingWeightsError: there is; it names the tensors.
    """
    bad = [name for name, tensor in tensors.items() if count_bad(tensor)]
    if bad:
        raise _not_finite(tensors, bad, file_name=file_name)


def _not_finite(tensors: Mapping[str, Tensor], bad: list[str], *, file_name: str) -> MissingWeightsError:
    shown = [
        f"{count_bad(tensors[name])} of {tensors[name].numel()} in {refusals.quoted(name)}"
        for name in bad[:_MOST_SHOWN]
    ]
    more = f" and in {len(bad) - _MOST_SHOWN} more tensors" if len(bad) > _MOST_SHOWN else ""
    return MissingWeightsError(
        f"{file_name} has weights that are not numbers: {', '.join(shown)}{more}.",
        hint="The training probably diverged. Try an earlier snapshot.",
    )


def read_tensors(
    records: Mapping[str, TensorRecord], source: Source, *, report: Callable[[float], None]
) -> dict[str, Tensor]:
    """Read tensors from a file.

    Args:
        records: what to read, by name.
        source: the file they are in.
        report: told the fraction done after each tensor; may raise to stop.

    Returns:
        contiguous CPU tensors of their own memory, float32 or float16, finite.

    Raises:
        MissingWeightsError: a value is not finite.
        UnknownFormatError: a tensor does not hold floating-point numbers.
        CorruptFileError: together they are much larger than the file.
    """
    total = sum(record.span * record.storage.itemsize for record in records.values())
    # Views may share numbers; each becomes a tensor of its own here, so sharing must not go on for ever.
    if total > source.size + _MOST_SHARED_BYTES:
        raise refusals.damaged(source.name, "its tensors claim more bytes than the file has")
    done = 0
    tensors = {}
    bad = []
    for name, record in records.items():
        tensors[name] = _read(record, source, name=name)
        # While the numbers are still in the processor's cache.
        if count_bad(tensors[name]):
            bad.append(name)
        done += record.span * record.storage.itemsize
        report(done / max(total, 1))
    if bad:
        raise _not_finite(tensors, bad, file_name=source.name)
    return tensors


def _read(record: TensorRecord, source: Source, *, name: str) -> Tensor:
    storage = record.storage
    dtype = DTYPES.get(storage.dtype)
    if dtype is None:
        raise UnknownFormatError(
            f"{source.name} stores {refusals.quoted(name)} as {storage.dtype}; weights are floating-point.",
            hint=refusals.WHAT_OPENS,
        )
    if storage.data is None:
        raise refusals.damaged(source.name, f"the numbers of {name} are missing")
    span = record.span
    start = storage.data.start + record.offset * storage.itemsize
    values = read_floats(source, start=start, count=span, dtype=dtype)
    # Weights saved channels-last are stored in another order than they are shown.
    return as_weights(values.as_strided(record.shape, record.stride).contiguous())
