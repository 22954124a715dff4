"""StyleGAN2, and its MS-PIE variant of several sizes, as mmgeneration and mmagic name them.

They train on pictures in the order blue, green, red, and turn the colours round when they save one. Here that
is done once, in the weights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from latent_studio.checkpoints import mspie, stylegan2
from latent_studio.checkpoints.state_dicts import Layout
from latent_studio.checkpoints.stylegan2_parts import Names, convert_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.state_dicts import Converted, StateDict

_NAMES = Names(
    dense_weight="style_mapping.{}.linear.weight_orig",
    dense_bias="style_mapping.{}.bias",
    const="constant_input.input",
    conv="conv.weight_orig",
    affine_weight="conv.style_modulation.linear.weight_orig",
    affine_bias="conv.style_modulation.bias",
    noise_strength="noise_injector.weight",
    noise="injected_noise_{}",
)
_SIGNS = {
    "constant_input.input",
    "conv1.conv.style_modulation.linear.weight_orig",
    "to_rgb1.bias",
}
# A buffer that only says where the network is; its one number was never set.
_DEVICE_MARK = "head_pos_enc._float_tensor"
_MULTI_SIZE_SIGNS = {_DEVICE_MARK, "conv1.conv.style_modulation.linear.weight_orig", "to_rgb1.bias"}
_REVERSED = "Its colours, blue first as mmgeneration trains them, are turned into red, green, blue."


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return _SIGNS <= shapes.keys()


def _convert(state: StateDict) -> Converted:
    return _with_note(convert_parts(state, _NAMES, reverse_colours=True))


def _matches_multi_size(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return _MULTI_SIZE_SIGNS <= shapes.keys() and "constant_input.input" not in shapes


def _convert_multi_size(state: StateDict) -> Converted:
    return _with_note(convert_parts(state, _NAMES, reverse_colours=True, multi_size=True))


def _with_note(made: Converted) -> Converted:
    if made.tensors["synthesis.b4.torgb.bias"].shape[0] != 3:
        return made
    return replace(made, notes=(*made.notes, _REVERSED))


LAYOUT = Layout(
    name="mmgeneration",
    family=stylegan2.FAMILY,
    title="StyleGAN2 in mmgeneration's layout",
    matches=_matches,
    convert=_convert,
)

MULTI_SIZE = Layout(
    name="mmgeneration",
    family=mspie.FAMILY,
    title="MS-PIE StyleGAN2 in mmgeneration's layout",
    matches=_matches_multi_size,
    convert=_convert_multi_size,
    unread=(_DEVICE_MARK,),
)
