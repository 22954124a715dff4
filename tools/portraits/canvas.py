"""A batch of pictures to paint on: signed distances become antialiased coverage, coverage becomes colour."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Canvas:
    """A view into a batch of pictures that paints in place.

    Attributes:
        image: ``(N, 3, H, W)`` float in [0, 1], RGB.
        detail: ``(N, 1, H, W)`` float in [0, 1]: where small things that matter were painted (eyes, rims).
        x: ``(1, 1, 1, W)`` pixel centres; -1 is the left, +1 the right edge of the whole picture.
        y: ``(1, 1, H, 1)`` pixel centres; -1 is the top, +1 the bottom edge of the whole picture.
        pixel: width of a pixel in those units.
    """

    image: Tensor
    detail: Tensor
    x: Tensor
    y: Tensor
    pixel: float

    def window(self, left: float, right: float, top: float, bottom: float) -> Canvas:
        """The part of the canvas between these coordinates; small features are much cheaper there."""
        first_x, last_x = _span(self.x.flatten(), left, right)
        first_y, last_y = _span(self.y.flatten(), top, bottom)
        rows, columns = slice(first_y, last_y), slice(first_x, last_x)
        return Canvas(
            self.image[:, :, rows, columns],
            self.detail[:, :, rows, columns],
            self.x[..., columns],
            self.y[..., rows, :],
            self.pixel,
        )

    def coverage(self, distance: Tensor, softness: float = 1.0) -> Tensor:
        """How much of each pixel lies inside a shape.

        Args:
            distance: ``(N, 1, H, W)`` signed distance, negative inside.
            softness: width of the edge in pixels of a 256 px picture; 1 is sharp at any resolution.
        """
        width = self.pixel if softness == 1.0 else max(self.pixel, softness * 2.0 / 256.0)
        return (0.5 - distance / width).clamp_(0.0, 1.0)

    def paint(self, coverage: Tensor, color: Tensor) -> None:
        """Blend ``color``, ``(N, 3, 1, 1)`` or per pixel, over the picture by coverage ``(N, 1, H, W)``."""
        self.image.lerp_(color.expand_as(self.image), coverage.expand_as(self.image))

    def note(self, coverage: Tensor, weight: float = 1.0) -> None:
        """Record painted detail, so that a loss can look there."""
        torch.maximum(self.detail, coverage * weight, out=self.detail)


def blank(count: int, resolution: int) -> Canvas:
    """A black canvas for ``count`` square pictures."""
    centres = (torch.arange(resolution, dtype=torch.float32) + 0.5) / resolution * 2.0 - 1.0
    return Canvas(
        torch.zeros(count, 3, resolution, resolution),
        torch.zeros(count, 1, resolution, resolution),
        centres.view(1, 1, 1, -1),
        centres.view(1, 1, -1, 1),
        2.0 / resolution,
    )


def _span(centres: Tensor, low: float, high: float) -> tuple[int, int]:
    first = int(torch.searchsorted(centres, low))
    last = int(torch.searchsorted(centres, high))
    return first, max(last, first + 1)


def ramp(x: Tensor, low: float | Tensor, high: float | Tensor) -> Tensor:
    """0 below ``low``, 1 above ``high``, smooth between (cubic, flat ends)."""
    t = ((x - low) / (high - low)).clamp(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def mix(a: Tensor | float, b: Tensor | float, t: Tensor) -> Tensor:
    """``a`` where t is 0, ``b`` where t is 1."""
    return a + (b - a) * t


def ellipse(x: Tensor, y: Tensor, rx: Tensor | float, ry: Tensor | float) -> Tensor:
    """Distance to an axis-parallel ellipse around the origin, exact to first order at its edge.

    The implicit function |p/r| - 1 divided by the length of its gradient.
    """
    u, v = x / rx, y / ry
    length = (u * u + v * v).sqrt().clamp_min(1e-4)
    slope = ((u / rx).square() + (v / ry).square()).sqrt().clamp_min(1e-4)
    return (length - 1.0) * length / slope


def segment(
    x: Tensor,
    y: Tensor,
    start: tuple[Tensor | float, Tensor | float],
    end: tuple[Tensor | float, Tensor | float],
    *,
    radius: Tensor | float,
    end_radius: Tensor | float | None = None,
) -> Tensor:
    """Distance to a line with round ends; the radius runs from ``radius`` to ``end_radius``."""
    dx, dy = x - start[0], y - start[1]
    bx, by = end[0] - start[0], end[1] - start[1]
    t = ((dx * bx + dy * by) / (bx * bx + by * by + 1e-9)).clamp(0.0, 1.0)
    thickness = radius if end_radius is None else radius + (end_radius - radius) * t
    return ((dx - bx * t).square() + (dy - by * t).square() + 1e-10).sqrt() - thickness


def rounded_box(x: Tensor, y: Tensor, half_x: Tensor, half_y: Tensor, corner: Tensor) -> Tensor:
    """Distance to a box around the origin whose corners have radius ``corner``."""
    qx, qy = x.abs() - (half_x - corner), y.abs() - (half_y - corner)
    outside = (qx.clamp_min(0.0).square() + qy.clamp_min(0.0).square() + 1e-12).sqrt()
    return outside + torch.maximum(qx, qy).clamp_max(0.0) - corner


def arc(
    x: Tensor,
    y: Tensor,
    half_width: Tensor | float,
    *,
    rise: Tensor | float,
    tilt: Tensor | float = 0.0,
    thickness: Tensor | float,
) -> Tensor:
    """Distance to a parabolic stroke around the origin, thickest in the middle, pointed at both ends.

    Args:
        x: horizontal offset from the stroke's middle.
        y: vertical offset from the line through its ends.
        half_width: half the distance of the ends.
        rise: height of the middle above the ends (up is positive).
        tilt: how much lower the right end is than the middle of both.
        thickness: half the stroke's width in the middle.
    """
    t = x / half_width
    bulge = (1.0 - t * t).clamp_min(0.0)
    slope = (tilt + 2.0 * rise * t) / half_width
    middle = tilt * t - rise * (1.0 - t * t)
    across = (y - middle).abs() / (1.0 + slope * slope).sqrt() - thickness * bulge.sqrt()
    return torch.maximum(across, (t.abs() - 1.0) * half_width)
