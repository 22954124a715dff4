"""StyleGAN2 in NVIDIA's pickles, as stylegan2-ada-pytorch and the stylegan3 repository write it.

Tensor names are those of the catalogue already; what is left is to find the options in the modules'
attributes, which both repositories keep under the same names.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from latent_studio.checkpoints import stylegan2
from latent_studio.checkpoints.nvidia_records import walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.nvidia_records import ModuleRecord

_BLOCK = re.compile(r"b(\d{1,5})")


def is_stylegan2(network: ModuleRecord) -> bool:
    """Whether a generator is built of a mapping network and one synthesis block per resolution."""
    parts = network.children()
    if "synthesis" not in parts or "mapping" not in parts:
        return False
    blocks = parts["synthesis"].children()
    return "b4" in blocks and all(_BLOCK.fullmatch(name) for name in blocks)


def read_options(network: ModuleRecord) -> dict[str, OptionValue]:
    """The options of a StyleGAN2.

    Raises:
        ValueError: an option is missing, of another type, or not the same in all layers.
    """
    layers = [
        (path.split("."), module.attributes)
        for path, module in walk(network)
        if path.startswith(("synthesis.b", "mapping.fc"))
    ]
    blocks = [attributes for path, attributes in layers if path[0] == "synthesis" and len(path) == 2]
    convs = [attributes for path, attributes in layers if path[-1] in ("conv0", "conv1")]
    clamped = [attributes for path, attributes in layers if path[-1] in ("conv0", "conv1", "torgb")]
    mapping = [attributes for path, attributes in layers if path[0] == "mapping" and len(path) == 2]
    clamp = _common(clamped, "conv_clamp", default=None)
    multiplier = _common(mapping, "bias_gain", default=stylegan2.DEFAULTS["mapping_lr_multiplier"])
    return {
        "architecture": _text(_common(blocks, "architecture", default="skip"), "architecture"),
        "activation": _text(_common(convs, "activation", default="lrelu"), "activation"),
        "mapping_activation": _text(_common(mapping, "activation", default="lrelu"), "activation"),
        "mapping_lr_multiplier": _positive(multiplier, "mapping_lr_multiplier"),
        "conv_clamp": None if clamp is None else _positive(clamp, "conv_clamp"),
        "use_noise": _flag(_common(convs, "use_noise", default=True), "use_noise"),
        "num_fp16_res": sum(attributes.get("use_fp16") is True for attributes in blocks),
    }


def _common(
    layers: Sequence[Mapping[object, object]], attribute: str, *, default: OptionValue
) -> OptionValue:
    """The value that all layers have."""
    values: set[OptionValue] = set()
    for attributes in layers:
        value = attributes.get(attribute, default)
        if value is not None and not isinstance(value, bool | int | float | str):
            raise ValueError(f"a layer's {attribute} is a {type(value).__name__}")
        values.add(value)
    if len(values) > 1:
        raise ValueError(f"its layers differ in {attribute}")
    return values.pop() if values else default


def _text(value: OptionValue, name: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\w{1,32}", value):
        raise ValueError(f"its {name} is no name")
    return value


def _flag(value: OptionValue, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"its {name} is neither true nor false")
    return value


def _positive(value: OptionValue, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"its {name} is no number")
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"its {name} is {value}")
    return float(value)
