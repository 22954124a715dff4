"""MS-PIE StyleGAN2 (Xu et al. 2021, config F): one network, pictures of several sizes.

Where StyleGAN2 starts from a learned constant of 4 x 4, this network starts from sines and cosines of
positions on a grid of any size, and it up-samples by interpolation after its convolutions. A grid of 4 + s
positions gives pictures (4 + s) / 4 times as large as a grid of 4.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.errors import MissingWeightsError, OptionError
from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.arguments import check_noise, make_noise, taken_c, taken_ws, taken_z
from latent_studio.generators.mapping_network import read_mapping
from latent_studio.generators.ops import activation_named, fir_taps, upsample_2x
from latent_studio.generators.option_values import positive
from latent_studio.generators.protocol import Features, StyleWeight
from latent_studio.generators.stages import run_stages
from latent_studio.generators.stylegan2_network import ToRGB
from latent_studio.generators.tensor_reader import TensorReader, in_float32
from latent_studio.generators.truncation import truncate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.protocol import NoiseMaps

#: Positions of the smallest grid, and how many more there may be.
BASE_SIDE = 4
LARGEST_SCALE = 28

_LONGEST_WAVE = 1e4
_MOST_LEVELS = 12


def build_mspie(checkpoint: Checkpoint) -> MSPIE:
    """A generator from a checkpoint's tensors.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, is left over, or is not finite.
        OptionError: the checkpoint asks for an impossible size.
        UnknownFormatError: another option is not one we know.
    """
    scale = checkpoint.options.get("scale", 0)
    multiplier = positive(checkpoint.options, "mapping_lr_multiplier") or 0.01
    with torch.inference_mode(False):
        return MSPIE(in_float32(checkpoint.tensors), scale=_checked_scale(scale), lr_multiplier=multiplier)


def position_grid(side: int, channels: int) -> Tensor:
    """Sines and cosines of column and row numbers.

    Wave i of n = channels / 4 has the frequency 10000^(-i / (n - 1)); positions count from 1.

    Args:
        side: positions in each direction.
        channels: a multiple of 4, at least 8: sines, then cosines of the column, then the same of the row.

    Returns:
        ``(1, channels, side, side)`` float32.
    """
    waves = channels // 4
    rates = torch.exp(torch.arange(waves) * -(math.log(_LONGEST_WAVE) / (waves - 1)))
    angles = rates[:, None] * torch.arange(1.0, side + 1)
    along = torch.cat([angles.sin(), angles.cos()])
    columns = along[:, None, :].expand(-1, side, -1)
    rows = along[:, :, None].expand(-1, -1, side)
    return torch.cat([columns, rows])[None]


@dataclass(frozen=True, slots=True, eq=False)
class _Conv:
    """A modulated 3x3 convolution, and interpolation to twice the size where it leads to the next resolution.

    Attributes:
        row: the row of ws it reads.
        weight: ``(out, in, 3, 3)``.
        energy: ``(in, out)``: squares of the weight, summed over each kernel.
        affine_weight: ``(in, w_dim)``, its scale multiplied in.
        affine_bias: ``(in,)``.
        bias: ``(out, 1, 1)``.
        noise_idx: which noise map it adds.
        noise_strength: times this.
        up: whether it doubles the size.
    """

    row: int
    weight: Tensor
    energy: Tensor
    affine_weight: Tensor
    affine_bias: Tensor
    bias: Tensor
    noise_idx: int
    noise_strength: float
    up: bool

    def __call__(self, x: Tensor, ws: Tensor, noise: NoiseMaps) -> Tensor:
        """``(N, in, H, W)`` to ``(N, out, H, W)`` or twice that."""
        styles = F.linear(ws[:, self.row], self.affine_weight, self.affine_bias)
        norm = (styles.square() @ self.energy + 1e-8).rsqrt()
        x = F.conv2d(x * styles[:, :, None, None], self.weight, padding=1) * norm[:, :, None, None]
        if self.up:
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)
        noise_map = noise[self.noise_idx]
        if noise_map is not None:
            x = x + noise_map * self.noise_strength
        return F.leaky_relu(x + self.bias, 0.2) * math.sqrt(2)


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """One resolution; a ``Stage``.

    Attributes:
        name: such as ``"b8"``, after the resolution on the smallest grid.
        resolution: of its output on this grid.
        num_rows: one past the last row of ws its convolutions read.
        grid: ``(1, C, side, side)``, where the first block starts; ``None`` in the others.
        conv0: the convolution that doubles the size; ``None`` in the first block.
        conv1: the other one.
        torgb: makes its share of the picture.
        taps: of the filter that up-samples the picture from below; ``None`` in the first block.
    """

    name: str
    resolution: int
    num_rows: int
    grid: Tensor | None
    conv0: _Conv | None
    conv1: _Conv
    torgb: ToRGB
    taps: Tensor | None

    @property
    def has_preview(self) -> bool:
        """Every resolution gives a picture."""
        return True

    def run(self, below: Features | None, rgb: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Features:
        """Run the convolutions; see ``Stage.run``."""
        if below is not None:
            x = below.x
        elif self.grid is not None:
            x = self.grid.expand(ws.shape[0], -1, -1, -1)
        else:
            raise ValueError(f"the {self.resolution} px block needs what the block below gave")
        if self.conv0 is not None:
            x = self.conv0(x, ws, noise)
        return Features(x=self.conv1(x, ws, noise), rgb=rgb)

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor:
        """The picture up to here; see ``Stage.to_rgb``."""
        rgb = self.torgb(features.x, ws)
        if features.rgb is None or self.taps is None:
            return rgb
        return upsample_2x(features.rgb, self.taps) + rgb


class MSPIE:
    """An MS-PIE StyleGAN2 behind the ``SizedGenerator`` protocol.

    Args:
        tensors: the checkpoint's tensors, float32, all on one device; never written to.
        scale: positions of the grid beyond four.
        lr_multiplier: scale of the mapping network's stored weights.
    """

    def __init__(self, tensors: Mapping[str, Tensor], *, scale: int, lr_multiplier: float) -> None:
        self._tensors = tensors
        self._scale = scale
        self._lr_multiplier = lr_multiplier
        reader = TensorReader(tensors)
        w_dim = reader.take("synthesis.b4.conv1.affine.weight", None, None).shape[1]
        self._w_avg = reader.take("mapping.w_avg", w_dim)
        self._mapping = read_mapping(
            reader, w_dim=w_dim, activation=activation_named("lrelu"), lr_multiplier=lr_multiplier
        )
        builder = _BlockBuilder(reader, w_dim=w_dim, side=BASE_SIDE + scale)
        self._blocks = tuple(builder.block(level) for level in range(_levels(reader) + 1))
        reader.finish(ignorable=lambda name: name == "synthesis.b4.resample_filter")
        self._noise = (
            tuple(builder.noise) if scale == 0 else _drawn_noise(builder.noise, side=BASE_SIDE + scale)
        )
        last = self._blocks[-1]
        buffers = ("w_avg", ".noise_const", ".resample_filter")
        self._spec = GeneratorSpec(
            family="mspie",
            resolution=last.resolution,
            channels=last.torgb.bias.shape[0],
            z_dim=self._mapping.z_dim,
            w_dim=w_dim,
            num_ws=last.num_rows + 1,
            c_dim=self._mapping.c_dim,
            stage_resolutions=tuple(block.resolution for block in self._blocks),
            num_parameters=sum(
                tensor.numel() for name, tensor in tensors.items() if not name.endswith(buffers)
            ),
            variant=f"grid of {BASE_SIDE + scale}",
            sizes=tuple(
                last.resolution // (BASE_SIDE + scale) * (BASE_SIDE + other)
                for other in range(LARGEST_SCALE + 1)
            ),
        )

    @property
    def spec(self) -> GeneratorSpec:
        """The facts about this model, at its present size."""
        return self._spec

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._w_avg.device

    @property
    def w_avg(self) -> Tensor:
        """``(w_dim,)`` float32: the mapping network's mean."""
        return self._w_avg

    @property
    def stages(self) -> Sequence[_Block]:
        """One per resolution, coarse to fine."""
        return self._blocks

    @property
    def scale(self) -> int:
        """Positions of the grid beyond four."""
        return self._scale

    def with_scale(self, scale: int) -> MSPIE:
        """The same network on another grid; see ``SizedGenerator.with_scale``."""
        with torch.inference_mode(False):
            return MSPIE(self._tensors, scale=_checked_scale(scale), lr_multiplier=self._lr_multiplier)

    def map(
        self,
        z: Tensor,
        c: Tensor | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> Tensor:
        """Map z to ws; see ``Generator.map``."""
        z = taken_z(z, self._spec, self.device)
        c = taken_c(c, self._spec, self.device, batch=z.shape[0])
        ws = self._mapping(z, c)[:, None].expand(-1, self._spec.num_ws, -1)
        return truncate(ws, self._w_avg, psi=truncation_psi, cutoff=truncation_cutoff).contiguous()

    def noise_maps(self, mode: NoiseMode, *, rng: torch.Generator | None = None, batch: int = 1) -> NoiseMaps:
        """One map per convolution; see ``Generator.noise_maps``.

        The stored ones fit the smallest grid; for others fixed ones are drawn in their place.
        """
        return make_noise(mode, self._noise, rng=rng, batch=batch)

    def synthesize(
        self, ws: Tensor, *, noise_mode: NoiseMode = "const", noise: NoiseMaps | None = None
    ) -> Tensor:
        """Render ws; see ``Generator.synthesize``."""
        ws = taken_ws(ws, self._spec, self.device)
        if noise is None:
            noise = self.noise_maps(noise_mode, batch=ws.shape[0])
        else:
            check_noise(noise, self._noise, batch=ws.shape[0])
        return run_stages(self._blocks, ws, noise)

    def style_weights(self) -> Sequence[StyleWeight]:
        """The affine layers of all convolutions and pictures, in row order."""
        entries = []
        for block in self._blocks:
            layers = [("conv0", block.conv0), ("conv1", block.conv1), ("torgb", block.torgb)]
            entries += [
                StyleWeight(
                    name=f"{block.name}.{part}",
                    row=layer.row,
                    kind="to_rgb" if part == "torgb" else "conv",
                    resolution=block.resolution,
                    weight=self._tensors[f"synthesis.{block.name}.{part}.affine.weight"],
                )
                for part, layer in layers
                if layer is not None
            ]
        return tuple(entries)

    def to(self, device: torch.device) -> MSPIE:
        """The same generator on another device."""
        if device == self.device:
            return self
        with torch.inference_mode(False):
            moved = {name: tensor.to(device) for name, tensor in self._tensors.items()}
            return MSPIE(moved, scale=self._scale, lr_multiplier=self._lr_multiplier)


class _BlockBuilder:
    """Reads the blocks one after the other, coarse to fine, and hands out rows and noise inputs."""

    def __init__(self, reader: TensorReader, *, w_dim: int, side: int) -> None:
        self._reader = reader
        self._w_dim = w_dim
        self._side = side
        self._row = 0
        self._channels = 0
        self.noise: list[Tensor] = []

    def block(self, level: int) -> _Block:
        """The block of one resolution; call from low to high."""
        reader, name = self._reader, f"synthesis.b{BASE_SIDE << level}"
        grid = conv0 = taps = None
        if level:
            conv0 = self._conv(f"{name}.conv0", level, up=True)
            taps = fir_taps(reader.take(f"{name}.resample_filter", 4, 4))
        else:
            first = reader.take(f"{name}.conv1.weight", None, None, 3, 3)
            self._channels = first.shape[1]
            if self._channels < 8 or self._channels % 4:
                raise MissingWeightsError(
                    f"The first convolution reads {self._channels} channels; sines and cosines of two"
                    " directions come in multiples of 4 from 8 up.",
                    hint="The file may hold another kind of network.",
                )
            grid = position_grid(self._side, self._channels).to(first.device)
        conv1 = self._conv(f"{name}.conv1", level, up=False)
        num_rows = self._row
        return _Block(
            name=name.removeprefix("synthesis."),
            resolution=self._side << level,
            num_rows=num_rows,
            grid=grid,
            conv0=conv0,
            conv1=conv1,
            torgb=self._torgb(f"{name}.torgb"),
            taps=taps,
        )

    def _conv(self, name: str, level: int, *, up: bool) -> _Conv:
        reader = self._reader
        weight = reader.take(f"{name}.weight", None, self._channels, 3, 3)
        affine_weight, affine_bias = self._affine(name)
        self._channels = weight.shape[0]
        stored = BASE_SIDE << level
        self.noise.append(reader.take(f"{name}.noise_const", stored, stored)[None, None])
        self._row += 1
        return _Conv(
            row=self._row - 1,
            weight=weight,
            energy=weight.square().sum(dim=(2, 3)).T.contiguous(),
            affine_weight=affine_weight,
            affine_bias=affine_bias,
            bias=reader.take(f"{name}.bias", self._channels)[:, None, None],
            noise_idx=len(self.noise) - 1,
            noise_strength=float(reader.take(f"{name}.noise_strength")),
            up=up,
        )

    def _torgb(self, name: str) -> ToRGB:
        weight = self._reader.take(f"{name}.weight", None, self._channels, 1, 1)
        affine_weight, affine_bias = self._affine(name)
        return ToRGB(
            row=self._row,
            weight=weight[:, :, 0, 0] / math.sqrt(self._channels),
            affine_weight=affine_weight,
            affine_bias=affine_bias,
            bias=self._reader.take(f"{name}.bias", weight.shape[0])[:, None],
            clamp=None,
        )

    def _affine(self, name: str) -> tuple[Tensor, Tensor]:
        weight = self._reader.take(f"{name}.affine.weight", self._channels, self._w_dim)
        return weight / math.sqrt(self._w_dim), self._reader.take(f"{name}.affine.bias", self._channels)


def _levels(reader: TensorReader) -> int:
    """How many resolutions there are above the first."""
    found = [re.match(r"synthesis\.b(\d{1,5})\.", name) for name in reader.names]
    highest = max(int(match[1]) for match in found if match)
    levels = highest.bit_length() - BASE_SIDE.bit_length()
    if highest != BASE_SIDE << max(levels, 0) or levels > _MOST_LEVELS:
        raise MissingWeightsError(
            f"The checkpoint has a block for {highest} px, which is not a power of two from 4 up.",
            hint="The file may hold another kind of network.",
        )
    return levels


def _drawn_noise(stored: Sequence[Tensor], *, side: int) -> tuple[Tensor, ...]:
    """Maps for a larger grid, the same at every start: none are stored for it."""
    rng = torch.Generator().manual_seed(0)
    sides = [one.shape[-1] // BASE_SIDE * side for one in stored]
    return tuple(
        torch.randn(1, 1, length, length, generator=rng).to(one.device)
        for one, length in zip(stored, sides, strict=True)
    )


def _checked_scale(scale: object) -> int:
    if isinstance(scale, bool) or not isinstance(scale, int) or not 0 <= scale <= LARGEST_SCALE:
        raise OptionError(
            "--chosen-scale", f"The scale is {scale}, but must be a whole number from 0 to {LARGEST_SCALE}."
        )
    return scale
