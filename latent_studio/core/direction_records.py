"""Directions as plain data: what a file of directions, a session and a recipe keep of them.

A record is a dict that JSON can hold, and named arrays that safetensors can hold. ``from_record`` gives an
equal direction back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import InputError, LatentStudioError
from latent_studio.core.spaces import Space
from latent_studio.core.style_channels import StyleChannel
from latent_studio.core.support_sets import SupportSet
from latent_studio.core.warp_path import WarpPath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction, Rows

Record = dict[str, object]
Arrays = dict[str, "NDArray[np.float32]"]


def to_record(direction: Direction) -> tuple[Record, Arrays]:
    """What has to be kept of a direction.

    Returns:
        a dict of JSON's types, whose ``"kind"`` says what it is; and its arrays by name.

    Raises:
        InputError: the direction is of a kind that only a plugin knows.
    """
    record: Record = {
        "id": direction.id,
        "name": direction.name,
        "space": direction.space.value,
        "rows": None if direction.rows is None else list(direction.rows),
        "sigma": direction.sigma,
        "range": list(direction.suggested_range),
        "source": direction.info.source,
        "model": direction.info.model_sha256,
        "details": dict(direction.info.details),
    }
    match direction:
        case LinearDirection():
            return record | {"kind": "linear"}, {"vector": direction.vector}
        case WarpPath():
            field = direction.support_set
            return record | {"kind": "warp", "gamma": field.gamma}, {
                "vectors": field.vectors,
                "alphas": field.alphas,
            }
        case StyleChannel():
            place = {"layer": direction.layer, "channel": direction.channel, "unit": direction.unit}
            return record | {"kind": "channel"} | place, {}
    raise InputError(
        f"The direction {direction.name!r} is of a kind that cannot be kept: {type(direction).__name__}.",
        hint="It comes from a plugin; keep its values with the plugin's own means.",
    )


def from_record(record: Mapping[str, object], arrays: Mapping[str, NDArray[np.float32]]) -> Direction:
    """The direction that ``to_record`` was given.

    Args:
        record: as read back from JSON.
        arrays: its arrays by name; others may be among them.

    Raises:
        InputError: the record is damaged, or of a kind this version does not know.
        IncompatibleLatentError: an array is zero, not finite or of the wrong shape.
    """
    kind = record.get("kind", "linear")
    try:
        common = {
            "rows": _rows(record["rows"]),
            "sigma": _number(record["sigma"]),
            "suggested_range": _range(record["range"]),
            "info": DirectionInfo(
                _text(record["source"]), _text(record["model"]), _details(record["details"])
            ),
        }
        id, name, space = _text(record["id"]), _text(record["name"]), Space(_text(record["space"]))
        if kind == "linear":
            return LinearDirection(id, name, space, arrays["vector"], **common)  # type: ignore[arg-type]
        if kind == "channel":
            return StyleChannel(
                _text(record["layer"]),
                int(_number(record["channel"])),
                row=(_rows(record["rows"]) or ())[0],
                unit=_number(record["unit"]),
                id=id,
                name=name,
                suggested_range=_range(record["range"]),
                info=common["info"],  # type: ignore[arg-type]
            )
        if kind == "warp":
            field = SupportSet(arrays["vectors"], arrays["alphas"], _number(record["gamma"]))
            return WarpPath(id, name, space, field, **common)  # type: ignore[arg-type]
    except LatentStudioError:
        raise
    except (LookupError, ValueError, TypeError) as error:
        raise InputError(
            "The record of a direction is damaged.", hint="Export the direction again where it came from."
        ) from error
    raise InputError(
        f"A direction is of the kind {kind!r}, which this version does not know.",
        hint="A newer Latent Studio wrote it; update this one.",
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _rows(value: object) -> Rows:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(row, int) for row in value):
        raise TypeError(f"{value!r} is no list of rows")
    return tuple(value)


def _range(value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TypeError(f"{value!r} is no pair")
    return _number(value[0]), _number(value[1])


def _details(value: object) -> dict[str, str | int | float]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no table")
    return {str(key): word for key, word in value.items() if isinstance(word, str | int | float)}
