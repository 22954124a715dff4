"""ProgGAN as the programs of genforce name it (sefa, genforce, higan and more)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints import proggan
from latent_studio.checkpoints.proggan_parts import Names, convert_proggan
from latent_studio.checkpoints.state_dicts import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.checkpoints.state_dicts import Converted, StateDict

_NAMES = Names(layer="layer{}", picture="output{}", weight="weight", bias="bias")
_SIGNS = {"layer0.weight", "layer0.bias", "layer1.weight", "layer1.bias"}


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    # “layer1” alone is what half of all networks have; a first kernel of 4 x 4 and pictures are not.
    first = shapes.get("layer0.weight", ())
    has_picture = any(name.startswith("output") and name.endswith(".weight") for name in shapes)
    return shapes.keys() >= _SIGNS and first[2:] == (4, 4) and has_picture


def _convert(state: StateDict) -> Converted:
    return convert_proggan(state, _NAMES)


LAYOUT = Layout(
    name="genforce-proggan",
    family=proggan.FAMILY,
    title="ProgGAN in genforce's layout",
    matches=_matches,
    convert=_convert,
)
