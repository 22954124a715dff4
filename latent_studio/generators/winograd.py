"""Winograd's 3x3 convolution F(4x4, 3x3): sixteen outputs for 36 multiplications instead of 144.

After Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015). Each 6x6 tile of the input
and each 3x3 kernel is transformed once; between the transforms, the convolution is 36 independent matrix
products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

#: Outputs per tile side; the input tile is two wider.
TILE = 4
_WIDE = TILE + 2

# The transforms of one dimension: output = OUTPUT @ ((KERNEL @ kernel) * (INPUT @ input)),
# from evaluation at the points 0, 1, -1, 2, -2 and infinity.
_INPUT = (
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0),
    (0.0, -4.0, -4.0, 1.0, 1.0, 0.0),
    (0.0, 4.0, -4.0, -1.0, 1.0, 0.0),
    (0.0, -2.0, -1.0, 2.0, 1.0, 0.0),
    (0.0, 2.0, -1.0, -2.0, 1.0, 0.0),
    (0.0, 4.0, 0.0, -5.0, 0.0, 1.0),
)
_KERNEL = (
    (1 / 4, 0.0, 0.0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0.0, 0.0, 1.0),
)
_OUTPUT = (
    (1.0, 1.0, 1.0, 1.0, 1.0, 0.0),
    (0.0, 1.0, -1.0, 2.0, -2.0, 0.0),
    (0.0, 1.0, 1.0, 4.0, 4.0, 0.0),
    (0.0, 1.0, -1.0, 8.0, -8.0, 1.0),
)

# Transformed tiles worked on at a time, in input channels times tiles: 36 * 4 bytes of each, about 5 MB, stay
# in the cache between the steps.
_STRIP_SIZE = 32768


@dataclass(frozen=True, slots=True, eq=False)
class WinogradWeights:
    """A 3x3 kernel in the transformed domain, with the transforms beside it.

    Attributes:
        kernel: ``(36, in_channels, out_channels)``.
        input_transform: ``(36, 36)``, of a flattened input tile.
        output_transform: ``(16, 36)``, to a flattened output tile.
    """

    kernel: Tensor
    input_transform: Tensor
    output_transform: Tensor

    @staticmethod
    def of(weight: Tensor) -> WinogradWeights:
        """Transform ``(out_channels, in_channels, 3, 3)``; in float64, rounded once."""
        taps = weight.permute(2, 3, 1, 0).reshape(9, -1).double()
        kernel = _both_dimensions(_KERNEL, weight.device) @ taps
        return WinogradWeights(
            kernel=kernel.float().view(_WIDE**2, weight.shape[1], weight.shape[0]),
            input_transform=_both_dimensions(_INPUT, weight.device).float(),
            output_transform=_both_dimensions(_OUTPUT, weight.device).float(),
        )


def _both_dimensions(rows: tuple[tuple[float, ...], ...], device: torch.device) -> Tensor:
    """The transform of a flattened square tile, from that of one dimension; float64."""
    one = torch.tensor(rows, dtype=torch.float64, device=device)
    return torch.kron(one, one)


def pad_for_tiles(x: Tensor, scale: Tensor) -> Tensor:
    """Multiply the channels of ``x`` and lay it out for ``convolved_strips``, in one pass over memory.

    Args:
        x: ``(N, C, H, W)``, H and W multiples of four.
        scale: ``(N, C)``.

    Returns:
        ``(N, H + 2, W + 2, C)`` contiguous, with a border of zeros.
    """
    n, c, h, w = x.shape
    padded = x.new_empty(n, h + 2, w + 2, c)
    padded[:, 0] = 0
    padded[:, -1] = 0
    padded[:, :, 0] = 0
    padded[:, :, -1] = 0
    torch.mul(x.permute(0, 2, 3, 1), scale[:, None, None, :], out=padded[:, 1:-1, 1:-1])
    return padded


def convolved_strips(padded: Tensor, weights: WinogradWeights) -> Iterator[tuple[int, int, int, Tensor]]:
    """Convolve, some rows of tiles at a time.

    Args:
        padded: ``(N, H + 2, W + 2, C)`` contiguous, from ``pad_for_tiles``.
        weights: the transformed kernel.

    Yields:
        The sample, the first and one past the last row of the output, and these rows as
        ``(tile rows, 4, tile columns, 4, out_channels)``: reshaped to ``(rows, W, out_channels)`` they are
        the result. A view of memory that lies in another order, so that the caller's next step can be the
        copy.
    """
    n, height, width, channels = padded.shape
    tile_rows, tile_columns = (height - 2) // TILE, (width - 2) // TILE
    per_strip = max(1, _STRIP_SIZE // (channels * tile_columns))
    sample_stride, row_stride, pixel_stride, _ = padded.stride()
    for sample in range(n):
        for first in range(0, tile_rows, per_strip):
            rows = min(per_strip, tile_rows - first)
            tiles = padded.as_strided(
                (_WIDE, _WIDE, rows, tile_columns, channels),
                (row_stride, pixel_stride, TILE * row_stride, TILE * pixel_stride, 1),
                padded.storage_offset() + sample * sample_stride + first * TILE * row_stride,
            ).reshape(_WIDE**2, -1)
            transformed = (weights.input_transform @ tiles).view(_WIDE**2, rows * tile_columns, channels)
            products = torch.bmm(transformed, weights.kernel).view(_WIDE**2, -1)
            output = (weights.output_transform @ products).view(TILE, TILE, rows, tile_columns, -1)
            yield sample, TILE * first, TILE * (first + rows), output.permute(2, 0, 3, 1, 4)
