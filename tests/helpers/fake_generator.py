"""FakeGenerator: a tiny staged network with repeatable weights, which can be held up, broken and watched."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.protocol import Features, StyleWeight
from latent_studio.generators.truncation import truncate

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.protocol import NoiseMaps


class Brake:
    """Holds a generator before each stage until somebody lets it go; a slow model without any sleep.

    A new brake is off. ``timeout`` only ends a test that hangs.
    """

    def __init__(self, *, timeout: float = 20.0) -> None:
        self._condition = threading.Condition()
        self._is_on = False
        self._permits = 0
        self._held: list[int] = []
        self._timeout = timeout

    def on(self) -> None:
        """From now on, stop before every stage."""
        with self._condition:
            self._is_on = True

    def off(self) -> None:
        """Let everything run."""
        with self._condition:
            self._is_on = False
            self._condition.notify_all()

    def let_through(self, stages: int = 1) -> None:
        """Let that many stages run."""
        with self._condition:
            self._permits += stages
            self._condition.notify_all()

    def wait_until_held(self, stage: int | None = None) -> int:
        """Wait until a render stands before a stage (a certain one, or any); gives its index."""
        with self._condition:
            stands = self._condition.wait_for(
                lambda: bool(self._held) and (stage is None or stage in self._held), self._timeout
            )
            assert stands, f"no render came to stage {stage}"
            return self._held[-1] if stage is None else stage

    def pass_by(self, stage: int) -> None:
        """Called by the generator before a stage."""
        with self._condition:
            if not self._is_on:
                return
            self._held.append(stage)
            self._condition.notify_all()
            went = self._condition.wait_for(lambda: self._permits > 0 or not self._is_on, self._timeout)
            self._held.remove(stage)
            assert went, f"nobody let stage {stage} go"
            self._permits -= self._is_on


@dataclass(frozen=True)
class _Layer:
    """A 3x3 convolution whose input channels are scaled by an affine of one row."""

    weight: Tensor
    affine: Tensor
    row: int

    def __call__(self, x: Tensor, ws: Tensor) -> Tensor:
        styles = 1 + F.linear(ws[:, self.row], self.affine)
        return F.leaky_relu(F.conv2d(x * styles[:, :, None, None], self.weight, padding=1), 0.2)


class FakeStage:
    """One resolution: up-sampling, a convolution or two, noise, and a picture summed over the stages."""

    def __init__(self, generator: FakeGenerator, index: int) -> None:
        self._generator = generator
        self._index = index
        self.resolution = 4 << index
        self.num_rows = 2 * index + 1
        self.has_preview = generator.previews or self.resolution == generator.spec.resolution

    def run(self, below: Features | None, rgb: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Features:
        generator, index = self._generator, self._index
        assert (below is None) == (index == 0), "the features below belong to another stage"
        generator.brake.pass_by(index)
        if generator.before_stage is not None:
            generator.before_stage(index)
        generator.runs.append(index)
        if below is None:
            x = generator.const.expand(len(ws), -1, -1, -1)
        else:
            x = F.interpolate(below.x, scale_factor=2, mode="nearest")
        for layer in generator.layers[index]:
            x = layer(x, ws)
        strength = noise[index]
        return Features(x if strength is None else x + 0.1 * strength, rgb)

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor | None:
        generator, index = self._generator, self._index
        if not self.has_preview:
            return None
        styles = 1 + F.linear(ws[:, self.num_rows], generator.rgb_affines[index])
        rgb = F.conv2d(features.x * styles[:, :, None, None], generator.rgb_weights[index])
        if features.rgb is not None:
            rgb = rgb + F.interpolate(features.rgb, scale_factor=2, mode="bilinear")
        return rgb


class FakeGenerator:
    """A generator of the shape of StyleGAN2: rows shared by neighbouring stages, noise, class labels.

    Args:
        resolution: 4 times a power of two.
        channels: of the picture.
        width: channels of every layer; more makes it slower.
        z_dim: length of z; also of w without a mapping network.
        w_dim: length of w.
        c_dim: number of classes.
        has_mapping: False maps z to itself.
        previews: False gives a picture at the last stage only.
        seed: of the weights.
        device: where it lives.

    Attributes:
        brake: holds renders up between stages.
        before_stage: called with the index of each stage before it runs; may raise.
        runs: indices of the stages run so far, oldest first.
    """

    def __init__(
        self,
        resolution: int = 16,
        *,
        channels: int = 3,
        width: int = 8,
        z_dim: int = 8,
        w_dim: int = 8,
        c_dim: int = 0,
        has_mapping: bool = True,
        previews: bool = True,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        count = resolution.bit_length() - 2
        assert resolution == 2 << count, "resolution is 4 times a power of two"
        w_dim = w_dim if has_mapping else z_dim
        self._arguments = {
            "resolution": resolution,
            "channels": channels,
            "width": width,
            "z_dim": z_dim,
            "w_dim": w_dim,
            "c_dim": c_dim,
            "has_mapping": has_mapping,
            "previews": previews,
            "seed": seed,
        }
        self.spec = GeneratorSpec(
            family="fake",
            resolution=resolution,
            channels=channels,
            z_dim=z_dim,
            w_dim=w_dim,
            num_ws=2 * count,
            c_dim=c_dim,
            has_mapping=has_mapping,
            stage_resolutions=tuple(4 << index for index in range(count)),
        )
        self.device = torch.device(device)
        self.previews = previews
        self.brake = Brake()
        self.before_stage: Callable[[int], None] | None = None
        self.runs: list[int] = []
        rng = torch.Generator().manual_seed(seed)

        def draw(*shape: int, gain: float = 1.0) -> Tensor:
            fan_in = max(1, torch.Size(shape[1:]).numel())
            return (torch.randn(shape, generator=rng) * gain / fan_in**0.5).to(self.device)

        self.w_avg = draw(w_dim) if has_mapping else torch.zeros(w_dim, device=self.device)
        self._mapping = draw(w_dim, z_dim + c_dim, gain=1.5)
        self.const = draw(1, width, 4, 4, gain=width**0.5 * 4)
        self.layers = [
            [
                _Layer(draw(width, width, 3, 3, gain=1.4), draw(width, w_dim, gain=0.5), row)
                for row in ([0] if index == 0 else [2 * index - 1, 2 * index])
            ]
            for index in range(count)
        ]
        self.rgb_weights = [draw(channels, width, 1, 1, gain=0.5) for _ in range(count)]
        self.rgb_affines = [draw(width, w_dim, gain=0.5) for _ in range(count)]
        self._noise = tuple(draw(1, 1, 4 << index, 4 << index, gain=2.0 * 4**index) for index in range(count))
        self.stages = tuple(FakeStage(self, index) for index in range(count))

    def map(
        self,
        z: Tensor,
        c: Tensor | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> Tensor:
        spec = self.spec
        if z.shape[1:] != (spec.z_dim,) or (c is not None and c.shape[1:] != (spec.c_dim,)):
            raise IncompatibleLatentError("z or c has another shape")
        w = z
        if spec.has_mapping:
            joined = z if c is None or spec.c_dim == 0 else torch.cat([z, c], dim=1)
            w = torch.tanh(F.linear(joined, self._mapping[:, : joined.shape[1]]))
        ws = w[:, None].expand(-1, spec.num_ws, -1)
        return truncate(ws, self.w_avg, psi=truncation_psi, cutoff=truncation_cutoff)

    def noise_maps(self, mode: NoiseMode, *, rng: torch.Generator | None = None, batch: int = 1) -> NoiseMaps:
        if mode == "const":
            return self._noise
        if mode == "none":
            return (None,) * len(self.stages)
        rng = rng or torch.Generator().manual_seed(0)
        return tuple(
            torch.randn((batch, *noise.shape[1:]), generator=rng, device=rng.device).to(self.device)
            for noise in self._noise
        )

    def synthesize(
        self, ws: Tensor, *, noise_mode: NoiseMode = "const", noise: NoiseMaps | None = None
    ) -> Tensor:
        if ws.shape[1:] != (self.spec.num_ws, self.spec.w_dim):
            raise IncompatibleLatentError("ws has another shape")
        maps = self.noise_maps(noise_mode) if noise is None else noise
        features, rgb = None, None
        for stage in self.stages:
            features = stage.run(features, rgb, ws, maps)
            rgb = stage.to_rgb(features, ws)
        assert rgb is not None
        return rgb

    def style_weights(self) -> tuple[StyleWeight, ...]:
        found = []
        for index, layers in enumerate(self.layers):
            side = 4 << index
            found += [
                StyleWeight(f"b{side}.conv{i}", layer.row, "conv", side, layer.affine)
                for i, layer in enumerate(layers)
            ]
            found.append(
                StyleWeight(f"b{side}.torgb", 2 * index + 1, "to_rgb", side, self.rgb_affines[index])
            )
        return tuple(found)

    def to(self, device: torch.device) -> FakeGenerator:
        if device == self.device:
            return self
        moved = FakeGenerator(**self._arguments, device=device)
        moved.brake, moved.before_stage, moved.runs = self.brake, self.before_stage, self.runs
        return moved
