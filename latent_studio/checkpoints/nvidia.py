"""NVIDIA's network pickles: which network in the file is taken, and which family it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.checkpoints import nvidia_stylegan2, nvidia_stylegan3, refusals, stylegan2, stylegan3
from latent_studio.checkpoints.foreign import ForeignObject
from latent_studio.checkpoints.found import Found
from latent_studio.checkpoints.nvidia_records import (
    TENSORFLOW_NETWORK,
    ModuleRecord,
    collect_tensors,
    read_nvidia_pickle,
)
from latent_studio.checkpoints.tensorflow_stylegan2 import read_tensorflow
from latent_studio.core.errors import MissingWeightsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.source import Source

FORMAT = "nvidia-pickle"

#: Networks to take, best first: the average over training gives better pictures than its last state.
_PREFERENCE = ("G_ema", "G")


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one family looks in NVIDIA's pickles."""

    family: str
    title: str
    recognise: Callable[[ModuleRecord], bool]
    read_options: Callable[[ModuleRecord], dict[str, OptionValue]] | None


# One row per family; those without a reader are recognised so that they can be refused by name.
_LAYOUTS = (
    _Layout(
        family=stylegan2.FAMILY,
        title="StyleGAN2",
        recognise=nvidia_stylegan2.is_stylegan2,
        read_options=nvidia_stylegan2.read_options,
    ),
    _Layout(
        family=stylegan3.FAMILY,
        title="StyleGAN3",
        recognise=nvidia_stylegan3.is_stylegan3,
        read_options=nvidia_stylegan3.read_options,
    ),
)


def read_nvidia(source: Source) -> Found:
    """Find the generator in a network pickle.

    Raises:
        UnsafeCheckpointError: the file asks for a name that is not on the list.
        UnknownFormatError: it holds no generator, or one of another family.
        MissingWeightsError: the generator has no weights.
        CorruptFileError: it is damaged.
    """
    tree = read_nvidia_pickle(source)
    try:
        return _find(tree, source)
    except ValueError as error:
        raise refusals.damaged(source.name, str(error)) from error


def _find(tree: object, source: Source) -> Found:
    if _is_tensorflow(tree):
        return read_tensorflow(tree, source)
    network, notes, averaged = _choose_network(tree, source)
    tensors = collect_tensors(network)
    if not tensors:
        raise MissingWeightsError(
            f"{source.name} holds a {refusals.quoted(network.class_name)} without any weights.",
            hint=refusals.WHAT_OPENS,
        )
    for layout in _LAYOUTS:
        if layout.recognise(network):
            if layout.read_options is None:
                raise refusals.unknown(
                    source.name, f"holds a {layout.title} generator, a family this version does not read"
                )
            return Found(
                format=FORMAT,
                family=layout.family,
                tensors=tensors,
                options=layout.read_options(network),
                notes=notes,
                averaged=averaged,
            )
    raise refusals.unknown(
        source.name,
        f"holds a network of class {refusals.quoted(network.class_name)}; "
        f"this version reads {' and '.join(layout.title for layout in _LAYOUTS)}",
    )


def _choose_network(tree: object, source: Source) -> tuple[ModuleRecord, tuple[str, ...], bool | None]:
    """The generator, what to say about the choice, and whether it is the average over training."""
    if isinstance(tree, ModuleRecord):
        return tree, ("The file is a single network.",), None
    if isinstance(tree, dict):
        for key in _PREFERENCE:
            network = tree.get(key)
            if isinstance(network, ModuleRecord):
                others = [str(other) for other in tree if isinstance(other, str) and other != key]
                return network, (_note(key, others),), key == _PREFERENCE[0]
    raise refusals.unknown(
        source.name, f"is a pickle without a generator: it holds {refusals.describe_tree(tree)}"
    )


def _note(taken: str, others: list[str]) -> str:
    average = "" if taken == _PREFERENCE[0] else "; there is no averaged G_ema"
    ignored = f"; ignored {refusals.list_names(others)}" if others else ""
    return f"Took {taken}{ignored}{average}."


def _is_tensorflow(tree: object) -> bool:
    networks = list(tree) if isinstance(tree, list | tuple) else [tree]
    return bool(networks) and all(
        isinstance(network, ForeignObject) and network.class_name == TENSORFLOW_NETWORK
        for network in networks
    )
