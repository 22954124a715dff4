"""Photos as users name them: files, folders, addresses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlsplit

from latent_studio.core.errors import DownloadError, ImageError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latent_studio.methods.alignment.photo import Photo

_TIMEOUT_SECONDS = 20


def expand_photos(names: Iterable[str]) -> tuple[str, ...]:
    """Names of photos, with folders replaced by the pictures directly in them, sorted by name.

    Raises:
        InputError: a folder has no picture in it.
    """
    from latent_studio.methods.alignment.photo import SUFFIXES

    found: list[str] = []
    for name in names:
        folder = Path(name).expanduser()
        if is_address(name) or not folder.is_dir():
            found.append(name)
            continue
        inside = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        if not inside:
            raise InputError(
                f"There is no picture in {folder}.", hint="PNG, JPEG, WebP, TIFF, BMP and GIF are read."
            )
        found.extend(str(path) for path in inside)
    return tuple(found)


def open_photo(name: str) -> Photo:
    """Read a photo from a file or an address.

    Raises:
        ImageError: it cannot be used.
        DownloadError: the address cannot be reached.
    """
    from latent_studio.methods.alignment.photo import read_photo

    if not is_address(name):
        return read_photo(Path(name).expanduser())
    return read_photo(_fetched(name), name=Path(urlsplit(name).path).name or name)


def is_address(name: str) -> bool:
    """Whether a name is an address of the web."""
    return name.startswith(("http://", "https://"))


def stem_of(name: str) -> str:
    """What files made from a photo are called."""
    path = urlsplit(name).path if is_address(name) else name
    return Path(path).stem or "photo"


def _fetched(address: str) -> bytes:
    from urllib.request import Request, urlopen

    from latent_studio.methods.alignment.photo import MOST_BYTES

    request = Request(address, headers={"User-Agent": "LatentStudio"})  # noqa: S310 - http and https only
    try:
        with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            data = bytes(answer.read(MOST_BYTES + 1))
    except (URLError, OSError, ValueError) as error:
        raise DownloadError(
            f"{address} cannot be reached.",
            hint="Check the address and the connection, or save the photo first.",
        ) from error
    if len(data) > MOST_BYTES:
        raise ImageError(f"{address} has more than {MOST_BYTES >> 20} MB.", hint="Use a smaller copy.")
    return data
