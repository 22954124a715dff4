"""ProgGAN as WarpedGANSpace names it, and the port of the official CelebA-HQ network it grew from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints import proggan
from latent_studio.checkpoints.proggan_parts import Names, convert_proggan
from latent_studio.checkpoints.state_dicts import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.state_dicts import Converted, StateDict

_NAMES = Names(
    layer="features.{}", picture="output", weight="conv.weight", bias="wscale.b", scale="wscale.scale"
)
_SIGNS = {"features.0.conv.weight", "features.0.wscale.b", "output.conv.weight"}


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return shapes.keys() >= _SIGNS


def _convert(state: StateDict) -> Converted:
    return convert_proggan(state, _NAMES)


LAYOUT = Layout(
    name="warpedganspace-proggan",
    family=proggan.FAMILY,
    title="ProgGAN in WarpedGANSpace's layout",
    matches=_matches,
    convert=_convert,
)
