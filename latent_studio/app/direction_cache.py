"""Directions found on a model, kept on disk by the model's hash so that they are found once."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.files import replacing
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latent_studio.app.paths import Paths

log = logging.getLogger(__name__)

#: Part of the file name: directions written by another layout are not read.
_LAYOUT = 1


def cache_path(paths: Paths, model_sha256: str, kind: str) -> Path:
    """Where the directions of one kind, such as ``"sefa-genforce-all-20"``, are kept for a model."""
    return paths.cache / "directions" / f"{model_sha256[:32]}-{kind}-{_LAYOUT}.safetensors"


def read_directions(path: Path) -> list[LinearDirection] | None:
    """The directions in a file; ``None`` when there is none that can be read."""
    try:
        with safe_open(path, framework="numpy") as file:
            records = json.loads(file.metadata()["directions"])
            return [_from_record(record, file.get_tensor(str(i))) for i, record in enumerate(records)]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, IncompatibleLatentError) as error:
        log.warning("Cached directions cannot be read and are found again: %s", error)
        return None


def write_directions(directions: Sequence[LinearDirection], path: Path) -> None:
    """Write directions: vectors as tensors ``"0"``, ``"1"``, …, the rest as JSON in the header.

    Raises:
        OSError: the folder cannot be written.
    """
    vectors = {str(i): np.ascontiguousarray(direction.vector) for i, direction in enumerate(directions)}
    records = json.dumps([_to_record(direction) for direction in directions])
    with replacing(path) as file:
        file.write(save(vectors, {"directions": records}))


def _to_record(direction: LinearDirection) -> dict[str, object]:
    return {
        "id": direction.id,
        "name": direction.name,
        "space": direction.space.value,
        "rows": direction.rows,
        "sigma": direction.sigma,
        "range": direction.suggested_range,
        "source": direction.info.source,
        "model": direction.info.model_sha256,
        "details": dict(direction.info.details),
    }


def _from_record(record: dict[str, object], vector: np.ndarray) -> LinearDirection:
    rows, ends, details = record["rows"], record["range"], record["details"]
    if not (isinstance(ends, list) and len(ends) == 2 and isinstance(details, dict)):
        raise ValueError("a direction's record is damaged")
    return LinearDirection(
        str(record["id"]),
        str(record["name"]),
        Space(str(record["space"])),
        vector,
        rows=tuple(int(row) for row in rows) if isinstance(rows, list) else None,
        sigma=float(str(record["sigma"])),
        suggested_range=(float(ends[0]), float(ends[1])),
        info=DirectionInfo(str(record["source"]), str(record["model"]), details),
    )
