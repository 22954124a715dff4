"""StyleGAN2's synthesis written straight from the paper: the yardstick of the synthesis benchmark.

Every sample has its own modulated weights, so a batch becomes one grouped convolution; up-sampling is a
transposed convolution, padding, then a filter; the picture is up-sampled by stuffing zeros. Nothing is
prepared ahead and nothing is done in place.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


def synthesize(tensors: Mapping[str, Tensor], ws: Tensor) -> Tensor:
    """Render with constant noise; skip architecture, leaky ReLU.

    Args:
        tensors: a checkpoint's, under their official names.
        ws: ``(N, num_ws, w_dim)`` float32.
    """
    x = tensors["synthesis.b4.const"][None].repeat(ws.shape[0], 1, 1, 1)
    rgb = None
    side, row = 4, 0
    while f"synthesis.b{side}.conv1.weight" in tensors:
        block = f"synthesis.b{side}"
        for conv in ("conv1",) if side == 4 else ("conv0", "conv1"):
            x = _layer(tensors, f"{block}.{conv}", x, ws[:, row], up=conv == "conv0")
            row += 1
        if rgb is not None:
            rgb = _stuff_and_filter(rgb, tensors[f"{block}.resample_filter"])
        picture = _to_rgb(tensors, f"{block}.torgb", x, ws[:, row])
        rgb = picture if rgb is None else rgb + picture
        side *= 2
    assert rgb is not None
    return rgb


def _styles(tensors: Mapping[str, Tensor], name: str, w: Tensor) -> Tensor:
    weight = tensors[f"{name}.affine.weight"]
    return F.linear(w, weight * (1 / math.sqrt(weight.shape[1])), tensors[f"{name}.affine.bias"])


def _layer(tensors: Mapping[str, Tensor], name: str, x: Tensor, w: Tensor, *, up: bool) -> Tensor:
    weight = tensors[f"{name}.weight"][None] * _styles(tensors, name, w)[:, None, :, None, None]
    weight = weight * (weight.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    x = _grouped(x, weight, up=up)
    if up:
        x = _filter(F.pad(x, (1, 1, 1, 1)), tensors[f"{name}.resample_filter"])
    x = x + tensors[f"{name}.noise_const"] * tensors[f"{name}.noise_strength"]
    x = x + tensors[f"{name}.bias"][:, None, None]
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def _to_rgb(tensors: Mapping[str, Tensor], name: str, x: Tensor, w: Tensor) -> Tensor:
    weight = tensors[f"{name}.weight"]
    styles = _styles(tensors, name, w) * (1 / math.sqrt(weight.shape[1]))
    picture = _grouped(x, weight[None] * styles[:, None, :, None, None], up=False)
    return picture + tensors[f"{name}.bias"][:, None, None]


def _grouped(x: Tensor, weight: Tensor, *, up: bool) -> Tensor:
    """Convolve each sample of ``(N, I, H, W)`` with its own ``(O, I, k, k)``."""
    n, out_channels, in_channels, k, _ = weight.shape
    x = x.reshape(1, n * in_channels, *x.shape[2:])
    if up:
        kernel = weight.transpose(1, 2).reshape(n * in_channels, out_channels, k, k)
        x = F.conv_transpose2d(x, kernel, stride=2, groups=n)
    else:
        x = F.conv2d(x, weight.reshape(n * out_channels, in_channels, k, k), padding=k // 2, groups=n)
    return x.reshape(n, out_channels, *x.shape[2:])


def _filter(x: Tensor, taps: Tensor) -> Tensor:
    channels = x.shape[1]
    return F.conv2d(x, (taps.flip((0, 1)) * 4)[None, None].repeat(channels, 1, 1, 1), groups=channels)


def _stuff_and_filter(x: Tensor, taps: Tensor) -> Tensor:
    n, channels, height, width = x.shape
    stuffed = torch.zeros(n, channels, height, 2, width, 2)
    stuffed[:, :, :, 0, :, 0] = x
    return _filter(F.pad(stuffed.reshape(n, channels, 2 * height, 2 * width), (2, 1, 2, 1)), taps)
