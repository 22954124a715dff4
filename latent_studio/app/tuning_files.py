"""Tuning files: the small difference between a model and the same model tuned to one photo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from latent_studio.core.errors import CheckpointError, CorruptFileError, IncompatibleLatentError
from latent_studio.core.session import ModelRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from latent_studio.app.paths import Paths
    from latent_studio.checkpoints.checkpoint import Checkpoint

KIND = "latent-studio tuning"


def write_tuning(path: Path, differences: Mapping[str, Tensor], model: ModelRef, *, photo: str) -> None:
    """Write differences as float16.

    Args:
        path: ends in ``.safetensors``.
        differences: to be added to the model's tensors, by name.
        model: which the differences belong to.
        photo: name of the picture it was tuned to.

    Raises:
        ExportError: the disk refuses.
    """
    from latent_studio.exporters.part_file import write_file

    header = {
        "kind": KIND,
        "model": model.name,
        # The name only: where it lies on this machine is nobody's business.
        "model_file": Path(model.path).name,
        "model_sha256": model.sha256,
        "photo": photo,
    }
    tensors = {name: one.half().contiguous() for name, one in differences.items()}
    write_file(path, save(tensors, metadata={"latent-studio": json.dumps(header, sort_keys=True)}))


def tuning_header(path: Path) -> dict[str, str] | None:
    """What a tuning file says of itself; ``None`` for every other file."""
    if path.suffix.lower() != ".safetensors":
        return None
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("latent-studio", "null"))
    except (SafetensorError, OSError, ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or header.get("kind") != KIND:
        return None
    return {key: str(value) for key, value in header.items()}


def tuned_checkpoint(path: Path, base: Checkpoint, header: Mapping[str, str]) -> Checkpoint:
    """The model with a tuning file's differences added.

    Args:
        path: of the tuning file.
        base: the model it belongs to.
        header: from ``tuning_header``.

    Raises:
        IncompatibleLatentError: it belongs to another model.
        CorruptFileError: its tensors do not fit, or are not finite.
    """
    import hashlib
    from dataclasses import replace

    if base.provenance.sha256 != header.get("model_sha256"):
        raise IncompatibleLatentError(
            f"{path.name} was tuned on {header.get('model')}, in another version than the one found.",
            hint="Put that version into your library, or tune again.",
        )
    try:
        with safe_open(path, framework="pt") as file:
            differences = {name: file.get_tensor(name).float() for name in file.keys()}
    except (SafetensorError, OSError) as error:
        raise CorruptFileError(f"{path.name} is damaged.", hint="Tune again.") from error
    tensors = dict(base.tensors)
    for name, one in differences.items():
        if name not in tensors or tensors[name].shape != one.shape or not bool(one.isfinite().all()):
            raise CorruptFileError(f"{path.name} does not fit its model.", hint="Tune again.")
        tensors[name] = tensors[name].float() + one
    origin = base.provenance
    provenance = replace(
        origin,
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size_bytes=path.stat().st_size,
        name=f"{origin.name} tuned to {Path(header.get('photo', 'a photo')).stem}",
    )
    return replace(base, tensors=tensors, provenance=provenance)


def base_of(path: Path, header: Mapping[str, str], paths: Paths) -> Path:
    """The model a tuning file belongs to: beside it, in the library, or where it was opened last.

    Raises:
        IncompatibleLatentError: that version of it is nowhere.
        CheckpointError: the file does not say.
    """
    from latent_studio.app.model_places import ModelNotFoundError, find_place

    name, sha256 = Path(header.get("model_file", "")).name, header.get("model_sha256", "")
    if not name or not sha256:
        raise CheckpointError(f"{path.name} does not say which model it belongs to.", hint="Tune again.")
    try:
        return find_place(ModelRef(Path(name).stem, str(path.with_name(name)), sha256), paths)
    except ModelNotFoundError as error:
        raise IncompatibleLatentError(
            f"{path.name} was tuned on {Path(name).stem}, and that version of it is not found.",
            hint=f"Put {name} beside it (its SHA-256 begins with {sha256[:12]}), or tune again.",
        ) from error
