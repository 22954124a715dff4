"""StyleGAN3 in NVIDIA's pickles.

Tensor names are those of the catalogue already; what is left is to find the options in the modules'
attributes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from latent_studio.checkpoints.nvidia_attributes import common, positive, text, whole
from latent_studio.checkpoints.stylegan3 import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.nvidia_records import ModuleRecord

_LAYER = re.compile(r"L\d{1,4}_\d{1,6}_\d{1,6}")


def is_stylegan3(network: ModuleRecord) -> bool:
    """Whether a generator is built of a mapping network, a Fourier-feature input and layers in a row."""
    parts = network.children()
    if "synthesis" not in parts or "mapping" not in parts:
        return False
    layers = set(parts["synthesis"].children()) - {"input"}
    return "input" in parts["synthesis"].children() and all(_LAYER.fullmatch(name) for name in layers)


def read_options(network: ModuleRecord) -> dict[str, OptionValue]:
    """The options of a StyleGAN3.

    Raises:
        ValueError: an option is of another type, or not the same in all layers.
    """
    parts = network.children()
    synthesis = parts["synthesis"]
    source = synthesis.children()["input"].attributes
    layers = [module.attributes for name, module in synthesis.children().items() if name != "input"]
    mapping = [module.attributes for name, module in parts["mapping"].children().items() if name != "embed"]
    clamp = common(layers, "conv_clamp", default=None)
    multiplier = common(mapping, "bias_gain", default=DEFAULTS["mapping_lr_multiplier"])
    rate = source.get("sampling_rate")
    return {
        "mapping_activation": text(common(mapping, "activation", default="lrelu"), "activation"),
        "mapping_lr_multiplier": positive(multiplier, "mapping_lr_multiplier"),
        "input_sampling_rate": None if rate is None else positive(rate, "sampling_rate"),
        "input_bandwidth": positive(source.get("bandwidth", DEFAULTS["input_bandwidth"]), "bandwidth"),
        "filter_size": _filter_size(layers),
        "output_scale": positive(
            synthesis.attributes.get("output_scale", DEFAULTS["output_scale"]), "output_scale"
        ),
        "conv_clamp": None if clamp is None else positive(clamp, "conv_clamp"),
        "num_fp16_res": whole(
            synthesis.attributes.get("num_fp16_res", DEFAULTS["num_fp16_res"]), "num_fp16_res"
        ),
    }


def _filter_size(layers: Iterable[Mapping[object, object]]) -> OptionValue:
    """Taps per factor, from the layers that resample."""
    sizes = set()
    for layer in layers:
        for way in ("up", "down"):
            taps = whole(layer.get(f"{way}_taps", 1), f"{way}_taps")
            factor = whole(layer.get(f"{way}_factor", 1), f"{way}_factor")
            if taps > 1 and factor > 1:
                if taps % factor:
                    raise ValueError(f"a filter of {taps} taps resamples by {factor}")
                sizes.add(taps // factor)
    if len(sizes) > 1:
        raise ValueError("its layers differ in the size of their filters")
    return sizes.pop() if sizes else DEFAULTS["filter_size"]
