"""Generator and Stage: what the engine, the methods and plugins may call on any family.

Weights are read-only after loading and noise is an argument, so one generator serves live rendering and
differentiable work at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor

    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.synthesis import NoiseMode

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

    Together, ``run`` of the stages in order and ``to_rgb`` of each equal ``Generator.synthesize`` bit for bit.

    Attributes:
        resolution: side of the picture that ``to_rgb`` gives here.
        num_rows: ``run`` up to and including this stage depends on ``ws[:, :num_rows]`` only (and noise).
        has_preview: whether ``to_rgb`` gives a picture worth showing here; always true for the last stage.
    """

    @property
    def resolution(self) -> int: ...
    @property
    def num_rows(self) -> int: ...
    @property
    def has_preview(self) -> bool: ...

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
    """A generator of any family. All pictures are float32 NCHW, RGB order, nominally in [-1, 1], unclamped."""

    @property
    def spec(self) -> GeneratorSpec: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def w_avg(self) -> Tensor:
        """``(w_dim,)`` float32: the mapping network's running mean; zeros for families without one."""
        ...

    @property
    def stages(self) -> Sequence[Stage]: ...

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
            z: ``(N, z_dim)`` float32.
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
            noise_mode: which noise to use when ``noise`` is not given; ``"random"`` draws from a fixed seed 0.
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
