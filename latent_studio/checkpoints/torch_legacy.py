"""Torch's old format: a stream of five pickles, then the storages one after another.

It is the inside of old ``.pt`` files, and NVIDIA's pickles hold one such stream for each storage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.safe_pickle import Limits, Machine
from latent_studio.checkpoints.source import ByteRange
from latent_studio.checkpoints.torch_records import StorageRecord, same_storage, storage_from_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latent_studio.checkpoints.foreign import Foreign
    from latent_studio.checkpoints.source import Source

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_LONGEST_OPENING = 512


class LegacyReader:
    """Reads old torch streams of one file.

    Args:
        source: the file.
        names: the closed list for the object in a stream.
        limits: for each of a stream's pickles.
    """

    def __init__(self, source: Source, *, names: Mapping[str, Foreign], limits: Limits | None = None) -> None:
        self._source = source
        self._names = names
        self._limits = limits
        self._opening = b""

    def read(self, data: ByteRange) -> object:
        """Read the object in a stream; its storages are records with their place in the file.

        Raises:
            UnsafeCheckpointError: it asks for a name that is not on the list.
            CorruptFileError: it is damaged.
        """
        end = data.start + data.length
        storages: dict[str, StorageRecord] = {}

        def refer(reference: object) -> StorageRecord:
            storage, key = storage_from_reference(reference)
            return same_storage(storages.setdefault(key, storage), storage)

        position = self._skip_opening(data)
        found, position = self._pickle(position, end, names=self._names, persistent=refer)
        keys, position = self._pickle(position, end)
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise refusals.damaged(self._source.name, "a torch stream does not list its storages")
        if len(keys) != len(storages) or set(keys) != set(storages):
            raise refusals.damaged(self._source.name, "a torch stream does not list its storages")
        for key in keys:
            position = self._place(storages[key], position, end)
        return found

    def _pickle(
        self,
        position: int,
        end: int,
        *,
        names: Mapping[str, Foreign] | None = None,
        persistent: Callable[[object], object] | None = None,
    ) -> tuple[object, int]:
        machine = Machine(
            ByteRange(self._source, position, end - position),
            names=names or {},
            persistent=persistent,
            limits=self._limits,
        )
        return machine.load(), machine.position

    def _skip_opening(self, data: ByteRange) -> int:
        """Check magic number, version and byte order; give the offset behind them.

        All streams of a file open with the same bytes, so from the second on it is enough to compare.
        """
        if self._opening and data.length > len(self._opening):
            if self._source.read(data.start, len(self._opening)) == self._opening:
                return data.start + len(self._opening)
        end = data.start + data.length
        magic, position = self._pickle(data.start, end)
        if magic != _MAGIC:
            raise refusals.damaged(self._source.name, "a torch stream does not start like one")
        version, position = self._pickle(position, end)
        if version != _VERSION:
            raise refusals.damaged(self._source.name, "a torch stream has an unknown version")
        system, position = self._pickle(position, end)
        if not isinstance(system, dict) or system.get("little_endian") is not True:
            raise refusals.damaged(self._source.name, "a torch stream is not in little-endian order")
        if position - data.start <= _LONGEST_OPENING:
            self._opening = self._source.read(data.start, position - data.start)
        return position

    def _place(self, storage: StorageRecord, position: int, end: int) -> int:
        """Find out where a storage's numbers are; give the offset behind them."""
        if end - position < 8:
            raise refusals.cut_short(self._source.name)
        if int.from_bytes(self._source.read(position, 8), "little") != storage.numel:
            raise refusals.damaged(self._source.name, "a storage's size does not match its description")
        length = storage.numel * storage.itemsize
        if length > end - position - 8:
            raise refusals.cut_short(self._source.name)
        storage.data = ByteRange(self._source, position + 8, length)
        return position + 8 + length
