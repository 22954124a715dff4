"""Timelines as plain data, beside the other fields of a session: see ``core/session_record.py``."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from latent_studio.core.easing import LINEAR, format_easing, parse_easing
from latent_studio.core.interpolate import Interpolation
from latent_studio.core.pose import Pose
from latent_studio.core.records import damaged, record_of
from latent_studio.core.session import ModelRef
from latent_studio.core.timeline import Loop, Marker, PoseKey, Speed, Timeline, Track, ValueKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from latent_studio.core.directions import Direction
    from latent_studio.core.easing import Easing
    from latent_studio.core.parameters import Value
    from latent_studio.core.records import Attachments, Reader, Record
    from latent_studio.core.session_record import Codec

_POSE_FIELDS = tuple(field.name for field in fields(Pose))


def write_timeline(timeline: Timeline, attachments: Attachments, codecs: Mapping[str, Codec[Any]]) -> Record:
    """A timeline as JSON's types: numbers that are read as floats are written so, for the same text again.

    Args:
        timeline: what to write.
        attachments: get its arrays and directions.
        codecs: of the fields of a session, by name.
    """
    models: list[ModelRef] = []
    for key in timeline.keys:
        if key.model is not None and key.model not in models:
            models.append(key.model)
    return {
        "keys": [
            {
                "id": key.id,
                "seconds": float(key.seconds),
                "name": key.name,
                "easing": format_easing(key.easing),
                "model": None if key.model is None else models.index(key.model),
                **_pose_record(key.pose, attachments, codecs),
            }
            for key in timeline.keys
        ],
        "models": [record_of(model, attachments) for model in models],
        "tracks": [
            {
                "parameter": track.parameter,
                "muted": track.is_muted,
                "directions": codecs["locks"].write(_one_or_none(track.direction), attachments),
                "keys": [
                    {
                        "id": key.id,
                        "seconds": float(key.seconds),
                        "value": record_of(key.value, attachments),
                        "easing": format_easing(key.easing),
                    }
                    for key in track.keys
                ],
            }
            for track in timeline.tracks
        ],
        "modes": dict(timeline.modes),
        "loop": timeline.loop,
        "closing_seconds": float(timeline.closing_seconds),
        "speed": timeline.speed,
        "fps": float(timeline.fps),
        "work": None if timeline.work is None else [float(moment) for moment in timeline.work],
        "markers": [record_of(marker, attachments) for marker in timeline.markers],
    }


def _pose_record(pose: Pose, attachments: Attachments, codecs: Mapping[str, Codec[Any]]) -> Record:
    # Noise of its own is rare; files without it stay readable for programs that did not know it here.
    return {
        name: codecs[name].write(getattr(pose, name), attachments)
        for name in _POSE_FIELDS
        if name != "noise" or pose.noise is not None
    }


def read_timeline(reader: Reader, codecs: Mapping[str, Codec[Any]]) -> Timeline:
    """The timeline that ``write_timeline`` was given, or a hand wrote: what is missing has its default.

    Raises:
        DamagedSessionError: a value is not as it should be; says which.
    """
    reader.only(
        "keys", "models", "tracks", "modes", "loop", "closing_seconds", "speed", "fps", "work", "markers"
    )
    models: list[ModelRef] = []
    if "models" in reader:
        models = [entry.dataclass(ModelRef) for entry in reader.get("models").items()]
    given: dict[str, Any] = {}
    numbers = iter(range(1, 1 << 30))
    if "keys" in reader:
        given["keys"] = tuple(
            _read_pose_key(entry, models, next(numbers), codecs) for entry in reader.get("keys").items()
        )
    if "tracks" in reader:
        given["tracks"] = tuple(_read_track(entry, numbers, codecs) for entry in reader.get("tracks").items())
    if "modes" in reader:
        given["modes"] = tuple(
            sorted((name, entry.value(Interpolation)) for name, entry in reader.get("modes").entries())
        )
    for name, kind in (
        ("loop", Loop),
        ("speed", Speed),
        ("closing_seconds", float),
        ("fps", float),
        ("work", tuple[float, float] | None),
        ("markers", tuple[Marker, ...]),
    ):
        if name in reader:
            given[name] = reader.get(name).value(kind)
    timeline: Timeline = reader.guard(lambda: Timeline(**given))
    return timeline


def _read_pose_key(
    entry: Reader, models: list[ModelRef], number: int, codecs: Mapping[str, Codec[Any]]
) -> PoseKey:
    entry.only("id", "seconds", "name", "easing", "model", *_POSE_FIELDS)
    pose = Pose(**{name: codecs[name].read(entry.get(name)) for name in _POSE_FIELDS if name in entry})
    model = None
    if "model" in entry and not entry.get("model").is_null():
        index = entry.get("model").whole(0)
        if index >= len(models):
            raise damaged(f"{entry.place}.model is {index}, but there are {len(models)} models")
        model = models[index]
    return PoseKey(
        entry.get("id").whole(1) if "id" in entry else number,
        entry.get("seconds").number(),
        pose,
        _read_easing(entry),
        entry.get("name").text() if "name" in entry else "",
        model,
    )


def _one_or_none(direction: Direction | None) -> tuple[Direction, ...]:
    return () if direction is None else (direction,)


def _read_track(entry: Reader, numbers: Iterator[int], codecs: Mapping[str, Codec[Any]]) -> Track:
    entry.only("parameter", "muted", "directions", "keys")
    # Written as the locks are: a row of directions, here of one or none.
    directions = codecs["locks"].read(entry.get("directions")) if "directions" in entry else ()
    direction = directions[0] if directions else None
    keys = []
    for key in entry.get("keys").items():
        key.only("id", "seconds", "value", "easing")
        number = next(numbers)
        keys.append(
            ValueKey(
                key.get("id").whole(1) if "id" in key else number,
                key.get("seconds").number(),
                _read_value(key.get("value")),
                _read_easing(key),
            )
        )
    return Track(
        entry.get("parameter").text(),
        tuple(keys),
        direction,
        entry.get("muted").flag() if "muted" in entry else False,
    )


def _read_value(reader: Reader) -> Value:
    value: Value = reader.value(int | float | str | tuple[tuple[int, float], ...] | None)
    return value


def _read_easing(reader: Reader) -> Easing:
    if "easing" not in reader:
        return LINEAR
    easing: Easing = reader.guard(lambda: parse_easing(reader.get("easing").text()))
    return easing
