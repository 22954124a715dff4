"""ConvPlan: which form each convolution of a generator takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The forms give the same numbers up to rounding; they differ in speed.
#:
#: plain: static weights, activations scaled before and after the convolution; every step differentiable.
#: weights: the style multiplies the weights, as the paper has it.
#: activations: as plain, with steps folded together and done in place.
#: winograd: as activations, the convolution done with a quarter of the multiplications.
#: ``_channels_last``: the channels of a pixel lie side by side in memory; winograd always works so.
FormName = Literal[
    "plain",
    "weights",
    "weights_channels_last",
    "activations",
    "activations_channels_last",
    "winograd",
]


@dataclass(frozen=True, slots=True)
class LayerShape:
    """What decides how fast a form runs.

    Attributes:
        name: the layer, such as ``"b8.conv0"``.
        resolution: side of its output in pixels.
        in_channels: of its input.
        out_channels: of its output.
        up: whether it doubles the resolution.
    """

    name: str
    resolution: int
    in_channels: int
    out_channels: int
    up: bool


@dataclass(frozen=True, slots=True)
class ConvPlan:
    """A form for each layer; a layer that is not named takes the plain one.

    Attributes:
        forms: layer name, such as ``"b8.conv0"``, to form.
    """

    forms: Mapping[str, FormName] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "forms", MappingProxyType(dict(self.forms)))

    def form(self, layer: str) -> FormName:
        """The form of one layer."""
        return self.forms.get(layer, "plain")

    def with_form(self, layer: str, form: FormName) -> ConvPlan:
        """This plan with another form for one layer."""
        return ConvPlan({**self.forms, layer: form})


def default_plan(layers: Iterable[LayerShape], *, device_type: str) -> ConvPlan:
    """A good plan before anything was measured on this machine.

    The rules come from timings on two kinds of CPU (see ``benchmarks/``); the best form differs between
    machines, which is why the engine may measure and replace the plan.

    Args:
        layers: the generator's layers.
        device_type: ``"cpu"``, ``"cuda"`` or another of torch's device types.
    """
    return ConvPlan({layer.name: _default_form(layer, on_cpu=device_type == "cpu") for layer in layers})


def _default_form(layer: LayerShape, *, on_cpu: bool) -> FormName:
    if not on_cpu:
        return "activations_channels_last"
    if not layer.up and layer.resolution >= 16 and min(layer.in_channels, layer.out_channels) >= 96:
        return "winograd"
    # Scaling a large map costs more than scaling the weights; below, the weights are the larger of the two.
    if layer.resolution >= 128:
        return "weights_channels_last"
    return "activations_channels_last"
