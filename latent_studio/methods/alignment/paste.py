"""Paste: put an edited crop back into the photo it was cut from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.methods.alignment.crop import Quad
    from latent_studio.methods.alignment.faces import FaceMarks
    from latent_studio.methods.alignment.photo import Photo

MaskShape = Literal["ellipse", "hull", "square", "brush"]
MASK_SHAPES: tuple[MaskShape, ...] = ("ellipse", "hull", "square", "brush")

#: Side of the mask's own picture; it is smooth, so more would be wasted.
_MASK_SIDE = 256
#: Where FFHQ's geometry puts eyes and mouth when the marks are not known, in shares of the crop.
_USUAL_MARKS = ((0.385, 0.48), (0.615, 0.48), (0.42, 0.7), (0.58, 0.7))


@dataclass(frozen=True, slots=True)
class PasteSettings:
    """How a crop is put back.

    Attributes:
        strength: 0 leaves the photo alone, 1 puts the new picture in fully.
        shape: of the mask: an ``ellipse`` about the face, the face's ``hull``, the whole ``square`` of the
            crop with soft edges, or a mask painted by hand (``brush``).
        size: 1 is the usual extent of ellipse and hull.
        feather: how soft the mask's edge is, in shares of the crop's side.
        match_colour: how far the new picture's mean and spread of colour are brought to those of the photo
            under the mask, 0 to 1.
        detail: how much of the photo's finest structure (grain, pores) is laid over the new picture, 0 to 1.
    """

    strength: float = 1.0
    shape: MaskShape = "ellipse"
    size: float = 1.0
    feather: float = 0.08
    match_colour: float = 0.0
    detail: float = 0.0
    #: Add only what the edit changed to the photo, where the picture before the edit is known: hair and
    #: background that the model cannot draw stay the photo's own.
    difference: bool = False


def mask_of(
    settings: PasteSettings,
    *,
    marks: NDArray[np.float64] | None = None,
    brush: NDArray[np.uint8] | None = None,
) -> NDArray[np.float32]:
    """The mask in the crop's own square.

    Args:
        settings: shape, size and feather.
        marks: ``(4, 2)`` eyes and corners of the mouth in shares of the crop; the usual place if ``None``.
        brush: ``(S, S)`` uint8 painted by hand, for the shape ``brush``.

    Returns:
        ``(256, 256)`` float32 in [0, 1]; 0 along the outermost pixels, so that no seam can show.

    Raises:
        InputError: a brush mask was asked for, but none was painted.
    """
    side = _MASK_SIDE
    image = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(image)
    points = np.array(_USUAL_MARKS) if marks is None else np.asarray(marks, dtype=np.float64)
    eyes, mouth = points[:2].mean(0), points[2:].mean(0)
    down = mouth - eyes
    match settings.shape:
        case "square":
            inset = settings.feather * side
            draw.rectangle((inset, inset, side - inset, side - inset), fill=255)
        case "ellipse":
            middle = eyes + 0.45 * down
            radii = np.array([1.35, 1.75]) * np.hypot(*down) * settings.size
            draw.polygon(_ellipse(middle * side, radii * side, down), fill=255)
        case "hull":
            outline = _hull(points, settings.size) * side
            draw.polygon([(float(x), float(y)) for x, y in outline], fill=255)
        case "brush":
            if brush is None:
                raise InputError("No mask was painted.", hint="Paint over the face, or choose another shape.")
            image = Image.fromarray(brush).convert("L").resize((side, side), Image.Resampling.BILINEAR)
    mask = np.asarray(
        image.filter(ImageFilter.GaussianBlur(settings.feather * side / 2)), dtype=np.float32
    ) / np.float32(255)
    return mask * _falling_edge(side, max(2.0, settings.feather * side / 2))


def marks_in_crop(marks: FaceMarks, quad: Quad) -> NDArray[np.float64]:
    """Marks in shares of the crop, ``(4, 2)``."""
    inverse = np.linalg.inv(quad.matrix)
    points = np.concatenate([marks.array + 0.5, np.ones((4, 1))], axis=1)
    return np.asarray((points @ inverse.T)[:, :2])


def paste(
    photo: Photo,
    quad: Quad,
    crop: NDArray[np.uint8],
    *,
    settings: PasteSettings | None = None,
    mask: NDArray[np.float32] | None = None,
    original: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Put a crop back, turned and scaled to where it was cut out.

    Args:
        photo: where it goes.
        quad: where it was cut out.
        crop: ``(S, S, 3)`` uint8, the new picture.
        settings: how; the usual ones when not given.
        mask: from ``mask_of``; made from ``settings`` when not given.
        original: ``(S, S, 3)`` uint8, the reconstruction before the edit; needed by ``difference``, which
            leaves a photo without an edit as it is.

    Returns:
        ``(H, W, 3)`` uint8; outside the mask the very numbers of the photo.

    Raises:
        InputError: the crop has another shape, or the original is missing.
    """
    settings = settings or PasteSettings()
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.shape[0] != crop.shape[1]:
        raise InputError(f"A crop of shape {crop.shape} cannot be pasted: it must be square RGB.")
    result = photo.pixels.copy()
    region = _region(quad, photo)
    if region is None or settings.strength == 0:
        return result
    left, top, right, bottom = region
    base = photo.pixels[top:bottom, left:right].astype(np.float32)
    weight = _warped((mask if mask is not None else mask_of(settings))[..., None], quad, region)
    weight *= np.float32(settings.strength)
    new = _warped(crop.astype(np.float32), quad, region)
    if settings.difference:
        if original is None:
            raise InputError(
                "What the edit changed cannot be told without the picture before it.",
                hint="Give the reconstruction as well, or paste the whole face.",
            )
        new = base + new - _warped(original.astype(np.float32), quad, region)
    elif settings.match_colour:
        new = _matched(new, base, weight, settings.match_colour)
    if settings.detail and not settings.difference:
        new += settings.detail * (base - _blurred(base, quad.side / crop.shape[0]))
    mixed = base + weight * (new - base)
    touched = weight[..., 0] > 0.5 / 255
    patch = result[top:bottom, left:right]
    patch[touched] = np.clip(np.rint(mixed[touched]), 0, 255).astype(np.uint8)
    return result


