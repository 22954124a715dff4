"""Safetensors, the preferred format: a JSON header with names, shapes and facts, then plain numbers.

Header metadata are strings: ``family``, ``name``, ``licence``, the facts that shapes tell (``resolution``,
``z_dim``, …) for people and other programs, the family's options under their own names, and where they are
known ``labels``, a JSON list of class names, and ``averaged``.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.families import FAMILIES
from latent_studio.checkpoints.found import Found
from latent_studio.checkpoints.source import ByteRange
from latent_studio.checkpoints.torch_records import MOST_DIMENSIONS, MOST_TENSORS, StorageRecord, TensorRecord
from latent_studio.core.errors import ExportError, UnknownFormatError
from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latent_studio.checkpoints.checkpoint import Checkpoint, OptionValue
    from latent_studio.checkpoints.families import Family
    from latent_studio.checkpoints.source import Source

FORMAT = "safetensors"

_LARGEST_HEADER = 4 << 20
_LONGEST_NAME = 512
_LONGEST_LABEL = 120
_ALIGNMENT = 8
#: The format's name for an element kind: torch's name and bytes per element.
_DTYPES = {
    "F64": ("float64", 8),
    "F32": ("float32", 4),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "I64": ("int64", 8),
    "U64": ("uint64", 8),
    "I32": ("int32", 4),
    "U32": ("uint32", 4),
    "I16": ("int16", 2),
    "U16": ("uint16", 2),
    "I8": ("int8", 1),
    "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}
_WRITTEN = {torch.float32: "F32", torch.float16: "F16"}


def read_safetensors(source: Source, *, family: str | None = None) -> Found:
    """Find the generator in a safetensors file. Only the header is read.

    Args:
        source: the file.
        family: to take where the header names none.

    Raises:
        UnknownFormatError: it does not say which family it is, and the tensors' names do not either.
        CorruptFileError: its header contradicts itself or the file.
    """
    metadata, tensors = read_header(source)
    notes: tuple[str, ...] = ()
    asked, family = family, metadata.get("family", "")
    if not family and asked is not None:
        family = asked
        notes = (f"The header names no family; read as {FAMILIES[asked].title}, as it was asked for.",)
    elif not family:
        family = next((known.name for known in FAMILIES.values() if known.looks_like(tensors)), "")
        if not family:
            raise refusals.unknown(source.name, "does not say which generator family it is")
        title = FAMILIES[family].title
        notes = (
            f"The header names no family; tensors are named as in {title}, read with its usual options.",
        )
    return Found(
        format=FORMAT,
        family=refusals.printable(family),
        tensors=tensors,
        options=_read_options(FAMILIES.get(family), metadata, tensors, source=source),
        name=refusals.printable(metadata.get("name", "")),
        licence=refusals.printable(metadata.get("licence", "")),
        notes=notes,
        labels=_labels_in(metadata.get("labels", "")),
        averaged={"true": True, "false": False}.get(metadata.get("averaged", "")),
    )


def write_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint as safetensors. The same checkpoint gives the same bytes.

    The file appears under its name only when it is whole.

    Raises:
        ExportError: the folder cannot be written, or is full.
    """
    header, order = _header_of(checkpoint)
    try:
        with replacing(path) as file:
            file.write(len(header).to_bytes(8, "little"))
            file.write(header)
            for name in order:
                values = checkpoint.tensors[name].detach().cpu().contiguous().reshape(-1)
                file.write(values.view(torch.uint8).numpy().data)
    except OSError as error:
        raise ExportError(
            f"{refusals.display_name(path)} could not be written: {error.strerror or error}.",
            hint="Choose another folder, or make room on the disk.",
        ) from error


