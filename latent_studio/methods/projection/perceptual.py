"""PerceptualNet: how different two pictures look, by the offline ST-LPIPS network on AlexNet.

Ghildyal and Liu, "Shift-tolerant Perceptual Similarity Metric", ECCV 2022, on top of Zhang et al., "The
Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018. Weights come with the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from latent_studio.checkpoints.bundled_weights import read_bundled_weights
from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

#: What the distance is called wherever it is shown; the values of two metrics cannot be compared.
NAME = "ST-LPIPS (alex)"
#: Smaller pictures leave the last layers without a pixel to look at.
SMALLEST_SIDE = 24

_WEIGHTS = "stlpips_alex"
_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
_BLUR = (0.25, 0.5, 0.25)

#: What a picture looks like to the network: five layers, ``(N, C, h, w)`` each.
Features = tuple["Tensor", ...]


class PerceptualNet:
    """Distances between pictures that agree with people better than those of pixels.

    A layer's features are scaled to unit length at every place, and by the roots of the layer's trained
    weights; so the distance is a plain squared one, and the features of a target need computing only once.

    Args:
        weights: ``conv1`` to ``conv5`` as ``.weight`` and ``.bias``, and ``head1`` to ``head5`` ``(C,)``.
        device: where to compute.
    """

    name = NAME

    def __init__(self, weights: Mapping[str, Tensor], *, device: torch.device | str = "cpu") -> None:
        held = {key: tensor.detach().to(device, torch.float32) for key, tensor in weights.items()}
        self._convs = [(held[f"conv{n}.weight"], held[f"conv{n}.bias"]) for n in range(1, 6)]
        self._roots = [held[f"head{n}"].clamp(min=0).sqrt().reshape(1, -1, 1, 1) for n in range(1, 6)]
        self._shift = torch.tensor(_SHIFT, device=device).reshape(1, 3, 1, 1)
        self._scale = torch.tensor(_SCALE, device=device).reshape(1, 3, 1, 1)
        self._first = _BlurredConv(*self._convs[0])

    def features(self, images: Tensor) -> Features:
        """Look at pictures.

        Args:
            images: ``(N, 3 or 1, H, W)`` float32, RGB or grey, nominally in [-1, 1]; sides of 24 pixels or
                more. Differentiable.

        Returns:
            Five tensors ``(N, C, h, w)``; ``distance`` compares them.

        Raises:
            InputError: the pictures are too small or have another number of channels.
        """
        if images.ndim != 4 or images.shape[1] not in (1, 3) or min(images.shape[2:]) < SMALLEST_SIDE:
            raise InputError(
                f"Pictures of shape {tuple(images.shape)} cannot be compared by {NAME}.",
                hint=f"It needs RGB or grey pictures with sides of at least {SMALLEST_SIDE} pixels.",
            )
        x = (images.expand(-1, 3, -1, -1) - self._shift) / self._scale
        found = [self._first(x).relu()]
        for index, padding in ((1, 2), (2, 1)):
            x = _blur_pool(functional.max_pool2d(found[-1], 3, stride=1))
            found.append(functional.conv2d(x, *self._convs[index], padding=padding).relu())
        for index in (3, 4):
            found.append(functional.conv2d(found[-1], *self._convs[index], padding=1).relu())
        return tuple(_unit_length(x) * root for x, root in zip(found, self._roots, strict=True))

    def distance(self, a: Features, b: Features) -> Tensor:
        """How different two looks are: ``(N,)``, 0 for the same picture, about 1 for unlike ones.

        Args:
            a: of N pictures.
            b: of N pictures, or of one that each of ``a`` is compared with.
        """
        layers = [(one - other).square().sum(1).mean((1, 2)) for one, other in zip(a, b, strict=True)]
        return torch.stack(layers).sum(0)

    def compare(self, images: Tensor, others: Tensor) -> Tensor:
        """The distances ``(N,)`` between pictures, as for ``features``; of the same size."""
        return self.distance(self.features(images), self.features(others))


def load_perceptual_net(device: torch.device | str = "cpu") -> PerceptualNet:
    """The network on a device, read-only from then on.

    Raises:
        LatentStudioError: its weights are missing or damaged.
    """
    return PerceptualNet(read_bundled_weights(_WEIGHTS), device=device)


class _BlurredConv:
    """The first convolution and the blur after it in one step.

    A convolution with stride 1 over every pixel, whose blurred result is then mostly thrown away, is the
    most expensive part of the network. Both are linear: together they are one larger convolution with stride
    2. Only the last row and column need kernels of their own, since there the blur meets mirrored values;
    the first ones mirror onto their neighbours.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        blur, mirrored = (torch.tensor(taps, device=weight.device) for taps in (_BLUR, (0.5, 0.5)))
        self._weight, self._bias = weight, bias
        self._inner = _convolved(weight, blur, blur)
        self._last_row = _convolved(weight, mirrored, blur)
        self._last_column = _convolved(weight, blur, mirrored)
        self._last_corner = _convolved(weight, mirrored, mirrored)

    def __call__(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        if height % 2 or width % 2:
            return _blur_pool(functional.conv2d(x, self._weight, self._bias, padding=2))
        x = functional.pad(x, (2, 2, 2, 2))
        row, column = x[:, :, -12:], x[:, :, :, -12:]
        inner = functional.conv2d(x, self._inner, self._bias, stride=2)
        last_row = functional.conv2d(row, self._last_row, self._bias, stride=(1, 2))
        last_column = functional.conv2d(column, self._last_column, self._bias, stride=(2, 1))
        corner = functional.conv2d(row[..., -12:], self._last_corner, self._bias)
        body = torch.cat([inner[:, :, :1], inner, last_row], dim=2)
        edge = torch.cat([last_column[:, :, :1], last_column, corner], dim=2)
        return torch.cat([body[..., :1], body, edge], dim=3)


def _convolved(weight: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """A kernel followed by taps down and across, as one kernel: ``(O, I, h + len - 1, w + len - 1)``."""
    size = weight.shape[2:]
    whole = weight.new_zeros(*weight.shape[:2], size[0] + len(down) - 1, size[1] + len(across) - 1)
    for top, share_down in enumerate(down):
        for left, share_across in enumerate(across):
            whole[:, :, top : top + size[0], left : left + size[1]] += weight * (share_down * share_across)
    return whole


def _blur_pool(x: Tensor) -> Tensor:
    """Half the size, each place a blend of 3 x 3 (Zhang, ICML 2019); mirrored two pixels beyond the edge."""
    channels = x.shape[1]
    taps = x.new_tensor(_BLUR)
    kernel = (taps[:, None] * taps).expand(channels, 1, 3, 3)
    return functional.conv2d(
        functional.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=channels
    )


def _unit_length(x: Tensor) -> Tensor:
    # Inside the root, unlike in the paper: at a place without any feature the gradient would not be finite.
    length = (x.square().sum(1, keepdim=True) + 1e-20).sqrt()
    return x / (length + 1e-10)
