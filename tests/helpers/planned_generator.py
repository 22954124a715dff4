"""PlannedFake: a fake generator whose layers come in several forms, each as fast as a test says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.generators.conv_plan import ConvPlan, FormName, LayerShape
from tests.helpers.fake_generator import FakeGenerator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FORMS: tuple[FormName, ...] = (
    "plain",
    "weights",
    "weights_channels_last",
    "activations",
    "activations_channels_last",
    "winograd",
)


class PlannedFake(FakeGenerator):
    """Layers whose forms take the time a test says, on a clock that only they move."""

    def __init__(self, *shapes: LayerShape, seconds: dict[str, float] | None = None) -> None:
        super().__init__(16)
        self.layer_shapes: Sequence[LayerShape] = shapes
        self.plan = ConvPlan({shape.name: "activations_channels_last" for shape in shapes})
        self.seconds = dict.fromkeys(FORMS, 0.01) | (seconds or {})
        self.calls: list[tuple[str, str]] = []
        self.now = 0.0

    @property
    def layer_names(self) -> Sequence[str]:
        return [shape.name for shape in self.layer_shapes]

    def layer_forms(self, layer: str) -> Sequence[FormName]:
        return FORMS

    def layer_call(self, layer: str, form: FormName) -> Callable[[], torch.Tensor]:
        def call() -> torch.Tensor:
            self.calls.append((layer, form))
            self.now += self.seconds[form]
            return torch.zeros(1)

        return call

    def with_plan(self, plan: ConvPlan) -> PlannedFake:
        other = PlannedFake(*self.layer_shapes, seconds=self.seconds)
        other.plan = plan
        return other

    def clock(self) -> float:
        return self.now
