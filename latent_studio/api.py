"""The public face: the few names that scripts and plugins may rely on.

Importing it is cheap; torch comes with the first ``open_generator``::

    from latent_studio.api import open_generator

    generator = open_generator("portraits")
    z = torch.randn(1, generator.spec.z_dim)
    ws = generator.map(z, truncation_psi=0.7)
    image = generator.synthesize(ws)  # (1, channels, H, W) float32, nominally in [-1, 1]

Everything else in the package may change from one version to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.core.api_version import API_VERSION
from latent_studio.core.directions import Direction, DirectionInfo, LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import (
    Cancelled,
    CheckpointError,
    CorruptFileError,
    DamagedSessionError,
    DeviceError,
    DeviceUnavailableError,
    DownloadError,
    ExportError,
    ImageError,
    IncompatibleLatentError,
    InputError,
    LatentStudioError,
    MissingWeightsError,
    ModelError,
    NewerVersionError,
    NoFaceFoundError,
    OptionError,
    OutOfMemoryError,
    PluginError,
    SessionFileError,
    UnknownFormatError,
    UnsafeCheckpointError,
    UnsupportedOperationError,
)
from latent_studio.core.jobs import CancelToken, Progress, ProgressSink
from latent_studio.core.latent import Latent
from latent_studio.core.options import option
from latent_studio.core.render import Frame, Quality
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.exporters.part_file import PartFile, write_file
from latent_studio.exporters.protocol import Exporter
from latent_studio.generators.protocol import Features, Generator, Stage, StyleWeight
from latent_studio.methods.attributes.protocol import AttributeInfo, AttributePredictor
from latent_studio.methods.direction_source import DirectionSource

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.headless import Studio

__all__ = [
    "API_VERSION",
    "AttributeInfo",
    "AttributePredictor",
    "CancelToken",
    "Cancelled",
    "CheckpointError",
    "CorruptFileError",
    "DamagedSessionError",
    "DeviceError",
    "DeviceUnavailableError",
    "Direction",
    "DirectionInfo",
    "DirectionSource",
    "DownloadError",
    "Edit",
    "EditStack",
    "ExportError",
    "Exporter",
    "Features",
    "FilmSettings",
    "Frame",
    "Generator",
    "GeneratorSpec",
    "ImageError",
    "IncompatibleLatentError",
    "InputError",
    "Latent",
    "LatentStudioError",
    "LinearDirection",
    "MissingWeightsError",
    "ModelError",
    "NewerVersionError",
    "NoFaceFoundError",
    "OptionError",
    "OutOfMemoryError",
    "PartFile",
    "PluginError",
    "Progress",
    "ProgressSink",
    "Quality",
    "SeedPoint",
    "SessionFileError",
    "Space",
    "Stage",
    "Studio",
    "StyleWeight",
    "SynthesisSettings",
    "UnknownFormatError",
    "UnsafeCheckpointError",
    "UnsupportedOperationError",
    "open_generator",
    "option",
    "write_file",
]


def __getattr__(name: str) -> object:
    # It stands above this module: only scripts and notebooks need it, plugins never do.
    if name == "Studio":
        from importlib import import_module

        return import_module("latent_studio.headless").Studio
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def open_generator(path_or_name: str | Path, *, device: str = "cpu") -> Generator:
    """Open a model and get it ready to compute. Nothing in the file is run.

    The generator computes in single precision, its weights take no gradient, and it may be used from several
    threads. Noise, classes and truncation are arguments; there is nothing to set on it.

    Args:
        path_or_name: a checkpoint file, or the name of a model that came with the program, such as
            ``"portraits"``, or is in the user's library.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"auto"``.

    Returns:
        Among others with ``spec`` (family, resolution, channels, z_dim, w_dim, num_ws, c_dim),
        ``map(z, c=None, *, truncation_psi=1.0, truncation_cutoff=None)`` to ws ``(N, num_ws, w_dim)``, and
        ``synthesize(ws, *, noise_mode="const")`` to ``(N, channels, H, W)`` float32, nominally in [-1, 1].

    Raises:
        CheckpointError: there is no such model, or the file cannot be used; its hint says what to do.
        DeviceUnavailableError: the device is not there.
    """
    # These import torch, which a plugin without a network need not wait for.
    from latent_studio.checkpoints.bundled import find_model
    from latent_studio.checkpoints.open import open_checkpoint
    from latent_studio.checkpoints.user_library import user_library_dir
    from latent_studio.engine.device import choose_device
    from latent_studio.generators.catalog import build_generator

    chosen = choose_device(device).device
    return build_generator(open_checkpoint(find_model(path_or_name, folders=(user_library_dir(),)))).to(
        chosen
    )
