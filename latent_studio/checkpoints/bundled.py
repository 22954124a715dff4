"""Bundled models: the ones that come with the program, opened by name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from latent_studio.checkpoints import refusals
from latent_studio.core.errors import CheckpointError

#: The model the program starts with.
DEFAULT_MODEL = "portraits"

_PACKAGE = Path(__file__).resolve().parent.parent


def bundled_models_dir() -> Path:
    """The folder with one folder per model: within an installed package, else beside it in a checkout."""
    installed = _PACKAGE / "resources" / "models"
    return installed if installed.is_dir() else _PACKAGE.parent / "resources" / "models"


def bundled_models() -> tuple[str, ...]:
    """Names of the models that come with the program, sorted."""
    folder = bundled_models_dir()
    if not folder.is_dir():
        return ()
    return tuple(sorted(entry.name for entry in folder.iterdir() if _weights(folder, entry.name).is_file()))


def find_model(name_or_path: str | Path) -> Path:
    """The file a user means: an existing file, or else a bundled model by name.

    Args:
        name_or_path: such as ``"portraits"`` or ``"~/models/cats.pkl"``.

    Returns:
        A path where something is; whether it is a model, ``open_checkpoint`` finds out.

    Raises:
        CheckpointError: there is neither; says which names there are.
    """
    path, name = Path(name_or_path), str(name_or_path)
    # "~somebody" without such a user is a name like any other.
    with suppress(RuntimeError):
        path = path.expanduser()
    names = bundled_models()
    if name in names and not _is_file(path):
        return _weights(bundled_models_dir(), name)
    if name and _exists(path):
        return path
    known = f"Bundled models: {', '.join(names)}." if names else "This copy came without bundled models."
    raise CheckpointError(
        f"There is no model {refusals.quoted(name)}: no such file, and no bundled model of that name.",
        hint=f"Check the spelling. {known}",
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        # Something is there; the reader says what is wrong with it.
        return True
    except OSError:
        return False


def _weights(folder: Path, name: str) -> Path:
    return folder / name / f"{name}.safetensors"
