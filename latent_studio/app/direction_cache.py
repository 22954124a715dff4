"""Directions found on a model, kept on disk by the model's hash so that they are found once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from latent_studio.app.direction_files import read_direction_file, write_direction_file
from latent_studio.core.directions import LinearDirection
from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latent_studio.app.paths import Paths

log = logging.getLogger(__name__)

#: Part of the file name: directions written by another layout are not read.
_LAYOUT = 2


def cache_path(paths: Paths, model_sha256: str, kind: str) -> Path:
    """Where the directions of one kind, such as ``"sefa-genforce-all-20"``, are kept for a model."""
    return paths.cache / "directions" / f"{model_sha256[:32]}-{kind}-{_LAYOUT}.safetensors"


def read_directions(path: Path) -> list[LinearDirection] | None:
    """The directions in a file; ``None`` when there is none that can be read."""
    try:
        found = read_direction_file(path)
    except FileNotFoundError:
        return None
    except (LatentStudioError, OSError) as error:
        log.warning("Cached directions cannot be read and are found again: %s", error)
        return None
    return [direction for direction in found if isinstance(direction, LinearDirection)]


def write_directions(directions: Sequence[LinearDirection], path: Path) -> None:
    """Write directions.

    Raises:
        OSError: the folder cannot be written.
    """
    write_direction_file(directions, path)
