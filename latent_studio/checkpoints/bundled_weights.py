"""Weights of small helper networks that come with the program, such as the perceptual one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.checkpoints.bundled import bundled_models_dir
from latent_studio.core.errors import CorruptFileError, MissingWeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor


def bundled_weights_path(name: str) -> Path:
    """Where the weights of a helper network are; nobody has looked whether they are there."""
    return bundled_models_dir().parent / "weights" / f"{name}.safetensors"


def read_bundled_weights(name: str) -> dict[str, Tensor]:
    """Read all tensors of a helper network as float32 on the CPU.

    Args:
        name: the file's stem, such as ``"mtcnn"``.

    Raises:
        MissingWeightsError: this copy of the program came without them.
        CorruptFileError: the file is damaged.
    """
    return read_helper_file(bundled_weights_path(name))[0]


def read_helper_file(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a helper network wherever it came with the program: tensors as float32, and the header's notes.

    Whole numbers, such as counters, stay what they are.

    Raises:
        MissingWeightsError: this copy of the program came without it.
        CorruptFileError: the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise MissingWeightsError(
            f"This copy came without {path.name}, the weights of a network it needs here.",
            hint="Install Latent Studio again.",
        )
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}
            metadata: dict[str, str] = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CorruptFileError(
            f"{path.name}, which came with the program, is damaged.", hint="Install Latent Studio again."
        ) from error
    floats = {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}
    return floats, metadata
