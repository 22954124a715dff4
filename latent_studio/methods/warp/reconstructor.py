"""Reconstructor: two pictures in, which path led from one to the other and how far out.

Two sizes: a LeNet for small pictures (LeCun et al., "Gradient-based learning applied to document
recognition", 1998, with batch norms) and an 18-layer residual network (He et al., "Deep residual learning for
image recognition", CVPR 2016). Tensor names are those of the published program's ``reconstructor.pt``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from latent_studio.core.errors import OptionError
from latent_studio.methods.warp.joined import JoinedBatchNorm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

ReconstructorKind = Literal["LeNet", "ResNet"]
RECONSTRUCTORS: tuple[ReconstructorKind, ...] = ("LeNet", "ResNet")

#: Below this the third convolution of the LeNet has nothing left to look at.
SMALLEST_PICTURE = 32
_LENET_WIDTHS = (6, 16, 120)
_LENET_HIDDEN = 84
_RESNET_WIDTHS = (64, 128, 256, 512)


class Reconstructor(nn.Module):
    """Tells which of K paths a pair of pictures differs by, and the shift's magnitude.

    Args:
        kind: ``LeNet`` or ``ResNet``.
        paths: K.
        channels: of one picture.
        rng: what the first weights are drawn from.

    Raises:
        OptionError: there is no such kind.
    """

    def __init__(
        self, kind: ReconstructorKind, paths: int, *, channels: int = 3, rng: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.kind = kind
        if kind == "LeNet":
            self.feature_extractor: nn.Module = _lenet_features(2 * channels)
            self.path_indices: nn.Module = _lenet_head(paths)
            self.shift_magnitudes: nn.Module = _lenet_head(1)
        elif kind == "ResNet":
            self.feature_extractor = ResNetFeatures(2 * channels)
            self.path_indices = nn.Linear(_RESNET_WIDTHS[-1], paths)
            self.shift_magnitudes = nn.Linear(_RESNET_WIDTHS[-1], 1)
        else:
            raise OptionError(
                "--reconstructor",
                f"--reconstructor is {kind}, but must be one of {', '.join(RECONSTRUCTORS)}.",
            )
        _draw_weights(self, rng)

    def forward(self, before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
        """Compare pictures.

        Args:
            before: ``(N, channels, H, W)`` in [-1, 1], H and W at least 32.
            after: the same, shifted.

        Returns:
            ``(N, K)`` logits of the paths and ``(N,)`` magnitudes.
        """
        features = self.feature_extractor(torch.cat([before, after], dim=1))
        if features.ndim == 4:
            features = features.mean((2, 3))
        return self.path_indices(features), self.shift_magnitudes(features)[:, 0]


class ResNetFeatures(nn.Module):
    """The 18-layer residual network up to its pooling: ``(N, C, H, W)`` to ``(N, 512)``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = JoinedBatchNorm(64)
        widths = (64, *_RESNET_WIDTHS)
        for index, (below, width) in enumerate(zip(widths, _RESNET_WIDTHS, strict=False), start=1):
            first = _ResidualBlock(below, width, stride=1 if index == 1 else 2)
            self.add_module(f"layer{index}", nn.Sequential(first, _ResidualBlock(width, width)))

    def forward(self, pair: Tensor) -> Tensor:
        """The pooled features of stacked pictures."""
        x = nn.functional.max_pool2d(self.bn1(self.conv1(pair)).relu(), 3, stride=2, padding=1)
        for index in range(1, len(_RESNET_WIDTHS) + 1):
            x = self.get_submodule(f"layer{index}")(x)
        pooled: Tensor = x.mean((2, 3))
        return pooled

    def load_imagenet(self, tensors: Mapping[str, Tensor]) -> None:
        """Start from weights of torchvision's ``resnet18`` file.

        The first convolution sees two pictures: each gets half of the filters' strength.

        Args:
            tensors: by torchvision's names; the classifier ``fc`` is left out.
        """
        own = self.state_dict()
        known = {name: tensor for name, tensor in tensors.items() if name in own}
        if "conv1.weight" in known:
            filters = known["conv1.weight"]
            per_picture = own["conv1.weight"].shape[1] // 2
            if per_picture != filters.shape[1]:
                filters = filters.mean(1, keepdim=True).expand(-1, per_picture, -1, -1)
            known["conv1.weight"] = torch.cat([filters, filters], dim=1) / 2
        self.load_state_dict({**own, **known})


class _ResidualBlock(nn.Module):
    def __init__(self, below: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(below, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = JoinedBatchNorm(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = JoinedBatchNorm(width)
        if stride != 1 or below != width:
            narrow = nn.Conv2d(below, width, 1, stride=stride, bias=False)
            self.downsample: nn.Module = nn.Sequential(narrow, JoinedBatchNorm(width))
        else:
            self.downsample = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        summed: Tensor = inner + self.downsample(x)
        return summed.relu()


def _lenet_features(channels: int) -> nn.Sequential:
    first, second, third = _LENET_WIDTHS
    return nn.Sequential(
        nn.Conv2d(channels, first, 5),
        JoinedBatchNorm(first),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(first, second, 5),
        JoinedBatchNorm(second),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(second, third, 5),
        JoinedBatchNorm(third),
        nn.ReLU(),
    )


def _lenet_head(outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(_LENET_WIDTHS[-1], _LENET_HIDDEN),
        JoinedBatchNorm(_LENET_HIDDEN),
        nn.ReLU(),
        nn.Linear(_LENET_HIDDEN, outputs),
    )


def _draw_weights(network: nn.Module, rng: torch.Generator | None) -> None:
    """He-normal convolutions, torch's usual bounds for linear layers; all from ``rng``."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=rng)
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_uniform_(module.weight, a=5**0.5, generator=rng)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
