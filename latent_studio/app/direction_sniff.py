"""Which dropped files hold directions, by their names and first bytes; no pickle is read for it."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from latent_studio.app.direction_files import HEADER_KEY

if TYPE_CHECKING:
    from pathlib import Path

_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"
#: Names of arrays that only files of directions have: support sets, factors of SeFa, caches of GANSpace.
_KEYS = ("SUPPORT_SETS", "eigvec", "eigen_vector", "lat_comp", "act_comp", "boundary")
#: Of a file's own name where a state_dict says nothing of its kind.
_NAMES = ("support_sets", "factor", "closed_form", "eigen", "boundary")
#: The names in a file of directions take far less than this; those of a network may take more.
_MOST_LISTED = 1 << 20


def looks_like_directions(path: Path, head: bytes) -> bool:
    """Whether a file is one of directions and not of a network or of latents.

    A bare ``.npy`` counts as one. Of a torch file the names of its tensors are looked for as plain bytes.

    Args:
        path: the file.
        head: its first bytes, at most some kilobytes.
    """
    if head.startswith(_NPY) or HEADER_KEY.encode() in head:
        return True
    if head.startswith(_ZIP):
        return _holds_keys(path) or _is_named(path)
    return any(key.encode() in head for key in _KEYS[:3]) or _is_named(path)


def _is_named(path: Path) -> bool:
    return path.name.lower().startswith(_NAMES) and path.suffix.lower() in (".pt", ".pth")


def _holds_keys(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.filename.removesuffix(".npy") in _KEYS for member in members):
                return True
            listed = [member for member in members if member.filename.endswith("data.pkl")]
            if len(listed) != 1 or listed[0].file_size > _MOST_LISTED:
                return False
            with archive.open(listed[0]) as file:
                text = file.read(_MOST_LISTED)
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError, RuntimeError):
        return False
    return any(key.encode() in text for key in _KEYS[:3])
