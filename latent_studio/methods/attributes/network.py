"""AttributeNetwork: the small convolutional network that reads attributes off portraits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

#: Pictures are brought to this side before the network sees them.
SIDE = 128
#: Channels of the whole picture at 32, 16, 8 and 4 px, and of the face at three sizes.
_CHANNELS = (48, 80, 128, 96)
_FACE_CHANNELS = (32, 64, 24)
#: Where the face is, whichever way it is turned: rows and columns of the picture.
_FACE = (slice(32, 104), slice(32, 96))
_HIDDEN = 128
_SLOPE = 0.1


class AttributeNetwork(nn.Module):
    """Two looks, at the whole picture coarsely and at the face closely, then two full layers.

    About 0.7 million numbers and 27 million multiplications a picture. Portraits are all framed alike, so
    the face is looked for nowhere: it is in the middle.

    Args:
        count: how many attributes.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        first, second, third, last = _CHANNELS
        self.patches = _Stage(3, first, kernel=4, stride=4, padding=0)
        self.halve16 = _Stage(first, second, kernel=3, stride=2)
        self.halve8 = _Stage(second, third, kernel=3, stride=2)
        self.halve4 = _Stage(third, last, kernel=3, stride=2)
        self.face = nn.Sequential(
            *(
                _Stage(inputs, outputs, kernel=3, stride=2)
                for inputs, outputs in zip((3, *_FACE_CHANNELS), _FACE_CHANNELS, strict=False)
            )
        )
        rows, columns = ((part.stop - part.start) // 8 for part in _FACE)
        self.hidden = nn.Linear(last * (SIDE // 32) ** 2 + _FACE_CHANNELS[-1] * rows * columns, _HIDDEN)
        self.out = nn.Linear(_HIDDEN, count)

    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, SIDE, SIDE)`` float in [-1, 1] to ``(N, count)``, each attribute in about [-1, 1]."""
        x = self.halve4(self.halve8(self.halve16(self.patches(images))))
        face = self.face(images[:, :, *_FACE])
        seen = torch.cat([x.flatten(1), face.flatten(1)], dim=1)
        values: Tensor = self.out(functional.leaky_relu(self.hidden(seen), _SLOPE))
        return values


class _Stage(nn.Module):
    """Convolution, normalisation over the batch, activation."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int = 1, padding: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.norm(self.conv(x)), _SLOPE)


def to_side(images: Tensor, side: int = SIDE) -> Tensor:
    """Pictures of any size as squares of ``side`` pixels, ``(N, 3, side, side)`` float32 in [-1, 1].

    Larger ones are averaged, so that nothing aliases; smaller ones are interpolated.
    """
    images = images.float().clamp(-1, 1)
    height, width = images.shape[2:]
    if (height, width) == (side, side):
        return images
    if min(height, width) >= side:
        return functional.adaptive_avg_pool2d(images, side)
    return functional.interpolate(images, size=(side, side), mode="bilinear", align_corners=False)


def count_of(tensors: dict[str, Tensor]) -> int:
    """How many attributes the network in these tensors reads; 0 when they are not of such a network."""
    bias = tensors.get("out.bias")
    return 0 if bias is None or bias.ndim != 1 else int(torch.numel(bias))
