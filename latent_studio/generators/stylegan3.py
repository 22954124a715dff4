"""StyleGAN3 (Karras et al., "Alias-Free Generative Adversarial Networks", 2021), configurations t and r."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.arguments import check_noise, make_noise, taken_c, taken_ws, taken_z
from latent_studio.generators.input_transform import check_input_transform
from latent_studio.generators.protocol import StyleLayer, StyleWeight
from latent_studio.generators.stages import run_stages
from latent_studio.generators.style_offsets import offset_vectors
from latent_studio.generators.stylegan3_network import StyleGAN3Options, read_network
from latent_studio.generators.tensor_reader import TensorReader, in_float32
from latent_studio.generators.truncation import truncate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.core.edits import StyleOffsets
    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.protocol import NoiseMaps, Stage
    from latent_studio.generators.stylegan3_network import Network


def build_stylegan3(checkpoint: Checkpoint, *, device: torch.device | None = None) -> StyleGAN3:
    """A generator from a checkpoint's tensors.

    Args:
        checkpoint: of family ``"stylegan3"``; its tensors are shared where they need no change.
        device: where to put it; ``None`` means the CPU.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, is left over, or is not finite.
        UnknownFormatError: an option of the checkpoint is not one we know.
    """
    with torch.inference_mode(False):
        generator = StyleGAN3(in_float32(checkpoint.tensors), StyleGAN3Options.of(checkpoint.options))
    return generator if device is None else generator.to(device)


class StyleGAN3:
    """A StyleGAN3 behind the ``MovableGenerator`` protocol. It has no noise inputs.

    Args:
        tensors: the checkpoint's tensors, float32, all on one device; never written to.
        options: what their names and shapes cannot tell.
    """

    def __init__(self, tensors: Mapping[str, Tensor], options: StyleGAN3Options) -> None:
        self._tensors = tensors
        self._options = options
        network = read_network(TensorReader(tensors), options)
        self._network = network
        self._source = network.source
        self._spec = _spec_of(network, tensors)

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
        """``(w_dim,)`` float32: the mapping network's running mean."""
        return self._network.w_avg

    @property
    def stages(self) -> Sequence[Stage]:
        """The input, then one per layer; the last makes the picture too."""
        return (self._source, *self._network.layers)

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
        w = self._network.mapping(z, c)
        ws = w[:, None].expand(-1, self._spec.num_ws, -1)
        return truncate(ws, self.w_avg, psi=truncation_psi, cutoff=truncation_cutoff).contiguous()

    def noise_maps(self, mode: NoiseMode, *, rng: torch.Generator | None = None, batch: int = 1) -> NoiseMaps:
        """None: the network takes no noise."""
        return make_noise(mode, (), rng=rng, batch=batch)

    def synthesize(
        self, ws: Tensor, *, noise_mode: NoiseMode = "const", noise: NoiseMaps | None = None
    ) -> Tensor:
        """Render ws; see ``Generator.synthesize``."""
        ws = taken_ws(ws, self._spec, self.device)
        check_noise(noise or (), (), batch=ws.shape[0])
        return run_stages(self.stages, ws, ())

    def style_weights(self) -> Sequence[StyleWeight]:
        """The affine layers of all layers, in row order.

        The first row, which only moves and turns the input, has none.
        """
        entries = [
            StyleWeight(
                name=stage.layer.weights.name,
                row=stage.layer.weights.row,
                kind="conv",
                resolution=stage.resolution,
                weight=self._tensors[f"synthesis.{stage.layer.weights.name}.affine.weight"],
            )
            for stage in self._network.layers
        ]
        name = self._network.torgb_name
        entries.append(
            StyleWeight(
                name=name,
                row=self._spec.num_ws - 1,
                kind="to_rgb",
                resolution=self._spec.resolution,
                weight=self._tensors[f"synthesis.{name}.affine.weight"],
            )
        )
        return tuple(entries)

    @property
    def style_layers(self) -> Sequence[StyleLayer]:
        """The layers whose styles can be moved, in row order; see ``StyledGenerator``."""
        return tuple(
            StyleLayer(weight.name, weight.row, weight.kind, weight.resolution, weight.weight.shape[0])
            for weight in self.style_weights()
        )

    def styles(self, ws: Tensor) -> Mapping[str, Tensor]:
        """What the affine layers make of ws, before it is brought to one size; see ``StyledGenerator``."""
        ws = taken_ws(ws, self._spec, self.device)
        found = {stage.layer.weights.name: stage.layer.weights.styles(ws) for stage in self._network.layers}
        torgb = self._network.layers[-1].torgb
        if torgb is not None:
            found[self._network.torgb_name] = torgb.styles(ws)
        return found

    def with_style_offsets(self, offsets: StyleOffsets) -> StyleGAN3:
        """The same generator with numbers added to channels; see ``StyledGenerator.with_style_offsets``."""
        with torch.inference_mode(False):
            added = offset_vectors(self.style_layers, offsets, device=self.device)
            other = object.__new__(StyleGAN3)
            other.__dict__.update(self.__dict__)
            layers = tuple(
                stage.with_style_offsets(
                    added.get(stage.layer.weights.name),
                    None if stage.torgb is None else added.get(self._network.torgb_name),
                )
                for stage in self._network.layers
            )
            other._network = replace(self._network, layers=layers)
        return other

    def to(self, device: torch.device) -> StyleGAN3:
        """The same generator on another device."""
        if device == self.device:
            return self
        with torch.inference_mode(False):
            moved = {name: tensor.to(device) for name, tensor in self._tensors.items()}
            return StyleGAN3(moved, self._options).with_input_transform(self.input_transform)

    @property
    def input_transform(self) -> Tensor:
        """``(3, 3)`` float32: from places in the picture to places in the input; see ``MovableGenerator``."""
        return self._source.transform

    def with_input_transform(self, matrix: Tensor) -> StyleGAN3:
        """The same generator with its picture moved; see ``MovableGenerator.with_input_transform``."""
        with torch.inference_mode(False):
            transform = check_input_transform(matrix).to(self.device, torch.float32, copy=True)
        other = object.__new__(StyleGAN3)
        other.__dict__.update(self.__dict__)
        other._source = replace(self._source, transform=transform)
        return other


def _spec_of(network: Network, tensors: Mapping[str, Tensor]) -> GeneratorSpec:
    last = network.layers[-1]
    if last.torgb is None:
        raise AssertionError("the last layer makes the picture")
    return GeneratorSpec(
        family="stylegan3",
        resolution=last.resolution,
        channels=last.torgb.bias.shape[0],
        z_dim=network.mapping.z_dim,
        w_dim=network.w_avg.shape[0],
        num_ws=last.torgb.row + 1,
        c_dim=network.mapping.c_dim,
        stage_resolutions=(network.source.resolution, *(stage.resolution for stage in network.layers)),
        num_parameters=sum(tensors[name].numel() for name in network.parameter_names),
        variant="r" if network.radial else "t",
        can_move=True,
        has_styles=True,
    )
