"""Files of vectors that the verbs which find directions write, all of one form."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from latent_studio.core.errors import InputError, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latent_studio.core.directions import Direction, LinearDirection
    from latent_studio.core.session import ModelRef

VECTOR_SUFFIXES = (".npz", ".npy", ".safetensors")
VECTOR_OUT_HELP = (
    "The file to write. .npz holds vectors (K, w_dim), eigenvalues, sigma and metadata (JSON text); "
    ".safetensors the same; .npy the vectors alone."
)


def check_suffix(out: Path, suffixes: Sequence[str] = VECTOR_SUFFIXES) -> None:
    """Refuse a file of another kind.

    Raises:
        OptionError: names those there are.
    """
    if out.suffix.lower() not in suffixes:
        names = " or ".join([", ".join(suffixes[:-1]), suffixes[-1]] if len(suffixes) > 1 else suffixes)
        raise OptionError(
            "--out",
            f"--out is {out.name}, but must end in {names}.",
            hint=f"Such as {out.with_suffix(suffixes[-1]).name}." if out.stem else "",
        )


def vector_file_bytes(
    directions: Sequence[LinearDirection], suffix: str, *, model: ModelRef, facts: Mapping[str, object]
) -> bytes:
    """The file: ``vectors`` ``(K, dim)`` float32, one unit vector a row, and what is known of them."""
    import numpy as np
    from safetensors.numpy import save

    from latent_studio import __version__

    arrays = {
        "vectors": np.stack([direction.vector for direction in directions]),
        "sigma": np.array([direction.sigma for direction in directions], dtype=np.float32),
    }
    if all("eigenvalue" in direction.info.details for direction in directions):
        eigenvalues = [float(direction.info.details["eigenvalue"]) for direction in directions]
        arrays["eigenvalues"] = np.array(eigenvalues, dtype=np.float32)
    metadata = json.dumps(
        {
            "program": f"Latent Studio {__version__}",
            "space": directions[0].space.value,
            "model": {"name": model.name, "sha256": model.sha256},
            "ids": [direction.id for direction in directions],
            **facts,
        },
        sort_keys=True,
    )
    if suffix.lower() == ".safetensors":
        return save(arrays, metadata={"latent-studio": metadata})
    buffer = io.BytesIO()
    if suffix.lower() == ".npy":
        np.save(buffer, arrays["vectors"], allow_pickle=False)
    else:
        np.savez(buffer, allow_pickle=False, metadata=np.array(metadata), **arrays)
    return buffer.getvalue()


def write_directions_as(directions: Sequence[Direction], out: Path) -> None:
    """Write directions whole as ``.safetensors``, or the vector of a single straight one as ``.npy``.

    A ``.npy`` has the layout of the field: ``(1, dim)``, or ``(num_ws, w_dim)`` in w+.

    Raises:
        InputError: a ``.npy`` cannot hold them.
        ExportError: the disk refuses; nothing is left behind.
    """
    import numpy as np

    from latent_studio.app.direction_files import direction_file_bytes
    from latent_studio.core.directions import LinearDirection
    from latent_studio.exporters.part_file import write_file

    check_suffix(out, (".safetensors", ".npy"))
    if out.suffix.lower() == ".safetensors":
        write_file(out, direction_file_bytes(directions))
        return
    vectors = [direction.vector for direction in directions if isinstance(direction, LinearDirection)]
    if len(vectors) != len(directions) or len({vector.shape for vector in vectors}) != 1:
        raise InputError(
            f"{out.name} can hold straight directions of one space only.",
            hint="Write .safetensors, which keeps everything that is known of a direction.",
        )
    buffer = io.BytesIO()
    # One direction of w+ is (num_ws, w_dim), as everybody reads it; all others are rows.
    np.save(buffer, vectors[0] if len(vectors) == 1 and vectors[0].ndim == 2 else np.stack(vectors))
    write_file(out, buffer.getvalue())