def read_header(source: Source) -> tuple[dict[str, str], dict[str, TensorRecord]]:
    """The metadata and the tensors' places; every size is checked against the file.

    Raises:
        CorruptFileError: the header contradicts itself or the file.
    """
    length = int.from_bytes(source.read(0, 8), "little")
    if 8 + length > source.size:
        raise refusals.damaged(
            source.name, f"its header claims {length} bytes, but the file has {source.size} in all"
        )
    if length > _LARGEST_HEADER:
        raise refusals.damaged(source.name, f"its header claims {length} bytes")
    try:
        header = json.loads(
            str(source.read(8, length), "utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        reason = f"its header is no valid JSON ({error})"
        raise refusals.damaged(source.name, reason) from error
    if not isinstance(header, dict):
        raise refusals.damaged(source.name, "its header is no table of tensors")
    metadata = _checked_metadata(header.pop("__metadata__", {}), source)
    if len(header) > MOST_TENSORS:
        raise refusals.damaged(source.name, f"it holds more than {MOST_TENSORS} tensors")
    data = ByteRange(source, 8 + length, source.size - 8 - length)
    tensors = {name: _checked_entry(name, entry, data) for name, entry in header.items()}
    _check_layout(tensors, data)
    return metadata, tensors


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no number")


def _checked_metadata(metadata: object, source: Source) -> dict[str, str]:
    if not isinstance(metadata, dict):
        raise refusals.damaged(source.name, "its header's metadata are no table")
    if not all(isinstance(value, str) for value in metadata.values()):
        raise refusals.damaged(source.name, "its header's metadata are not all text")
    return metadata


def _checked_entry(name: str, entry: object, data: ByteRange) -> TensorRecord:
    source = data.source
    if len(name) > _LONGEST_NAME:
        raise refusals.damaged(source.name, f"a tensor's name has {len(name)} characters")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise refusals.damaged(source.name, f"the entry of tensor {name!r} is incomplete")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _DTYPES:
        raise UnknownFormatError(
            f"{source.name} stores {refusals.quoted(name)} as {refusals.printable(str(kind))[:40]},"
            " which is not read.",
            hint="Weights must be F32, F16, BF16 or F64.",
        )
    if not _are_sizes(shape) or len(shape) > MOST_DIMENSIONS:
        raise refusals.damaged(source.name, f"the shape of tensor {name!r} is impossible")
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise refusals.damaged(source.name, f"the place of tensor {name!r} is impossible")
    dtype, itemsize = _DTYPES[kind]
    start, end = offsets
    numel = math.prod(shape)
    if end > data.length:
        raise refusals.cut_short(source.name)
    if end - start != numel * itemsize:
        raise refusals.damaged(source.name, f"the shape of tensor {name!r} does not match its bytes")
    storage = StorageRecord(
        dtype=dtype, itemsize=itemsize, numel=numel, data=ByteRange(source, data.start + start, end - start)
    )
    stride = tuple(math.prod(shape[idx + 1 :]) for idx in range(len(shape)))
    return TensorRecord(storage=storage, offset=0, shape=tuple(shape), stride=stride)


def _are_sizes(values: object) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 48 for value in values)


def _check_layout(tensors: Mapping[str, TensorRecord], data: ByteRange) -> None:
    """Tensors must fill the data from front to back, so that no byte is shown twice or hidden."""
    reached = data.start
    for start, length in sorted(
        (record.storage.data.start, record.storage.data.length)
        for record in tensors.values()
        if record.storage.data is not None
    ):
        if start != reached:
            what = "overlap" if start < reached else "leave a gap"
            raise refusals.damaged(data.source.name, f"its tensors {what}")
        reached = start + length
    if reached != data.start + data.length:
        raise refusals.damaged(data.source.name, "it has more bytes than its tensors")


def _read_options(
    family: Family | None, metadata: Mapping[str, str], tensors: Mapping[str, TensorRecord], *, source: Source
) -> dict[str, OptionValue]:
    if family is None:
        return {}
    options = {**family.defaults, **family.guess_options(tensors)}
    for name, default in family.defaults.items():
        if name in metadata:
            try:
                options[name] = _from_text(metadata[name], default)
            except ValueError as error:
                reason = f"its header says that {name} is {metadata[name]!r}"
                raise refusals.damaged(source.name, reason) from error
    return options


def _from_text(text: str, default: OptionValue) -> OptionValue:
    """The value of an option of the same kind as ``default``; a default of None means a number or none."""
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    if isinstance(default, int):
        return int(text)
    if default is None and text == "none":
        return None
    if default is None or isinstance(default, float):
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(text)
        return value
    return refusals.printable(text)


def _labels_in(text: str) -> tuple[str, ...]:
    """Names of classes: a JSON list of texts, or one name per line; none if it is neither."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = text.splitlines()
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        return ()
    return tuple(refusals.printable(name, at_most=_LONGEST_LABEL) for name in found)


def _to_text(value: OptionValue) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(repr(number) for number in value)
    return value if isinstance(value, str) else repr(value)


def _header_of(checkpoint: Checkpoint) -> tuple[bytes, list[str]]:
    """The header's bytes, and the tensors' names in the order in which their data follow."""
    tensors = checkpoint.tensors
    # Wide elements first, as the format's own library does, so that each tensor starts aligned.
    order = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, object] = {"__metadata__": _metadata_of(checkpoint)}
    start = 0
    for name in order:
        end = start + tensors[name].numel() * tensors[name].element_size()
        header[name] = {
            "dtype": _WRITTEN[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [start, end],
        }
        start = end
    raw = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return raw + b" " * (-len(raw) % _ALIGNMENT), order


def _metadata_of(checkpoint: Checkpoint) -> dict[str, str]:
    origin = checkpoint.provenance
    metadata = {"family": checkpoint.family, "name": origin.name, "format": "pt"}
    if origin.licence:
        metadata["licence"] = origin.licence
    if origin.labels:
        metadata["labels"] = json.dumps(origin.labels, ensure_ascii=False)
    if origin.averaged is not None:
        metadata["averaged"] = _to_text(origin.averaged)
    if origin.format != FORMAT:
        metadata["converted_from"] = f"{origin.format} sha256:{origin.sha256}"
    family = FAMILIES.get(checkpoint.family)
    if family is not None:
        metadata |= {name: str(fact) for name, fact in family.describe(checkpoint.tensors).items()}
    metadata |= {name: _to_text(value) for name, value in checkpoint.options.items()}
    return dict(sorted(metadata.items()))
