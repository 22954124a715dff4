"""StyleGAN2 as the program stylegan2-pytorch by rosinality names it, and the many that grew from that.

Training files hold ``g``, ``g_ema`` and more; converted ones ``g_ema`` with ``latent_avg`` beside it.
Encoders such as pSp and e4e keep the same generator under ``decoder.``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints import stylegan2
from latent_studio.checkpoints.state_dicts import Layout
from latent_studio.checkpoints.stylegan2_parts import Names, convert_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.state_dicts import Converted, StateDict

_NAMES = Names(
    dense_weight="style.{}.weight",
    dense_bias="style.{}.bias",
    const="input.input",
    conv="conv.weight",
    affine_weight="conv.modulation.weight",
    affine_bias="conv.modulation.bias",
    noise_strength="noise.weight",
    noise="noises.noise_{}",
    filters_may_lack=True,
)
_SIGNS = {"input.input", "conv1.conv.modulation.weight", "to_rgb1.bias"}


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return _SIGNS <= shapes.keys()


def _convert(state: StateDict) -> Converted:
    return convert_parts(state, _NAMES, reverse_colours=False)


LAYOUT = Layout(
    name="rosinality",
    family=stylegan2.FAMILY,
    title="StyleGAN2 in rosinality's layout",
    matches=_matches,
    convert=_convert,
    beside=("latent_avg",),
)
