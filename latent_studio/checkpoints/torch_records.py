"""What pickles say about torch tensors, kept as records and checked against the bytes that are there.

Three containers share these records: storages nested in an NVIDIA pickle, torch's old stream and torch's zip.
Nothing here imports torch; :mod:`latent_studio.checkpoints.tensors` makes tensors of the records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.foreign import PLAIN_NAMES, Foreign, Record
from latent_studio.checkpoints.safe_pickle import Limits, Machine
from latent_studio.checkpoints.source import ByteRange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.source import Source

MOST_TENSORS = 20_000
MOST_DIMENSIONS = 8
_LARGEST_NUMBER = 1 << 48

#: Element kinds by the name of torch's storage class: torch's dtype name and bytes per element.
STORAGE_KINDS = {
    "FloatStorage": ("float32", 4),
    "DoubleStorage": ("float64", 8),
    "HalfStorage": ("float16", 2),
    "BFloat16Storage": ("bfloat16", 2),
    "LongStorage": ("int64", 8),
    "IntStorage": ("int32", 4),
    "ShortStorage": ("int16", 2),
    "CharStorage": ("int8", 1),
    "ByteStorage": ("uint8", 1),
    "BoolStorage": ("bool", 1),
}

# First thing in every old torch stream: the integer 0x1950a86a20f9469cfc6c, then the stream's version.
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001
# The five small pickles around one nested storage take 55 steps together.
_HEADER_LIMITS = Limits(opcodes=200, containers=60, marks=20, text_bytes=4096, total_text_bytes=8192)


@dataclass(slots=True, eq=False)
class StorageRecord(Record):
    """A run of numbers in the file.

    Attributes:
        dtype: torch's name, such as ``"float32"``.
        itemsize: bytes per number.
        numel: how many numbers the file says there are.
        data: where they are; ``None`` until the place is known.
    """

    dtype: str
    itemsize: int
    numel: int
    data: ByteRange | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TensorRecord(Record):
    """A view of a storage; its shape has been checked to fit, and no number is shown twice.

    Attributes:
        storage: the numbers.
        offset: index of the first.
        shape: per dimension.
        stride: in numbers, per dimension.
    """

    storage: StorageRecord
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def numel(self) -> int:
        """How many numbers it shows."""
        count = 1
        for length in self.shape:
            count *= length
        return count

    @property
    def span(self) -> int:
        """Distance in numbers from its first to behind its last one."""
        if self.numel == 0:
            return 0
        return 1 + sum((length - 1) * step for length, step in zip(self.shape, self.stride, strict=True))


class TorchNames:
    """Answers the names with which one file describes its tensors.

    Args:
        source: the file.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._nested: dict[int, StorageRecord] = {}
        self._tensors = 0
        self.names: tuple[Foreign, ...] = (
            *PLAIN_NAMES,
            Foreign("torch._utils._rebuild_tensor_v2", called=self._tensor),
            Foreign("torch._utils._rebuild_parameter", called=self._parameter),
            Foreign("torch.storage._load_from_bytes", called=self._nested_storage),
            Foreign("torch.Size", called=_as_size),
            Foreign("torch.device", called=_as_device),
            *(Foreign(f"torch.{dtype}") for dtype, _itemsize in STORAGE_KINDS.values()),
            *STORAGE_NAMES,
        )

    def _tensor(self, args: tuple[object, ...]) -> TensorRecord:
        if len(args) not in (6, 7):
            raise ValueError(f"a tensor is described by {len(args)} values")
        storage, offset, shape, stride, requires_grad, hooks = args[:6]
        if not isinstance(storage, StorageRecord):
            raise ValueError(f"a tensor is made from a {type(storage).__name__}")
        if not isinstance(requires_grad, bool) or not isinstance(hooks, dict):
            raise ValueError("a tensor's description is out of order")
        self._tensors += 1
        if self._tensors > MOST_TENSORS:
            raise ValueError(f"it holds more than {MOST_TENSORS} tensors")
        return checked_view(storage, offset=offset, shape=shape, stride=stride)

    @staticmethod
    def _parameter(args: tuple[object, ...]) -> TensorRecord:
        tensor = args[0] if args else None
        if not isinstance(tensor, TensorRecord):
            raise ValueError("a parameter is made from something that is no tensor")
        return tensor

    def _nested_storage(self, args: tuple[object, ...]) -> StorageRecord:
        data = args[0] if args else None
        if not isinstance(data, ByteRange):
            raise ValueError("a nested storage is no byte string")
        known = self._nested.get(data.start)
        if known is not None:
            return known
        if len(self._nested) >= MOST_TENSORS:
            raise ValueError(f"it holds more than {MOST_TENSORS} tensors")
        found = read_legacy_stream(data, names=STORAGE_VOCABULARY, limits=_HEADER_LIMITS)
        if not isinstance(found, StorageRecord):
            raise ValueError(f"a nested storage holds a {type(found).__name__}")
        self._nested[data.start] = found
        return found


def _as_size(args: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], list | tuple) else ()


def _as_device(args: tuple[object, ...]) -> str:
    return str(args[0]) if args and isinstance(args[0], str) else ""


