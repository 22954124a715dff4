"""An analytic generator with known factors: no weights, an oracle for tests, quick enough for any of them.

It draws an ellipse with a mouth. Every number of z is one factor of the picture; every factor is read from
one row of ws only, along a known direction of w.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.arguments import check_noise, make_noise, taken_c, taken_ws, taken_z
from latent_studio.generators.ops import normalize_2nd_moment
from latent_studio.generators.protocol import Features, StyleWeight
from latent_studio.generators.stages import run_stages
from latent_studio.generators.truncation import truncate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.protocol import NoiseMaps


@dataclass(frozen=True, slots=True)
class ToyFactor:
    """One thing that varies in the picture.

    Attributes:
        name: what it is.
        row: the row of ws that sets it.
        gain: how strongly its row reads it; SeFa ranks by this.
    """

    name: str
    row: int
    gain: float


#: In the order of z, and of falling gain.
FACTORS = (
    ToyFactor("position", row=0, gain=4.0),
    ToyFactor("size", row=1, gain=3.5),
    ToyFactor("stretch", row=2, gain=3.0),
    ToyFactor("mouth", row=3, gain=2.5),
    ToyFactor("hue", row=4, gain=2.0),
    ToyFactor("colourfulness", row=4, gain=1.5),
    ToyFactor("light", row=5, gain=1.0),
    ToyFactor("background", row=5, gain=0.5),
)

_DIM = len(FACTORS)
_RESOLUTIONS = (16, 32, 64)
_ROWS_PER_STAGE = 2
_NUM_WS = _ROWS_PER_STAGE * len(_RESOLUTIONS)
_GRAIN = 0.02


def build_toy(checkpoint: Checkpoint) -> ToyGenerator:
    """The toy a checkpoint asks for; it has no tensors and may name a number of classes, ``c_dim``."""
    c_dim = checkpoint.options.get("c_dim")
    return ToyGenerator(c_dim=c_dim if isinstance(c_dim, int) else 0)


def factor_directions() -> Tensor:
    """The direction of w along which each factor changes by one standard deviation, ``(8, 8)``.

    The rows are orthonormal: a Hadamard matrix, so that no factor is a coordinate of w.
    """
    matrix = torch.ones(1, 1)
    while matrix.shape[0] < _DIM:
        matrix = torch.cat([torch.cat([matrix, matrix], dim=1), torch.cat([matrix, -matrix], dim=1)])
    return matrix / math.sqrt(_DIM)


class ToyGenerator:
    """The toy behind the ``Generator`` protocol.

    Args:
        c_dim: number of classes; each has a hue and a background of its own.
        device: where it computes.
    """

    def __init__(self, *, c_dim: int = 0, device: torch.device | None = None) -> None:
        self._device = torch.device("cpu") if device is None else device
        with torch.inference_mode(False):
            directions = factor_directions().to(self._device)
            self._directions = directions
            self._w_avg = torch.full((_DIM,), 0.25, device=self._device)
            self._class_shifts = _class_shifts(c_dim).to(self._device) @ directions
            rng = torch.Generator().manual_seed(0)
            self._noise = tuple(
                torch.randn(1, 1, side, side, generator=rng).to(self._device) for side in _RESOLUTIONS
            )
            self._stages = tuple(
                ToyStage(index, directions=directions, w_avg=self._w_avg)
                for index in range(len(_RESOLUTIONS))
            )
        self._spec = GeneratorSpec(
            family="toy",
            resolution=_RESOLUTIONS[-1],
            channels=3,
            z_dim=_DIM,
            w_dim=_DIM,
            num_ws=_NUM_WS,
            c_dim=c_dim,
            stage_resolutions=_RESOLUTIONS,
            variant="analytic",
        )

    @property
    def spec(self) -> GeneratorSpec:
        """The facts about this model."""
        return self._spec

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self._device

    @property
    def w_avg(self) -> Tensor:
        """``(8,)``: the w of a z of zeros."""
        return self._w_avg

    @property
    def stages(self) -> Sequence[ToyStage]:
        """At 16, 32 and 64 px; each adds the factors of two rows, the others rest at their average."""
        return self._stages

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
        w = normalize_2nd_moment(z) @ self._directions + self._w_avg
        if c is not None:
            w = w + c @ self._class_shifts
        ws = w[:, None].expand(-1, _NUM_WS, -1)
        return truncate(ws, self._w_avg, psi=truncation_psi, cutoff=truncation_cutoff).contiguous()

    def noise_maps(self, mode: NoiseMode, *, rng: torch.Generator | None = None, batch: int = 1) -> NoiseMaps:
        """One map of grain per stage; see ``Generator.noise_maps``."""
        return make_noise(mode, self._noise, rng=rng, batch=batch)

    def synthesize(
        self, ws: Tensor, *, noise_mode: NoiseMode = "const", noise: NoiseMaps | None = None
    ) -> Tensor:
        """Render ws; see ``Generator.synthesize``."""
        ws = taken_ws(ws, self._spec, self.device)
        if noise is None:
            noise = self.noise_maps(noise_mode, batch=ws.shape[0])
        check_noise(noise, self._noise, batch=ws.shape[0])
        return run_stages(self._stages, ws, noise)

    def style_weights(self) -> Sequence[StyleWeight]:
        """What each row reads: its factors' directions times their gains."""
        return tuple(
            StyleWeight(
                name=f"row{row}",
                row=row,
                kind="to_rgb" if row == _NUM_WS - 1 else "conv",
                resolution=_RESOLUTIONS[row // _ROWS_PER_STAGE],
                weight=torch.stack(
                    [
                        self._directions[index] * factor.gain
                        for index, factor in enumerate(FACTORS)
                        if factor.row == row
                    ]
                ),
            )
            for row in range(_NUM_WS)
        )

    def to(self, device: torch.device) -> ToyGenerator:
        """The same generator on another device."""
        return self if device == self._device else ToyGenerator(c_dim=self._spec.c_dim, device=device)


class ToyStage:
    """One resolution of the toy; a ``Stage``.

    Its features are one plane per factor, zero until the factor's row was read, and a last one of grain.

    Args:
        index: 0 for the coarsest.
        directions: ``(8, 8)`` from ``factor_directions``.
        w_avg: ``(8,)``.
    """

    has_preview = True

    def __init__(self, index: int, *, directions: Tensor, w_avg: Tensor) -> None:
        self.resolution = _RESOLUTIONS[index]
        self.num_rows = _ROWS_PER_STAGE * (index + 1)
        self._index = index
        self._w_avg = w_avg
        first_row = self.num_rows - _ROWS_PER_STAGE
        # For each new row, the directions of its factors, and zeros for all others and for the grain.
        self._readers = [
            (row, F.pad(directions * _mask_of(row).to(directions), (0, 0, 0, 1)))
            for row in range(first_row, self.num_rows)
        ]
        steps = (torch.arange(self.resolution, device=w_avg.device) + 0.5) / self.resolution * 2 - 1
        self._x, self._y = steps[None, :], steps[:, None]

    def run(self, below: Features | None, rgb: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Features:
        """Read this stage's rows; see ``Stage.run``."""
        side = self.resolution
        if below is None:
            planes = ws.new_zeros(ws.shape[0], _DIM + 1, side, side)
        else:
            planes = F.interpolate(below.x, scale_factor=2, mode="nearest")
        for row, reader in self._readers:
            planes = planes + ((ws[:, row] - self._w_avg) @ reader.t())[:, :, None, None]
        grain = noise[self._index]
        if grain is not None:
            planes = planes + F.pad(grain * _GRAIN, (0, 0, 0, 0, _DIM, 0))
        return Features(x=planes, rgb=rgb)

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor:
        """Draw the planes; see ``Stage.to_rgb``."""
        *factors, grain = torch.chunk(features.x, _DIM + 1, dim=1)
        position, size, stretch, mouth, hue, colourfulness, light, background = map(torch.tanh, factors)
        x, y = self._x - 0.3 * position, self._y
        wide = 1 + 0.3 * stretch
        face = _coverage((x.square() * wide + y.square() / wide).sqrt() - 0.55 * torch.exp(0.3 * size))
        # A mouth of constant width that opens; it rides on the face.
        lips = _coverage(
            (x / 0.25).square() + ((y - 0.25) / (0.1 * torch.exp(0.8 * mouth))).square() - 1, sharpness=4.0
        )
        skin = _palette(hue, 0.35 + 0.25 * colourfulness) + 0.3 * light
        sky = -0.5 + 0.5 * background * (self._x + self._y)
        picture = sky * (1 - face) + face * (skin * (1 - lips) - 0.6 * lips)
        return picture + grain


def _mask_of(row: int) -> Tensor:
    """``(8, 1)``: one for the factors a row sets, else zero."""
    return torch.tensor([[float(factor.row == row)] for factor in FACTORS])


def _class_shifts(c_dim: int) -> Tensor:
    """``(c_dim, 8)``: how far each class moves each factor: hue and background, spread evenly."""
    shifts = torch.zeros(c_dim, _DIM)
    for index in range(c_dim):
        shifts[index, 4] = 2 * (index + 0.5) / c_dim - 1
        shifts[index, 7] = 1 - 2 * (index + 0.5) / c_dim
    return shifts


def _coverage(distance: Tensor, *, sharpness: float = 24.0) -> Tensor:
    """1 inside, 0 outside, with a soft edge, from a distance that is negative inside."""
    return torch.sigmoid(-sharpness * distance)


def _palette(hue: Tensor, colourfulness: Tensor) -> Tensor:
    """Three channels of a colour, ``(N, 3, H, W)`` from ``(N, 1, H, W)``; hue -1 to 1 is half the wheel."""
    thirds = torch.arange(3, device=hue.device, dtype=hue.dtype).view(1, 3, 1, 1) * (2 * math.pi / 3)
    return 0.2 + colourfulness * torch.cos(hue * (math.pi / 2) - thirds)
