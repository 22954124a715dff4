"""ResidualTrunk: the 34- and 50-layer residual networks (He et al., CVPR 2016) up to their pooling.

Tensor names are those of torchvision's files, which the published face predictors kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

_WIDTHS = (64, 128, 256, 512)
_DEPTHS = (3, 4, 6, 3)
#: Mean and standard deviation of ImageNet's pictures in [0, 1], which these networks are used to.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class ResidualTrunk(nn.Module):
    """Pictures to features.

    Args:
        is_wide: blocks of three convolutions and 2048 features (50 layers), else of two and 512 (34 layers).
    """

    def __init__(self, *, is_wide: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        below = 64
        for index, (width, depth) in enumerate(zip(_WIDTHS, _DEPTHS, strict=True), start=1):
            out = width * (4 if is_wide else 1)
            blocks = []
            for place in range(depth):
                stride = 2 if place == 0 and index > 1 else 1
                kind = _WideBlock if is_wide else _Block
                blocks.append(kind(below, width, out, stride))
                below = out
            self.add_module(f"layer{index}", nn.Sequential(*blocks))
        self.count = below

    def features(self, images: Tensor) -> Tensor:
        """``(N, 3, H, W)`` normalised pictures to ``(N, count)``."""
        x = nn.functional.max_pool2d(self.bn1(self.conv1(images)).relu(), 3, stride=2, padding=1)
        for index in range(1, len(_DEPTHS) + 1):
            x = self.get_submodule(f"layer{index}")(x)
        pooled: Tensor = x.mean((2, 3))
        return pooled


class _Block(nn.Module):
    def __init__(self, below: int, width: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(below, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = _shortcut(below, out, stride)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return torch.relu(inner + self.downsample(x))


class _WideBlock(nn.Module):
    def __init__(self, below: int, width: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(below, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.downsample = _shortcut(below, out, stride)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
        return torch.relu(self.bn3(self.conv3(inner)) + self.downsample(x))


def _shortcut(below: int, out: int, stride: int) -> nn.Module:
    if stride == 1 and below == out:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(below, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out))


def normalised(images: Tensor) -> Tensor:
    """Pictures ``(N, 3, H, W)`` in [0, 1] as the networks are used to them."""
    mean, std = (images.new_tensor(values)[:, None, None] for values in (_MEAN, _STD))
    return (images - mean) / std
