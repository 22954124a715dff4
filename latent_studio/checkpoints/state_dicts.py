"""State dicts in ``.pt`` and ``.pth`` files: which one is the generator, and whose key names it has.

Every training program names and arranges its tensors in its own way. A :class:`Layout` knows one such way;
the list of them is :mod:`latent_studio.checkpoints.layouts`. Names and shapes alone decide which one it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from latent_studio.checkpoints import refusals
from latent_studio.checkpoints.found import Found
from latent_studio.checkpoints.settings_beside import read_settings
from latent_studio.checkpoints.tensors import DTYPES
from latent_studio.checkpoints.torch_records import TensorRecord
from latent_studio.core.errors import MissingWeightsError, UnknownFormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.source import Source

#: What training programs call the average of a generator over training, in lower case.
AVERAGED = frozenset(
    {
        "g_ema",
        "g_running",
        "avgg",
        "generator_ema",
        "generator_smooth",
        "gen_ema",
        "netg_ema",
        "params_ema",
        "ema",
    }
)
#: What they call the generator itself, as a key of the file or as the first part of tensor names.
GENERATORS = frozenset(
    {"g", "generator", "gen", "netg", "model", "network", "state_dict", "params", "decoder"}
)
#: Networks that cannot be a generator, however much their tensors look like one.
OTHERS = frozenset({"d", "discriminator", "dis", "netd", "d_ema", "discriminator_ema"})

_WRAPPER = "module."
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Converted:
    """A generator in the catalogue's own key names.

    Attributes:
        tensors: contiguous, never two of the same memory.
        options: what shapes cannot tell; those left out have the family's default.
        notes: what was chosen while converting, one sentence each.
    """

    tensors: Mapping[str, Tensor]
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """One program's way to name the tensors of a family.

    Attributes:
        name: what :class:`~latent_studio.checkpoints.checkpoint.Provenance` calls the format.
        family: architecture id in the generator catalogue.
        title: for people.
        matches: whether tensors of these names and shapes are arranged so. Asks for the few names that give
            the layout away and no more, so that a missing or misshapen tensor is reported by name.
        convert: renames and rearranges; raises ``MissingWeightsError`` by way of :class:`StateDict`.
        beside: tensors that the file keeps next to the state dict and that belong to the generator.
        unread: tensors without meaning, left in the file.
        settings: files in the same folder that may hold what the program keeps out of its weights.
    """

    name: str
    family: str
    title: str
    matches: Callable[[Mapping[str, tuple[int, ...]]], bool]
    convert: Callable[[StateDict], Converted]
    beside: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


class StateDict:
    """Tensors of one network by the file's names, each to be taken once.

    Args:
        tensors: CPU, float32 or float16, contiguous; a layout may give them on as they are. Emptied as they
            are taken, so that what has been converted need not stay in memory.
        file_name: for error messages.
        settings: the name of the settings file beside it, and what that says; empty where there is none.
    """

    def __init__(
        self,
        tensors: dict[str, Tensor],
        *,
        file_name: str,
        settings: tuple[str, Mapping[str, object]] = ("", {}),
    ) -> None:
        self.settings_name, self.settings = settings
        self._left = tensors
        self._shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        self._file_name = file_name

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Every tensor's shape, also of those already taken."""
        return self._shapes

    def __contains__(self, name: str) -> bool:
        """Whether the file has such a tensor."""
        return name in self._shapes

    def shape(self, name: str, *, ndim: int) -> tuple[int, ...]:
        """The shape of a tensor that other sizes are read from.

        Raises:
            MissingWeightsError: there is none, or it has not ``ndim`` dimensions or an empty one.
        """
        shape = self._shapes.get(name)
        if shape is None:
            raise self._missing(name)
        if len(shape) != ndim or 0 in shape:
            raise MissingWeightsError(
                f"{self._file_name} has {refusals.quoted(name)} with shape {shape_text(shape)};"
                f" expected {ndim} dimensions.",
                hint=refusals.WHAT_OPENS,
            )
        return shape

    def take(self, name: str, shape: Sequence[int]) -> Tensor:
        """A tensor, which must have this shape.

        Raises:
            MissingWeightsError: it is not there, or has another shape.
        """
        tensor = self.look(name, shape)
        del self._left[name]
        return tensor

    def look(self, name: str, shape: Sequence[int]) -> Tensor:
        """As ``take``, but the tensor may be taken again; leave it by ``ignore`` in the end."""
        found = self._shapes.get(name)
        if found is None:
            raise self._missing(name)
        if found != tuple(shape):
            raise MissingWeightsError(
                f"{self._file_name} has {refusals.quoted(name)} with shape {shape_text(found)};"
                f" expected {shape_text(shape)}.",
                hint="The file was put together from parts that do not fit, or was changed by hand.",
            )
        return self._left[name]

    def ignore(self, pattern: str) -> None:
        """Leave out the tensors whose whole name the regular expression matches."""
        expression = re.compile(pattern)
        for name in [name for name in self._left if expression.fullmatch(name)]:
            del self._left[name]

    def finish(self) -> None:
        """Make sure that every tensor was taken or ignored.

        Raises:
            MissingWeightsError: some fit nothing.
        """
        if self._left:
            raise MissingWeightsError(
                f"{self._file_name} has tensors that fit nothing in this kind of generator:"
                f" {refusals.list_names(sorted(self._left))}.",
                hint="It may belong to a variant that this version does not know.",
            )

    def refuse(self, reason: str) -> UnknownFormatError:
        """An error about what cannot be read; ``reason`` ends the sentence that the file's name begins."""
        return refusals.unknown(self._file_name, reason)

    def _missing(self, name: str) -> MissingWeightsError:
        return MissingWeightsError(
            f"{self._file_name} has no tensor {refusals.quoted(name)}, which this kind of generator needs.",
            hint="The file may be incomplete, or belong to a variant that this version does not know.",
        )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Tensors that may be a generator.

    Attributes:
        path: keys of the file, then first parts of names, that lead to them.
        tensors: by the names that are left.
        around: tensors of the dicts on the way.
        others: keys beside the path.
    """

    path: tuple[str, ...]
    tensors: Mapping[str, TensorRecord]
    around: Mapping[str, TensorRecord]
    others: tuple[str, ...]

    @property
    def averaged(self) -> bool:
        return any(part.lower() in AVERAGED for part in self.path)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tensor.shape for name, tensor in self.tensors.items()}


def read_state_dict(tree: object, source: Source, *, layouts: Iterable[Layout]) -> Found:
    """Find the generator among what a torch file holds. No numbers are read.

    Args:
        tree: the object in the file.
        source: the file.
        layouts: whose key names are known; the first that matches is taken.

    Raises:
        UnknownFormatError: no state dict in it has names of a known layout.
    """
    known = tuple(layouts)
    candidates = list(_candidates(tree)) if isinstance(tree, dict) else []
    for candidate in sorted(candidates, key=lambda one: not one.averaged):
        shapes = candidate.shapes
        for layout in known:
            if layout.matches(shapes):
                return _found(candidate, layout, source)
    raise _unknown_layout(tree, candidates, source)


def shape_text(shape: Sequence[int]) -> str:
    """A shape as it may be shown."""
    return " × ".join(str(length) for length in shape) or "a single number"


def _candidates(
    tree: Mapping[object, object],
    path: tuple[str, ...] = (),
    around: Mapping[str, TensorRecord] | None = None,
    others: tuple[str, ...] = (),
    seen: set[int] | None = None,
) -> Iterator[_Candidate]:
    """All state dicts in a file, those higher up first. A dict is looked into once, and not without end."""
    seen = set() if seen is None else seen
    seen.add(id(tree))
    tensors = {
        key: value
        for key, value in tree.items()
        # Counters and indices of layers are whole numbers; weights never are.
        if isinstance(key, str) and isinstance(value, TensorRecord) and value.storage.dtype in DTYPES
    }
    inner = {key: value for key, value in tree.items() if isinstance(key, str) and isinstance(value, dict)}
    if tensors:
        yield from _by_prefix(_Candidate(path, tensors, around or {}, others))
    if len(path) >= _DEEPEST:
        return
    for key, value in inner.items():
        if key.lower() in OTHERS or id(value) in seen:
            continue
        beside = tuple(other for other in tree if isinstance(other, str) and other != key)
        yield from _candidates(value, (*path, key), {**(around or {}), **tensors}, others + beside, seen)


def _by_prefix(candidate: _Candidate, depth: int = 0) -> Iterator[_Candidate]:
    """A state dict, and the networks in it whose names begin with a generator's name."""
    tensors = candidate.tensors
    if all(name.startswith(_WRAPPER) for name in tensors):
        tensors = {name.removeprefix(_WRAPPER): tensor for name, tensor in tensors.items()}
    yield _Candidate(candidate.path, tensors, candidate.around, candidate.others)
    if depth >= _DEEPEST:
        return
    groups: dict[str, dict[str, TensorRecord]] = {}
    for name, tensor in tensors.items():
        first, dot, rest = name.partition(".")
        if dot:
            groups.setdefault(first, {})[rest] = tensor
    for first, group in groups.items():
        if first.lower() in AVERAGED | GENERATORS:
            beside = tuple(other for other in groups if other != first)
            alone = {name: tensor for name, tensor in tensors.items() if "." not in name}
            yield from _by_prefix(
                _Candidate(
                    (*candidate.path, first),
                    group,
                    {**candidate.around, **alone},
                    candidate.others + beside,
                ),
                depth + 1,
            )


