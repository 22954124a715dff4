"""Progressively grown generators behind the ``Generator`` protocol: what StyleGAN and ProgGAN share.

Every resolution can have a picture of its own. While training fades a resolution in, its picture is blended
with the one below, and finer resolutions only enlarge (Karras et al., "Progressive Growing of GANs for
Improved Quality, Stability, and Variation", 2018, figure 2). How far it has come is the level of detail: 0 at
the end, 1 when the finest resolution is not used yet, 0.5 halfway between.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch
import torch.nn.functional as F

from latent_studio.core.errors import OptionError, UnknownFormatError
from latent_studio.generators.arguments import check_noise, make_noise, taken_c, taken_ws, taken_z
from latent_studio.generators.option_values import number
from latent_studio.generators.protocol import Features, StyleLayer
from latent_studio.generators.stages import run_stages
from latent_studio.generators.style_offsets import offset_vectors
from latent_studio.generators.tensor_reader import TensorReader, in_float32
from latent_studio.generators.truncation import truncate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.core.edits import StyleOffsets
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.protocol import NoiseMaps, StyleWeight


@runtime_checkable
class StyledLayers(Protocol):
    """The convolutions of a resolution that read styles."""

    def __call__(self, x: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Tensor:
        """From the activation below to this one's."""
        ...

    def styles(self, ws: Tensor) -> Mapping[str, Tensor]:
        """Each layer's style, ``(N, channels)``, of ws ``(N, num_ws, w_dim)``."""
        ...

    def with_style_offsets(self, added: Mapping[str, Tensor]) -> StyledLayers:
        """The same layers with ``(channels,)`` added to the styles of those named."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class GrownStage:
    """One resolution; a ``Stage``.

    Attributes:
        resolution: side of its output.
        num_rows: one past the last row of ws its layers read.
        layers: its convolutions: from the activation below, ``None`` at the first resolution, ws and noise
            to its own.
        picture: from its activation to a picture; ``None`` where the file keeps none.
        level: 0 for the finest resolution, 1 for the one below, and so on.
        lod: level of detail.
    """

    resolution: int
    num_rows: int
    layers: Callable[[Tensor | None, Tensor, NoiseMaps], Tensor]
    picture: Callable[[Tensor], Tensor] | None
    level: int
    lod: float = 0.0

    @property
    def below(self) -> float:
        """The share of the picture below in this one's: 0 when grown, 1 when only enlarging."""
        return min(max(self.lod - self.level, 0.0), 1.0)

    @property
    def has_preview(self) -> bool:
        """Whether there is a picture at this resolution."""
        return self.picture is not None

    def run(self, below: Features | None, rgb: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Features:
        """Run the convolutions; see ``Stage.run``."""
        if below is not None and self.below == 1:
            return Features(below.x, rgb)
        return Features(self.layers(None if below is None else below.x, ws, noise), rgb)

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor | None:
        """The picture; see ``Stage.to_rgb``."""
        if self.picture is None:
            return None
        if self.below == 0 or features.rgb is None:
            return self.picture(features.x)
        enlarged = F.interpolate(features.rgb, scale_factor=2, mode="nearest")
        return enlarged if self.below == 1 else self.picture(features.x).lerp(enlarged, self.below)


@dataclass(frozen=True, slots=True, eq=False)
class GrownNetwork:
    """What a family makes of a checkpoint's tensors.

    Attributes:
        spec: the facts.
        w_of: from z ``(N, z_dim)`` and c ``(N, c_dim)`` to w ``(N, w_dim)``.
        w_avg: ``(w_dim,)``.
        stages: coarse to fine, at level of detail 0.
        noise: the stored noise maps, ``(1, 1, H, W)`` each.
        style_weights: what SeFa factorises.
    """

    spec: GeneratorSpec
    w_of: Callable[[Tensor, Tensor | None], Tensor]
    w_avg: Tensor
    stages: tuple[GrownStage, ...]
    noise: tuple[Tensor, ...]
    style_weights: tuple[StyleWeight, ...]


class GrownGenerator:
    """A StyleGAN or ProgGAN.

    Args:
        tensors: the checkpoint's tensors, float32, all on one device; never written to.
        read: makes the network of them.
    """

    def __init__(self, tensors: Mapping[str, Tensor], read: Callable[[TensorReader], GrownNetwork]) -> None:
        self._tensors = tensors
        self._read = read
        self._network = read(TensorReader(tensors))
        self._stages = self._network.stages
        self._spec = replace(self._network.spec, highest_lod=_highest_lod(self._stages))

    @property
    def spec(self) -> GeneratorSpec:
        """The facts about this model."""
        return self._spec

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._network.w_avg.device

    @property
    def w_avg(self) -> Tensor:
        """``(w_dim,)`` float32: the mapping network's running mean; zeros without one."""
        return self._network.w_avg

    @property
    def stages(self) -> Sequence[GrownStage]:
        """One per resolution, coarse to fine."""
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
        z = taken_z(z, self.spec, self.device)
        c = taken_c(c, self.spec, self.device, batch=z.shape[0])
        ws = self._network.w_of(z, c)[:, None].expand(-1, self.spec.num_ws, -1)
        return truncate(
            ws,
            self.w_avg,
            psi=truncation_psi,
            cutoff=truncation_cutoff,
            class_dims=self.spec.class_dims,
        ).contiguous()

    def noise_maps(self, mode: NoiseMode, *, rng: torch.Generator | None = None, batch: int = 1) -> NoiseMaps:
        """One map per layer that takes noise, coarse to fine; see ``Generator.noise_maps``."""
        return make_noise(mode, self._network.noise, rng=rng, batch=batch)

    def synthesize(
        self, ws: Tensor, *, noise_mode: NoiseMode = "const", noise: NoiseMaps | None = None
    ) -> Tensor:
        """Render ws; see ``Generator.synthesize``."""
        ws = taken_ws(ws, self.spec, self.device)
        if noise is None:
            noise = self.noise_maps(noise_mode, batch=ws.shape[0])
        else:
            check_noise(noise, self._network.noise, batch=ws.shape[0])
        return run_stages(self._stages, ws, noise)

    def style_weights(self) -> Sequence[StyleWeight]:
        """The weights that read ws, in row order."""
        return self._network.style_weights

    @property
    def style_layers(self) -> Sequence[StyleLayer]:
        """The layers whose styles can be moved, in row order; none for ProgGAN. See ``StyledGenerator``."""
        if not self._spec.has_styles:
            return ()
        return tuple(
            StyleLayer(weight.name, weight.row, weight.kind, weight.resolution, weight.weight.shape[0])
            for weight in self.style_weights()
        )

    def styles(self, ws: Tensor) -> Mapping[str, Tensor]:
        """The styles of ws by layer: scales, then shifts; see ``StyledGenerator.styles``."""
        ws = taken_ws(ws, self._spec, self.device)
        found: dict[str, Tensor] = {}
        for stage in self._stages:
            if isinstance(stage.layers, StyledLayers):
                found |= stage.layers.styles(ws)
        return found

    def with_style_offsets(self, offsets: StyleOffsets) -> GrownGenerator:
        """The same generator with numbers added to channels; see ``StyledGenerator.with_style_offsets``."""
        with torch.inference_mode(False):
            added = offset_vectors(self.style_layers, offsets, device=self.device)
            return self._with_stages(
                tuple(
                    replace(stage, layers=stage.layers.with_style_offsets(added))
                    if isinstance(stage.layers, StyledLayers)
                    else stage
                    for stage in self._stages
                )
            )

    def to(self, device: torch.device) -> GrownGenerator:
        """The same generator on another device."""
        if device == self.device:
            return self
        with torch.inference_mode(False):
            moved = {name: tensor.to(device) for name, tensor in self._tensors.items()}
            return GrownGenerator(moved, self._read).with_lod(self.lod)

    @property
    def lod(self) -> float:
        """Level of detail: 0 uses all resolutions, 1 leaves the finest out, 0.5 is halfway between."""
        return self._stages[-1].lod

    def with_lod(self, lod: float) -> GrownGenerator:
        """The same generator at another level of detail; weights are shared, the original stays as it is.

        Pictures keep their size: what is left out is made up for by enlarging.

        Raises:
            OptionError: this network has no picture at that level.
        """
        highest = self._spec.highest_lod
        if not 0 <= lod <= highest:
            raise OptionError(
                "--lod",
                f"The level of detail is {lod:g}, but must lie in 0-{highest} for this model.",
                hint="0 is the finest; each step up leaves out one resolution that has a picture below it.",
            )
        other = self._with_stages(tuple(replace(stage, lod=float(lod)) for stage in self._stages))
        other._spec = replace(self._spec, lod=float(lod))
        return other

    def _with_stages(self, stages: tuple[GrownStage, ...]) -> GrownGenerator:
        other = object.__new__(GrownGenerator)
        other.__dict__.update(self.__dict__)
        other._stages = stages
        return other


def build_grown(
    checkpoint: Checkpoint,
    read: Callable[[TensorReader], GrownNetwork],
    *,
    device: torch.device | None,
) -> GrownGenerator:
    """A generator from a checkpoint's tensors, at the level of detail its options say.

    Args:
        checkpoint: its tensors are shared where they need no change.
        read: makes the network of them.
        device: where to put it; ``None`` means the CPU.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, is left over, or is not finite.
        UnknownFormatError: an option of the checkpoint is not one we know.
    """
    lod = number(checkpoint.options, "lod") or 0.0
    with torch.inference_mode(False):
        generator = GrownGenerator(in_float32(checkpoint.tensors), read)
    try:
        generator = generator.with_lod(lod)
    except OptionError as error:
        raise UnknownFormatError(
            f"The checkpoint's level of detail is {lod:g}, for which it has no picture.",
            hint="The file may be damaged, or hold another kind of network.",
        ) from error
    return generator if device is None else generator.to(device)


def _highest_lod(stages: Sequence[GrownStage]) -> int:
    """How many resolutions, from the finest down, have a picture right below them."""
    count = 0
    for stage in reversed(stages[:-1]):
        if stage.picture is None:
            break
        count += 1
    return count


def count_levels(names: Iterable[str], prefix: str) -> int:
    """How many resolutions there are, from the numbers of the layers, two of which are at each; at least 1.

    Args:
        names: of tensors.
        prefix: what stands before a layer's number.
    """
    pattern = re.compile(re.escape(prefix) + r"(\d{1,3})\.")
    highest = max((int(match[1]) for match in map(pattern.match, names) if match), default=0)
    return highest // 2 + 1


def he_scaled(weight: Tensor, *, gain: float = math.sqrt(2)) -> Tensor:
    """A stored weight times ``gain / sqrt(fan-in)``, as these networks do when they run (section 4.1).

    Args:
        weight: ``(out, in, ...)``.
        gain: sqrt(2) before a leaky ReLU, else 1.
    """
    return weight * (gain / math.sqrt(weight[0].numel()))


def channels_last(weight: Tensor) -> Tensor:
    """The weight in the memory format in which convolutions without styles are quickest."""
    return weight.contiguous(memory_format=torch.channels_last)


def seed_matrix(weight: Tensor) -> Tensor:
    """The matrix of a 4x4 convolution over a single pixel padded by 3, which sees the kernel turned round.

    Args:
        weight: ``(out, in, 4, 4)``.

    Returns:
        ``(out * 16, in)``.
    """
    return weight.flip(2, 3).permute(0, 2, 3, 1).reshape(-1, weight.shape[1])


def up_kernel(weight: Tensor, *, turned: bool) -> Tensor:
    """The transposed convolution that equals doubling every pixel and then convolving.

    It needs 4 products where those need 9. Networks trained with the two in one step keep the kernel turned
    round, because a transposed convolution turns it.

    Args:
        weight: ``(out, in, 3, 3)``.
        turned: whether it is stored turned round.

    Returns:
        ``(in, out, 4, 4)`` for stride 2 and padding 1.
    """
    wide = F.pad(weight if turned else weight.flip(2, 3), (1, 1, 1, 1))
    four = wide[..., 1:, 1:] + wide[..., :-1, 1:] + wide[..., 1:, :-1] + wide[..., :-1, :-1]
    return four.transpose(0, 1)
