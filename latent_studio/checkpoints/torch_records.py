"""What pickles say about torch tensors, kept as records and checked against the bytes that are there.

Three containers share these records: storages nested in an NVIDIA pickle, torch's old stream and torch's zip.
Nothing here imports torch; :mod:`latent_studio.checkpoints.tensors` makes tensors of the records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.checkpoints.foreign import Foreign, Record

if TYPE_CHECKING:
    from latent_studio.checkpoints.source import ByteRange

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


#: Tensors saved from a graphics card may say so in the class; the numbers are the same.
STORAGE_NAMES = tuple(
    Foreign(f"{module}.{kind}") for module in ("torch", "torch.cuda") for kind in STORAGE_KINDS
)


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


def same_storage(known: StorageRecord, again: StorageRecord) -> StorageRecord:
    """``known``, if the second description of the same storage agrees with it."""
    if (known.dtype, known.numel) != (again.dtype, again.numel):
        raise ValueError("a storage is described in two ways")
    return known
