"""StyleGAN2 in NVIDIA's pickles, as stylegan2-ada-pytorch and the stylegan3 repository write it.

Tensor names are those of the catalogue already; what is left is to find the options in the modules'
attributes, which both repositories keep under the same names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from latent_studio.checkpoints import stylegan2
from latent_studio.checkpoints.nvidia_attributes import common, flag, positive, text
from latent_studio.checkpoints.nvidia_records import walk

if TYPE_CHECKING:
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
    clamp = common(clamped, "conv_clamp", default=None)
    multiplier = common(mapping, "bias_gain", default=stylegan2.DEFAULTS["mapping_lr_multiplier"])
    return {
        "architecture": text(common(blocks, "architecture", default="skip"), "architecture"),
        "activation": text(common(convs, "activation", default="lrelu"), "activation"),
        "mapping_activation": text(common(mapping, "activation", default="lrelu"), "activation"),
        "mapping_lr_multiplier": positive(multiplier, "mapping_lr_multiplier"),
        "conv_clamp": None if clamp is None else positive(clamp, "conv_clamp"),
        "use_noise": flag(common(convs, "use_noise", default=True), "use_noise"),
        "num_fp16_res": sum(attributes.get("use_fp16") is True for attributes in blocks),
    }
