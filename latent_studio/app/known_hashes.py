"""Hashes of downloads that nobody states: the first one is written down and holds for later ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from latent_studio.app.paths import Paths

_FILE = "known-hashes.json"


def known_hash(url: str, paths: Paths) -> str:
    """The sha256 of the first download from an address; empty before that, or if the list is damaged."""
    return _read(paths).get(url, "")


def remember_hash(url: str, sha256: str, paths: Paths) -> None:
    """Write down what came from an address.

    Raises:
        OSError: the folder cannot be written.
    """
    known = {**_read(paths), url: sha256}
    with replacing(paths.data / _FILE) as file:
        file.write(json.dumps(known, indent=1, sort_keys=True).encode())


def _read(paths: Paths) -> dict[str, str]:
    try:
        found = json.loads((paths.data / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {url: digest for url, digest in found.items() if isinstance(digest, str)}
