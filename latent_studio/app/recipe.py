"""Recipe: how an exported picture or film was made, as JSON text stored in the file itself."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from latent_studio import __version__
from latent_studio.core.direction_records import to_record
from latent_studio.core.direction_views import FLIPPED
from latent_studio.core.errors import DamagedSessionError, InputError, NewerVersionError
from latent_studio.core.records import Attachments, Reader, Record, damaged
from latent_studio.core.session import ModelRef
from latent_studio.core.session_record import (
    CODECS,
    direction_of,
    directions_of,
    name_of,
    read_fields,
    session_to_record,
)
from latent_studio.core.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.session import Session

#: Of the text; grows when an older reader could misunderstand a newer recipe.
RECIPE_VERSION = 1
#: Directions that the program finds again from the model alone; others are stored with their numbers.
_FOUND_AGAIN = ("sefa",)
#: Numbers of one array; more is no recipe of ours.
_MOST_BYTES = 256 << 20
_TYPES = ("float32", "uint8")
_ALWAYS = ("base", "edits", "synthesis")


def recipe_of(session: Session, **extras: object) -> str:
    """Write down everything a picture depends on, and no place on this machine.

    Args:
        session: what was shown; its timeline is no part of the picture.
        extras: what else there is to say, such as ``sweep`` of a film; values that JSON knows.

    Returns:
        JSON in ASCII, keys sorted: the same session gives the same text. What is as in a new session is left
        out, but for base, edits and synthesis.
    """
    return film_recipe_of(replace(session, timeline=Timeline()), **extras)


def film_recipe_of(session: Session, **extras: object) -> str:
    """``recipe_of`` with the timeline: what a film was made from."""
    # Photos whose latents were found say where they lie on this machine, and are no part of a picture.
    session = replace(session, projections=())
    record, arrays = session_to_record(session)
    shared = _used_again(record, arrays)
    own = {name: array for name, array in arrays.items() if name not in shared}
    model = session.model
    known = {name: direction for direction in directions_of(session) if (name := name_of(direction))}
    recipe = {
        **{
            name: _inlined(record[name], own)
            for name in CODECS
            if name in _ALWAYS or record[name] != _UNTOUCHED[name]
        },
        "program": f"Latent Studio {__version__}",
        "version": RECIPE_VERSION,
        "model": None if model is None else {"name": model.name, "sha256": model.sha256},
        "directions": {name: direction_record(direction) for name, direction in known.items()},
        **({"arrays": {name: _array_record(arrays[name]) for name in sorted(shared)}} if shared else {}),
        **extras,
    }
    return json.dumps(recipe, sort_keys=True, separators=(",", ":"))


def session_of_recipe(
    text: str, *, find: Callable[[str], Direction | None], model: ModelRef | None = None
) -> Session:
    """The session a recipe was written from.

    Args:
        text: as ``recipe_of`` wrote it, or a hand that knows the format.
        find: gives a direction of the model by its id, for those that are stored by id alone.
        model: the open model, which the session then belongs to; by default the recipe's own, of no place.

    Raises:
        NewerVersionError: a newer program wrote it.
        DamagedSessionError: it is no recipe, or a value in it is not as it should be; says which.
        InputError: a direction is not among the model's.
    """
    recipe = parsed_recipe(text)
    attachments = Attachments()
    if "arrays" in recipe:
        for name, entry in Reader(recipe["arrays"], "arrays", attachments).entries():
            attachments.arrays[name] = _array_of(entry)
    fields = {name: _outlined(value, attachments) for name, value in recipe.items() if name in CODECS}
    directions = Reader(_outlined(recipe.get("directions", {}), attachments), "directions", attachments)
    for name, entry in directions.entries():
        attachments.directions[name] = _whole_record(entry, find)
    fields["model"] = _model_record(Reader(fields, "", attachments), model)
    return read_fields(Reader(fields, "", attachments))


def model_of_recipe(text: str) -> ModelRef | None:
    """Which model a recipe needs; it has no place.

    Raises:
        NewerVersionError: a newer program wrote it.
        DamagedSessionError: it is no recipe.
    """
    reader = Reader(parsed_recipe(text), "", Attachments())
    record = _model_record(reader, None)
    return None if record is None else ModelRef(str(record["name"]), "", str(record["sha256"]))


def direction_record(direction: Direction) -> Mapping[str, object]:
    """A direction for a recipe: its id where the model alone gives it back, else with its numbers."""
    if direction.info.source in _FOUND_AGAIN and FLIPPED not in direction.info.details:
        return {
            "id": direction.id,
            "name": direction.name,
            "space": direction.space.value,
            "rows": rows_record(direction.rows),
            "sigma": direction.sigma,
        }
    record, arrays = to_record(direction)
    return {**record, "arrays": {name: _array_record(array) for name, array in arrays.items()}}


def rows_record(rows: Rows) -> list[int] | None:
    """Rows for a recipe; ``None`` means all."""
    return None if rows is None else list(rows)


def direction_of_record(record: Mapping[str, object], find: Callable[[str], Direction | None]) -> Direction:
    """The direction that ``direction_record`` was given.

    Args:
        record: as it wrote it.
        find: gives a direction of the model by its id, for those that are stored by id alone.

    Raises:
        DamagedSessionError: a value is not as it should be; says which.
        InputError: a direction is not among the model's.
    """
    attachments = Attachments()
    reader = Reader(_outlined(dict(record), attachments), "direction", attachments)
    return direction_of(Reader(_whole_record(reader, find), "direction", attachments))


def parsed_recipe(text: str) -> Record:
    """A recipe as JSON's types.

    Raises:
        NewerVersionError: a newer program wrote it.
        DamagedSessionError: it is no recipe.
    """
    try:
        recipe = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedSessionError(
            "The recipe in this file cannot be read.", hint="It was cut short or changed."
        ) from error
    if not isinstance(recipe, dict) or "version" not in recipe:
        raise DamagedSessionError("This file carries no recipe of Latent Studio.")
    version = Reader(recipe, "", Attachments()).get("version").whole(1)
    if version > RECIPE_VERSION:
        raise NewerVersionError(
            f"The recipe in this file is of version {version}; this program knows {RECIPE_VERSION}.",
            hint="Update Latent Studio.",
        )
    return recipe


def _model_record(reader: Reader, model: ModelRef | None) -> Record | None:
    if model is not None:
        return {"name": model.name, "path": model.path, "sha256": model.sha256}
    if "model" not in reader or reader.get("model").is_null():
        return None
    record = reader.get("model")
    return {"name": record.get("name").text(), "path": "", "sha256": record.get("sha256").text()}


def _whole_record(reader: Reader, find: Callable[[str], Direction | None]) -> Record:
    """The record of a direction with its numbers, which the model has where the recipe does not."""
    if "arrays" in reader:
        return dict(reader.table())
    id = reader.get("id").text()
    found = find(id)
    if found is None:
        raise InputError(
            f"The recipe uses the direction {id}, which this model does not have.",
            hint="Open the model it was made with.",
        )
    record, arrays = to_record(found)
    return {**record, "arrays": {name: reader.attachments.put(array) for name, array in arrays.items()}}


def _used_again(record: Record, arrays: Mapping[str, NDArray[Any]]) -> set[str]:
    """Names of arrays that the fields refer to more than once: keys that share noise of a photo, say."""
    counts: Counter[str] = Counter()

    def count(value: object) -> None:
        if isinstance(value, list):
            for entry in value:
                count(entry)
        elif isinstance(value, dict):
            if set(value) == {"array"} and value["array"] in arrays:
                counts[str(value["array"])] += 1
            for entry in value.values():
                count(entry)

    for name in CODECS:
        count(record[name])
    return {name for name, times in counts.items() if times > 1}


def _inlined(value: object, arrays: Mapping[str, NDArray[Any]]) -> object:
    """A record with the arrays themselves where it refers to them."""
    if isinstance(value, list):
        return [_inlined(entry, arrays) for entry in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"array"} and value["array"] in arrays:
        return _array_record(arrays[value["array"]])
    return {name: _inlined(entry, arrays) for name, entry in value.items()}


def _outlined(value: object, attachments: Attachments, *, depth: int = 0) -> object:
    """The reverse of ``_inlined``."""
    if depth > 30:
        raise damaged("it is nested too deeply")
    if isinstance(value, list):
        return [_outlined(entry, attachments, depth=depth + 1) for entry in value]
    if not isinstance(value, dict):
        return value
    if "base64" in value:
        return attachments.put(_array_of(Reader(value, "array", attachments)))
    return {name: _outlined(entry, attachments, depth=depth + 1) for name, entry in value.items()}


def _array_record(array: NDArray[Any]) -> Record:
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {
        "dtype": plain.dtype.name,
        "shape": list(array.shape),
        "base64": base64.b64encode(plain.tobytes()).decode("ascii"),
    }


def _array_of(reader: Reader) -> NDArray[Any]:
    reader.only("dtype", "shape", "base64")
    name = reader.get("dtype").text()
    shape = tuple(side.whole(0, _MOST_BYTES) for side in reader.get("shape").items())
    if name not in _TYPES:
        raise damaged(f"an array is of type {name[:40]!r}, which recipes do not use")
    text = reader.get("base64").text()
    raw: bytes = reader.guard(lambda: base64.b64decode(text, validate=True))
    array: NDArray[Any] = reader.guard(
        lambda: np.frombuffer(raw, np.dtype(name).newbyteorder("<")).reshape(shape)
    )
    return array


def _untouched() -> Record:
    from latent_studio.core.session import Session

    return session_to_record(Session())[0]


_UNTOUCHED = _untouched()
