"""ZGenerator: a network without a mapping network behind the ``Generator`` protocol.

Its ws are one row: z itself, or z and what else the layers read, such as the embedding of a class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from latent_studio.generators.arguments import check_noise, taken_c, taken_ws, taken_z
from latent_studio.generators.protocol import Features
from latent_studio.generators.stages import run_stages
from latent_studio.generators.tensor_reader import TensorReader
from latent_studio.generators.truncation import truncate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.protocol import NoiseMaps, StyleWeight


@dataclass(frozen=True, slots=True)
class ZStage:
    """One resolution of a network that reads one row.

    Attributes:
        resolution: side of what ``forward`` gives.
        forward: from the activation of the stage below, ``None`` for the first, and w ``(N, w_dim)`` to this
            stage's.
        picture: from an activation and w to the picture; ``None`` where there is none yet.
    """

    resolution: int
    forward: Callable[[Tensor | None, Tensor], Tensor]
    picture: Callable[[Tensor, Tensor], Tensor] | None = None

    @property
    def num_rows(self) -> int:
        """There is only one."""
        return 1

    @property
    def has_preview(self) -> bool:
        """Whether there is a picture here."""
        return self.picture is not None

    def run(self, below: Features | None, rgb: Tensor | None, ws: Tensor, noise: NoiseMaps) -> Features:
        """Run the convolutions; see ``Stage.run``."""
        return Features(self.forward(None if below is None else below.x, ws[:, 0]), rgb)

    def to_rgb(self, features: Features, ws: Tensor) -> Tensor | None:
        """The picture; see ``Stage.to_rgb``."""
        return None if self.picture is None else self.picture(features.x, ws[:, 0])


def w_is_z(z: Tensor, c: Tensor | None) -> Tensor:
    """The w of families without classes: z as it is."""
    return z


@dataclass(frozen=True, slots=True)
class ZNetwork:
    """What a family makes of a checkpoint's tensors.

    Attributes:
        spec: ``num_ws`` is 1 and ``has_mapping`` false.
        stages: coarse to fine; only the last makes a picture.
        style_weights: what SeFa factorises.
        w_of: from z ``(N, z_dim)`` and c ``(N, c_dim)`` to w ``(N, w_dim)``.
        w_avg: ``(w_dim,)``, where truncation pulls to; ``None`` means zeros.
    """

    spec: GeneratorSpec
    stages: tuple[ZStage, ...]
    style_weights: tuple[StyleWeight, ...]
    w_of: Callable[[Tensor, Tensor | None], Tensor] = w_is_z
    w_avg: Tensor | None = None


class ZGenerator:
    """A generator whose ws are one row.

    Args:
        tensors: the checkpoint's tensors, float32, all on one device; never written to.
        read: makes the network of them.
    """

    def __init__(self, tensors: Mapping[str, Tensor], read: Callable[[TensorReader], ZNetwork]) -> None:
        self._tensors = tensors
        self._read = read
        self._network = read(TensorReader(tensors))
        self._device = next(iter(tensors.values())).device
        average = self._network.w_avg
        self._w_avg = torch.zeros(self.spec.w_dim, device=self._device) if average is None else average

    @property
    def spec(self) -> GeneratorSpec:
        """The facts about this model."""
        return self._network.spec

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._device

    @property
    def w_avg(self) -> Tensor:
        """``(w_dim,)`` float32: the w of a z of zeros."""
        return self._w_avg

    @property
    def stages(self) -> Sequence[ZStage]:
        """One per resolution, coarse to fine; only the last makes a picture."""
        return self._network.stages

    def map(
        self,
        z: Tensor,
        c: Tensor | None = None,
        *,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> Tensor:
        """Arrange z and c as the one row of ws; see ``Generator.map``. Truncation makes z shorter."""
        z = taken_z(z, self.spec, self.device)
        c = taken_c(c, self.spec, self.device, batch=z.shape[0])
        ws = self._network.w_of(z, c)[:, None]
        cut = truncate(
            ws,
            self._w_avg,
            psi=truncation_psi,
            cutoff=truncation_cutoff,
            class_dims=self.spec.class_dims,
        )
        # z itself belongs to the caller.
        return cut.clone(memory_format=torch.contiguous_format)

    def noise_maps(self, mode: NoiseMode, *, rng: torch.Generator | None = None, batch: int = 1) -> NoiseMaps:
        """No maps: these networks add no noise."""
        return ()

    def synthesize(
        self, ws: Tensor, *, noise_mode: NoiseMode = "const", noise: NoiseMaps | None = None
    ) -> Tensor:
        """Render ws; see ``Generator.synthesize``."""
        ws = taken_ws(ws, self.spec, self.device)
        check_noise(noise or (), (), batch=ws.shape[0])
        return run_stages(self.stages, ws, ())

    def style_weights(self) -> Sequence[StyleWeight]:
        """The layers that read the row."""
        return self._network.style_weights

    def to(self, device: torch.device) -> ZGenerator:
        """The same generator on another device."""
        if device == self.device:
            return self
        with torch.inference_mode(False):
            return ZGenerator({name: tensor.to(device) for name, tensor in self._tensors.items()}, self._read)
