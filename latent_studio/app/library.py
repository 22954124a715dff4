"""The library: models the user keeps, opened by name like the bundled ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.app.model_sources import SOURCES
from latent_studio.checkpoints.bundled import bundled_models, find_model, models_in
from latent_studio.core.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.paths import Paths


def library_dir(paths: Paths) -> Path:
    """The folder with one folder per model; made when first written to."""
    return paths.data / "models"


def library_models(paths: Paths) -> tuple[str, ...]:
    """Names of the user's models, sorted, without those that a bundled model hides."""
    bundled = bundled_models()
    return tuple(name for name in models_in(library_dir(paths)) if name not in bundled)


def find_in_library(name_or_path: str | Path, paths: Paths) -> Path:
    """The file a user means: an existing file, a bundled model or one of the library.

    Raises:
        CheckpointError: there is none; says which names there are, and how to get one that is known.
    """
    try:
        return find_model(name_or_path, folders=(library_dir(paths),))
    except CheckpointError as error:
        source = SOURCES.get(str(name_or_path))
        if source is None:
            raise
        raise CheckpointError(
            f"The model {source.name} is not in your library yet.",
            hint=f"Get it first, {source.size_bytes / 1e6:.0f} MB: latent-studio model get {source.name}",
        ) from error
