"""The library: models the user keeps, opened by name like the bundled ones."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.app.model_sources import SOURCES, WebSource
from latent_studio.checkpoints.bundled import bundled_models, find_model, models_in, weights_path
from latent_studio.core.errors import CheckpointError, ExportError, OptionError
from latent_studio.core.files import file_sha256, replacing

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.paths import Paths
    from latent_studio.checkpoints.checkpoint import Checkpoint

_ORIGIN_FILE = "origin.json"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model of the library came from.

    Attributes:
        source: an address, a package or a file's name.
        sha256: of that file; the copy in the library has another.
        was_known: whether that hash was known before it came.
        weights_sha256: of the copy when it was made; a copy that no longer has it was changed.
    """

    source: str
    sha256: str
    was_known: bool
    weights_sha256: str


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
        size = f", {source.size_bytes / 1e6:.0f} MB" if source.size_bytes else ""
        raise CheckpointError(
            f"The model {source.name} is not in your library yet.",
            hint=f"Get it first{size}: latent-studio model get {source.name}",
        ) from error


def check_name(name: str, *, option: str = "--name") -> None:
    """Refuse what is no name for a model of the library.

    Raises:
        OptionError: it has other characters, is too long, or a bundled model has it.
    """
    if not _NAME.fullmatch(name):
        raise OptionError(
            option,
            f"{name[:70]!r} is no name for a model.",
            hint="Small letters, digits, dots, dashes and underscores; up to 64, such as my-cats.",
        )
    if name in bundled_models():
        raise OptionError(
            option, f"A model that came with the program is called {name}.", hint="Choose another."
        )


def name_from(text: str) -> str:
    """A name for a model made of any text, such as a file's stem."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", text.lower())[:64].strip("._-")
    return plain or "model"


def keep_in_library(
    checkpoint: Checkpoint, name: str, paths: Paths, *, source: str, source_sha256: str, was_known: bool
) -> Path:
    """Write a model into the library as safetensors, with a note of where it came from.

    Raises:
        ExportError: the library cannot be written.
    """
    from latent_studio.checkpoints.safetensors_file import write_checkpoint

    folder = library_dir(paths)
    target = weights_path(folder, name)
    try:
        write_checkpoint(checkpoint, target)
        origin = {
            "source": source,
            "sha256": source_sha256,
            "was_known": was_known,
            "weights_sha256": file_sha256(target),
        }
        with replacing(target.with_name(_ORIGIN_FILE)) as file:
            file.write(json.dumps(origin, indent=1).encode())
    except (ExportError, OSError) as error:
        reason = error.title if isinstance(error, ExportError) else f"{error.strerror or error}."
        raise ExportError(
            f"The model cannot be kept in the library: {reason}",
            hint=f"Make room on the disk, allow writing to {folder}, or choose another place with --profile.",
        ) from error
    return target


def origin_of(path: Path, paths: Paths) -> Origin | None:
    """Where the model in a file came from; ``None`` outside the library, or when nobody wrote it down."""
    if path.parent.parent.absolute() != library_dir(paths).absolute():
        return None
    try:
        found = json.loads(path.with_name(_ORIGIN_FILE).read_text(encoding="utf-8"))
        return Origin(
            str(found["source"]), str(found["sha256"]), bool(found["was_known"]), str(found["weights_sha256"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_from_library(name: str, paths: Paths) -> Path:
    """Delete a model of the library, with whatever stands in its folder.

    Returns:
        The folder it was in.

    Raises:
        OptionError: it came with the program, or is not in the library.
        ExportError: the library cannot be written.
    """
    if name in bundled_models():
        raise OptionError("NAME", f"{name} came with the program and stays.")
    kept = library_models(paths)
    if name not in kept:
        raise OptionError(
            "NAME",
            f"There is no model {name[:70]!r} in your library.",
            hint=f"There are: {', '.join(kept)}." if kept else "It is empty.",
        )
    folder = weights_path(library_dir(paths), name).parent
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise ExportError(
            f"{name} cannot be removed: {error.strerror or error}.", hint=f"Allow writing to {folder.parent}."
        ) from error
    return folder


def download_path(source: WebSource, paths: Paths) -> Path:
    """Where a download waits until it is in the library, so that a later try can go on with it."""
    return library_dir(paths) / ".downloads" / f"{source.name}.bin"


def drop_download(source: WebSource, paths: Paths) -> None:
    """Throw a download away, whole or in part; what cannot be deleted stays."""
    from latent_studio.app.downloads import forget_partial

    path = download_path(source, paths)
    with suppress(OSError):
        path.unlink(missing_ok=True)
        forget_partial(path)
        path.parent.rmdir()
