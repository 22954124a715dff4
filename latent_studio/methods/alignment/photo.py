"""Photo: a picture of the user's, read within bounds whatever its kind."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from latent_studio.core.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A file larger than this is not opened.
MOST_BYTES = 256 << 20
#: A picture with more pixels than this is not decoded: a small file can claim any size.
MOST_PIXELS = 120_000_000
#: In a smaller picture nothing can be seen.
SMALLEST_SIDE = 16
#: What the file dialog offers; what a file really is, its content says.
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif")

#: Everything Pillow could be made to read by a file's first bytes, but only what photographs come as.
_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "TIFF", "GIF", "HEIF", "AVIF", "PPM")
_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture ready to be worked on, upright.

    Attributes:
        name: the file's name, for messages.
        pixels: ``(H, W, 3)`` uint8 RGB as stored, read-only; what is transparent keeps its colour.
        alpha: ``(H, W)`` uint8 opacity, read-only; ``None`` for opaque pictures.
        digest: SHA-256 of the file's bytes, 64 hex digits.
        exif: the camera's notes with the orientation set to upright, as stored in files; may be empty.
        icc_profile: what the colours mean; may be empty, which is sRGB.
        remarks: sentences on what was done to it that the user may want to know.
    """

    name: str
    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None = None
    digest: str = ""
    exif: bytes = b""
    icc_profile: bytes = b""
    remarks: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    @property
    def flat(self) -> NDArray[np.uint8]:
        """``(H, W, 3)`` uint8: what is transparent, laid on white."""
        if self.alpha is None:
            return self.pixels
        alpha = self.alpha[..., None].astype(np.uint16)
        return ((self.pixels * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def read_photo(source: Path | bytes, *, name: str = "") -> Photo:
    """Read a picture of any usual kind.

    It is turned upright by its EXIF note; grey, palette, CMYK and 16-bit pictures become RGB of 8 bits; of an
    animation the first frame is taken. The kind is told by the content, never by the file's name.

    Args:
        source: a file, or its bytes, as from the clipboard.
        name: for messages, where ``source`` has none.

    Raises:
        ImageError: it is missing, no picture, damaged, too large or too small.
    """
    shown = name or (source.name if isinstance(source, Path) else "The picture")
    data = source if isinstance(source, bytes) else _file_bytes(source, shown)
    register_heif()
    try:
        with warnings.catch_warnings():
            # Remarks on odd metadata are no business of the user's; too many pixels are refused below.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=_readable_formats())
            _check_size(image, shown)
            return _photo_of(image, data, shown)
    except UnidentifiedImageError as error:
        raise _unknown(data, shown) from error
    except Image.DecompressionBombError as error:
        raise _too_large(shown, "far too many") from error
    except MemoryError as error:
        raise ImageError(
            f"There is not enough memory for {shown}.", hint="Close other programs, or use a smaller copy."
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, KeyError, IndexError) as error:
        # Pillow's decoders raise any of these for files that are cut short or damaged.
        raise ImageError(
            f"{shown} is damaged or cut short and cannot be read.",
            hint="Copy it again from where it came from.",
        ) from error


def photo_of_pixels(pixels: NDArray[np.uint8], *, name: str) -> Photo:
    """A photo of pixels that are there already, such as the clipboard's.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB or ``(H, W, 4)`` RGBA.
        name: for messages.

    Raises:
        ImageError: it is too large or too small.
    """
    height, width = pixels.shape[:2]
    _check_sides(width, height, name)
    alpha = _frozen(pixels[..., 3]) if pixels.shape[2] == 4 and (pixels[..., 3] != 255).any() else None
    digest = hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
    return Photo(name, _frozen(pixels[..., :3]), alpha, digest)


def register_heif() -> bool:
    """Let Pillow read HEIC where the optional ``pillow-heif`` is installed.

    Returns:
        Whether it is.
    """
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True


def _readable_formats() -> list[str]:
    """Those of our formats that this Pillow can read."""
    Image.init()
    return [kind for kind in _FORMATS if kind in Image.OPEN]


def _file_bytes(path: Path, shown: str) -> bytes:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise ImageError(f"{shown} is a folder, not a picture.", hint="Choose a picture in it.")
        if size > MOST_BYTES:
            raise ImageError(
                f"{shown} has {size >> 20} MB; pictures of up to {MOST_BYTES >> 20} MB are read.",
                hint="Use a smaller copy.",
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(
            f"{shown} is not there any more.", hint="It was moved or deleted; choose it again."
        ) from error
    except OSError as error:
        raise ImageError(
            f"{shown} cannot be read: {error.strerror or error}.", hint="Check its permissions and the disk."
        ) from error


def _check_size(image: Image.Image, shown: str) -> None:
    _check_sides(*image.size, shown)


def _check_sides(width: int, height: int, shown: str) -> None:
    if width * height > MOST_PIXELS:
        raise _too_large(shown, f"{width} x {height}")
    if min(width, height) < SMALLEST_SIDE:
        raise ImageError(
            f"{shown} is {width} x {height} pixels, too small to see anything in.",
            hint=f"Sides must be at least {SMALLEST_SIDE} pixels.",
        )


def _photo_of(image: Image.Image, data: bytes, shown: str) -> Photo:
    remarks = []
    frames = int(getattr(image, "n_frames", 1))
    if frames > 1 and image.format != "MPO":
        remarks.append(f"{shown} has {frames} frames; the first one is used.")
    profile = image.info.get("icc_profile") or b""
    upright = ImageOps.exif_transpose(image)
    upright.load()
    exif = _upright_exif(image)
    if upright.mode == "CMYK":
        remarks.append(f"{shown} is made for printing (CMYK); its colours are converted roughly.")
        # The profile describes inks, not the RGB values they become.
        profile = b""
    if upright.mode.startswith("I") or upright.mode == "F":
        remarks.append(f"{shown} has more than 8 bits per colour; the finest steps are lost.")
        upright = _eight_bits(upright)
    alpha = None
    if upright.has_transparency_data:
        rgba = upright.convert("RGBA")
        alpha = np.asarray(rgba.getchannel("A"), dtype=np.uint8)
        alpha = None if (alpha == 255).all() else _frozen(alpha)
        upright = rgba
    pixels = np.asarray(upright.convert("RGB"), dtype=np.uint8)
    digest = hashlib.sha256(data).hexdigest()
    return Photo(shown, _frozen(pixels), alpha, digest, exif, bytes(profile), tuple(remarks))


def _upright_exif(image: Image.Image) -> bytes:
    exif = image.getexif()
    if not len(exif):
        return b""
    if _ORIENTATION in exif:
        exif[_ORIENTATION] = 1
    try:
        return exif.tobytes()
    except (TypeError, ValueError, struct.error):
        # A camera's private notes that Pillow reads but cannot write.
        return b""


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits, or of floats, as 8 bits."""
    values = np.asarray(image, dtype=np.float64)
    top = 65535.0 if image.mode.startswith("I") else 1.0
    if image.mode == "I" and values.max(initial=0) <= 255:
        top = 255.0
    scaled = np.nan_to_num(values / top * 255).clip(0, 255).round().astype(np.uint8)
    return Image.fromarray(scaled)


def _frozen(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    frozen = np.ascontiguousarray(array).copy()
    frozen.flags.writeable = False
    return frozen


def _too_large(shown: str, size: str) -> ImageError:
    return ImageError(
        f"{shown} has {size} pixels; at most {MOST_PIXELS // 1_000_000} million are read.",
        hint="Make a smaller copy, with sides of 10000 pixels at most.",
    )


def _unknown(data: bytes, shown: str) -> ImageError:
    if not data:
        return ImageError(f"{shown} is empty.", hint="Copy it again from where it came from.")
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return ImageError(
            f"{shown} is a HEIC picture, which this installation cannot read.",
            hint="Install the package pillow-heif, or export the photo as JPEG.",
        )
    return ImageError(
        f"{shown} is no picture, whatever its name says.",
        hint="PNG, JPEG, WebP, TIFF, BMP and GIF are read.",
    )
