"""TimelineCourse: what a timeline shows at every moment."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from latent_studio.core.base_blend import BaseBlend, blended
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import OptionError
from latent_studio.core.interpolate import Interpolation, Knots, lerp
from latent_studio.core.parameters import (
    CLASSES,
    SYNTHESIS_PARAMETERS,
    blend_classes,
    edit_parameter,
    kind_of,
    value_in,
    with_value,
)
from latent_studio.core.pose_blends import (
    CentreBlend,
    MixBlend,
    NoiseBlend,
    centre_between,
    mix_between,
    noise_between,
)
from latent_studio.core.timeline import SAME_TIME_SECONDS, Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.core.base_blend import AnyBase, Course
    from latent_studio.core.directions import Direction
    from latent_studio.core.easing import Easing
    from latent_studio.core.latent import Latent
    from latent_studio.core.noise_maps import FoundNoise
    from latent_studio.core.parameters import Value
    from latent_studio.core.pose import Pose
    from latent_studio.core.pose_blends import AnyMix
    from latent_studio.core.session import Base
    from latent_studio.core.style_mix import StyleMix

BASE = "base"
MIX = "mix"
#: What can be chosen for each kind, the default first.
MODES: dict[str, tuple[Interpolation, ...]] = {
    BASE: ("smooth", "linear", "natural", "spherical", "linear-z", "hold"),
    "number": ("smooth", "linear", "hold"),
    "classes": ("linear", "hold"),
    "choice": ("hold",),
    MIX: ("linear", "hold"),
}


#: Where places are blended, if not in w.
_COURSES: dict[Interpolation, Course] = {"spherical": "sphere", "linear-z": "z"}


def modes_of(parameter: str) -> tuple[Interpolation, ...]:
    """How a parameter may go from key to key, the default first."""
    return MODES[parameter if parameter in (BASE, MIX) else kind_of(parameter)]


class TimelineCourse:
    """A timeline made ready to be asked for many moments.

    Args:
        timeline: at least one pose key.

    Raises:
        OptionError: there is no key.
    """

    def __init__(self, timeline: Timeline) -> None:
        if timeline.is_empty:
            raise OptionError(
                "timeline",
                "The timeline has no keys.",
                hint="Add a key of the picture you see, then another.",
            )
        self._timeline = timeline
        self._closing = timeline.duration - timeline.last_seconds if timeline.loop == "closed" else None
        self._poses = [key.pose for key in timeline.keys]
        self._knots = self._knots_of([key.seconds for key in timeline.keys])
        self._easings: list[Easing] = [key.easing for key in timeline.keys]
        self._directions = _directions(timeline)
        self._rows = [row for name in SYNTHESIS_PARAMETERS if (row := self._row(name)) is not None]
        self._amounts = {
            id: row for id in self._directions if (row := self._row(edit_parameter(id))) is not None
        }

    def at(self, seconds: float) -> Pose:
        """What is shown at a moment; at a key without other keys at that time, its own pose.

        Args:
            seconds: before the first key it stands still; after the end too, or a closed loop goes round.
        """
        index, u = self._knots.place(seconds)
        following = (index + 1) % self._knots.count
        eased = self._easings[index].at(u)
        near = self._poses[following] if u >= 1 else self._poses[index]
        pose = replace(
            near,
            base=self._base(index, eased),
            mix=self._mix(index, following, eased),
            noise=noise_between(_noise(self._poses[index]), _noise(self._poses[following]), eased),
            centre=centre_between(_centre(self._poses[index]), _centre(self._poses[following]), eased),
            edits=self._stack(index, following) if eased else near.edits,
        )
        for row in self._rows:
            value = row.at(seconds)
            if value != value_in(pose, row.parameter):
                pose = with_value(pose, row.parameter, value)
        if self._amounts:
            amounts = {id: row.at(seconds) for id, row in self._amounts.items()}
            pose = replace(pose, edits=self._moved(pose.edits, amounts))
        return pose

    def _moved(self, edits: EditStack, amounts: dict[str, Value]) -> EditStack:
        """A stack with other amounts, made in one go: a film asks for thousands of them."""
        changed = []
        for edit in edits:
            amount = amounts.pop(edit.id, None)
            is_same = amount is None or amount == (edit.amount if edit.enabled else 0.0)
            changed.append(edit if is_same else Edit(edit.direction, _number(amount), edit.rows))
        for id, amount in amounts.items():
            if amount:
                changed.append(Edit(self._directions[id], _number(amount)))
        return EditStack(tuple(changed))

    def _knots_of(self, times: Sequence[float]) -> Knots:
        if self._closing is None:
            return Knots(times)
        # All rows go round in the same time, wherever their first and last keys stand.
        closing = self._timeline.duration - (times[-1] - times[0])
        return Knots(times, closing if closing >= SAME_TIME_SECONDS else None)

    def _base(self, index: int, u: float) -> AnyBase:
        mode = self._timeline.mode(BASE) or modes_of(BASE)[0]
        weights = self._knots.weights(index, u, mode)
        return blended(
            [(_place(self._poses[key]), weight) for key, weight in weights.items()],
            course=_COURSES.get(mode, "w"),
        )

    def _mix(self, index: int, following: int, u: float) -> AnyMix:
        """The style mix: of the same rows, sources and weights blend; of others, there are two at once."""
        first, second = _one_mix(self._poses[index]), _one_mix(self._poses[following])
        if u == 0 or first == second:
            return first
        if u == 1:
            return second
        if (self._timeline.mode(MIX) or modes_of(MIX)[0]) == "hold":
            return first
        if first is None or second is None:
            only = first or second
            assert only is not None  # noqa: S101 -- they differ
            share = u if first is None else 1 - u
            return replace(only, weight=min(1.0, max(0.0, share * only.weight)))
        if first.rows != second.rows:
            return mix_between(first, second, u)
        weight = min(1.0, max(0.0, lerp(first.weight, second.weight, u)))
        source = blended([(_whole(first.source), 1 - u), (_whole(second.source), u)])
        # The engine resolves blends wherever a base may stand.
        return replace(first, source=cast("Base", source), weight=weight)

    def _stack(self, index: int, following: int) -> EditStack:
        """The edits of both keys, the first one's in its order, then what only the second has."""
        edits = self._poses[index].edits
        for edit in self._poses[following].edits:
            if edits.find(edit.id) is None:
                edits = edits.with_edit(replace(edit, amount=0.0, enabled=True))
        return edits

    def _row(self, parameter: str) -> _Row | None:
        """The keys of a parameter, from poses and its track; ``None`` where it never changes."""
        track = self._timeline.track(parameter)
        own = track.keys if track is not None and not track.is_muted else ()
        given: dict[float, tuple[Value, Easing]] = {
            key.seconds: (value_in(key.pose, parameter), key.easing) for key in self._timeline.keys
        }
        for key in own:
            # A key of its own says more than the pose at the same time.
            beside = next((time for time in given if abs(time - key.seconds) < SAME_TIME_SECONDS), None)
            if beside is not None:
                del given[beside]
            given[key.seconds] = (key.value, key.easing)
        if not own and len({repr(value) for value, _ in given.values()}) == 1:
            return None
        times = sorted(given)
        return _Row(
            parameter,
            self._knots_of(times),
            [given[time][0] for time in times],
            [given[time][1] for time in times],
            self._timeline.mode(parameter) or modes_of(parameter)[0],
        )


