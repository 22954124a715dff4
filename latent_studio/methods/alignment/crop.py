"""Crop: FFHQ's way of cutting a face out of a photo, upright and always of the same size.

The geometry is that of Karras et al., "A Style-Based Generator Architecture for GANs", CVPR 2019, appendix A:
whatever was trained on FFHQ expects faces that stand in the picture exactly like this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from latent_studio.methods.alignment.faces import FaceMarks
    from latent_studio.methods.alignment.photo import Photo

#: Output sides that make sense for any model.
SMALLEST_OUTPUT, LARGEST_OUTPUT = 4, 4096

_EYE_WEIGHT, _MOUTH_WEIGHT = 2.0, 1.8
_DOWN = 0.1
_BORDER, _PAD, _BLUR = 0.1, 0.3, 0.02


@dataclass(frozen=True, slots=True)
class Quad:
    """A square of a photo, turned as the face is.

    Attributes:
        corners: top left, bottom left, bottom right, top right, ``(x, y)`` each, as the *face* sees it; the
            middle of a pixel is at whole numbers.
    """

    corners: tuple[tuple[float, float], ...]

    @classmethod
    def from_array(cls, corners: ArrayLike) -> Quad:
        """A quad of ``(4, 2)`` numbers.

        Raises:
            InputError: they are not four points, not finite, or have no area.
        """
        array = np.asarray(corners, dtype=np.float64)
        if array.shape != (4, 2) or not np.isfinite(array).all():
            raise InputError("A crop is given by four corners.")
        quad = cls(tuple((float(x), float(y)) for x, y in array))
        if quad.side < 2:
            raise InputError(
                "The marks lie on top of each other, so there is no crop.", hint="Drag eyes and mouth apart."
            )
        return quad

    @property
    def array(self) -> NDArray[np.float64]:
        """``(4, 2)``."""
        return np.array(self.corners)

    @property
    def side(self) -> float:
        """Length of a side in pixels of the photo."""
        array = self.array
        return float(np.hypot(*(array[3] - array[0])))

    @property
    def matrix(self) -> NDArray[np.float64]:
        """``(3, 3)``: from the crop's unit square to places in the photo.

        Both count from the outer edge of the first pixel, whose middle is at a half.
        """
        top_left, bottom_left, _, top_right = self.array
        matrix = np.eye(3)
        matrix[:2, 0] = top_right - top_left
        matrix[:2, 1] = bottom_left - top_left
        matrix[:2, 2] = top_left + 0.5
        return matrix


@dataclass(frozen=True, slots=True)
class Steps:
    """What was done on the way from a photo to a crop, as FFHQ's own program decides it.

    Attributes:
        shrink: the photo was made smaller by this factor; 1 or 0 means it was not.
        border: pixels kept around the quad.
        crop: ``(left, top, right, bottom)`` of what was looked at, in the shrunken photo.
        pad: pixels added on each side, in the same order.
        did_pad: whether they were.
        quad: ``(4, 2)``, the quad in what was warped in the end.
    """

    shrink: int
    border: int
    crop: tuple[int, int, int, int]
    pad: tuple[int, int, int, int]
    did_pad: bool
    quad: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AlignedCrop:
    """A crop and the way back.

    Attributes:
        pixels: ``(size, size, 3)`` uint8, read-only.
        quad: where it lies in the photo.
        steps: what was done.
    """

    pixels: NDArray[np.uint8]
    quad: Quad
    steps: Steps


def face_quad(marks: FaceMarks) -> Quad:
    """The square FFHQ cuts out for a face.

    Raises:
        InputError: the marks lie on top of each other.
    """
    left_eye, right_eye, mouth_left, mouth_right = marks.array
    eyes = (left_eye + right_eye) / 2
    across = right_eye - left_eye
    down = (mouth_left + mouth_right) / 2 - eyes
    x = across - _turned(down)
    length = np.hypot(*x)
    if length < 1e-6:
        raise InputError(
            "The marks lie on top of each other, so there is no crop.", hint="Drag eyes and mouth apart."
        )
    x *= max(np.hypot(*across) * _EYE_WEIGHT, np.hypot(*down) * _MOUTH_WEIGHT) / length
    y = _turned(x)
    middle = eyes + down * _DOWN
    return Quad.from_array([middle - x - y, middle - x + y, middle + x + y, middle + x - y])


def square_quad(photo_size: tuple[int, int], *, box: tuple[float, float, float, float] | None = None) -> Quad:
    """An upright square, for models that show no faces.

    Args:
        photo_size: ``(width, height)`` in pixels.
        box: ``(left, top, right, bottom)`` from edge to edge, made square about its middle; the largest
            square in the middle of the photo when not given.

    Raises:
        InputError: the box is empty.
    """
    width, height = photo_size
    if box is None:
        half = min(width, height) / 2
        middle = np.array([width / 2, height / 2])
    else:
        left, top, right, bottom = box
        half = max(right - left, bottom - top) / 2
        middle = np.array([(left + right) / 2, (top + bottom) / 2])
        if not half >= 1:
            raise InputError("The crop box is empty.", hint="Give left, top, right and bottom in pixels.")
    signs = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    return Quad.from_array(middle + half * signs - 0.5)


def sensitivity(marks: FaceMarks) -> float:
    """How far the crop moves, at most, when a mark moves by one pixel: pixels of the photo."""
    base = face_quad(marks).array
    worst = 0.0
    for index in range(4):
        for step in ((1.0, 0.0), (0.0, 1.0)):
            points = marks.array
            points[index] += step
            moved = face_quad(type(marks).from_array(points)).array
            worst = max(worst, float(np.hypot(*(moved - base).T).max()))
    return worst


def align(
    photo: Photo, quad: Quad, *, output_size: int, transform_size: int | None = None, padding: bool = True
) -> AlignedCrop:
    """Cut a quad out of a photo as FFHQ's own program does.

    Args:
        photo: from ``read_photo``; what is transparent is laid on white.
        quad: from ``face_quad`` or ``square_quad``.
        output_size: side of the result in pixels.
        transform_size: side of the intermediate picture that is then made smaller; 4 times ``output_size``,
            up to 4096, when not given.
        padding: where the quad passes the photo's edge, continue it by a blurred mirror image; black
            otherwise.

    Raises:
        InputError: the quad does not touch the photo, or is far larger than it.
    """
    transform_size = transform_size or max(output_size, min(4 * output_size, 4096))
    _check_quad(quad, photo)
    points, side = quad.array.copy(), quad.side
    image = Image.fromarray(photo.flat)

    shrink = int(np.floor(side / output_size * 0.5))
    if shrink > 1:
        size = (round(image.width / shrink), round(image.height / shrink))
        image = image.resize((max(1, size[0]), max(1, size[1])), Image.Resampling.LANCZOS)
        points /= shrink
        side /= shrink

    border = max(round(side * _BORDER), 3)
    crop = _clipped(_bounds(points), border, image.size)
    if crop[2] - crop[0] < image.width or crop[3] - crop[1] < image.height:
        image = image.crop(crop)
        points -= crop[:2]

    left, top, right, bottom = _bounds(points)
    pad = (
        max(-left + border, 0),
        max(-top + border, 0),
        max(right - image.width + border, 0),
        max(bottom - image.height + border, 0),
    )
    did_pad = padding and max(pad) > border - 4
    if did_pad:
        least = round(side * _PAD)
        pad = (max(pad[0], least), max(pad[1], least), max(pad[2], least), max(pad[3], least))
        image = _padded(image, pad, blur=side * _BLUR)
        points += pad[:2]

    corners = tuple((points + 0.5).flatten().tolist())
    image = image.transform(
        (transform_size, transform_size), Image.Transform.QUAD, corners, Image.Resampling.BILINEAR
    )
    if output_size < transform_size:
        image = image.resize((output_size, output_size), Image.Resampling.LANCZOS)
    pixels = np.array(image, dtype=np.uint8)
    pixels.flags.writeable = False
    return AlignedCrop(pixels, quad, Steps(shrink, border, crop, pad, did_pad, points))


def _turned(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """A quarter turn."""
    return np.array([-vector[1], vector[0]])


def _bounds(points: NDArray[np.float64]) -> tuple[int, int, int, int]:
    low, high = np.floor(points.min(0)), np.ceil(points.max(0))
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _clipped(
    bounds: tuple[int, int, int, int], border: int, size: tuple[int, int]
) -> tuple[int, int, int, int]:
    left, top, right, bottom = bounds
    return (
        max(left - border, 0),
        max(top - border, 0),
        min(right + border, size[0]),
        min(bottom + border, size[1]),
    )


def _check_quad(quad: Quad, photo: Photo) -> None:
    left, top, right, bottom = _bounds(quad.array)
    if right <= 0 or bottom <= 0 or left >= photo.width or top >= photo.height:
        raise InputError(
            f"The crop lies outside of {photo.name}.", hint="Move the marks or the box onto the picture."
        )
    if quad.side > 4 * max(photo.width, photo.height):
        raise InputError(
            f"The crop is far larger than {photo.name}.", hint="Move eyes and mouth closer together."
        )


def _padded(image: Image.Image, pad: tuple[int, int, int, int], *, blur: float) -> Image.Image:
    """Mirrored beyond the edges, then more and more blurred and grey with the distance."""
    from scipy.ndimage import gaussian_filter

    left, top, right, bottom = pad
    pixels = np.pad(
        np.asarray(image, dtype=np.float32), ((top, bottom), (left, right), (0, 0)), mode="reflect"
    )
    height, width = pixels.shape[:2]
    y, x = np.ogrid[:height, :width]
    # 0 well inside, 1 at the outer edge, counted over the padding of each side.
    out_x = 1 - np.minimum(np.float32(x) / left, np.float32(width - 1 - x) / right)
    out_y = 1 - np.minimum(np.float32(y) / top, np.float32(height - 1 - y) / bottom)
    out = np.maximum(out_x, out_y)[..., None]
    pixels += (gaussian_filter(pixels, [blur, blur, 0]) - pixels) * np.clip(out * 3 + 1, 0, 1)
    pixels += (np.median(pixels, axis=(0, 1)) - pixels) * np.clip(out, 0, 1)
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
