"""StyleGAN2 as the programs of genforce name it (sefa, genforce, interfacegan's successors).

They number layers through all resolutions, add 1 to styles and turn the kernels of up-convolutions round when
they run, as the official TensorFlow code does.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints import stylegan2
from latent_studio.checkpoints.state_dicts import Converted, Layout
from latent_studio.checkpoints.stylegan2_parts import MOST_LEVELS, scaled, usual_filter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue
    from latent_studio.checkpoints.state_dicts import StateDict

_FILTER_GAIN = 4.0
_LAYER = re.compile(r"synthesis\.layer(\d{1,3})\.weight")
_OUTPUT = re.compile(r"synthesis\.output(\d{1,3})\.weight")
_DENSE = re.compile(r"mapping\.dense(\d{1,3})\.weight")


def _matches(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    return {"synthesis.early_layer.const", "synthesis.layer0.style.weight", "synthesis.layer0.weight"} <= set(
        shapes
    )


def _convert(state: StateDict) -> Converted:
    return _Conversion(state).run()


class _Conversion:
    """Takes the tensors of one generator, coarse to fine."""

    def __init__(self, state: StateDict) -> None:
        self._state = state
        self._w_dim = state.shape("synthesis.layer0.style.weight", ndim=2)[1]
        _, self._width, *self._base = state.shape("synthesis.early_layer.const", ndim=4)
        self._noisy = "synthesis.layer0.noise_strength" in state
        self._outputs = self._numbers(_OUTPUT)
        self._made: dict[str, Tensor] = {}

    def run(self) -> Converted:
        state = self._state
        levels = max(self._numbers(_LAYER), default=0) // 2
        if levels > MOST_LEVELS:
            raise state.refuse(f"has {2 * levels + 1} layers, which would make a picture too large")
        self._mapping()
        const = state.take("synthesis.early_layer.const", (1, self._width, *self._base))
        self._made["synthesis.b4.const"] = const[0]
        skip = len(self._outputs) > 1 or levels == 0
        for level in range(levels + 1):
            name = f"synthesis.b{4 << level}"
            if level:
                self._conv(2 * level - 1, f"{name}.conv0", side=4 << level, up=True)
            self._conv(2 * level, f"{name}.conv1", side=4 << level)
            if skip or level == levels:
                self._output(level, f"{name}.torgb")
            if skip and level:
                self._made[f"{name}.resample_filter"] = self._filter("synthesis.upsample.kernel")
        state.ignore(r"synthesis\.(layer\d+\.filter\.kernel|upsample\.kernel|lod)")
        state.finish()
        final_tanh = state.settings.get("final_tanh") is True
        notes = (f"{state.settings_name} beside it says that pictures end in a tanh.",) if final_tanh else ()
        options = {**self._options(skip=skip), "final_tanh": final_tanh}
        return Converted(self._made, options, notes)

    def _options(self, *, skip: bool) -> dict[str, OptionValue]:
        return {
            "architecture": "skip" if skip else "orig",
            "use_noise": self._noisy,
            # One normalisation for z and class together, unlike the catalogue's own.
            "normalize_together": "mapping.label_weight" in self._state,
        }

    def _numbers(self, pattern: re.Pattern[str]) -> list[int]:
        return [int(match[1]) for name in self._state.shapes if (match := pattern.fullmatch(name))]

    def _mapping(self) -> None:
        state = self._state
        self._made["mapping.w_avg"] = state.take("truncation.w_avg", (self._w_dim,))
        width = state.shape("mapping.dense0.weight", ndim=2)[1]
        if "mapping.label_weight" in state:
            classes, features = state.shape("mapping.label_weight", ndim=2)
            weight = state.take("mapping.label_weight", (classes, features))
            # The catalogue divides by the root of the number of classes when it runs.
            self._made["mapping.embed.weight"] = (weight.float() * math.sqrt(classes)).T.contiguous()
            self._made["mapping.embed.bias"] = torch.zeros(features)
        last = max(self._numbers(_DENSE), default=0)
        for number in range(last + 1):
            name = f"mapping.dense{number}"
            out = self._w_dim if number == last else state.shape(f"{name}.bias", ndim=1)[0]
            self._made[f"mapping.fc{number}.weight"] = state.take(f"{name}.weight", (out, width))
            self._made[f"mapping.fc{number}.bias"] = state.take(f"{name}.bias", (out,))
            width = out

    def _conv(self, number: int, ours: str, *, side: int, up: bool = False) -> None:
        state, name = self._state, f"synthesis.layer{number}"
        out = state.shape(f"{name}.bias", ndim=1)[0]
        weight = scaled(state.take(f"{name}.weight", (out, self._width, 3, 3)))
        self._made[f"{ours}.weight"] = weight.flip(2, 3) if up else weight
        self._made[f"{ours}.bias"] = state.take(f"{name}.bias", (out,))
        self._style(name, ours)
        if self._noisy:
            self._made[f"{ours}.noise_strength"] = state.take(f"{name}.noise_strength", ())
            size = [one * side // 4 for one in self._base]
            self._made[f"{ours}.noise_const"] = state.take(f"{name}.noise", (1, 1, *size))[0, 0]
        if up:
            self._made[f"{ours}.resample_filter"] = self._filter(f"{name}.filter.kernel")
        self._width = out

    def _output(self, number: int, ours: str) -> None:
        state, name = self._state, f"synthesis.output{number}"
        colours = state.shape(f"{name}.bias", ndim=1)[0]
        self._made[f"{ours}.weight"] = state.take(f"{name}.weight", (colours, self._width, 1, 1))
        self._made[f"{ours}.bias"] = state.take(f"{name}.bias", (colours,))
        self._style(name, ours)

    def _style(self, name: str, ours: str) -> None:
        state, width = self._state, self._width
        weight = state.take(f"{name}.style.weight", (width, self._w_dim))
        self._made[f"{ours}.affine.weight"] = weight
        self._made[f"{ours}.affine.bias"] = state.take(f"{name}.style.bias", (width,)).float() + 1.0

    def _filter(self, name: str) -> Tensor:
        if name not in self._state:
            return usual_filter()
        return self._state.look(name, (1, 1, 4, 4))[0, 0].float() / _FILTER_GAIN


LAYOUT = Layout(
    name="genforce",
    family=stylegan2.FAMILY,
    title="StyleGAN2 in genforce's layout",
    matches=_matches,
    convert=_convert,
    # Its programs keep the networks' arguments in their own text; some users store them with the weights.
    settings=("arch.json",),
)
