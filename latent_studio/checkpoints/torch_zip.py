"""Torch's zip format, the usual inside of ``.pt`` and ``.pth`` files."""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.foreign import Foreign, ForeignObject, vocabulary
from latent_studio.checkpoints.numpy_records import NumpyNames
from latent_studio.checkpoints.safe_pickle import Machine
from latent_studio.checkpoints.torch_names import TorchNames
from latent_studio.checkpoints.torch_records import StorageRecord, same_storage, storage_from_reference
from latent_studio.checkpoints.zip_index import STORED, read_members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.source import Source
    from latent_studio.checkpoints.zip_index import Member

_LARGEST_PICKLE = 64 << 20
#: What training programs keep their settings in, beside the weights.
_SETTINGS = ("argparse.Namespace", "models.utils.config.BaseConfig")


def torch_vocabulary(source: Source) -> Mapping[str, Foreign]:
    """The closed list for files that training scripts save with torch."""
    return vocabulary(
        (
            *TorchNames(source).names,
            *NumpyNames(source).names,
            *(Foreign(name, created=partial(_settings, name)) for name in _SETTINGS),
        )
    )


def read_torch_zip(source: Source) -> object:
    """Read the object in a torch zip; tensors are records with their place in the file.

    Raises:
        UnsafeCheckpointError: it asks for a name that is not on the list, or is a compiled program.
        UnknownFormatError: it is another kind of zip.
        CorruptFileError: it is damaged.
    """
    members = read_members(source)
    root = _root(members)
    if root is None:
        raise refusals.unknown(source.name, "is a zip file without a model in it")
    if _is_torchscript(members, root):
        raise refusals.hostile(source.name, "is a TorchScript archive, which carries its own program")
    for member in members.values():
        if member.method != STORED or member.encrypted:
            raise refusals.unknown(
                source.name, f"is packed in a way torch does not write (member {member.name!r})"
            )
    order = members.get(f"{root}/byteorder")
    if order is not None and order.data.read(at_most=16) != b"little":
        raise refusals.unknown(source.name, "was saved on a big-endian computer")
    program = members[f"{root}/data.pkl"]
    if zlib.crc32(program.data.read(at_most=_LARGEST_PICKLE)) != program.crc32:
        raise refusals.damaged(source.name, "the checksum of data.pkl is wrong")
    storages: dict[str, StorageRecord] = {}

    def refer(reference: object) -> StorageRecord:
        storage, key = storage_from_reference(reference)
        known = storages.setdefault(key, storage)
        if known is not storage:
            return same_storage(known, storage)
        member = members.get(f"{root}/data/{key}")
        if member is None:
            raise ValueError(f"the numbers of storage {key!r} are missing")
        if member.size != storage.numel * storage.itemsize:
            raise ValueError(
                f"storage {key!r} claims {storage.numel * storage.itemsize} bytes and has {member.size}"
            )
        storage.data = member.data
        return storage

    return Machine(program.data, names=torch_vocabulary(source), persistent=refer).load()


def _settings(name: str, _args: tuple[object, ...]) -> ForeignObject:
    return ForeignObject(name)


def _root(members: Mapping[str, Member]) -> str | None:
    """The folder in the zip that everything is in."""
    for name in members:
        folder, slash, last = name.partition("/")
        if slash and last == "data.pkl":
            return folder
    return None


def _is_torchscript(members: Mapping[str, Member], root: str) -> bool:
    return f"{root}/constants.pkl" in members or any(name.startswith(f"{root}/code/") for name in members)
