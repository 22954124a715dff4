"""The recipe inside an exported file: the text that says how it was made, whatever the format."""

from __future__ import annotations

import mmap
import re
import struct
from typing import TYPE_CHECKING
from xml.sax.saxutils import unescape

from latent_studio.core.errors import ImageError
from latent_studio.exporters.still import RECIPE_KEY

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

#: Of a recipe's text; projected latents with noise are the longest there are.
BYTES_AT_MOST = 64 << 20
_PNG = b"\x89PNG\r\n\x1a\n"
_EBML = b"\x1a\x45\xdf\xa3"
#: A text of the document's facts, as Pillow writes it: UTF-16 with escaped brackets.
_PDF_SUBJECT = re.compile(rb"/Subject \((\xfe\xff(?:[^\\)]|\\.)*)\)", re.DOTALL)
_XMP_RECIPE = re.compile(rb"<ls:recipe>(.*?)</ls:recipe>", re.DOTALL)


def read_recipe(path: Path) -> str | None:
    """The recipe of a picture or film that this program exported.

    The first bytes decide the format, not the name. Only as much of the file is read as it takes to find the
    text; nothing in it is trusted: whoever parses the text has to check it.

    Args:
        path: PNG, APNG, JPEG, GIF, WebP, MP4, WebM or PDF; of a folder of pictures the first one is asked.

    Returns:
        JSON text, or ``None`` where there is none.

    Raises:
        ImageError: the file cannot be read or is damaged.
    """
    if path.is_dir():
        pictures = sorted([*path.glob("frame_*.png"), *path.glob("frame_*.jpg")])
        return read_recipe(pictures[0]) if pictures else None
    try:
        with path.open("rb") as file:
            head = file.read(16)
            file.seek(0)
            text = _find(file, head, path)
    except OSError as error:
        raise ImageError(
            f"{path.name} could not be read: {error.strerror or error}.",
            hint="Check that the file is still there and may be read.",
        ) from error
    except (struct.error, UnicodeDecodeError, IndexError, ValueError) as error:
        raise ImageError(
            f"{path.name} is damaged: what made it cannot be read.", hint="Export it again."
        ) from error
    return text if text and text.lstrip().startswith("{") else None


def _find(file: BinaryIO, head: bytes, path: Path) -> str | None:
    if head.startswith(_PNG):
        return _of_png(file)
    if head.startswith(b"\xff\xd8\xff"):
        return _of_jpeg(file)
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return _of_gif(file)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _of_webp(file)
    if head.startswith(b"%PDF-"):
        return _of_pdf(file)
    if head[4:8] == b"ftyp" or head.startswith(_EBML):
        return _of_video(path)
    return None


def _of_png(file: BinaryIO) -> str | None:
    file.seek(len(_PNG))
    while len(start := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", start)
        if name in (b"IDAT", b"IEND"):
            return None
        if name == b"tEXt" and size <= BYTES_AT_MOST:
            keyword, _, text = _exactly(file, size).partition(b"\0")
            if keyword == RECIPE_KEY.encode():
                return text.decode("latin-1")
            file.seek(4, 1)
        else:
            file.seek(size + 4, 1)
    return None


def _of_jpeg(file: BinaryIO) -> str | None:
    file.seek(2)
    found = bytearray()
    while len(start := file.read(4)) == 4 and start[0] == 0xFF and start[1] != 0xDA:
        data = _exactly(file, struct.unpack(">H", start[2:])[0] - 2)
        if start[1] == 0xFE:
            # A long text is spread over several comments.
            found += data
    return found.decode("utf-8") or None


def _of_gif(file: BinaryIO) -> str | None:
    head = file.read(13)
    file.seek(_table_size(head[10]), 1)
    while kind := file.read(1):
        if kind == b"!":
            label = file.read(1)
            data = _sub_blocks(file)
            if label == b"\xfe" and data.startswith(b"{"):
                return data.decode("utf-8")
        else:
            # The first picture, or the end: the recipe stands before both.
            return None
    return None


def _table_size(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(file: BinaryIO) -> bytes:
    found = bytearray()
    while (length := _exactly(file, 1))[0]:
        found += _exactly(file, length[0])
        if len(found) > BYTES_AT_MOST:
            raise ValueError("a comment without an end")
    return bytes(found)


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise ValueError("cut short")
    return data


def _of_webp(file: BinaryIO) -> str | None:
    file.seek(12)
    while len(start := file.read(8)) == 8:
        name, size = struct.unpack("<4sI", start)
        if name == b"XMP " and size <= BYTES_AT_MOST:
            found = _XMP_RECIPE.search(_exactly(file, size))
            return unescape(found.group(1).decode("utf-8")) if found else None
        file.seek(size + size % 2, 1)
    return None


def _of_pdf(file: BinaryIO) -> str | None:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        found = _PDF_SUBJECT.search(whole)
        return (
            None if found is None else re.sub(rb"\\(.)", rb"\1", found[1], flags=re.DOTALL).decode("utf-16")
        )


def _of_video(path: Path) -> str | None:
    try:
        import av
    except ImportError:
        return None
    try:
        with av.open(str(path), "r") as container:
            tags = {name.lower(): text for name, text in container.metadata.items()}
    except (OSError, ValueError, av.FFmpegError) as error:
        raise ValueError("not a film") from error
    return tags.get("comment")
