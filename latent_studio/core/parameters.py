"""Parameters: the numbers and choices of a pose that change over time, each with a name of its own.

``edit:ID`` is how far a direction goes; every field of ``SynthesisSettings`` has its own name, but the class
and the blend of classes are one, ``classes``. A new field there is a parameter without a line here.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Literal

from latent_studio.core.edits import Edit
from latent_studio.core.errors import OptionError
from latent_studio.core.synthesis import SynthesisSettings

if TYPE_CHECKING:
    from latent_studio.core.directions import Direction
    from latent_studio.core.pose import Pose
    from latent_studio.core.synthesis import ClassWeights

#: What a parameter's value may be.
Value = float | int | str | tuple[tuple[int, float], ...] | None
#: ``number`` moves between keys, ``classes`` blends, ``choice`` jumps.
Kind = Literal["number", "classes", "choice"]

CLASSES = "classes"
_EDIT = "edit:"
#: Both are told by ``classes``.
_CLASS_FIELDS = ("class_idx", "class_blend")
_NUMBERS = tuple(
    field.name for field in fields(SynthesisSettings) if str(field.type) in ("float", "float | None")
)
#: Fields of ``SynthesisSettings`` that are parameters, and the classes.
SYNTHESIS_PARAMETERS: tuple[str, ...] = (
    *(field.name for field in fields(SynthesisSettings) if field.name not in _CLASS_FIELDS),
    CLASSES,
)


def edit_parameter(direction_id: str) -> str:
    """The parameter that says how far a direction goes."""
    return _EDIT + direction_id


def direction_id_of(parameter: str) -> str | None:
    """The direction a parameter is about, if it is about one."""
    return parameter[len(_EDIT) :] if parameter.startswith(_EDIT) else None


def kind_of(parameter: str) -> Kind:
    """How a parameter may change."""
    if parameter.startswith(_EDIT) or parameter in _NUMBERS:
        return "number"
    return "classes" if parameter == CLASSES else "choice"


def check_value(parameter: str, value: Value) -> None:
    """Refuse what is no value of a parameter.

    Raises:
        OptionError: there is no such parameter, or the value is of another kind or not finite.
    """
    if not parameter.startswith(_EDIT) and parameter not in SYNTHESIS_PARAMETERS:
        raise OptionError(
            parameter,
            f"There is no parameter {parameter[:40]!r}.",
            hint="Known are edit:ID, " + ", ".join(SYNTHESIS_PARAMETERS) + ".",
        )
    kind = kind_of(parameter)
    if kind == "number" and value is not None:
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    elif kind == "classes" and value is not None:
        good = isinstance(value, tuple) and all(math.isfinite(weight) for _, weight in value)
    else:
        good = value is None or isinstance(value, str | int)
    if not good:
        raise OptionError(parameter, f"{parameter} is {value!r}, which is no value for it.")


def value_in(pose: Pose, parameter: str) -> Value:
    """The value a pose has. An edit that is not there or switched off has an amount of 0."""
    direction_id = direction_id_of(parameter)
    if direction_id is not None:
        edit = pose.edits.find(direction_id)
        return edit.amount if edit is not None and edit.enabled else 0.0
    if parameter == CLASSES:
        settings = pose.synthesis
        known = settings.class_idx is not None or settings.class_blend
        return settings.class_weights if known else None
    value: Value = getattr(pose.synthesis, parameter)
    return value


def with_value(pose: Pose, parameter: str, value: Value, *, direction: Direction | None = None) -> Pose:
    """The pose with another value.

    Args:
        pose: stays as it is.
        parameter: which one.
        value: of the parameter's kind.
        direction: of an edit that the pose has not got yet.
    """
    direction_id = direction_id_of(parameter)
    if direction_id is not None:
        amount = float(value) if isinstance(value, int | float) else 0.0
        edit = pose.edits.find(direction_id)
        if edit is not None:
            return replace(pose, edits=pose.edits.with_edit(replace(edit, amount=amount, enabled=True)))
        if direction is None or amount == 0:
            return pose
        return replace(pose, edits=pose.edits.with_edit(Edit(direction, amount)))
    if parameter == CLASSES:
        return replace(pose, synthesis=_with_classes(pose.synthesis, value))
    change: dict[str, Any] = {parameter: value}
    return replace(pose, synthesis=replace(pose.synthesis, **change))


def blend_classes(first: ClassWeights, second: ClassWeights, share: float) -> ClassWeights:
    """Between two blends of classes, in ascending order of the classes; those without a weight are left out.

    Args:
        first: where ``share`` is 0.
        second: where it is 1.
        share: of the second, 0 to 1: classes are not taken further than that.
    """
    share = min(1.0, max(0.0, share))
    weights: dict[int, float] = {}
    for blend, part in ((first, 1.0 - share), (second, share)):
        for label, weight in blend:
            weights[label] = weights.get(label, 0.0) + part * weight
    return tuple((label, weight) for label, weight in sorted(weights.items()) if weight)


def _with_classes(settings: SynthesisSettings, value: Value) -> SynthesisSettings:
    if not isinstance(value, tuple):
        return replace(settings, class_idx=None, class_blend=())
    if len(value) == 1 and value[0][1] == 1:
        return replace(settings, class_idx=value[0][0], class_blend=())
    return replace(settings, class_idx=None, class_blend=value)
