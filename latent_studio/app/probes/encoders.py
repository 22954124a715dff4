"""Encoders: which formats pictures and films can be written in, tried on a small picture."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
from typing import TYPE_CHECKING

from latent_studio.app.probes.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latent_studio.app.probes.finding import Examination

#: What the program itself writes, and what is good to have.
_NEEDED = ("PNG", "GIF", "JPEG")
_WELCOME = ("WEBP",)


def look_at_encoders(examination: Examination) -> Iterator[Finding]:
    """Try each of Pillow's encoders; look whether PyAV is there."""
    works = {name: _can_write(name) for name in (*_NEEDED, *_WELCOME)}
    missing = [name for name, does in works.items() if not does]
    is_bad = any(name in _NEEDED for name in missing)
    there = f"Pillow writes {', '.join(name for name, does in works.items() if does) or 'nothing'}"
    yield Finding(
        "picture files",
        "bad" if is_bad else "warn" if missing else "ok",
        f"{there}; not {', '.join(missing)}" if missing else there,
        "Install Pillow's own build: pip install --force-reinstall --no-deps pillow" if missing else "",
    )
    yield Finding("video files", "ok", _video())


def _can_write(name: str) -> bool:
    from PIL import Image

    try:
        Image.new("RGB", (8, 8), (200, 100, 50)).save(file := io.BytesIO(), format=name)
    except (KeyError, OSError, ValueError):
        return False
    return file.tell() > 0


def _video() -> str:
    if importlib.util.find_spec("av") is None:
        return "PyAV is not installed, so there are GIFs but no videos"
    try:
        return f"PyAV {importlib.metadata.version('av')}"
    except importlib.metadata.PackageNotFoundError:
        return "PyAV of unknown version"
