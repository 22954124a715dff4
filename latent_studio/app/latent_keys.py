"""Keys of latents: those of a projection, of a pool, or of any file, as poses for a timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from latent_studio.core.errors import InputError
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.stored_latents import StoredLatent
    from latent_studio.core.latent import Latent
    from latent_studio.core.noise_maps import FoundNoise
    from latent_studio.core.pose import Pose
    from latent_studio.core.session import ModelRef
    from latent_studio.core.spec import GeneratorSpec

_POOL_FILES = ("pool.json", "latents.npz")


def poses_of_file(path: Path, pose: Pose, spec: GeneratorSpec, *, model: ModelRef) -> list[tuple[Pose, str]]:
    """The poses of all latents in a file, or of a pool, with their names.

    Edits and settings are those of a given pose, but for what a latent brings along: a pool its truncation,
    a projection its noise, and whatever lies in w no truncation, which would make another picture of it.

    Args:
        path: a file of latents; of a pool the folder, or a file in it.
        pose: of the picture that is shown.
        spec: facts about the open model.
        model: which one it is.

    Raises:
        InputError: there is nothing to read, or it belongs to another model.
        IncompatibleLatentError: the latents do not fit the model.
        LatentStudioError: the file cannot be read.
    """
    folder = path.parent if path.name in _POOL_FILES else path
    if (folder / _POOL_FILES[0]).is_file():
        return _poses_of_pool(folder, pose, model)
    from latent_studio.app.latent_files import read_stored

    found = read_stored(path, spec)
    for stored in found:
        _check_model(stored, path, model)
    return [
        (pose_of_latent(stored.latent, pose, noise=stored.noise), stored.name or path.stem)
        for stored in found
    ]


def pose_of_latent(latent: Latent, pose: Pose, *, noise: FoundNoise | None = None) -> Pose:
    """A latent with a pose's edits and settings, so that without edits its own picture is shown.

    Args:
        latent: the place.
        pose: whose edits and settings are taken.
        noise: maps that were found with the latent.
    """
    synthesis = pose.synthesis
    if latent.space is not Space.Z:
        synthesis = replace(synthesis, truncation_psi=1.0)
    if noise is not None:
        synthesis = replace(synthesis, noise_mode="const")
    return replace(pose, base=latent, synthesis=synthesis, noise=noise)


def _poses_of_pool(folder: Path, pose: Pose, model: ModelRef) -> list[tuple[Pose, str]]:
    from latent_studio.app.pools import read_pool

    pool = read_pool(folder)
    pool.check_model(model)
    sessions = [pool.session(index, model) for index in range(len(pool))]
    return [
        (replace(pose, base=one.base, synthesis=one.synthesis, noise=None), f"seed {seed}")
        for one, seed in zip(sessions, pool.seeds, strict=True)
    ]


def _check_model(stored: StoredLatent, path: Path, model: ModelRef) -> None:
    if stored.model_sha256 and stored.model_sha256 != model.sha256:
        raise InputError(
            f"{path.name} is a latent of {stored.model_name or 'another model'}, but {model.name} is open.",
            hint="Open that model, or project the photo with this one.",
        )
