"""Networks in NVIDIA's pickles: modules rebuilt from their saved attributes, kept as records.

The official loader runs the source text that each of these objects carries. Here that text is dropped unread.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.foreign import Foreign, ForeignObject, Record, as_dict, vocabulary
from latent_studio.checkpoints.numpy_records import NumpyNames
from latent_studio.checkpoints.safe_pickle import Machine
from latent_studio.checkpoints.source import ByteRange
from latent_studio.checkpoints.torch_names import TorchNames
from latent_studio.checkpoints.torch_records import TensorRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from latent_studio.checkpoints.source import Source

TENSORFLOW_NETWORK = "dnnlib.tflib.network.Network"

_MOST_MODULES = 4096
_DEEPEST_MODULE = 32
_NAME = re.compile(r"\w{1,64}")


class ModuleRecord(Record):
    """A torch module as the file describes it.

    Attributes:
        class_name: of the module, without its package.
        attributes: what the module's ``__dict__`` held.
    """

    __slots__ = ("attributes", "class_name")

    def __init__(self, class_name: str, attributes: Mapping[object, object]) -> None:
        self.class_name = class_name
        self.attributes = attributes

    def children(self) -> dict[str, ModuleRecord]:
        """Direct submodules by name.

        Raises:
            ValueError: one of them is something else, or has no proper name.
        """
        found = {}
        for name, child in self._table("_modules").items():
            if child is None:
                continue
            if not isinstance(child, ModuleRecord):
                raise ValueError(f"the module {name!r} is a {type(child).__name__}")
            found[name] = child
        return found

    def own_tensors(self) -> dict[str, TensorRecord]:
        """Parameters and the buffers that belong to the weights, by name.

        Raises:
            ValueError: one of them is something else, or has no proper name.
        """
        scratch = self.attributes.get("_non_persistent_buffers_set")
        skipped = scratch if isinstance(scratch, set) else set()
        found = {}
        for name, tensor in [*self._table("_parameters").items(), *self._table("_buffers").items()]:
            if tensor is None or name in skipped:
                continue
            if not isinstance(tensor, TensorRecord):
                raise ValueError(f"the tensor {name!r} is a {type(tensor).__name__}")
            if name in found:
                raise ValueError(f"the tensor {name!r} is there twice")
            found[name] = tensor
        return found

    def _table(self, kind: str) -> dict[str, object]:
        table = self.attributes.get(kind, {})
        if not isinstance(table, dict):
            raise ValueError(f"a module's {kind} is a {type(table).__name__}")
        for name in table:
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise ValueError("a module or tensor has an impossible name")
        return table


def walk(root: ModuleRecord) -> Iterator[tuple[str, ModuleRecord]]:
    """All modules below and including ``root`` with their dotted names, parents first.

    Raises:
        ValueError: they are nested without end, or too many.
    """
    seen = 0
    waiting = [("", root, 0)]
    while waiting:
        path, module, depth = waiting.pop()
        seen += 1
        if seen > _MOST_MODULES or depth > _DEEPEST_MODULE:
            raise ValueError("its network has too many modules, or one contains itself")
        yield path, module
        children = [
            (f"{path}.{name}" if path else name, child, depth + 1)
            for name, child in module.children().items()
        ]
        waiting.extend(reversed(children))


def collect_tensors(root: ModuleRecord) -> dict[str, TensorRecord]:
    """Parameters and persistent buffers of a network by dotted name, as ``state_dict`` would list them."""
    return {
        f"{path}.{name}" if path else name: tensor
        for path, module in walk(root)
        for name, tensor in module.own_tensors().items()
    }


def read_nvidia_pickle(source: Source) -> object:
    """Read the object in a raw pickle; networks are :class:`ModuleRecord`, tensors are records.

    Raises:
        UnsafeCheckpointError: it asks for a name that is not on the list.
        CorruptFileError: it is damaged.
    """

    def rebuild(args: tuple[object, ...]) -> ModuleRecord:
        meta = args[0] if args else None
        if not isinstance(meta, dict) or meta.get("type") != "class":
            raise ValueError("a network's description is out of order")
        class_name, state = meta.get("class_name"), meta.get("state")
        if not isinstance(class_name, str) or not isinstance(state, dict):
            raise ValueError("a network has no class name or no state")
        return ModuleRecord(refusals.printable(class_name), state)

    names = vocabulary(
        (
            *TorchNames(source).names,
            *NumpyNames(source).names,
            Foreign("torch_utils.persistence._reconstruct_persistent_obj", called=rebuild),
            Foreign("dnnlib.util.EasyDict", called=as_dict, created=as_dict),
            Foreign(TENSORFLOW_NETWORK, created=lambda _args: ForeignObject(TENSORFLOW_NETWORK)),
        )
    )
    return Machine(ByteRange(source, 0, source.size), names=names).load()
