"""Latents out of other programs' files: where an edit or a boundary starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import IncompatibleLatentError, InputError
from latent_studio.core.latent import Latent
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latent_studio.core.spec import GeneratorSpec

#: What files call their latents, the usual one first, and the space that says; ``None`` leaves it to the
#: shape.
_KEYS: dict[str, Space | None] = {
    "w": None,
    "ws": Space.W_PLUS,
    "wp": Space.W_PLUS,
    "w_plus": Space.W_PLUS,
    "latent": None,
    "latents": None,
    "latent_code": None,
    "latent_codes": None,
    "projected_w": None,
    "dlatents": None,
    "z": Space.Z,
}
_SUFFIXES = (".npy", ".npz", ".pt", ".pth", ".safetensors")


def read_latents(path: Path, spec: GeneratorSpec, *, space: Space | None = None) -> tuple[Latent, ...]:
    """The latents in a file, or in all files of a folder.

    ``(N, dim)``, ``(dim,)``, ``(N, num_ws, w_dim)`` and ``(num_ws, w_dim)``; what other programs call ``z``,
    ``w``, ``wp`` or ``latent``. Rows that are all equal are a point of w.

    Args:
        path: a file or a folder.
        spec: facts about the model they are for.
        space: where latents of one row live; by the file's own words, else w where that fits, when not given.

    Raises:
        InputError: there is nothing to read.
        IncompatibleLatentError: the latents were made for another model.
        CheckpointError: a file cannot be read.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
        if not files:
            raise InputError(
                f"The folder {path.name} holds no latents.",
                hint="Project pictures first: each then has a file of its latent.",
            )
        return tuple(latent for file in files for latent in read_latents(file, spec, space=space))
    from latent_studio.checkpoints.arrays import read_arrays

    file = read_arrays(path)
    last = {name: name.rpartition(".")[2] for name in file.arrays}
    # A file may keep one latent in several spaces: the first of the names is what it was made for.
    wanted = next((key for key in _KEYS if key in last.values()), None)
    names = [name for name, key in last.items() if key == wanted] or list(file.arrays)[:1]
    found: list[Latent] = []
    for name in names:
        array = file.arrays[name]
        if array.dtype.kind == "f" and array.ndim:
            where = space or _KEYS.get(last[name]) or _space_of(path.stem)
            found += _latents_of(array, spec, where, file_name=file.name)
    if not found:
        raise InputError(
            f"{file.name} holds no latents.", hint="Latents are arrays (N, dim) or (N, rows, dim)."
        )
    return tuple(found)


def _latents_of(
    array: NDArray[np.generic], spec: GeneratorSpec, space: Space | None, *, file_name: str
) -> list[Latent]:
    values = array.astype(np.float32)
    rows = (spec.num_ws, spec.w_dim)
    if values.ndim == 2 and values.shape == rows and space in (None, Space.W_PLUS) and spec.num_ws > 1:
        values = values[None]
    if values.ndim == 3 and values.shape[1:] == rows:
        return [_whole(one) for one in values]
    if values.ndim == 3 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 1:
        values = values[None]
    chosen = space
    if chosen not in (Space.Z, Space.W):
        chosen = Space.W if values.shape[-1] == spec.w_dim else Space.Z
    dim = spec.z_dim if chosen is Space.Z else spec.w_dim
    if values.ndim != 2 or values.shape[1] != dim:
        raise IncompatibleLatentError(
            f"{file_name} holds latents of shape {array.shape}; this model has {spec.z_dim} numbers in z, "
            f"{spec.w_dim} in w and {spec.num_ws} rows in w+.",
            hint="They were made for another model.",
        )
    return [Latent(chosen, one) for one in values]


def _whole(rows: NDArray[np.float32]) -> Latent:
    return Latent(Space.W, rows[0]) if bool((rows == rows[:1]).all()) else Latent(Space.W_PLUS, rows)


def _space_of(stem: str) -> Space | None:
    """By the names of InterFaceGAN's data sets: z.npy, w.npy, wp.npy, …_w.npy."""
    last = stem.lower().rpartition("_")[2]
    return {"z": Space.Z, "w": Space.W, "wp": Space.W_PLUS}.get(last)
