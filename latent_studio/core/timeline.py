"""Timeline: keys that hold whole poses, keys of single parameters between them, and what lies in between."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from latent_studio.core.easing import LINEAR, Easing
from latent_studio.core.errors import ModelError, OptionError
from latent_studio.core.parameters import check_value
from latent_studio.core.pose import Pose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latent_studio.core.directions import Direction
    from latent_studio.core.interpolate import Interpolation
    from latent_studio.core.parameters import Value
    from latent_studio.core.session import ModelRef

#: ``closed`` goes from the last key back to the first; ``ping-pong`` runs back the way it came.
Loop = Literal["once", "closed", "ping-pong"]
#: ``keyed`` as the keys say; ``segments`` evenly to the eye from key to key; ``whole`` evenly all the way,
#: which moves the keys' times.
Speed = Literal["keyed", "segments", "whole"]

#: Two keys nearer than this are at the same time.
SAME_TIME_SECONDS = 1e-3
#: Nobody's film is longer; keeps a slip of the keyboard from filling the disk.
MOST_SECONDS = 86_400.0
FPS_RANGE = (0.1, 120.0)


@dataclass(frozen=True, slots=True)
class PoseKey:
    """A moment at which everything is known.

    Attributes:
        id: of this key, unlike that of any other key of its timeline.
        seconds: when, from the timeline's start.
        pose: what is shown then.
        easing: of the way to the next key.
        name: what the user sees: "seed 42".
        model: which model the pose was made with, without its place.
    """

    id: int
    seconds: float
    pose: Pose = field(default_factory=Pose)
    easing: Easing = LINEAR
    name: str = ""
    model: ModelRef | None = None


@dataclass(frozen=True, slots=True)
class ValueKey:
    """A moment at which one parameter is known.

    Attributes:
        id: unlike that of any other key of the timeline.
        seconds: when.
        value: of the track's parameter.
        easing: of the way to the parameter's next key.
    """

    id: int
    seconds: float
    value: Value
    easing: Easing = LINEAR


#: A key of either kind; a row of keys holds one kind.
K = TypeVar("K", PoseKey, ValueKey)


class _RowChange(Protocol):
    def __call__(self, row: tuple[K, ...], /) -> tuple[K, ...]: ...


@dataclass(frozen=True, slots=True)
class Track:
    """Keys of one parameter, besides the values that the poses give it.

    Attributes:
        parameter: see ``core/parameters.py``.
        keys: in the order of time.
        direction: what an ``edit:`` parameter moves along.
        is_muted: its keys do nothing.
    """

    parameter: str
    keys: tuple[ValueKey, ...] = ()
    direction: Direction | None = None
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment with a name."""

    seconds: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A film as a value. Every change gives a new one.

    Attributes:
        keys: poses in the order of time.
        tracks: of single parameters, each parameter once.
        modes: how parameters go from key to key, by their name, where not by default: ``base`` and numbers
            smooth, classes linear, choices by a jump.
        loop: what comes after the last key.
        closing_seconds: from the last key back to the first of a closed loop.
        speed: whether keys or the eye decide how fast it goes.
        fps: frames per second of playing and of new exports.
        work: ``(from, to)`` in seconds, the part that is played and exported; ``None`` is all.
        markers: in the order of time.

    Raises:
        OptionError: two keys stand at the same time, or a number is not finite or out of range.
    """

    keys: tuple[PoseKey, ...] = ()
    tracks: tuple[Track, ...] = ()
    modes: tuple[tuple[str, Interpolation], ...] = ()
    loop: Loop = "once"
    closing_seconds: float = 2.0
    speed: Speed = "keyed"
    fps: float = 24.0
    work: tuple[float, float] | None = None
    markers: tuple[Marker, ...] = ()

    def __post_init__(self) -> None:
        _check_times(self.keys, "pictures")
        for track in self.tracks:
            _check_times(track.keys, track.parameter)
            for key in track.keys:
                check_value(track.parameter, key.value)
        names = [track.parameter for track in self.tracks]
        if len(set(names)) < len(names):
            raise OptionError("timeline", "A parameter has two tracks on the timeline.")
        ids = [key.id for key in self.all_keys()]
        if len(set(ids)) < len(ids):
            raise OptionError("timeline", "Two keys of the timeline have the same number.")
        _check_number("fps", self.fps, *FPS_RANGE)
        _check_number("closing", self.closing_seconds, SAME_TIME_SECONDS, MOST_SECONDS)
        for moment in (*(marker.seconds for marker in self.markers), *(self.work or ())):
            _check_number("time", moment, 0, MOST_SECONDS)
        if self.work is not None and not self.work[0] < self.work[1]:
            raise OptionError(
                "timeline",
                f"The part to play goes from {self.work[0]:g} s to {self.work[1]:g} s: no time at all.",
                hint="Put its end after its start.",
            )

    @property
    def is_empty(self) -> bool:
        """Whether there is no pose to show."""
        return not self.keys

    @property
    def last_seconds(self) -> float:
        """When the last key of any kind stands; 0 without keys."""
        return max((key.seconds for key in self.all_keys()), default=0.0)

    @property
    def duration(self) -> float:
        """Seconds it plays in one direction, closing segment included."""
        closes = self.loop == "closed" and len(self.keys) > 1
        return self.last_seconds + (self.closing_seconds if closes else 0.0)

    @property
    def span(self) -> tuple[float, float]:
        """The part that is played and exported, ``(from, to)`` in seconds, within the film."""
        start, end = self.work or (0.0, self.duration)
        return min(start, self.duration), min(end, self.duration)

    def all_keys(self) -> tuple[PoseKey | ValueKey, ...]:
        """Every key of every kind."""
        return (*self.keys, *(key for track in self.tracks for key in track.keys))

    def find(self, key_id: int) -> PoseKey | ValueKey | None:
        """A key by its number."""
        return next((key for key in self.all_keys() if key.id == key_id), None)

    def track(self, parameter: str) -> Track | None:
        """The track of a parameter, if it has one."""
        return next((track for track in self.tracks if track.parameter == parameter), None)

    def mode(self, parameter: str) -> Interpolation | None:
        """How a parameter goes from key to key where that was chosen."""
        return dict(self.modes).get(parameter)

    def next_id(self) -> int:
        """A number that no key has."""
        return max((key.id for key in self.all_keys()), default=0) + 1

    def with_pose(
        self,
        seconds: float,
        pose: Pose,
        *,
        name: str = "",
        model: ModelRef | None = None,
        easing: Easing = LINEAR,
    ) -> Timeline:
        """With a key more; one that stands at that time is replaced and keeps its number and easing."""
        old = next((key for key in self.keys if abs(key.seconds - seconds) < SAME_TIME_SECONDS), None)
        if old is not None:
            new = replace(old, pose=pose, name=name, model=_placeless(model))
            return replace(self, keys=tuple(new if key is old else key for key in self.keys))
        key = PoseKey(self.next_id(), max(0.0, seconds), pose, easing, name, _placeless(model))
        return replace(self, keys=_sorted((*self.keys, key)))

    def with_value(
        self, parameter: str, seconds: float, value: Value, *, direction: Direction | None = None
    ) -> Timeline:
        """With a parameter's key more; one that stands at that time gets the value."""
        track = self.track(parameter) or Track(parameter, direction=direction)
        old = next((key for key in track.keys if abs(key.seconds - seconds) < SAME_TIME_SECONDS), None)
        if old is not None:
            keys = tuple(replace(key, value=value) if key is old else key for key in track.keys)
        else:
            keys = _sorted((*track.keys, ValueKey(self.next_id(), max(0.0, seconds), value)))
        return self._with_track(replace(track, keys=keys))

    def without(self, key_ids: Iterable[int]) -> Timeline:
        """Without some keys; tracks that have none left go too."""
        gone = set(key_ids)
        tracks = tuple(
            replace(track, keys=tuple(key for key in track.keys if key.id not in gone))
            for track in self.tracks
        )
        return replace(
            self,
            keys=tuple(key for key in self.keys if key.id not in gone),
            tracks=tuple(track for track in tracks if track.keys),
        )

    def moved(self, key_ids: Iterable[int], by_seconds: float) -> Timeline:
        """With some keys earlier or later, all by the same time, and none before the start.

        A key that would land on one that stays gets its nearest free millisecond.
        """
        chosen = set(key_ids)
        moving = [key.seconds for key in self.all_keys() if key.id in chosen]
        if not moving:
            return self
        by_seconds = max(by_seconds, -min(moving))

        def shifted(row: tuple[K, ...]) -> tuple[K, ...]:
            staying = tuple(key for key in row if key.id not in chosen)
            moving = [replace(key, seconds=key.seconds + by_seconds) for key in row if key.id in chosen]
            return _placed(staying, moving)

        return self._each_row(shifted)

    def copied(self, key_ids: Iterable[int], by_seconds: float) -> tuple[Timeline, tuple[int, ...]]:
        """With copies of some keys, so much later.

        Returns:
            the timeline, and the numbers of the copies.
        """
        chosen, free = set(key_ids), self.next_id()
        made: list[int] = []

        def with_copies(row: tuple[K, ...]) -> tuple[K, ...]:
            copies: list[K] = []
            for key in row:
                if key.id in chosen:
                    made.append(free + len(made))
                    copies.append(replace(key, id=made[-1], seconds=max(0.0, key.seconds + by_seconds)))
            return _placed(row, copies)

        changed = self._each_row(with_copies)
        return changed, tuple(made)

    def eased(self, key_ids: Iterable[int], easing: Easing) -> Timeline:
        """With another easing after some keys."""
        chosen = set(key_ids)

        def changed(row: tuple[K, ...]) -> tuple[K, ...]:
            return tuple(replace(key, easing=easing) if key.id in chosen else key for key in row)

        return self._each_row(changed)

    def reversed(self) -> Timeline:
        """The same course backwards, over the same time."""
        end = self.last_seconds
        markers = tuple(replace(marker, seconds=end - marker.seconds) for marker in self.markers[::-1])
        work = None if self.work is None else (max(0.0, end - self.work[1]), max(0.0, end - self.work[0]))
        if work is not None and not work[0] < work[1]:
            work = None
        kept = tuple(marker for marker in markers if marker.seconds >= 0)
        return replace(
            self,
            keys=_mirrored(self.keys, end),
            tracks=tuple(replace(track, keys=_mirrored(track.keys, end)) for track in self.tracks),
            markers=kept,
            work=work,
        )

    def with_mode(self, parameter: str, mode: Interpolation) -> Timeline:
        """With another way for a parameter to go from key to key."""
        modes = {**dict(self.modes), parameter: mode}
        return replace(self, modes=tuple(sorted(modes.items())))

    def with_muted(self, parameter: str, muted: bool) -> Timeline:
        """With a track switched off or on."""
        track = self.track(parameter)
        return self if track is None else self._with_track(replace(track, is_muted=muted))

    def check_model(self, model: ModelRef) -> None:
        """Refuse keys that were made with another model.

        Raises:
            ModelError: names the keys and their models.
        """
        strangers = foreign_keys(self, model)
        if not strangers:
            return
        shown = ", ".join(
            f"{key.name or 'key'} at {key.seconds:g} s ({key.model.name})"
            for key in strangers[:3]
            if key.model is not None
        )
        more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
        raise ModelError(
            f"Keys of another model are on the timeline of {model.name}: {shown}{more}.",
            hint="Re-key them with the open model, or open the one they were made with.",
        )

    def rekeyed(self, model: ModelRef, *, instead: ModelRef | None = None) -> Timeline:
        """With keys declared to be of a model: seeds give its own pictures then.

        Args:
            model: whose they are from now on.
            instead: only keys of this model; ``None`` takes all.
        """
        keys = tuple(
            replace(key, model=_placeless(model))
            if instead is None or (key.model is not None and key.model.sha256 == instead.sha256)
            else key
            for key in self.keys
        )
        return replace(self, keys=keys)

    def _with_track(self, track: Track) -> Timeline:
        if self.track(track.parameter) is None:
            return replace(self, tracks=(*self.tracks, track))
        return replace(
            self, tracks=tuple(track if old.parameter == track.parameter else old for old in self.tracks)
        )

    def _each_row(self, change: _RowChange) -> Timeline:
        """With every row of keys changed by the same rule."""
        keys = change(self.keys) if self.keys else ()
        tracks = tuple(replace(track, keys=change(track.keys)) for track in self.tracks)
        return replace(self, keys=keys, tracks=tracks)


