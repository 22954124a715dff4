"""Models opened by name: the bundled ones, which come with the program, and those of further folders."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.checkpoints import refusals
from latent_studio.core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The model the program starts with.
DEFAULT_MODEL = "portraits"

_PACKAGE = Path(__file__).resolve().parent.parent


def resources_dir() -> Path:
    """The folder with what comes with the program: in an installed package, else beside it in a checkout."""
    installed = _PACKAGE / "resources"
    return installed if installed.is_dir() else _PACKAGE.parent / "resources"


def bundled_models_dir() -> Path:
    """The folder with one folder per model that comes with the program."""
    return resources_dir() / "models"


def bundled_models() -> tuple[str, ...]:
    """Names of the models that come with the program, sorted."""
    return models_in(bundled_models_dir())


def models_in(folder: Path) -> tuple[str, ...]:
    """Names of the models in a folder that has one folder per model, sorted; none if it cannot be read."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return ()
    return tuple(sorted(name for name in names if _is_file(weights_path(folder, name))))


def weights_path(folder: Path, name: str) -> Path:
    """Where a folder with one folder per model keeps the weights of one."""
    return folder / name / f"{name}.safetensors"


def find_model(name_or_path: str | Path, *, folders: Sequence[Path] = ()) -> Path:
    """The file a user means: an existing file, or else a model by name, the bundled ones first.

    Args:
        name_or_path: such as ``"portraits"`` or ``"~/models/cats.pkl"``.
        folders: where models with names are, beside the bundled ones; one folder per model.

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
    known = [(folder, models_in(folder)) for folder in folders]
    for folder, found in ((bundled_models_dir(), names), *known):
        if name in found and not _is_file(path):
            return weights_path(folder, name)
    if name and _exists(path):
        return path
    hint = f"Bundled models: {', '.join(names)}." if names else "This copy came without bundled models."
    others = sorted({refusals.printable(other) for _, found in known for other in found} - set(names))
    if others:
        hint = f"{hint} In your library: {', '.join(others)}."
    raise CheckpointError(
        f"There is no model {refusals.quoted(name)}: no such file, and no model of that name.",
        hint=f"Check the spelling. {hint}",
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
