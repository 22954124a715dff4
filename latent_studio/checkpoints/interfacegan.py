"""StyleGAN and ProgGAN as InterFaceGAN names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints import proggan, proggan_parts, stylegan, stylegan_parts
from latent_studio.checkpoints.state_dicts import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.state_dicts import Converted, StateDict

_STYLEGAN = stylegan_parts.Names(
    dense_weight="mapping.dense{}.linear.weight",
    dense_bias="mapping.dense{}.wscale.bias",
    const="synthesis.layer0.first_layer",
    conv="conv.weight",
    fused_conv="weight",
    bias="epilogue.bias",
    affine_weight="epilogue.style_mod.dense.linear.weight",
    affine_bias="epilogue.style_mod.dense.wscale.bias",
    noise="epilogue.apply_noise.noise",
    noise_strength="epilogue.apply_noise.weight",
)
_PROGGAN = proggan_parts.Names(layer="layer{}", picture="output{}", weight="conv.weight", bias="wscale.bias")
_STYLEGAN_SIGNS = {"mapping.dense0.linear.weight", "synthesis.layer0.epilogue.style_mod.dense.linear.weight"}
_PROGGAN_SIGNS = {"layer0.conv.weight", "layer0.wscale.bias", "layer1.conv.weight"}


def _is_stylegan(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return shapes.keys() >= _STYLEGAN_SIGNS


def _convert_stylegan(state: StateDict) -> Converted:
    return stylegan_parts.convert_stylegan(state, _STYLEGAN)


def _is_proggan(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return shapes.keys() >= _PROGGAN_SIGNS


def _convert_proggan(state: StateDict) -> Converted:
    return proggan_parts.convert_proggan(state, _PROGGAN)


STYLEGAN = Layout(
    name="interfacegan-stylegan",
    family=stylegan.FAMILY,
    title="StyleGAN in InterFaceGAN's layout",
    matches=_is_stylegan,
    convert=_convert_stylegan,
)
PROGGAN = Layout(
    name="interfacegan-proggan",
    family=proggan.FAMILY,
    title="ProgGAN in InterFaceGAN's layout",
    matches=_is_proggan,
    convert=_convert_proggan,
)
