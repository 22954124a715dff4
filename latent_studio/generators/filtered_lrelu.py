"""The filtered leaky ReLU of StyleGAN3: up-sample, apply the non-linearity, low-pass, down-sample.

A pointwise non-linearity makes frequencies that the grid cannot hold; applied on a finer grid and filtered,
they are removed before they alias (Karras et al., "Alias-Free Generative Adversarial Networks", 2021,
section 3.2). ``plain_filtered_lrelu`` is the definition; ``FilteredLrelu`` is the same sum without the
multiplications by zero, one dimension after the other where the filters allow it. A test holds them equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

# Channels are worked on some at a time, so that the finer grid stays near this size: it remains in the cache
# between the steps, and at 1024 px, all channels at once would take gigabytes.
_GRID_BYTES = 16 << 20
# The depthwise convolutions work on this many channels in one instruction.
_LANES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Resampling:
    """What a filtered leaky ReLU does to the grid, both dimensions alike.

    Attributes:
        up: factor of the finer grid before the non-linearity.
        down: factor by which that grid is thinned out after it.
        up_taps: ``(k,)`` float32 of the filter after up-sampling, sum 1; ``None`` for no filter.
        down_taps: ``(k,)`` float32, or ``(k, k)`` for one that is not separable, of the filter before
            down-sampling, sum 1; ``None`` for no filter.
        padding: zeros put before and after the finer grid, or rows taken away from it where negative.
        gain: multiplies the non-linearity's result.
        slope: of the non-linearity below zero.
        clamp: bound on the absolute result of the non-linearity; ``None`` for no bound.
    """

    up: int
    down: int
    up_taps: Tensor | None
    down_taps: Tensor | None
    padding: tuple[int, int]
    gain: float = math.sqrt(2)
    slope: float = 0.2
    clamp: float | None = None

    def fine_size(self, size: int) -> int:
        """Side of the finer grid for an input of side ``size``."""
        return size * self.up + sum(self.padding) - _count(self.up_taps) + 1

    def out_size(self, size: int) -> int:
        """Side of the output for an input of side ``size``."""
        return (self.fine_size(size) - _count(self.down_taps)) // self.down + 1


def plain_filtered_lrelu(x: Tensor, bias: Tensor, how: Resampling) -> Tensor:
    """The definition: stuff with zeros, filter, non-linearity, filter, thin out.

    Args:
        x: ``(N, C, H, W)``.
        bias: ``(C,)``, added first.
        how: what to do to the grid.

    Returns:
        ``(N, C, how.out_size(H), how.out_size(W))``.
    """
    x = x + bias[:, None, None]
    n, channels, height, width = x.shape
    stuffed = x.new_zeros(n, channels, height, how.up, width, how.up)
    stuffed[:, :, :, 0, :, 0] = x
    x = stuffed.view(n, channels, height * how.up, width * how.up)
    x = F.pad(x, [*how.padding, *how.padding])
    if how.up_taps is not None:
        # Of each up x up pixels only one is not zero; the gain makes up for it.
        x = _filtered(x, how.up_taps * how.up)
    x = F.leaky_relu(x, how.slope) * how.gain
    if how.clamp is not None:
        x = x.clamp(-how.clamp, how.clamp)
    if how.down_taps is not None:
        x = _filtered(x, how.down_taps)
    return x[:, :, :: how.down, :: how.down]


def _filtered(x: Tensor, taps: Tensor) -> Tensor:
    """Convolve each channel of ``(N, C, H, W)`` with ``(k,)`` in both dimensions, or with ``(k, k)``."""
    # torch correlates where the filter is meant to convolve, hence the flips.
    if taps.ndim == 2:
        return F.conv2d(x, taps.flip((0, 1)).expand(x.shape[1], 1, -1, -1), groups=x.shape[1])
    column = _columns(taps.flip(0)).expand(x.shape[1], -1, -1, -1)
    return F.conv2d(F.conv2d(x, column, groups=x.shape[1]), column.mT, groups=x.shape[1])


class FilteredLrelu:
    """A filtered leaky ReLU with its filters prepared; differentiable.

    A transposed convolution with stride ``up`` computes each phase of the finer grid from the samples that
    are there, and a convolution with stride ``down`` computes only the samples that stay.

    Args:
        how: what to do to the grid.
        channels: of the input.
    """

    def __init__(self, how: Resampling, channels: int) -> None:
        self._how = how
        self._up_kernels: tuple[Tensor, ...] = ()
        self._down_kernels: tuple[Tensor, ...] = ()
        # The non-linearity lets a gain pass through, so the last kernel before it has it multiplied in.
        self._gain = how.gain
        self._largest_gain = how.gain
        if how.up_taps is not None:
            taps = how.up_taps * how.up
            self._up_kernels = (
                _columns(taps).repeat(channels, 1, 1, 1),
                _columns(taps).mT.repeat(channels, 1, 1, 1) * how.gain,
            )
            self._gain = 1.0
            # Every up-th tap meets the samples of one phase.
            phases = [float(taps[phase :: how.up].abs().sum()) for phase in range(how.up)]
            self._largest_gain = how.gain * max(phases) ** 2
        if how.down_taps is not None and how.down_taps.ndim == 1:
            taps = how.down_taps.flip(0)
            self._down_kernels = (
                _columns(taps).mT.repeat(channels, 1, 1, 1),
                _columns(taps).repeat(channels, 1, 1, 1),
            )
        elif how.down_taps is not None:
            taps = how.down_taps.flip((0, 1))
            self._down_kernels = (taps[None, None].repeat(channels, 1, 1, 1),)

    def __call__(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Run it.

        Args:
            x: ``(N, channels, H, W)``, any memory format; is not written to.
            bias: ``(channels,)``, added first; ``None`` if it was added already.

        Returns:
            ``(N, channels, how.out_size(H), how.out_size(W))`` in channels-last memory.
        """
        how = self._how
        if bias is not None:
            x = x + bias[:, None, None]
        differentiable = torch.is_grad_enabled() and x.requires_grad
        clamped = how.clamp is not None and (differentiable or not self._stays_below(how.clamp, x))
        n, channels, height, width = x.shape
        grid_bytes = n * how.fine_size(height) * how.fine_size(width) * x.element_size()
        at_once = max(_LANES, _GRID_BYTES // max(grid_bytes, 1) // _LANES * _LANES)
        if differentiable or at_once >= channels:
            return self._run(x, slice(None), in_place=not differentiable, clamped=clamped)
        result = torch.empty(
            (n, channels, how.out_size(height), how.out_size(width)),
            dtype=x.dtype,
            device=x.device,
            memory_format=torch.channels_last,
        )
        for first in range(0, channels, at_once):
            some = slice(first, first + at_once)
            result[:, some] = self._run(x[:, some], some, in_place=True, clamped=clamped)
        return result

    def _stays_below(self, clamp: float, x: Tensor) -> bool:
        """Whether no value can reach the clamp, which spares a pass over the finer grid."""
        if x.device.type != "cpu":
            # There, asking would wait for the device.
            return False
        # Two passes, and yet thirty times as fast as one call of aminmax on memory in this order.
        low, high = x.amin(), x.amax()
        return max(-float(low), float(high)) * self._largest_gain <= clamp

    def _run(self, x: Tensor, some: slice, *, in_place: bool, clamped: bool) -> Tensor:
        how = self._how
        x = self._up(x.contiguous(memory_format=torch.channels_last), some)
        # Without an up-filter x may be the caller's tensor.
        in_place = in_place and bool(self._up_kernels)
        x = F.leaky_relu_(x, how.slope) if in_place else F.leaky_relu(x, how.slope)
        if self._gain != 1:
            x = x * self._gain
        if clamped and how.clamp is not None:
            x = x.clamp_(-how.clamp, how.clamp) if in_place else x.clamp(-how.clamp, how.clamp)
        return self._down(x, some)

    def _up(self, x: Tensor, some: slice) -> Tensor:
        how = self._how
        before, after = how.padding
        if not self._up_kernels:
            if how.up > 1:
                stuffed = x.new_zeros(*x.shape[:2], x.shape[2] * how.up, x.shape[3] * how.up)
                stuffed[:, :, :: how.up, :: how.up] = x
                x = stuffed
            return F.pad(x, [before, after, before, after])
        # The transposed convolution gives every sample that an input reaches; some of them at both ends are
        # to be cut, and where the padding reaches further the input is padded instead.
        taps = _count(how.up_taps)
        front, back = taps - 1 - before, taps - how.up - after
        more = [-(min(front, 0) // how.up), -(min(back, 0) // how.up)]
        if any(more):
            x = F.pad(x, [*more, *more])
            front, back = front + more[0] * how.up, back + more[1] * how.up
        cut = min(front, back)
        groups = x.shape[1]
        vertical, horizontal = (kernel[some] for kernel in self._up_kernels)
        x = F.conv_transpose2d(x, vertical, stride=(how.up, 1), padding=(cut, 0), groups=groups)
        x = x[:, :, front - cut : x.shape[2] - (back - cut)]
        x = F.conv_transpose2d(x, horizontal, stride=(1, how.up), padding=(0, cut), groups=groups)
        return x[:, :, :, front - cut : x.shape[3] - (back - cut)]

    def _down(self, x: Tensor, some: slice) -> Tensor:
        down, groups = self._how.down, x.shape[1]
        match self._down_kernels:
            case (square,):
                return F.conv2d(x, square[some], stride=down, groups=groups)
            case (horizontal, vertical):
                # In this order the large grid is read once, row by row.
                x = F.conv2d(x, horizontal[some], stride=(1, down), groups=groups)
                return F.conv2d(x, vertical[some], stride=(down, 1), groups=groups)
        return x[:, :, ::down, ::down]


def _columns(taps: Tensor) -> Tensor:
    """``(k,)`` as the kernel ``(1, 1, k, 1)``."""
    return taps[None, None, :, None]


def _count(taps: Tensor | None) -> int:
    return 1 if taps is None else taps.shape[0]
