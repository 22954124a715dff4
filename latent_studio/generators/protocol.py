"""Generator and Stage: what the engine, the methods and plugins may call on any family.

Weights are read-only after loading and noise is an argument, so one generator serves live rendering and
differentiable work at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from torch import Tensor

    from latent_studio.core.edits import StyleOffsets
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.conv_plan import ConvPlan, FormName, LayerShape

#: One map per noise input of the network, coarse to fine: ``(1 or N, 1, H, W)`` float32, not yet multiplied
#: by the layer's learned strength; ``None`` leaves that input out.
NoiseMaps = tuple["Tensor | None", ...]


@dataclass(frozen=True, slots=True)
class Features:
    """State between two stages.

    Attributes:
        x: ``(N, C, H, W)`` activation that leaves a stage's convolutions.
        rgb: ``(N, channels, h, w)`` picture summed up to the stage *below*; ``None`` before the first.
    """

    x: Tensor
    rgb: Tensor | None


class Stage(Protocol):
    """One step of synthesis, usually one resolution.

    Together, ``run`` of the stages in order and ``to_rgb`` of each equal ``Generator.synthesize`` bit for
    bit.

    Attributes:
        resolution: side of the picture that ``to_rgb`` gives here.
        num_rows: ``run`` up to and including this stage depends on ``ws[:, :num_rows]`` only (and noise).
        has_preview: whether ``to_rgb`` gives a picture worth showing here; always true for the last stage.
    """

    @property
    def resolution(self) -> int:
        """Side of the picture that ``to_rgb`` gives here."""
        ...

    @property
    def num_rows(self) -> int:
        """Leading rows of ws that ``run`` up to here depends on."""
        ...

    @property
    def has_preview(self) -> bool:
        """Whether ``to_rgb`` gives a picture here."""
        ...

    def run(self, below: Features | None, rgb: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Features:
        """Run the convolutions.

        Args:
            below: what the previous stage's ``run`` gave; ``None`` for the first stage.
            rgb: what the previous stage's ``to_rgb`` gave; ``None`` for the first stage.
            ws: ``(N, num_ws, w_dim)`` float32, all rows.
            noise: the whole network's maps, from ``Generator.noise_maps``.
        """
        ...

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor | None:
        """The picture so far, ``(N, channels, resolution, resolution)``; ``None`` where there is none yet."""
        ...


class Generator(Protocol):
    """A generator of any family. Pictures are float32 NCHW, RGB order, nominally in [-1, 1], unclamped."""

    @property
    def spec(self) -> GeneratorSpec:
        """The facts about this model."""
        ...

    @property
    def device(self) -> torch.device:
        """Where the weights are, and where its arguments must be."""
        ...

    @property
    def w_avg(self) -> Tensor:
        """``(w_dim,)`` float32: the mapping network's running mean; zeros for families without one."""
        ...

    @property
    def stages(self) -> Sequence[Stage]:
        """The steps of synthesis, coarse to fine."""
        ...

    def map(
        self,
        z: Tensor,
        c: Tensor | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> Tensor:
        """Map z to ws.

        Args:
            z: ``(N, z_dim)``; other precisions and devices are converted to float32 on this one.
            c: ``(N, c_dim)`` float32: one-hot labels or blend weights; ``None`` for unconditional models.
            truncation_psi: 1 leaves w alone, 0 gives the average.
            truncation_cutoff: number of leading rows to pull towards ``w_avg``; ``None`` means all.

        Returns:
            ``(N, num_ws, w_dim)`` float32.

        Raises:
            IncompatibleLatentError: z or c has another shape.
        """
        ...

    def noise_maps(self, mode: NoiseMode, *, rng: torch.Generator | None = None, batch: int = 1) -> NoiseMaps:
        """Noise inputs for ``synthesize``: the stored ones, fresh normal ones drawn from ``rng``, or none."""
        ...

    def synthesize(
        self, ws: Tensor, *, noise_mode: NoiseMode = "const", noise: NoiseMaps | None = None
    ) -> Tensor:
        """Render ws.

        Args:
            ws: ``(N, num_ws, w_dim)`` float32.
            noise_mode: which noise to use when ``noise`` is not given; ``"random"`` draws from a fixed seed
                0.
            noise: maps to use instead, from ``noise_maps`` or a projection.

        Returns:
            ``(N, channels, resolution, resolution)`` float32.

        Raises:
            IncompatibleLatentError: ws has another shape.
        """
        ...

    def style_weights(self) -> Sequence[StyleWeight]:
        """First-layer or affine weights that SeFa factorises, in row order."""
        ...

    def to(self, device: torch.device) -> Generator:
        """The same generator on another device; the original stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class StyleWeight:
    """The linear map from one row of ws to one layer's style.

    Attributes:
        name: the layer, such as ``"b8.conv0"``.
        row: the row of ws it reads.
        kind: ``"conv"`` or ``"to_rgb"``.
        resolution: of the layer.
        weight: ``(styles, w_dim)`` float32, un-multiplied, as stored.
    """

    name: str
    row: int
    kind: Literal["conv", "to_rgb"]
    resolution: int
    weight: Tensor


@dataclass(frozen=True, slots=True)
class StyleLayer:
    """A layer whose style can be moved channel by channel.

    Attributes:
        name: the layer, such as ``"b8.conv0"``.
        row: the row of ws it reads.
        kind: ``"conv"`` or ``"to_rgb"``.
        resolution: of the layer.
        channels: numbers of its style.
    """

    name: str
    row: int
    kind: Literal["conv", "to_rgb"]
    resolution: int
    channels: int


@runtime_checkable
class StyledGenerator(Generator, Protocol):
    """A generator whose styles, what the affine layers make of ws, can be looked at and moved."""

    @property
    def style_layers(self) -> Sequence[StyleLayer]:
        """The layers in row order."""
        ...

    def styles(self, ws: Tensor) -> Mapping[str, Tensor]:
        """The styles of ``(N, num_ws, w_dim)`` by layer, ``(N, channels)`` float32 each."""
        ...

    def with_style_offsets(self, offsets: StyleOffsets) -> StyledGenerator:
        """The same generator with numbers added to single channels; weights are shared.

        Raises:
            IncompatibleLatentError: there is no such layer or channel.
        """
        ...


@runtime_checkable
class PlannedGenerator(Generator, Protocol):
    """A generator whose layers can be computed in several equal forms; which one is a plan, and data."""

    @property
    def plan(self) -> ConvPlan:
        """Which form each layer takes."""
        ...

    def with_plan(self, plan: ConvPlan) -> PlannedGenerator:
        """The same generator following another plan; weights are shared, the original stays as it is.

        Raises:
            UnsupportedOperationError: the plan names a layer or form this generator does not have.
        """
        ...

    @property
    def layer_names(self) -> Sequence[str]:
        """The layers a plan may name, in the order they run, such as ``"b8.conv0"``."""
        ...

    @property
    def layer_shapes(self) -> Sequence[LayerShape]:
        """The same layers with what decides how fast their forms run."""
        ...

    def layer_forms(self, layer: str) -> Sequence[FormName]:
        """The forms this layer can take here, the plain one first."""
        ...

    def layer_call(self, layer: str, form: FormName) -> Callable[[], Tensor]:
        """A call that runs this layer alone in one form on typical input, for timing.

        What the form prepares is dropped with the call.
        """
        ...


@runtime_checkable
class HalfPrecisionGenerator(Generator, Protocol):
    """A generator that can compute its highest resolutions in half precision, for GPUs good at it."""

    @property
    def precision(self) -> Literal["float32", "float16"]:
        """Of the highest resolutions; the rest is float32."""
        ...

    def to(
        self, device: torch.device, *, precision: Literal["float32", "float16"] | None = None
    ) -> HalfPrecisionGenerator:
        """As ``Generator.to``; ``None`` keeps the precision."""
        ...


@runtime_checkable
class MovableGenerator(Generator, Protocol):
    """A generator whose picture can be moved and turned by moving the grid its input is sampled on."""

    @property
    def input_transform(self) -> Tensor:
        """``(3, 3)`` float32: from places in the picture to places in the input."""
        ...

    def with_input_transform(self, matrix: Tensor) -> MovableGenerator:
        """The same generator with another transform; weights are shared, the original stays as it is.

        Args:
            matrix: ``(3, 3)``, in place of the present one: from places in the picture, in picture widths
                from its centre with y downwards, to places in the input. ``input_transform`` in the module of
                that name makes one from a shift and an angle.

        Raises:
            OptionError: it is no such matrix.
        """
        ...


@runtime_checkable
class FadedGenerator(Generator, Protocol):
    """A progressively grown generator, which can leave its finest resolutions out."""

    @property
    def lod(self) -> float:
        """Level of detail: 0 uses all resolutions, 1 leaves the finest out, 0.5 is halfway between."""
        ...

    def with_lod(self, lod: float) -> FadedGenerator:
        """The same generator at another level; weights are shared, the original stays as it is.

        Raises:
            OptionError: there is no such level.
        """
        ...


@runtime_checkable
class SizedGenerator(Generator, Protocol):
    """A generator that makes pictures of several sizes with the same weights."""

    @property
    def scale(self) -> int:
        """0 gives the smallest size; each step adds as much again as a quarter of that."""
        ...

    def with_scale(self, scale: int) -> SizedGenerator:
        """The same generator at another size; weights are shared, the original stays as it is.

        Raises:
            OptionError: there is no such size.
        """
        ...
