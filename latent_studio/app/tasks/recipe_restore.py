"""Restoring the state that a recipe tells, with the directions of the model it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.app.model_places import ModelNotFoundError, find_place
from latent_studio.app.recipe import model_of_recipe, session_of_recipe
from latent_studio.core.errors import InputError, OptionError

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.paths import Paths
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session


def recipe_text(source: str | Path) -> str:
    """The recipe in a picture, a film or a JSON file.

    Raises:
        ImageError: the file cannot be read.
        InputError: there is no recipe in it.
    """
    from pathlib import Path

    from latent_studio.exporters.recipe_text import BYTES_AT_MOST, read_recipe

    path = Path(source)
    if path.suffix.lower() == ".json" and path.is_file() and path.stat().st_size <= BYTES_AT_MOST:
        return path.read_text(encoding="utf-8", errors="replace")
    text = read_recipe(path)
    if text is None:
        raise InputError(
            f"{path.name} carries no recipe.",
            hint="Only pictures and films of Latent Studio do, and only until a program saves them anew.",
        )
    return text


def place_of_recipe_model(text: str, paths: Paths) -> Path | None:
    """Where the model of a recipe is; ``None`` when it needs none.

    Raises:
        ModelNotFoundError: it is nowhere we know of.
        SessionFileError: it is no recipe of ours.
    """
    ref = model_of_recipe(text)
    if ref is None:
        return None
    try:
        return find_place(ref, paths)
    except ModelNotFoundError as error:
        raise ModelNotFoundError(
            ref,
            f"This was made with the model {ref.name}, which is not here.",
            hint=f"Open that model first; its SHA-256 begins with {ref.sha256[:12]}.",
        ) from error


def open_recipe(
    studio: Studio, source: str | Path, *, model: str | None, progress: ProgressSink, cancel: CancelToken
) -> Session:
    """Open the model of a recipe, and give the state it tells.

    Args:
        studio: opens it.
        source: a picture, a film, a JSON file, or the JSON itself.
        model: a file or a name that is taken whatever the recipe says.
        progress: of opening.
        cancel: looked at while opening.

    Raises:
        InputError: there is no recipe, or it names no model.
        LatentStudioError: the model is not here, or the state does not fit it.
        Cancelled: a stop was asked for.
    """
    is_text = isinstance(source, str) and source.lstrip().startswith("{")
    text = str(source) if is_text else recipe_text(source)
    place = model or place_of_recipe_model(text, studio.paths)
    if place is None:
        raise InputError("The recipe names no model.", hint="Say which one with --model.")
    cancel.check()
    return restore_recipe(text, studio.open_model(place, progress=progress, cancel=cancel), studio.paths)


def restore_recipe(text: str, model: LoadedModel, paths: Paths) -> Session:
    """The state a recipe tells, on the open model. Slow if directions have to be found; belongs in a job.

    Raises:
        SessionFileError: it is no recipe of ours, or it was changed.
        InputError: it uses a direction that the model does not have.
        IncompatibleLatentError: it was made with a model of another shape.
    """
    from latent_studio.app.tasks.named_directions import find_direction
    from latent_studio.core.seed_plane import SeedPoint
    from latent_studio.core.session_record import directions_of

    def find(id: str) -> Direction | None:
        try:
            return find_direction(id, model, paths)
        except OptionError:
            return None

    session = session_of_recipe(text, find=find, model=model.ref)
    if not isinstance(session.base, SeedPoint):
        session.base.check_fits(model.spec)
    for direction in directions_of(session):
        direction.check_fits(model.spec)
    return session