def _found(candidate: _Candidate, layout: Layout, source: Source) -> Found:
    beside = {name: candidate.around[name] for name in layout.beside if name in candidate.around}
    others = [other for other in candidate.others if other not in beside]
    notes = []
    if candidate.path:
        ignored = f"; ignored {refusals.list_names(others)}" if others else ""
        notes.append(f"Took {refusals.list_names(['.'.join(candidate.path)])}{ignored}.")
    file_name, path = source.name, source.path

    def convert(tensors: dict[str, Tensor]) -> Converted:
        settings = read_settings(path, layout.settings)
        return layout.convert(StateDict(tensors, file_name=file_name, settings=settings))

    return Found(
        format=layout.name,
        family=layout.family,
        tensors={
            name: record
            for name, record in {**beside, **candidate.tensors}.items()
            if name not in layout.unread
        },
        options={},
        notes=tuple(notes),
        averaged=_is_averaged(candidate),
        convert=convert,
    )


def _is_averaged(candidate: _Candidate) -> bool | None:
    """Known where the file's own names say so."""
    if candidate.averaged:
        return True
    named = {part.lower() for part in candidate.path}
    # What stands beside an average without being it is the network in training.
    beside = {other.lower() for other in candidate.others}
    return False if named & GENERATORS and beside & AVERAGED else None


def _unknown_layout(tree: object, candidates: Sequence[_Candidate], source: Source) -> UnknownFormatError:
    what = f"is a PyTorch file with {refusals.describe_tree(tree)}"
    largest = max(candidates, key=lambda one: len(one.tensors), default=None)
    if largest is None:
        return refusals.unknown(source.name, f"{what}, in which there are no named tensors")
    example = refusals.printable(next(iter(largest.tensors)), at_most=60)
    return refusals.unknown(
        source.name, f"{what}, a layout this version does not read; one of its tensors is named {example!r}"
    )
