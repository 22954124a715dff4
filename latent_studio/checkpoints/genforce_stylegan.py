"""StyleGAN as the programs of genforce name it (sefa, genforce, higan and more)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints import stylegan
from latent_studio.checkpoints.state_dicts import Layout
from latent_studio.checkpoints.stylegan_parts import Names, convert_stylegan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.state_dicts import Converted, StateDict

_NAMES = Names(
    dense_weight="mapping.dense{}.weight",
    dense_bias="mapping.dense{}.bias",
    const="synthesis.layer0.const",
    conv="weight",
    fused_conv="",
    bias="bias",
    affine_weight="style.weight",
    affine_bias="style.bias",
    noise="apply_noise.noise",
    noise_strength="apply_noise.weight",
)
_SIGNS = {"mapping.dense0.weight", "synthesis.layer0.style.weight", "synthesis.layer1.weight"}


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    # StyleGAN2 in the same programs starts from an early layer, and has noise without a part of its own.
    return shapes.keys() >= _SIGNS and not any(
        name in shapes for name in ("synthesis.early_layer.const", "synthesis.layer0.noise_strength")
    )


def _convert(state: StateDict) -> Converted:
    return convert_stylegan(state, _NAMES)


LAYOUT = Layout(
    name="genforce-stylegan",
    family=stylegan.FAMILY,
    title="StyleGAN in genforce's layout",
    matches=_matches,
    convert=_convert,
)
