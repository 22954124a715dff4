"""A StyleGAN3 with random weights of any size, for tests and benchmarks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.checkpoints.checkpoint import Checkpoint, Provenance

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """Where one layer of the network stands in frequency and size; section 4 of the paper.

    Attributes:
        cutoff: highest frequency kept whole, in cycles per picture width.
        half_width: of the filter's transition band.
        rate: samples per picture width.
        size: samples with margins.
        channels: of the result.
    """

    cutoff: float
    half_width: float
    rate: int
    size: int
    channels: int


def plan_layers(
    resolution: int,
    *,
    channels: int = 3,
    channel_base: int = 32768,
    channel_max: int = 512,
    num_layers: int = 14,
    num_critical: int = 2,
    first_cutoff: float = 2.0,
    first_stopband: float = 2.0**2.1,
    last_stopband_rel: float = 2.0**0.3,
    margin: int = 10,
) -> tuple[LayerPlan, ...]:
    """The progression of frequencies from the input to the picture, one entry per layer.

    Args:
        resolution: of the picture; a power of two.
        channels: of the picture.
        channel_base: a layer has ``channel_base / 2`` channels per unit of its cutoff ...
        channel_max: ... but no more than these.
        num_layers: without the one that makes the picture.
        num_critical: layers at the end that use all the frequencies their grid can hold.
        first_cutoff: of the first layer.
        first_stopband: frequency from which the first layer's filter lets nothing pass.
        last_stopband_rel: the same for the last layer, as a multiple of its cutoff.
        margin: samples beside the picture on each side.
    """
    last_cutoff = resolution / 2
    last_stopband = last_cutoff * last_stopband_rel
    layers = []
    for index in range(num_layers + 1):
        share = min(index / (num_layers - num_critical), 1.0)
        cutoff = first_cutoff * (last_cutoff / first_cutoff) ** share
        stopband = first_stopband * (last_stopband / first_stopband) ** share
        rate = 2 ** math.ceil(math.log2(min(stopband * 2, resolution)))
        at_end = index >= num_layers - 1
        layers.append(
            LayerPlan(
                cutoff=cutoff,
                half_width=max(stopband, rate / 2) - cutoff,
                rate=rate,
                size=resolution if at_end else rate + 2 * margin,
                channels=channels
                if index == num_layers
                else round(min(channel_base / 2 / cutoff, channel_max)),
            )
        )
    return tuple(layers)


def random_stylegan3(
    resolution: int,
    *,
    radial: bool = False,
    z_dim: int = 512,
    w_dim: int = 512,
    c_dim: int = 0,
    mapping_layers: int = 2,
    filter_size: int = 6,
    plan: tuple[LayerPlan, ...] | None = None,
    num_critical: int = 2,
    seed: int = 0,
    options: dict[str, OptionValue] | None = None,
) -> Checkpoint:
    """All tensors of a StyleGAN3, every one of them random or designed, so that each matters.

    Args:
        resolution: of the picture; a power of two.
        radial: configuration r: filters alike in all directions, and 1x1 convolutions. Its official models
            have twice the channels.
        z_dim: length of z.
        w_dim: length of a row of ws.
        c_dim: number of classes.
        mapping_layers: depth of the mapping network.
        filter_size: taps of a filter per factor of its resampling.
        plan: of the layers; ``None`` for the official one.
        num_critical: as in ``plan_layers``; these layers have no radial filters.
        seed: the same seed gives the same weights.
        options: further options of the checkpoint.
    """
    plan = plan or plan_layers(resolution, num_critical=num_critical)
    maker = _TensorMaker(seed, w_dim=w_dim)
    maker.mapping(z_dim=z_dim, c_dim=c_dim, depth=mapping_layers)
    maker.source(plan[0])
    for index, layer in enumerate(plan):
        below = plan[max(index - 1, 0)]
        name = f"synthesis.L{index}_{layer.size}_{layer.channels}"
        last = index == len(plan) - 1
        maker.layer(name, below.channels, layer.channels, kernel=1 if last or radial else 3)
        if last:
            continue
        fine = 2 * max(below.rate, layer.rate)
        maker.filter(f"{name}.up_filter", below, fine=fine, size=filter_size)
        is_radial = radial and index < len(plan) - 1 - num_critical
        maker.filter(f"{name}.down_filter", layer, fine=fine, size=filter_size, radial=is_radial)
    given: dict[str, OptionValue] = {
        "input_sampling_rate": float(plan[0].rate),
        "input_bandwidth": plan[0].cutoff,
        "filter_size": filter_size,
        "conv_clamp": 256.0,
    }
    return Checkpoint(
        family="stylegan3",
        tensors=maker.tensors,
        provenance=Provenance(
            path=Path("random"), format="made", sha256=f"random-{seed}", size_bytes=0, name="random"
        ),
        options={**given, **(options or {})},
    )


def low_pass(taps: int, *, cutoff: float, width: float, rate: float, radial: bool = False) -> Tensor:
    """Taps of a low-pass filter by Kaiser's window method, sum 1.

    Args:
        taps: how many.
        cutoff: frequency where it lets half of the amplitude pass.
        width: of the transition band.
        rate: sampling rate; all three in the same unit.
        radial: alike in all directions of the plane.

    Returns:
        ``(taps,)`` float32, or ``(taps, taps)`` for a radial one.
    """
    place = (np.arange(taps) - (taps - 1) / 2) / rate
    # Kaiser and Schafer 1980: the attenuation that this width allows, and the window's shape for it.
    attenuation = 2.285 * (taps - 1) * math.pi * width / (rate / 2) + 7.95
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    elif attenuation > 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    else:
        beta = 0.0
    window = np.kaiser(taps, beta)
    if not radial:
        return _sum_one(torch.from_numpy(np.sinc(2 * cutoff * place) * window))
    distance = torch.from_numpy(np.hypot(*np.meshgrid(place, place)))
    # The Fourier transform of a disc; an even number of taps has none at the centre, an odd one has.
    ripples = torch.special.bessel_j1(2 * math.pi * cutoff * distance) / (math.pi * distance)
    kernel = ripples.nan_to_num(nan=cutoff) * torch.from_numpy(np.outer(window, window))
    return _sum_one(kernel)


def _sum_one(kernel: Tensor) -> Tensor:
    return (kernel / kernel.sum()).float()


class _TensorMaker:
    """Random tensors under their official names, from one random generator."""

    def __init__(self, seed: int, *, w_dim: int) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._rng = torch.Generator().manual_seed(seed)
        self._w_dim = w_dim

    def normal(self, name: str, *shape: int, scale: float = 1.0, mean: float = 0.0) -> None:
        self.tensors[name] = torch.randn(shape, generator=self._rng) * scale + mean

    def mapping(self, *, z_dim: int, c_dim: int, depth: int) -> None:
        width = z_dim
        if c_dim:
            self.normal("mapping.embed.weight", self._w_dim, c_dim)
            self.normal("mapping.embed.bias", self._w_dim, scale=0.3)
            width += self._w_dim
        for index in range(depth):
            # Stored weights are divided by the learning-rate multiplier, 0.01.
            self.normal(f"mapping.fc{index}.weight", self._w_dim, width, scale=100.0)
            self.normal(f"mapping.fc{index}.bias", self._w_dim, scale=10.0)
            width = self._w_dim
        self.normal("mapping.w_avg", self._w_dim, scale=0.3)

    def source(self, first: LayerPlan) -> None:
        name, channels = "synthesis.input", first.channels
        self.normal(f"{name}.weight", channels, channels)
        # Directions spread evenly, lengths up to the bandwidth.
        directions = torch.randn((channels, 2), generator=self._rng)
        lengths = torch.rand((channels, 1), generator=self._rng).sqrt() * first.cutoff
        self.tensors[f"{name}.freqs"] = directions / directions.norm(dim=1, keepdim=True) * lengths
        self.tensors[f"{name}.phases"] = torch.rand(channels, generator=self._rng) - 0.5
        self.tensors[f"{name}.transform"] = torch.eye(3)
        self.normal(f"{name}.affine.weight", 4, self._w_dim, scale=0.2)
        self.tensors[f"{name}.affine.bias"] = torch.tensor([1.0, 0.0, 0.0, 0.0])

    def layer(self, name: str, below: int, channels: int, *, kernel: int) -> None:
        self.normal(f"{name}.weight", channels, below, kernel, kernel)
        self.normal(f"{name}.bias", channels, scale=0.3)
        self.normal(f"{name}.affine.weight", below, self._w_dim)
        self.normal(f"{name}.affine.bias", below, scale=0.2, mean=1.0)
        self.tensors[f"{name}.magnitude_ema"] = torch.rand((), generator=self._rng) + 0.5

    def filter(self, name: str, layer: LayerPlan, *, fine: int, size: int, radial: bool = False) -> None:
        self.tensors[name] = low_pass(
            size * (fine // layer.rate),
            cutoff=layer.cutoff,
            width=layer.half_width * 2,
            rate=fine,
            radial=radial,
        )
