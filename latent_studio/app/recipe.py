"""Recipe: how an exported picture or film was made, as JSON text stored in the file itself."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from latent_studio import __version__
from latent_studio.core.directions import LinearDirection
from latent_studio.core.seed_plane import SeedPoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.session import Base, Session

#: Of the text; grows when an older reader could misunderstand a newer recipe.
RECIPE_VERSION = 1
#: Directions that the program finds again from the model alone; others are stored with their numbers.
_FOUND_AGAIN = ("sefa",)


def recipe_of(session: Session, **extras: object) -> str:
    """Write down everything a picture depends on, and no place on this machine.

    Args:
        session: what was shown.
        extras: what else there is to say, such as ``sweep`` of a film; values that JSON knows.

    Returns:
        JSON in ASCII, keys sorted: the same session gives the same text.
    """
    model = session.model
    recipe = {
        "program": f"Latent Studio {__version__}",
        "version": RECIPE_VERSION,
        "model": None if model is None else {"name": model.name, "sha256": model.sha256},
        "base": _base_record(session.base),
        "edits": [
            {
                "direction": direction_record(edit.direction),
                "amount": edit.amount,
                "rows": rows_record(edit.rows),
                "enabled": edit.enabled,
            }
            for edit in session.edits
        ],
        "synthesis": asdict(session.synthesis),
        **extras,
    }
    if session.locks:
        recipe["locks"] = [direction_record(direction) for direction in session.locks]
    if session.mix is not None:
        recipe["mix"] = {
            "source": _base_record(session.mix.source),
            "rows": list(session.mix.rows),
            "weight": session.mix.weight,
        }
    return json.dumps(recipe, sort_keys=True, separators=(",", ":"))


def direction_record(direction: Direction) -> Mapping[str, object]:
    """A direction for a recipe: its id where the model alone gives it back, else with its numbers."""
    record: dict[str, object] = {
        "id": direction.id,
        "name": direction.name,
        "space": direction.space.value,
        "rows": rows_record(direction.rows),
        "sigma": direction.sigma,
    }
    if isinstance(direction, LinearDirection) and direction.info.source not in _FOUND_AGAIN:
        record["vector"] = _array_record(direction.vector)
    return record


def rows_record(rows: Rows) -> list[int] | None:
    """Rows for a recipe; ``None`` means all."""
    return None if rows is None else list(rows)


def _base_record(base: Base) -> Mapping[str, object]:
    match base:
        case SeedPoint(seed, dx, dy):
            return {"seed": seed, "dx": dx, "dy": dy}
        case latent:
            return {"space": latent.space.value, "values": _array_record(latent.values)}


def _array_record(array: NDArray[np.float32]) -> Mapping[str, object]:
    raw = np.ascontiguousarray(array, dtype="<f4").tobytes()
    return {"dtype": "float32", "shape": list(array.shape), "base64": base64.b64encode(raw).decode("ascii")}
