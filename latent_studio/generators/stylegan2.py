"""StyleGAN2 (Karras et al. 2020), as trained by StyleGAN2-ADA and its relatives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import UnsupportedOperationError
from latent_studio.core.spec import GeneratorSpec
from latent_studio.generators.arguments import check_noise, make_noise, taken_c, taken_ws, taken_z
from latent_studio.generators.conv_plan import ConvPlan, LayerShape, default_plan
from latent_studio.generators.modulated_conv import forms_for, prepare
from latent_studio.generators.protocol import StyleLayer, StyleWeight
from latent_studio.generators.stages import run_stages
from latent_studio.generators.style_offsets import offset_vectors
from latent_studio.generators.stylegan2_network import PlannedConv, StyleGAN2Options, read_network
from latent_studio.generators.tensor_reader import TensorReader, in_float32
from latent_studio.generators.truncation import truncate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.core.edits import StyleOffsets
    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.conv_plan import FormName
    from latent_studio.generators.modulated_conv import ModulatedConv
    from latent_studio.generators.protocol import NoiseMaps
    from latent_studio.generators.stylegan2_network import Block, Network, Precision


def build_stylegan2(
    checkpoint: Checkpoint,
    *,
    device: torch.device | None = None,
    precision: Precision = "float32",
) -> StyleGAN2:
    """A generator from a checkpoint's tensors.

    Args:
        checkpoint: of family ``"stylegan2"``; its tensors are shared where they need no change.
        device: where to put it; ``None`` means the CPU.
        precision: ``"float16"`` computes the four highest resolutions in half precision, for CUDA.

    Raises:
        MissingWeightsError: a tensor is missing, has another shape, is left over, or is not finite.
        UnknownFormatError: an option of the checkpoint is not one we know.
    """
    with torch.inference_mode(False):
        generator = StyleGAN2(
            in_float32(checkpoint.tensors), StyleGAN2Options.of(checkpoint.options), precision=precision
        )
    return generator if device is None else generator.to(device)


class StyleGAN2:
    """A StyleGAN2 behind the ``PlannedGenerator`` protocol.

    Args:
        tensors: the checkpoint's tensors, float32, all on one device; never written to.
        options: what their shapes cannot tell.
        precision: of the four highest resolutions.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        options: StyleGAN2Options,
        *,
        precision: Precision = "float32",
    ) -> None:
        self._tensors = tensors
        self._options = options
        self._precision = precision
        network = read_network(TensorReader(tensors), options, precision=precision)
        self._network = network
        self._spec = _spec_of(network, tensors)
        self._plan = ConvPlan()
        self._stages = network.blocks
        self._follow(default_plan(self.layer_shapes, device_type=self.device.type))

    @property
    def spec(self) -> GeneratorSpec:
        """The facts about this model."""
        return self._spec

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._network.w_avg.device

    @property
    def precision(self) -> Precision:
        """Of the four highest resolutions; the rest is float32."""
        return self._precision

    @property
    def w_avg(self) -> Tensor:
        """``(w_dim,)`` float32: the mapping network's running mean."""
        return self._network.w_avg

    @property
    def stages(self) -> Sequence[Block]:
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
        z = taken_z(z, self._spec, self.device)
        c = taken_c(c, self._spec, self.device, batch=z.shape[0])
        w = self._network.mapping(z, c)
        ws = w[:, None].expand(-1, self._spec.num_ws, -1)
        return truncate(ws, self.w_avg, psi=truncation_psi, cutoff=truncation_cutoff).contiguous()

    def noise_maps(self, mode: NoiseMode, *, rng: torch.Generator | None = None, batch: int = 1) -> NoiseMaps:
        """One map per convolution, coarse to fine; see ``Generator.noise_maps``."""
        return make_noise(mode, self._network.noise, rng=rng, batch=batch)

    def synthesize(
        self, ws: Tensor, *, noise_mode: NoiseMode = "const", noise: NoiseMaps | None = None
    ) -> Tensor:
        """Render ws; see ``Generator.synthesize``."""
        ws = taken_ws(ws, self._spec, self.device)
        if noise is None:
            noise = self.noise_maps(noise_mode, batch=ws.shape[0])
        else:
            check_noise(noise, self._network.noise, batch=ws.shape[0])
        return run_stages(self._stages, ws, noise)

    def style_weights(self) -> Sequence[StyleWeight]:
        """The affine layers of all convolutions and pictures, in row order.

        Where a picture and the next block's up-convolution share a row, the picture comes first.
        """
        return tuple(
            entry for block in self._network.blocks for entry in _style_weights_of(block, self._tensors)
        )

    def to(self, device: torch.device, *, precision: Precision | None = None) -> StyleGAN2:
        """The same generator on another device.

        Args:
            device: where to.
            precision: of the four highest resolutions there; ``None`` keeps it.
        """
        precision = precision or self._precision
        if device == self.device and precision == self._precision:
            return self
        with torch.inference_mode(False):
            moved = {name: tensor.to(device) for name, tensor in self._tensors.items()}
            return StyleGAN2(moved, self._options, precision=precision)

    @property
    def tunable_tensors(self) -> Mapping[str, Tensor]:
        """Weights and biases of synthesis, by name; no noise, filters or mapping."""
        return {
            name: tensor
            for name, tensor in self._tensors.items()
            if name.startswith("synthesis.") and name.endswith((".weight", ".bias", ".const"))
        }

    def with_tensors(self, changed: Mapping[str, Tensor]) -> StyleGAN2:
        """The same generator with some tensors replaced; differentiable through them.

        Args:
            changed: by name, of the same shape and on the same device.
        """
        with torch.inference_mode(False):
            return StyleGAN2({**self._tensors, **changed}, self._options, precision=self._precision)

    @property
    def plan(self) -> ConvPlan:
        """Which form each convolution takes."""
        return self._plan

    def with_plan(self, plan: ConvPlan) -> StyleGAN2:
        """The same generator following another plan; see ``PlannedGenerator.with_plan``."""
        for name, form in plan.forms.items():
            self._check_form(name, form)
        other = object.__new__(StyleGAN2)
        other.__dict__.update(self.__dict__)
        other._follow(plan)
        return other

    @property
    def style_layers(self) -> Sequence[StyleLayer]:
        """The layers whose styles can be moved, in row order; see ``StyledGenerator``."""
        return tuple(
            StyleLayer(weight.name, weight.row, weight.kind, weight.resolution, weight.weight.shape[0])
            for weight in self.style_weights()
        )

    def styles(self, ws: Tensor) -> Mapping[str, Tensor]:
        """The styles of ws by layer; see ``StyledGenerator.styles``."""
        ws = taken_ws(ws, self._spec, self.device)
        found: dict[str, Tensor] = {}
        for block in self._stages:
            found |= {conv.layer.name: conv.layer.styles(ws) for conv in block.convs}
            if block.torgb is not None:
                found[f"b{block.resolution}.torgb"] = block.torgb.styles(ws)
        return found

    def with_style_offsets(self, offsets: StyleOffsets) -> StyleGAN2:
        """The same generator with numbers added to channels; see ``StyledGenerator.with_style_offsets``."""
        with torch.inference_mode(False):
            added = offset_vectors(self.style_layers, offsets, device=self.device)
            other = object.__new__(StyleGAN2)
            other.__dict__.update(self.__dict__)
            other._stages = tuple(_shifted(block, added) for block in self._stages)
        return other

    @property
    def layer_shapes(self) -> Sequence[LayerShape]:
        """What decides the forms' speed, of every convolution in the order they run."""
        return tuple(
            LayerShape(
                name=layer.name,
                resolution=layer.resolution,
                in_channels=layer.in_channels,
                out_channels=layer.out_channels,
                up=layer.up,
            )
            for layer in self._layers.values()
        )

    @property
    def layer_names(self) -> Sequence[str]:
        """The layers a plan may name, in the order they run."""
        return tuple(self._layers)

    def layer_forms(self, layer: str) -> Sequence[FormName]:
        """The forms this layer can take here, the plain one first."""
        return forms_for(self._layer(layer))

    def layer_call(self, layer: str, form: FormName) -> Callable[[], Tensor]:
        """A call that runs this layer alone in one form; see ``PlannedGenerator.layer_call``."""
        self._check_form(layer, form)
        weights = self._layer(layer)
        size = self._spec.size_of(weights.resolution // 2 if weights.up else weights.resolution)
        rng = torch.Generator().manual_seed(0)
        x = torch.randn(1, weights.in_channels, *size, generator=rng)
        # Nearly all forms hand on their result so.
        x = x.to(self.device, weights.weight.dtype).contiguous(memory_format=torch.channels_last)
        styles = weights.styles(self.w_avg.expand(1, self._spec.num_ws, -1))
        noise = None if weights.noise_idx is None else self._network.noise[weights.noise_idx]
        prepared = prepare(weights, form)

        def call() -> Tensor:
            return prepared(x, styles, noise)

        return call

    @property
    def _layers(self) -> Mapping[str, ModulatedConv]:
        return {conv.layer.name: conv.layer for block in self._network.blocks for conv in block.convs}

    def _layer(self, name: str) -> ModulatedConv:
        try:
            return self._layers[name]
        except KeyError:
            raise UnsupportedOperationError(
                f"This model has no convolution {name!r}.",
                hint=f"It has {', '.join(self._layers)}.",
            ) from None

    def _check_form(self, name: str, form: FormName) -> None:
        forms = forms_for(self._layer(name))
        if form not in forms:
            raise UnsupportedOperationError(
                f"The convolution {name!r} cannot take the form {form!r} here.",
                hint=f"It can take {', '.join(forms)}.",
            )

    def _follow(self, plan: ConvPlan) -> None:
        self._plan = plan
        self._stages = tuple(_planned(block, plan) for block in self._stages)


def _planned(block: Block, plan: ConvPlan) -> Block:
    """The block with its convolutions in the plan's forms; an unchanged one keeps what it prepared."""

    def planned(conv: PlannedConv) -> PlannedConv:
        form = plan.form(conv.layer.name)
        return conv if form == conv.form else PlannedConv(conv.layer, form)

    return replace(
        block,
        conv0=None if block.conv0 is None else planned(block.conv0),
        conv1=planned(block.conv1),
    )


def _shifted(block: Block, added: Mapping[str, Tensor]) -> Block:
    """The block with numbers added to its layers' styles; one without any is given back."""

    def shifted(conv: PlannedConv) -> PlannedConv:
        offset = added.get(conv.layer.name)
        return conv if offset is None else conv.with_style_offset(offset)

    torgb, picture = block.torgb, added.get(f"b{block.resolution}.torgb")
    if picture is None and not any(conv.layer.name in added for conv in block.convs):
        return block
    return replace(
        block,
        conv0=None if block.conv0 is None else shifted(block.conv0),
        conv1=shifted(block.conv1),
        torgb=torgb
        if torgb is None or picture is None
        else replace(torgb, affine_bias=torgb.affine_bias + picture),
    )


def _spec_of(network: Network, tensors: Mapping[str, Tensor]) -> GeneratorSpec:
    last = network.blocks[-1]
    if last.torgb is None:
        raise AssertionError("the last block makes the picture")
    return GeneratorSpec(
        family="stylegan2",
        resolution=last.resolution,
        channels=last.torgb.bias.shape[0],
        z_dim=network.mapping.z_dim,
        w_dim=network.w_avg.shape[0],
        num_ws=last.num_rows + 1,
        c_dim=network.mapping.c_dim,
        stage_resolutions=tuple(block.resolution for block in network.blocks),
        num_parameters=sum(tensors[name].numel() for name in network.parameter_names),
        variant=network.architecture,
        has_styles=True,
        base=_base_of(network),
    )


def _base_of(network: Network) -> tuple[int, int]:
    const = network.blocks[0].const
    if const is None:
        raise AssertionError("the first block has the constant")
    high, wide = const.shape[2:]
    return high, wide


def _style_weights_of(block: Block, tensors: Mapping[str, Tensor]) -> Sequence[StyleWeight]:
    name = f"b{block.resolution}"
    entries = [
        StyleWeight(
            name=conv.layer.name,
            row=conv.layer.row,
            kind="conv",
            resolution=block.resolution,
            weight=tensors[f"synthesis.{conv.layer.name}.affine.weight"],
        )
        for conv in block.convs
    ]
    if block.torgb is not None:
        entries.append(
            StyleWeight(
                name=f"{name}.torgb",
                row=block.torgb.row,
                kind="to_rgb",
                resolution=block.resolution,
                weight=tensors[f"synthesis.{name}.torgb.affine.weight"],
            )
        )
    return entries