#: Tensors saved from a graphics card may say so in the class; the numbers are the same.
STORAGE_NAMES = tuple(
    Foreign(f"{module}.{kind}") for module in ("torch", "torch.cuda") for kind in STORAGE_KINDS
)
STORAGE_VOCABULARY = {foreign.name: foreign for foreign in (*PLAIN_NAMES, *STORAGE_NAMES)}


def checked_view(storage: StorageRecord, *, offset: object, shape: object, stride: object) -> TensorRecord:
    """A view that lies within its storage and shows no number twice.

    Raises:
        ValueError: it does not. A shape of 10⁶ × 10⁶ with stride 0 on one number would otherwise load, and
            ask for terabytes at the first copy.
    """
    if not isinstance(shape, tuple) or not isinstance(stride, tuple) or len(shape) != len(stride):
        raise ValueError("a tensor's shape and strides do not belong together")
    if len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"a tensor has {len(shape)} dimensions")
    view = TensorRecord(
        storage=storage,
        offset=_checked_number(offset),
        shape=tuple(_checked_number(length) for length in shape),
        stride=tuple(_checked_number(step) for step in stride),
    )
    if view.offset + view.span > storage.numel:
        raise ValueError(
            f"a tensor of shape {_shape_text(view.shape)} does not fit its {storage.numel} stored numbers"
        )
    reach = 1
    for step, length in sorted(zip(view.stride, view.shape, strict=True)):
        if length > 1 and step < reach:
            raise ValueError(
                f"a tensor of shape {_shape_text(view.shape)} repeats the same stored numbers (stride {step})"
            )
        reach = max(reach, step * length)
    return view


def _checked_number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_NUMBER:
        raise ValueError("a tensor has an impossible size, stride or offset")
    return value


def _shape_text(shape: tuple[int, ...]) -> str:
    return " × ".join(str(length) for length in shape) or "1"


def storage_from_reference(reference: object) -> tuple[StorageRecord, str]:
    """Read the persistent id with which torch refers to a storage.

    Returns:
        the storage, without its place, and its key in the file.

    Raises:
        ValueError: it refers to something else.
    """
    if not isinstance(reference, tuple) or len(reference) not in (5, 6) or reference[0] != "storage":
        raise ValueError("it refers to data outside of itself that is no storage")
    _tag, cls, key, _location, numel = reference[:5]
    if len(reference) == 6 and reference[5] is not None:
        raise ValueError("a storage is part of another one")
    if not isinstance(cls, Foreign) or cls.name.rpartition(".")[2] not in STORAGE_KINDS:
        raise ValueError("a storage is of an unknown kind")
    if not isinstance(key, str) or type(numel) is not int or not 0 <= numel <= _LARGEST_NUMBER:
        raise ValueError("a storage's description is out of order")
    dtype, itemsize = STORAGE_KINDS[cls.name.rpartition(".")[2]]
    return StorageRecord(dtype=dtype, itemsize=itemsize, numel=numel), key


def read_legacy_stream(data: ByteRange, *, names: Mapping[str, Foreign], limits: Limits) -> object:
    """Read torch's old format: four pickles, a list of storage keys, then the storages one after another.

    Args:
        data: where the stream is.
        names: the closed list for its object.
        limits: for each of the pickles.

    Returns:
        the object, its storages placed.

    Raises:
        UnsafeCheckpointError: it asks for a name that is not on the list.
        CorruptFileError: it is damaged.
    """
    source = data.source
    end = data.start + data.length
    storages: dict[str, StorageRecord] = {}

    def refer(reference: object) -> StorageRecord:
        storage, key = storage_from_reference(reference)
        return same_storage(storages.setdefault(key, storage), storage)

    position = data.start
    parts = []
    for step in range(5):
        machine = Machine(
            ByteRange(source, position, end - position),
            names=names if step == 3 else {},
            persistent=refer if step == 3 else None,
            limits=limits,
        )
        parts.append(machine.load())
        position = machine.position
        if step == 0 and parts[0] != LEGACY_MAGIC:
            raise refusals.damaged(source.name, "a nested storage does not start like one")
    _magic, version, system, found, keys = parts
    if version != _LEGACY_VERSION:
        raise refusals.damaged(source.name, "a torch stream has an unknown version")
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise refusals.damaged(source.name, "a torch stream is not in little-endian order")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise refusals.damaged(source.name, "a torch stream does not list its storages")
    if len(keys) != len(storages) or set(keys) != set(storages):
        raise refusals.damaged(source.name, "a torch stream does not list its storages")
    for key in keys:
        storage = storages[key]
        if end - position < 8 or int.from_bytes(source.read(position, 8), "little") != storage.numel:
            raise refusals.damaged(source.name, "a storage's size does not match its description")
        length = storage.numel * storage.itemsize
        position += 8
        if length > end - position:
            raise refusals.cut_short(source.name)
        storage.data = ByteRange(source, position, length)
        position += length
    return found


def same_storage(known: StorageRecord, again: StorageRecord) -> StorageRecord:
    """``known``, if the second description of the same storage agrees with it."""
    if (known.dtype, known.numel) != (again.dtype, again.numel):
        raise ValueError("a storage is described in two ways")
    return known
