"""Latents of files and folders for a model: where an edit, a boundary or a film starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.app.stored_latents import read_latents as read_file
from latent_studio.core.errors import IncompatibleLatentError, InputError

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.stored_latents import StoredLatent
    from latent_studio.core.latent import Latent
    from latent_studio.core.spaces import Space
    from latent_studio.core.spec import GeneratorSpec

_SUFFIXES = (".npy", ".npz", ".pt", ".pth", ".safetensors")


def read_latents(path: Path, spec: GeneratorSpec, *, space: Space | None = None) -> tuple[Latent, ...]:
    """The latents alone; see ``read_stored``."""
    return tuple(stored.latent for stored in read_stored(path, spec, space=space))


def read_stored(path: Path, spec: GeneratorSpec, *, space: Space | None = None) -> tuple[StoredLatent, ...]:
    """The latents in a file, or in all files of a folder, with what is known of them.

    Args:
        path: a file or a folder.
        spec: facts about the model they are for.
        space: where latents of one row live, if the user says so.

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
        return tuple(stored for file in files for stored in read_stored(file, spec, space=space))
    found = read_file(path, spec, space=space, at_most=None)
    for stored in found:
        try:
            stored.latent.check_fits(spec)
        except IncompatibleLatentError as error:
            raise IncompatibleLatentError(
                f"{path.name} holds latents of another model: this one has {spec.z_dim} numbers in z, "
                f"{spec.w_dim} in w and {spec.num_ws} rows in w+.",
                hint=stored.how,
            ) from error
    return found
