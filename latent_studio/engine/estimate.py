"""Estimate: what a model will take in memory and time, told from the shapes of its tensors alone."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.core.spec import GeneratorSpec

_FLOAT_BYTES = 4
#: Activations of one resolution that are in memory together: in, out, and what lies between.
_TOGETHER = 4
#: Weights beside those read: what layers prepare to run faster.
_PREPARED = 1.5
#: Of the speed of a large convolution alone, what a whole network reaches.
_REACHED = 0.5
#: What a layer takes however little it computes.
_LAYER_SECONDS = 5e-4
#: StyleGAN3 draws margins around its pictures and computes between up- and down-sampling.
_MORE_WORK = {"stylegan3": 5.0}
_RESOLUTION = re.compile(r"\bb(\d{1,5})\.")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a model takes, roughly; right within a factor of two or three.

    Attributes:
        weights_bytes: of the network ready to run, in single precision.
        stage_bytes: activations while each stage runs, coarse to fine, for one picture.
        multiply_adds: of one picture's convolutions.
        layers: how many convolutions there are.
    """

    weights_bytes: int
    stage_bytes: tuple[int, ...]
    multiply_adds: float
    layers: int

    @property
    def frame_bytes(self) -> int:
        """Activations at the widest place of one picture."""
        return max(self.stage_bytes, default=0)

    @property
    def total_bytes(self) -> int:
        """Network and one picture together."""
        return self.weights_bytes + self.frame_bytes

    def seconds(self, multiply_adds_per_second: float) -> float:
        """Time of one picture."""
        return self.multiply_adds / (multiply_adds_per_second * _REACHED) + self.layers * _LAYER_SECONDS


def estimate(tensors: Mapping[str, Tensor], spec: GeneratorSpec) -> Estimate:
    """Estimate a model from its tensors' shapes. Nothing is computed.

    Where a kernel's name tells its resolution, that is taken. Else, as names count from coarse to fine in
    every family, the resolution lies as far along the stages as the kernel does along the kernels.

    Args:
        tensors: of a checkpoint.
        spec: of the generator in it.
    """
    sides = spec.stage_resolutions or (spec.resolution,)
    # Pixels of a picture for each of a square one.
    shape_share = math.prod(spec.size_of(4)) / 16
    names = [name for name, tensor in tensors.items() if tensor.ndim == 4 and tensor.shape[-1] >= 3]
    widths = [spec.channels] * len(sides)
    work = 0.0
    for index, name in enumerate(sorted(names, key=_counting)):
        shape = tensors[name].shape
        told = _RESOLUTION.search(name)
        if told is not None and int(told[1]) in sides:
            stage = sides.index(int(told[1]))
        else:
            stage = min(len(sides) - 1, index * len(sides) // len(names))
        widths[stage] = max(widths[stage], shape[0])
        # An up-convolution has its products at each pixel that goes in.
        side = sides[stage] / 2 if name.endswith("conv0.weight") else sides[stage]
        work += math.prod(shape) * side**2 * shape_share
    numbers = sum(tensor.numel() for tensor in tensors.values())
    return Estimate(
        weights_bytes=round(numbers * _FLOAT_BYTES * _PREPARED),
        stage_bytes=tuple(
            round(_TOGETHER * _FLOAT_BYTES * width * side**2 * shape_share)
            for width, side in zip(widths, sides, strict=True)
        ),
        multiply_adds=work * _MORE_WORK.get(spec.family, 1.0),
        layers=len(names),
    )


@cache
def measured_speed() -> float:
    """Multiply-adds per second of a convolution on this machine's CPU; takes a few hundredths of a second."""
    # What is only to hold figures should not bring in torch.
    import torch

    x, weight = torch.ones(1, 64, 48, 48), torch.ones(64, 64, 3, 3)
    seconds = []
    with torch.inference_mode():
        for _ in range(4):
            began = time.perf_counter()
            torch.nn.functional.conv2d(x, weight, padding=1)
            seconds.append(time.perf_counter() - began)
    return weight.numel() * 48 * 48 / max(min(seconds), 1e-9)


def _counting(name: str) -> list[tuple[int, str]]:
    """Sorts ``layer10`` behind ``layer9``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