class _Row:
    """One parameter over time."""

    def __init__(
        self,
        parameter: str,
        knots: Knots,
        values: list[Value],
        easings: list[Easing],
        mode: Interpolation,
    ) -> None:
        self.parameter = parameter
        self._knots = knots
        self._values = values
        self._easings = easings
        self._mode = mode
        self._numbers = [value for value in values if isinstance(value, int | float)]

    def at(self, seconds: float) -> Value:
        index, u = self._knots.place(seconds)
        following = (index + 1) % self._knots.count
        first, second = self._values[index], self._values[following]
        if u >= 1:
            return second
        if u == 0 or self._mode == "hold" or (first == second and self._mode == "linear"):
            return first
        eased = self._easings[index].at(u)
        if self.parameter == CLASSES:
            if isinstance(first, tuple) and isinstance(second, tuple):
                return blend_classes(first, second, eased)
            return first
        if len(self._numbers) < len(self._values) or kind_of(self.parameter) != "number":
            return first
        if self._mode == "smooth":
            return self._knots.monotone(self._numbers, index, eased)
        return lerp(self._numbers[index], self._numbers[following], eased)


@lru_cache(maxsize=8)
def course_of(timeline: Timeline) -> TimelineCourse:
    """The course of a timeline, remembered: playing asks many times for the same one."""
    return TimelineCourse(timeline)


def _directions(timeline: Timeline) -> dict[str, Direction]:
    """All directions that move, by id, in the order the keys have them."""
    found: dict[str, Direction] = {}
    for key in timeline.keys:
        for edit in key.pose.edits:
            found.setdefault(edit.id, edit.direction)
    for track in timeline.tracks:
        if track.direction is not None:
            found.setdefault(track.direction.id, track.direction)
    return found


def _number(amount: Value) -> float:
    return float(amount) if isinstance(amount, int | float) else 0.0


def _place(pose: Pose) -> Base:
    return _whole(pose.base)


def _one_mix(pose: Pose) -> StyleMix | None:
    if isinstance(pose.mix, MixBlend):
        raise _between()
    return pose.mix


def _noise(pose: Pose) -> FoundNoise | None:
    if isinstance(pose.noise, NoiseBlend):
        raise _between()
    return pose.noise


def _centre(pose: Pose) -> Latent | None:
    if isinstance(pose.centre, CentreBlend):
        raise _between()
    return pose.centre


def _between() -> OptionError:
    return OptionError("timeline", "A key cannot stand between places.", hint="Take the place's own latent.")


def _whole(base: Any) -> Base:
    if isinstance(base, BaseBlend):
        raise _between()
    place: Base = base
    return place
