"""What a file must say about a DCGAN, and the layout of the PyTorch tutorial's ``nn.Sequential``.

Names of its tensors here: ``layer0.weight``, ``layer1.weight``, … with ``.bias`` where there is one, and
``layer0.norm.gain``, ``.bias``, ``.mean``, ``.var`` where a layer is normalised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from latent_studio.checkpoints.batch_norms import take_norm
from latent_studio.checkpoints.state_dicts import Converted, Layout

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.state_dicts import StateDict

FAMILY = "dcgan"

#: Option name to what PyTorch does when nothing is said.
#:
#: norm_eps: added to variances.
DEFAULTS: Mapping[str, OptionValue] = MappingProxyType({"norm_eps": 1e-5})

_LAYER = re.compile(r"layer(\d+)\.weight")
#: ``main.3.weight``: the list's name, which any author may choose, a place in it, and the tensor's name.
_ENTRY = re.compile(r"((?:\w{1,64}\.)?)(\d{1,3})\.(weight|bias|running_mean|running_var)")


def looks_like(names: Collection[str]) -> bool:
    """Whether tensors with these names are a DCGAN."""
    return {"layer0.weight", "layer1.weight", "layer0.norm.mean"} <= set(names)


def guess_options(names: Collection[str]) -> dict[str, OptionValue]:
    """The options that the tensors' names give away: none."""
    return {}


def describe(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """The facts that shapes tell, for readers of a file's header.

    Args:
        tensors: a whole DCGAN.

    Returns:
        ``z_dim``, ``c_dim``, ``resolution`` and ``channels``; only those whose tensors are there.
    """
    facts = {"c_dim": 0}
    weights = [tensors[name] for name in sorted(filter(_LAYER.fullmatch, tensors), key=_place)]
    if weights and all(weight.ndim == 4 for weight in weights):
        facts["z_dim"] = weights[0].shape[0]
        facts["channels"] = weights[-1].shape[1]
        facts["resolution"] = weights[0].shape[2] << (len(weights) - 1)
    return facts


def _place(name: str) -> int:
    match = _LAYER.fullmatch(name)
    return int(match[1]) if match else -1


@dataclass(frozen=True, slots=True)
class _Entries:
    """The places of a list that hold tensors.

    Attributes:
        prefix: before the places, such as ``"main."``.
        layers: places of transposed convolutions.
        norms: places of normalisations.
    """

    prefix: str
    layers: tuple[int, ...]
    norms: tuple[int, ...]


def _entries(shapes: Mapping[str, tuple[int, ...]]) -> _Entries | None:
    """What the list holds; ``None`` where other tensors are with them."""
    matches = [_ENTRY.fullmatch(name) for name in shapes]
    prefixes = {match[1] for match in matches if match}
    if len(prefixes) != 1 or None in matches:
        return None
    (prefix,) = prefixes
    places = sorted({int(match[2]) for match in matches if match})
    norms = tuple(
        place
        for place in places
        if f"{prefix}{place}.running_mean" in shapes or len(shapes.get(f"{prefix}{place}.weight", ())) == 1
    )
    return _Entries(prefix, tuple(place for place in places if place not in norms), norms)


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether it is a list that begins with a transposed convolution and its normalisation.

    A discriminator is a list too, but its convolutions count their channels the other way round.
    """
    entries = _entries(shapes)
    if entries is None or not entries.layers or not entries.norms:
        return False
    first = shapes.get(f"{entries.prefix}{entries.layers[0]}.weight", ())
    norm = shapes.get(f"{entries.prefix}{entries.norms[0]}.weight", ())
    return entries.layers[0] < entries.norms[0] and len(first) == 4 and norm == first[1:2]


def _convert(state: StateDict) -> Converted:
    entries = _entries(state.shapes)
    if entries is None:
        raise AssertionError("only what matches is converted")
    tensors = {}
    channels = 0
    for index, place in enumerate(entries.layers):
        name = f"{entries.prefix}{place}"
        shape = state.shape(f"{name}.weight", ndim=4)
        tensors[f"layer{index}.weight"] = state.take(f"{name}.weight", (channels or shape[0], *shape[1:]))
        channels = shape[1]
        if f"{name}.bias" in state:
            tensors[f"layer{index}.bias"] = state.take(f"{name}.bias", (channels,))
        following = entries.layers[index + 1] if index + 1 < len(entries.layers) else place + 2
        norm = next((norm for norm in entries.norms if place < norm < following), None)
        if norm is not None:
            theirs = f"{entries.prefix}{norm}"
            tensors |= take_norm(state, theirs, f"layer{index}.norm", channels=channels)
    state.finish()
    return Converted(tensors)


LAYOUT = Layout(
    name="pytorch-dcgan",
    family=FAMILY,
    title="DCGAN as in PyTorch's tutorial",
    matches=_matches,
    convert=_convert,
)