def foreign_keys(timeline: Timeline, model: ModelRef) -> tuple[PoseKey, ...]:
    """Keys that were made with another model; those that do not say are taken for its own."""
    return tuple(key for key in timeline.keys if key.model is not None and key.model.sha256 != model.sha256)


def _placeless(model: ModelRef | None) -> ModelRef | None:
    """The hash decides which model it is; where the file was is nobody's business in a film."""
    return None if model is None else replace(model, path="")


def _sorted(keys: Iterable[K]) -> tuple[K, ...]:
    return tuple(sorted(keys, key=lambda key: key.seconds))


def _mirrored(row: tuple[K, ...], end: float) -> tuple[K, ...]:
    # An easing belongs to the way after a key: backwards, that is the way before it.
    easings: list[Easing] = [key.easing.reversed() for key in row]
    backwards = zip(row[::-1], [*easings[-2::-1], *easings[-1:]], strict=True)
    return tuple(replace(key, seconds=end - key.seconds, easing=easing) for key, easing in backwards)


def _placed(row: tuple[K, ...], keys: list[K]) -> tuple[K, ...]:
    """A row with keys more, each at the free time nearest after the one it asks for."""
    placed = list(row)
    for key in keys:
        seconds = key.seconds
        while any(abs(other.seconds - seconds) < SAME_TIME_SECONDS for other in placed):
            seconds = round(seconds + 2 * SAME_TIME_SECONDS, 6)
        placed.append(replace(key, seconds=seconds))
    return _sorted(placed)


def _check_times(keys: tuple[PoseKey, ...] | tuple[ValueKey, ...], what: str) -> None:
    before: PoseKey | ValueKey | None = None
    for key in keys:
        _check_number("time", key.seconds, 0, MOST_SECONDS)
        if before is not None and key.seconds - before.seconds < SAME_TIME_SECONDS / 2:
            is_same = abs(key.seconds - before.seconds) < SAME_TIME_SECONDS
            order = "the same time" if is_same else "times out of order"
            raise OptionError(
                "timeline",
                f"Two keys of {what} stand at {order}: {before.seconds:g} s and {key.seconds:g} s.",
                hint="Move one of them, or delete it.",
            )
        before = key


def _check_number(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise OptionError(name, f"The {name} of a timeline is {value}, but must be from {low:g} to {high:g}.")
