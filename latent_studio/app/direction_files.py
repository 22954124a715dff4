"""Files of directions: arrays as tensors, everything else as JSON in the header of a safetensors file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.direction_records import from_record, to_record
from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction

#: The header's entry that makes a safetensors file one of directions.
HEADER_KEY = "latent-studio-directions"


def direction_file_bytes(directions: Sequence[Direction]) -> bytes:
    """A file of directions. Same directions, same bytes.

    Raises:
        InputError: one of them is of a kind that cannot be kept.
    """
    from safetensors.numpy import save

    records = []
    arrays: dict[str, NDArray[np.float32]] = {}
    for index, direction in enumerate(directions):
        record, parts = to_record(direction)
        records.append(record)
        arrays |= {f"{index}.{name}": np.ascontiguousarray(part) for name, part in parts.items()}
    return save(arrays, {HEADER_KEY: json.dumps(records, sort_keys=True)})


def write_direction_file(directions: Sequence[Direction], path: Path) -> None:
    """Write directions, beside and then renamed; folders above are made.

    Raises:
        InputError: one of them is of a kind that cannot be kept.
        OSError: the folder cannot be written.
    """
    from latent_studio.core.files import replacing

    made = direction_file_bytes(directions)
    with replacing(path) as file:
        file.write(made)


def read_direction_file(path: Path) -> tuple[Direction, ...]:
    """The directions in a file that ``write_direction_file`` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it is no file of directions, or damaged.
        IncompatibleLatentError: a direction in it is zero or not finite.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            header = (file.metadata() or {}).get(HEADER_KEY)
            arrays = {name: file.get_tensor(name) for name in file.keys()} if header else {}
    except FileNotFoundError:
        raise
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path.name} cannot be read as a file of directions.") from error
    if header is None:
        raise InputError(f"{path.name} holds no directions of Latent Studio's.")
    return directions_of(header, arrays, file_name=path.name)


def directions_of(
    header: str, arrays: Mapping[str, NDArray[np.float32]], *, file_name: str
) -> tuple[Direction, ...]:
    """The directions of a file's header and its arrays.

    Raises:
        InputError: the header is damaged.
        IncompatibleLatentError: a direction is zero or not finite.
    """
    try:
        records = json.loads(header)
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise ValueError("no list of records")
    except ValueError as error:
        raise InputError(f"{file_name} is damaged: its list of directions cannot be read.") from error
    found = []
    for index, record in enumerate(records):
        own = f"{index}."
        parts = {name[len(own) :]: array for name, array in arrays.items() if name.startswith(own)}
        found.append(from_record(record, parts))
    return tuple(found)
