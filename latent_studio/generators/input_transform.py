"""Where StyleGAN3 samples its input: matrices that move and turn the picture."""

from __future__ import annotations

import math

import torch

from latent_studio.core.errors import OptionError

# Beyond this many picture widths the input's frequencies no longer fit its grid or float32.
_FARTHEST = 1e3


def input_transform(
    *, translate_x: float = 0.0, translate_y: float = 0.0, rotate_degrees: float = 0.0
) -> torch.Tensor:
    """The matrix for ``MovableGenerator.with_input_transform`` that moves and turns the picture.

    The picture is turned about its centre, then moved. The same numbers give the same picture as in NVIDIA's
    ``gen_images.py``.

    Args:
        translate_x: to the right, in picture widths.
        translate_y: down, in picture heights.
        rotate_degrees: anticlockwise as seen on screen.

    Returns:
        ``(3, 3)`` float64.
    """
    # What is no angle makes a matrix that is refused below.
    angle = math.radians(rotate_degrees) if math.isfinite(rotate_degrees) else math.nan
    cos, sin = math.cos(angle), math.sin(angle)
    moved = torch.tensor(
        [[cos, sin, translate_x], [-sin, cos, translate_y], [0.0, 0.0, 1.0]], dtype=torch.float64
    )
    if not bool(torch.isfinite(moved).all()):
        return check_input_transform(moved)
    # The network asks for each place in the picture which place of the input it shows: the way back.
    return check_input_transform(torch.linalg.inv(moved))


def check_input_transform(matrix: torch.Tensor) -> torch.Tensor:
    """``matrix``, if it can serve as an input transform.

    Raises:
        OptionError: it is not ``(3, 3)``, not finite, far out, or its last row is not 0 0 1.
    """
    fits = tuple(matrix.shape) == (3, 3) and bool(torch.isfinite(matrix).all())
    if not fits or matrix[2].tolist() != [0.0, 0.0, 1.0] or float(matrix.abs().max()) > _FARTHEST:
        raise OptionError(
            "input_transform",
            f"The input transform must be a finite 3 × 3 matrix with numbers up to {_FARTHEST:.0f} and 0 0 1 "
            "as its last row.",
            hint="Use input_transform(translate_x=…, translate_y=…, rotate_degrees=…).",
        )
    return matrix
