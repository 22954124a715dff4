"""The door for files of plain arrays: directions, latents, scores. Nothing in a file is ever run.

NumPy's own files, PyTorch's and safetensors come out alike: arrays by name. Every shape is checked against
the bytes that are there before memory is taken for it.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from latent_studio.checkpoints import numpy_files, refusals
from latent_studio.checkpoints.sniff import FileFormat, sniff, sniff_path
from latent_studio.checkpoints.source import ByteRange, Source
from latent_studio.checkpoints.torch_records import TensorRecord
from latent_studio.checkpoints.zip_index import DEFLATED, STORED, read_members
from latent_studio.core.errors import Cancelled, InputError, LatentStudioError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from latent_studio.checkpoints.zip_index import Member

#: More than any file of directions or latents needs.
LARGEST_BYTES = 2 << 30
_MOST_ARRAYS = 20_000
_DEEPEST = 6
_LONGEST_TEXT = 1 << 20
WHAT_ARRAYS_OPEN = "Numbers are read from .npy, .npz, .pt, .pth and .safetensors files."


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """What a file holds.

    Attributes:
        name: of the file, as it may be shown.
        format: such as ``"NumPy array"``.
        arrays: by name; levels of nested dicts and lists are joined by dots, a lone array has the name
        ``""``.
            Floats as stored (doubles of PyTorch files are rounded to float32), integers and bools as stored.
        texts: strings and numbers beside the arrays, by name, as text; the header's entries of safetensors.
    """

    name: str
    format: str
    arrays: Mapping[str, NDArray[np.generic]]
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def only(self) -> NDArray[np.generic] | None:
        """The array of a file that holds one; ``None`` if there are more."""
        return next(iter(self.arrays.values())) if len(self.arrays) == 1 else None


def read_arrays(path: Path | str) -> ArrayFile:
    """Read the arrays in a file, whatever its suffix.

    Args:
        path: a ``.npy``, ``.npz``, ``.pt``, ``.pth`` or ``.safetensors`` file.

    Raises:
        UnsafeCheckpointError: it asks for something that is not plain data, or holds an array of objects.
        CorruptFileError: it is empty, cut short, or contradicts itself.
        MissingWeightsError: a tensor in it is not finite.
        InputError: there is no such file, or it holds no arrays.
    """
    path = Path(path)
    name = refusals.display_name(path)
    try:
        with Source(path) as source:
            if source.size > LARGEST_BYTES:
                raise InputError(f"{name} has {source.size / 2**30:.1f} GB, too much for a file of arrays.")
            return _read(source)
    except (LatentStudioError, Cancelled):
        raise
    except OSError as error:
        kind = sniff_path(path)
        what = "is a folder, not a file" if kind is FileFormat.DIRECTORY else "cannot be read"
        raise InputError(
            f"There is no file {path}." if kind is FileFormat.MISSING else f"{name} {what}.",
            hint="Check the path.",
        ) from error
    except Exception as error:
        # Strangers write these files. Whatever a reader trips over, the file is to blame.
        raise refusals.damaged(name, f"it makes no sense ({type(error).__name__})") from error


def _read(source: Source) -> ArrayFile:
    match sniff(source):
        case FileFormat.NUMPY_ARRAY:
            found = _array(source.name, source.read(0, source.size))
            return ArrayFile(source.name, FileFormat.NUMPY_ARRAY, {"": found})
        case FileFormat.NUMPY_ARCHIVE:
            return _archive(source)
        case FileFormat.TORCH_ZIP:
            from latent_studio.checkpoints.torch_zip import read_torch_zip

            return _tree(source, read_torch_zip(source), FileFormat.TORCH_ZIP)
        case FileFormat.TORCH_LEGACY:
            from latent_studio.checkpoints.torch_legacy import LegacyReader
            from latent_studio.checkpoints.torch_zip import torch_vocabulary

            reader = LegacyReader(source, names=torch_vocabulary(source))
            return _tree(source, reader.read(ByteRange(source, 0, source.size)), FileFormat.TORCH_LEGACY)
        case FileFormat.SAFETENSORS:
            from latent_studio.checkpoints.safetensors_file import read_header

            metadata, tensors = read_header(source)
            made = _tree(source, dict(tensors), FileFormat.SAFETENSORS)
            return ArrayFile(source.name, FileFormat.SAFETENSORS, made.arrays, {**made.texts, **metadata})
        case FileFormat.EMPTY:
            raise refusals.damaged(source.name, "it is empty")
        case FileFormat.PICKLE:
            raise refusals.unknown(source.name, "is a pickle, not a file of arrays", hint=WHAT_ARRAYS_OPEN)
        case kind:
            raise InputError(f"{source.name} is no file of arrays but a {kind}.", hint=WHAT_ARRAYS_OPEN)


def _archive(source: Source) -> ArrayFile:
    members = read_members(source)
    if sum(member.size for member in members.values()) > LARGEST_BYTES:
        raise refusals.damaged(source.name, "its members claim more than 2 GB")
    arrays: dict[str, NDArray[np.generic]] = {}
    texts: dict[str, str] = {}
    for member in members.values():
        array = _array(source.name, _unpacked(source, member))
        name = member.name.removesuffix(".npy")
        if array.dtype.kind != "U":
            arrays[name] = array
        elif array.size == 1 and array.nbytes <= _LONGEST_TEXT:
            texts[name] = str(array.reshape(-1)[0])
    return ArrayFile(source.name, FileFormat.NUMPY_ARCHIVE, arrays, texts)


def _unpacked(source: Source, member: Member) -> bytes:
    raw = member.data.read(at_most=LARGEST_BYTES)
    if member.encrypted or member.method not in (STORED, DEFLATED):
        raise refusals.damaged(source.name, f"its member {member.name!r} is packed in an unknown way")
    if member.method == DEFLATED:
        # One byte more than promised is enough to see that the promise was wrong.
        raw = zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, member.size + 1)
    if len(raw) != member.size or zlib.crc32(raw) != member.crc32:
        raise refusals.damaged(
            source.name, f"its member {member.name!r} does not unpack to what it should be"
        )
    return raw


def _array(file_name: str, raw: bytes) -> NDArray[np.generic]:
    """A ``.npy`` file in memory, its shape checked against its bytes."""
    stream = io.BytesIO(raw)
    if not raw.startswith(numpy_files.MAGIC):
        raise refusals.damaged(file_name, "one of its members is no NumPy array")
    version = np.lib.format.read_magic(stream)
    read_header = (
        np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read_header(stream)
    if dtype.hasobject:
        raise refusals.hostile(file_name, "holds an array of Python objects, not of numbers")
    if dtype.kind not in "fiubU" or dtype.itemsize > _LONGEST_TEXT:
        raise InputError(f"{file_name} holds values of type {dtype}, not numbers.", hint=WHAT_ARRAYS_OPEN)
    start = stream.tell()
    count = 1
    for length in shape:
        count *= length
    if count * dtype.itemsize > len(raw) - start:
        raise refusals.cut_short(file_name)
    values = np.frombuffer(raw, dtype, count=count, offset=start)
    return cast("NDArray[np.generic]", values.reshape(shape, order="F" if fortran else "C"))


def _tree(source: Source, tree: object, format: FileFormat) -> ArrayFile:
    """Arrays of a tree of dicts and lists; tensors of numbers that are not floats are left out."""
    from latent_studio.checkpoints.tensors import DTYPES, read_tensors

    records: dict[str, TensorRecord] = {}
    texts: dict[str, str] = {}
    for name, leaf in _leaves(tree):
        if len(records) + len(texts) > _MOST_ARRAYS:
            raise refusals.damaged(source.name, f"it holds more than {_MOST_ARRAYS} values")
        if isinstance(leaf, TensorRecord):
            if leaf.storage.dtype in DTYPES:
                records[name] = leaf
        elif isinstance(leaf, str | int | float):
            texts[name] = refusals.printable(str(leaf), at_most=_LONGEST_TEXT)
    tensors = read_tensors(records, source, report=lambda _done: None)
    arrays = {name: cast("NDArray[np.generic]", tensor.float().numpy()) for name, tensor in tensors.items()}
    return ArrayFile(source.name, format, arrays, texts)


def _leaves(tree: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    if len(path) > _DEEPEST:
        return
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from _leaves(value, (*path, str(index)))
    else:
        yield ".".join(path), tree