def _region(quad: Quad, photo: Photo) -> tuple[int, int, int, int] | None:
    """The pixels of the photo that the quad can reach; ``None`` when there are none."""
    low = np.floor(quad.array.min(0)).astype(int) - 1
    high = np.ceil(quad.array.max(0)).astype(int) + 2
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = min(int(high[0]), photo.width), min(int(high[1]), photo.height)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _warped(crop: NDArray[np.float32], quad: Quad, region: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """A crop's picture as it lies in a region of the photo, ``(h, w, C)``; zero outside the quad."""
    left, top, right, bottom = region
    side = crop.shape[0]
    scale = np.diag([1 / side, 1 / side, 1.0])
    # From the region's pixels to the crop's.
    inverse = np.linalg.inv(quad.matrix @ scale) @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1.0]])
    data = tuple(float(value) for value in inverse[:2].flatten())
    shrink = side / quad.side
    layers = []
    for channel in np.moveaxis(crop, 2, 0):
        image = Image.fromarray(np.ascontiguousarray(channel, dtype=np.float32))
        if shrink > 1.5:
            # A crop larger than its place would show every other pixel; a float picture has no box filter.
            image = image.resize((max(2, round(quad.side)),) * 2, Image.Resampling.LANCZOS)
        factor = image.width / side
        scaled = tuple(value * factor for value in data)
        layers.append(
            np.asarray(
                image.transform(
                    (right - left, bottom - top),
                    Image.Transform.AFFINE,
                    scaled,
                    Image.Resampling.BICUBIC if crop.shape[2] == 3 else Image.Resampling.BILINEAR,
                ),
                dtype=np.float32,
            )
        )
    return np.stack(layers, axis=-1)


def _matched(
    new: NDArray[np.float32], base: NDArray[np.float32], weight: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    """With the photo's mean and spread of each colour under the mask (Reinhard et al., 2001, in RGB)."""
    total = float(weight.sum())
    if total < 1:
        return new
    mean_new, mean_base = ((x * weight).sum((0, 1)) / total for x in (new, base))
    spread_new, spread_base = (
        np.sqrt((np.square(x - mean) * weight).sum((0, 1)) / total)
        for x, mean in ((new, mean_new), (base, mean_base))
    )
    gain = np.clip(spread_base / np.maximum(spread_new, 1e-3), 0.5, 2.0)
    matched = (new - mean_new) * gain + mean_base
    return np.asarray(new + share * (matched - new), dtype=np.float32)


def _blurred(base: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """Without what the crop's pixels are too coarse to hold."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(base, [max(radius, 0.7), max(radius, 0.7), 0]), dtype=np.float32)


def _falling_edge(side: int, width: float) -> NDArray[np.float32]:
    """1 inside, falling to 0 at the outermost pixels."""
    distance = np.minimum(np.arange(side), np.arange(side)[::-1]) / width
    ramp = np.clip(distance, 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    return np.asarray(np.minimum.outer(ramp, ramp), dtype=np.float32)


def _ellipse(
    middle: NDArray[np.float64], radii: NDArray[np.float64], down: NDArray[np.float64]
) -> list[tuple[float, float]]:
    axis = down / max(float(np.hypot(*down)), 1e-9)
    angles = np.linspace(0, 2 * np.pi, 73)[:-1]
    across = np.array([axis[1], -axis[0]])
    points = middle + np.outer(np.cos(angles) * radii[0], across) + np.outer(np.sin(angles) * radii[1], axis)
    return [(float(x), float(y)) for x, y in points]


def _hull(points: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    """Brows, cheeks and chin, from eyes and mouth: ``(9, 2)`` in shares of the crop."""
    left, right, mouth_left, mouth_right = points
    across, eyes, mouth = right - left, (left + right) / 2, (mouth_left + mouth_right) / 2
    down = mouth - eyes
    outline = np.array([
        left - 0.45 * across - 0.45 * down, eyes - 0.75 * down, right + 0.45 * across - 0.45 * down,
        right + 0.5 * across + 0.2 * down, mouth_right + 0.5 * across, mouth_right + 0.1 * across + 0.65 *
        down, mouth_left - 0.1 * across + 0.65 * down, mouth_left - 0.5 * across, left - 0.5 * across + 0.2 *
        down,
    ])  # fmt: skip
    middle = outline.mean(0)
    return np.asarray(middle + (outline - middle) * size, dtype=np.float64)
