"""Model places: where the model of a session is now, found by its hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.library import library_dir, library_models
from latent_studio.app.recents import load_recents
from latent_studio.checkpoints.bundled import bundled_models, find_model
from latent_studio.core.errors import CheckpointError, ModelError
from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latent_studio.app.paths import Paths
    from latent_studio.core.session import ModelRef

_FILE = "model_places.json"
_LIMIT = 500


class ModelNotFoundError(ModelError):
    """The model of a session is not where it was, nor anywhere we know of.

    Args:
        ref: which one.
        title: one sentence: what happened.
        hint: what to do about it.
    """

    def __init__(self, ref: ModelRef, title: str, *, hint: str = "") -> None:
        super().__init__(title, hint=hint)
        self.ref = ref


def remember_place(ref: ModelRef, paths: Paths) -> None:
    """Remember where a model was opened from, by its hash.

    Raises:
        OSError: the folder cannot be written.
    """
    places = _load(paths)
    if places.get(ref.sha256) == ref.path:
        return
    places.pop(ref.sha256, None)
    places[ref.sha256] = ref.path
    newest = dict(list(places.items())[-_LIMIT:])
    with replacing(paths.data / _FILE) as file:
        file.write(json.dumps(newest, indent=1).encode())


def find_place(ref: ModelRef, paths: Paths) -> Path:
    """The file of a model: where it was, where it was seen since, or one of the library.

    The hash decides. A file is only hashed when its name or place makes it likely.

    Raises:
        ModelNotFoundError: it is nowhere; says whether another model took its place.
    """
    was = Path(ref.path) if ref.path else None
    seen: set[Path] = set()
    for path in _candidates(ref, paths):
        if path in seen:
            continue
        seen.add(path)
        if path.is_file() and hash_of(path) == ref.sha256:
            return path
    if was is not None and was.is_file():
        raise ModelNotFoundError(
            ref,
            f"{was.name} is another model than the one this session was made with.",
            hint=f"Locate the file of {ref.name} whose SHA-256 begins with {ref.sha256[:12]}.",
        )
    raise ModelNotFoundError(
        ref,
        f"The model {ref.name} is not where it was.",
        hint=f"Locate its file; its SHA-256 begins with {ref.sha256[:12]}.",
    )


def hash_of(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _candidates(ref: ModelRef, paths: Paths) -> Iterator[Path]:
    if ref.path:
        yield Path(ref.path)
    known = _load(paths).get(ref.sha256)
    if known:
        yield Path(known)
    if ref.name in bundled_models() or ref.name in library_models(paths):
        try:
            yield find_model(ref.name, folders=(library_dir(paths),)).absolute()
        except CheckpointError:
            pass
    name = Path(ref.path).name
    for recent in load_recents(paths):
        if recent.path.name == name or recent.name == ref.name:
            yield recent.path


def _load(paths: Paths) -> dict[str, str]:
    try:
        read = json.loads((paths.data / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(read, dict):
        return {}
    return {key: value for key, value in read.items() if isinstance(key, str) and isinstance(value, str)}
