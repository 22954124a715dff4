"""The names with which torch describes tensors in a pickle, and what answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints.foreign import PLAIN_NAMES, Foreign, vocabulary
from latent_studio.checkpoints.safe_pickle import Limits
from latent_studio.checkpoints.source import ByteRange
from latent_studio.checkpoints.torch_legacy import LegacyReader
from latent_studio.checkpoints.torch_records import (
    MOST_TENSORS,
    STORAGE_KINDS,
    STORAGE_NAMES,
    StorageRecord,
    TensorRecord,
    checked_view,
)

if TYPE_CHECKING:
    from latent_studio.checkpoints.source import Source

_STORAGE_VOCABULARY = vocabulary((*PLAIN_NAMES, *STORAGE_NAMES))
# Each of the five small pickles around a nested storage takes a few dozen steps.
_NESTED_LIMITS = Limits(opcodes=100, containers=30, marks=10, text_bytes=4096, total_text_bytes=8192)


class TorchNames:
    """Answers the names with which one file describes its tensors.

    Args:
        source: the file.
    """

    def __init__(self, source: Source) -> None:
        self._nested: dict[int, StorageRecord] = {}
        self._nested_reader = LegacyReader(source, names=_STORAGE_VOCABULARY, limits=_NESTED_LIMITS)
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
        found = self._nested_reader.read(data)
        if not isinstance(found, StorageRecord):
            raise ValueError(f"a nested storage holds a {type(found).__name__}")
        self._nested[data.start] = found
        return found


def _as_size(args: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], list | tuple) else ()


def _as_device(args: tuple[object, ...]) -> str:
    return str(args[0]) if args and isinstance(args[0], str) else ""
