"""Latents in files of plain arrays, told apart by their shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import IncompatibleLatentError
from latent_studio.core.latent import Latent
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.core.spec import GeneratorSpec

#: Names by which other programs keep the latent in a file of several arrays, the usual one first.
_NAMES = ("w", "ws", "w_plus", "latent", "latents", "z", "projected_w", "latent_code")


def read_latents(path: Path, spec: GeneratorSpec, *, space: Space | None = None) -> tuple[Latent, ...]:
    """Every latent in a file, in its order.

    Args:
        path: ``.npy``, ``.npz``, ``.pt``, ``.pth`` or ``.safetensors``: one latent or several along the first
            axis. ``(num_ws, w_dim)`` is w+; a lone row is w, or z where only that fits.
        spec: of the model they are for.
        space: what a lone row means, where z and w are equally long.

    Raises:
        InputError: the file cannot be read.
        IncompatibleLatentError: no array in it has the shape of the model's latents; names the shapes.
    """
    from latent_studio.checkpoints.arrays import read_arrays

    arrays = read_arrays(path).arrays
    names = [*(name for name in _NAMES if name in arrays), *arrays]
    for name in names:
        found = _latents_of(np.asarray(arrays[name]), spec, space)
        if found:
            return found
    shapes = ", ".join(str(tuple(array.shape)) for array in list(arrays.values())[:4])
    raise IncompatibleLatentError(
        f"{path.name} holds {shapes}; the model's latents are z ({spec.z_dim},), w ({spec.w_dim},) "
        f"and w+ ({spec.num_ws}, {spec.w_dim}).",
        hint="It was made with another model.",
    )


def _latents_of(
    array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], spec: GeneratorSpec, space: Space | None
) -> tuple[Latent, ...]:
    if array.dtype.kind not in "fiu" or not array.size:
        return ()
    plus = (spec.num_ws, spec.w_dim)
    if array.ndim >= 2 and array.shape[-2:] == plus and space in (None, Space.W_PLUS) and spec.num_ws > 1:
        return tuple(Latent(Space.W_PLUS, one) for one in array.reshape(-1, *plus))
    for wanted, dim in ((Space.W, spec.w_dim), (Space.Z, spec.z_dim)):
        if space in (None, wanted) and array.shape[-1] == dim and array.ndim <= 3:
            return tuple(Latent(wanted, one) for one in array.reshape(-1, dim))
    return ()
