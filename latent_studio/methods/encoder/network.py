"""EncoderNet: a small convolutional network from a picture to its w."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

#: Channels after each halving, from the picture to 4 x 4.
WIDTHS = (32, 64, 96, 128, 160)
_SMALLEST = 4


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """What decides the network's layers.

    Attributes:
        side: pictures are brought to this side first, a power of two from 8 on.
        w_dim: numbers it gives.
        widths: channels after each halving.
    """

    side: int
    w_dim: int
    widths: tuple[int, ...]

    @classmethod
    def for_model(cls, resolution: int, w_dim: int) -> EncoderShape:
        """The usual one for a model: at most 128 pixels, 4 x 4 at the end."""
        side = max(8, min(128, resolution))
        halvings = (side // _SMALLEST).bit_length() - 1
        widths = tuple(WIDTHS[min(index, len(WIDTHS) - 1)] for index in range(halvings))
        return cls(side, w_dim, widths)


class EncoderNet(nn.Module):
    """Halving after halving, two convolutions each, then one linear layer.

    It gives w in the unit the trainer chose; mean and unit are buffers of the network, so that it is
    complete.

    Args:
        shape: of the layers.
        mean: ``(w_dim,)``, what an untrained network says.
        unit: what one is, in w.
        seed: of the first weights.
    """

    mean: Tensor
    unit: Tensor

    def __init__(
        self, shape: EncoderShape, *, mean: Tensor | None = None, unit: float = 1.0, seed: int = 0
    ) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(shape.w_dim) if mean is None else mean.clone())
        self.register_buffer("unit", torch.tensor(float(unit)))
        down, same, norms = [], [], []
        channels = 3
        for width in shape.widths:
            down.append(nn.Conv2d(channels, width, 4, stride=2, padding=1))
            same.append(nn.Conv2d(width, width, 3, padding=1))
            norms.append(nn.GroupNorm(8, width))
            channels = width
        self.down, self.same, self.norms = nn.ModuleList(down), nn.ModuleList(same), nn.ModuleList(norms)
        last = shape.side >> len(shape.widths)
        self.out = nn.Linear(channels * last * last, shape.w_dim)
        rng = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.ndim > 1:
                    fan_in = parameter[0].numel()
                    gain = 0.1 if name == "out.weight" else 2.0**0.5
                    drawn = torch.randn(parameter.shape, generator=rng)
                    parameter.copy_(drawn * gain / fan_in**0.5)
                elif name.endswith(".bias"):
                    parameter.zero_()

    def forward(self, images: Tensor) -> Tensor:
        """See the w of pictures.

        Args:
            images: ``(N, 3 or 1, H, W)`` in [-1, 1], of any size.

        Returns:
            ``(N, w_dim)`` float32.
        """
        x = images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images[:, :3]
        side = self.shape.side
        if x.shape[-2:] != (side, side):
            shrinks = x.shape[-1] > side and x.shape[-2] > side
            x = (
                functional.interpolate(x, size=(side, side), mode="area")
                if shrinks
                else functional.interpolate(x, size=(side, side), mode="bilinear", align_corners=False)
            )
        for down, same, norm in zip(self.down, self.same, self.norms, strict=True):
            x = functional.leaky_relu(down(x), 0.2)
            x = x + functional.leaky_relu(same(norm(x)), 0.2)
        seen: Tensor = self.out(x.flatten(1))
        return self.mean + seen * self.unit
