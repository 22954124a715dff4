"""Small operations the families share, in plain torch: normalisation, activations, FIR resampling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from latent_studio.core.errors import UnknownFormatError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def normalize_2nd_moment(x: Tensor) -> Tensor:
    """Scale each row of ``(N, C)`` to a mean square of one."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


@dataclass(frozen=True, slots=True)
class Activation:
    """A pointwise non-linearity with the gain that keeps the variance of normal input.

    Attributes:
        name: as checkpoints spell it.
        apply: the function, without the gain; gives a new tensor.
        apply_in_place: the same, written over its argument and returned.
        gain: multiplies the result.
        homogeneous: ``apply(g * x) == g * apply(x)`` for g > 0, so that a gain may be applied beforehand.
    """

    name: str
    apply: Callable[[Tensor], Tensor]
    apply_in_place: Callable[[Tensor], Tensor]
    gain: float
    homogeneous: bool


def _leaky_relu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


def _leaky_relu_in_place(x: Tensor) -> Tensor:
    return F.leaky_relu_(x, 0.2)


def _same(x: Tensor) -> Tensor:
    return x


def _softplus_in_place(x: Tensor) -> Tensor:
    return x.copy_(F.softplus(x))


def _swish(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


def _swish_in_place(x: Tensor) -> Tensor:
    return x.mul_(torch.sigmoid(x))


_ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("linear", _same, _same, 1.0, homogeneous=True),
        Activation("relu", torch.relu, torch.relu_, math.sqrt(2), homogeneous=True),
        Activation("lrelu", _leaky_relu, _leaky_relu_in_place, math.sqrt(2), homogeneous=True),
        Activation("tanh", torch.tanh, torch.tanh_, 1.0, homogeneous=False),
        Activation("sigmoid", torch.sigmoid, torch.sigmoid_, 1.0, homogeneous=False),
        Activation("elu", F.elu, F.elu_, 1.0, homogeneous=False),
        Activation("selu", F.selu, F.selu_, 1.0, homogeneous=False),
        Activation("softplus", F.softplus, _softplus_in_place, 1.0, homogeneous=False),
        Activation("swish", _swish, _swish_in_place, math.sqrt(2), homogeneous=False),
    )
}


def activation_named(name: str) -> Activation:
    """The activation a checkpoint names.

    Raises:
        UnknownFormatError: there is no such activation.
    """
    try:
        return _ACTIVATIONS[name]
    except KeyError:
        known = ", ".join(_ACTIVATIONS)
        raise UnknownFormatError(
            f"The checkpoint asks for an activation {name!r}, which is not known.",
            hint=f"Known activations: {known}.",
        ) from None


def fir_taps(stored: Tensor) -> Tensor:
    """The 2-D taps of a stored resampling filter, with an even side.

    Filters are stored as ``(k, k)`` or, when separable, as ``(k,)``. Padding by half a filter is the same on
    both sides only for an even side, so an odd filter gets a leading row and column of zeros.

    Args:
        stored: the checkpoint's buffer; its sum is one.

    Returns:
        ``(k, k)`` float32, k even.
    """
    taps = torch.outer(stored, stored) if stored.ndim == 1 else stored
    if taps.shape[0] % 2:
        taps = F.pad(taps, (1, 0, 1, 0))
    return taps


def upsample_2x(x: Tensor, taps: Tensor) -> Tensor:
    """Double the size of every channel: insert zeros, then convolve with a low-pass filter.

    One transposed convolution does both, and does not multiply the inserted zeros.

    Args:
        x: ``(N, C, H, W)``.
        taps: ``(k, k)`` from ``fir_taps``.

    Returns:
        ``(N, C, 2H, 2W)``.
    """
    n, channels, height, width = x.shape
    # The factor 4 makes up for the zeros, three of every four pixels.
    kernel = (taps * 4).to(x.dtype)[None, None]
    planes = x.reshape(n * channels, 1, height, width)
    up = F.conv_transpose2d(planes, kernel, stride=2, padding=taps.shape[0] // 2 - 1)
    return up.view(n, channels, 2 * height, 2 * width)
