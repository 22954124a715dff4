"""Session records: a session as plain data and arrays, what session files and recipes are made of.

Every field of ``Session`` has a codec in ``CODECS``; a test counts them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from latent_studio.core.direction_records import from_record, to_record
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.latent import Latent
from latent_studio.core.records import Attachments, Reader, Record, damaged, record_of
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.spaces import Space
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.core.timeline_record import read_timeline, write_timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction
    from latent_studio.core.noise_maps import FoundNoise
    from latent_studio.core.projections import ProjectedPhoto
    from latent_studio.core.session import Base
    from latent_studio.core.style_mix import StyleMix
    from latent_studio.core.timeline import Timeline

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """How one field of a session becomes a record and comes back.

    Attributes:
        write: gives JSON's types; puts arrays and directions into the attachments.
        read: gives an equal value back.
    """

    write: Callable[[T, Attachments], object]
    read: Callable[[Reader], T]


def session_to_record(session: Session) -> tuple[Record, dict[str, NDArray[Any]]]:
    """A session as plain data.

    Returns:
        a dict of JSON's types, directions by name under ``"directions"``; and the arrays it refers to.

    Raises:
        InputError: a direction is of a kind that only a plugin knows.
    """
    attachments = Attachments()
    record = {name: codec.write(getattr(session, name), attachments) for name, codec in CODECS.items()}
    return {**record, "directions": attachments.directions}, attachments.arrays


def session_from_record(record: Mapping[str, object], arrays: Mapping[str, NDArray[Any]]) -> Session:
    """The session that ``session_to_record`` was given. A field that is missing has its default.

    Raises:
        DamagedSessionError: a value is not as it should be; says which.
    """
    reader = Reader(dict(record), "", Attachments(arrays=dict(arrays)))
    reader.only(*CODECS, "directions")
    if "directions" in reader:
        for name, entry in reader.get("directions").entries():
            reader.attachments.directions[name] = dict(entry.table())
    return read_fields(reader)


def read_fields(reader: Reader) -> Session:
    """A session from a table with a value per field."""
    return Session(**{name: codec.read(reader.get(name)) for name, codec in CODECS.items() if name in reader})


def direction_reference(direction: Direction, attachments: Attachments) -> str:
    """Keep a direction among the attachments; the name to refer to it by."""
    if id(direction) in attachments.known:
        return attachments.known[id(direction)][1]
    record, arrays = to_record(direction)
    whole: Record = {**record, "arrays": {name: attachments.put(array) for name, array in arrays.items()}}
    name = hashlib.blake2b(json.dumps(whole, sort_keys=True).encode(), digest_size=8).hexdigest()
    attachments.directions[name] = whole
    attachments.known[id(direction)] = (direction, name)
    return name


def name_of(direction: Direction) -> str:
    """The name by which records refer to a direction: a digest of all there is to it."""
    return direction_reference(direction, Attachments())


def directions_of(session: Session) -> tuple[Direction, ...]:
    """All directions a session's picture and film depend on; one may come twice."""
    timeline = session.timeline
    return (
        *(edit.direction for edit in session.edits),
        *session.locks,
        *(edit.direction for key in timeline.keys for edit in key.pose.edits),
        *(direction for key in timeline.keys for direction in key.pose.locks),
        *(track.direction for track in timeline.tracks if track.direction is not None),
    )


def read_direction(reader: Reader) -> Direction:
    """The direction that a name refers to: the same object for the same name."""
    name, known = reader.text(), reader.attachments.known
    if name in known:
        return cast("Direction", known[name][0])
    if name not in reader.attachments.directions:
        raise damaged(f"{reader.place} names the direction {name[:40]!r}, which is not there")
    whole = Reader(reader.attachments.directions[name], f"directions.{name}", reader.attachments)
    direction = direction_of(whole)
    known[name] = (direction, name)
    return direction


def direction_of(reader: Reader) -> Direction:
    """The direction a whole record describes."""
    arrays = {name: entry.array() for name, entry in reader.get("arrays").entries()}
    record = {name: value for name, value in reader.table().items() if name != "arrays"}
    direction: Direction = reader.guard(lambda: from_record(record, arrays))
    return direction


def _write_model(model: ModelRef | None, attachments: Attachments) -> object:
    return record_of(model, attachments)


def _read_model(reader: Reader) -> ModelRef | None:
    model: ModelRef | None = reader.value(ModelRef | None)
    return model


def _write_base(base: Base, attachments: Attachments) -> object:
    if isinstance(base, SeedPoint):
        return {"seed": base.seed, "dx": base.dx, "dy": base.dy}
    return {"space": base.space.value, "values": attachments.put(base.values)}


def _read_base(reader: Reader) -> Base:
    if "seed" in reader:
        point: SeedPoint = reader.dataclass(SeedPoint)
        return point
    reader.only("space", "values")
    space: Space = reader.get("space").value(Space)
    values = reader.get("values").array()
    latent: Latent = reader.guard(lambda: Latent(space, values))
    return latent


def _write_edits(edits: EditStack, attachments: Attachments) -> object:
    return [
        {
            "direction": direction_reference(edit.direction, attachments),
            "amount": edit.amount,
            "rows": None if edit.rows is None else list(edit.rows),
            "enabled": edit.enabled,
        }
        for edit in edits
    ]


def _read_edits(reader: Reader) -> EditStack:
    edits: list[Edit] = []
    for entry in reader.items():
        entry.only("direction", "amount", "rows", "enabled")
        edit = Edit(
            read_direction(entry.get("direction")),
            entry.get("amount").number(),
            entry.get("rows").rows(),
            entry.get("enabled").flag(),
        )
        if any(edit.id == other.id for other in edits):
            raise damaged(f"{entry.place} edits the direction {edit.id!r} a second time")
        edits.append(edit)
    return EditStack(tuple(edits))


def _write_synthesis(synthesis: SynthesisSettings, attachments: Attachments) -> object:
    return record_of(synthesis, attachments)


def _read_synthesis(reader: Reader) -> SynthesisSettings:
    synthesis: SynthesisSettings = reader.dataclass(SynthesisSettings)
    return synthesis


def _write_locks(locks: tuple[Direction, ...], attachments: Attachments) -> object:
    return [direction_reference(direction, attachments) for direction in locks]


def _read_locks(reader: Reader) -> tuple[Direction, ...]:
    return tuple(read_direction(entry) for entry in reader.items())


def _write_mix(mix: StyleMix | None, attachments: Attachments) -> object:
    if mix is None:
        return None
    return {"source": _write_base(mix.source, attachments), "rows": list(mix.rows), "weight": mix.weight}


def _read_mix(reader: Reader) -> StyleMix | None:
    if reader.is_null():
        return None
    from latent_studio.core.style_mix import StyleMix

    reader.only("source", "rows", "weight")
    return StyleMix(
        _read_base(reader.get("source")), reader.get("rows").rows() or (), reader.get("weight").number()
    )


def _write_timeline(timeline: Timeline, attachments: Attachments) -> object:
    return write_timeline(timeline, attachments, CODECS)


def _read_timeline(reader: Reader) -> Timeline:
    return read_timeline(reader, CODECS)


def _write_noise(noise: FoundNoise | None, attachments: Attachments) -> object:
    return None if noise is None else [attachments.put(one) for one in noise.maps]


def _read_noise(reader: Reader) -> FoundNoise | None:
    if reader.is_null():
        return None
    from latent_studio.core.noise_maps import FoundNoise

    maps = [entry.array() for entry in reader.items()]
    noise: FoundNoise = reader.guard(lambda: FoundNoise(maps))
    return noise


_PHOTO_PLAIN = ("name", "path", "sha256", "size", "quad", "marks", "perceptual", "psnr", "sigmas")


def _write_projections(photos: tuple[ProjectedPhoto, ...], attachments: Attachments) -> object:
    return [
        {
            **{name: record_of(getattr(photo, name), attachments) for name in _PHOTO_PLAIN},
            "latent": _write_base(photo.latent, attachments),
            "noise": _write_noise(photo.noise, attachments),
        }
        for photo in photos
    ]


def _read_projections(reader: Reader) -> tuple[ProjectedPhoto, ...]:
    from latent_studio.core.projections import ProjectedPhoto

    photos = []
    for entry in reader.items():
        entry.only(*_PHOTO_PLAIN, "latent", "noise")
        latent = _read_base(entry.get("latent"))
        if not isinstance(latent, Latent):
            raise damaged(f"{entry.place} has no latent")
        width, height = (side.number() for side in entry.get("size").items())
        photos.append(
            ProjectedPhoto(
                entry.get("name").text(),
                entry.get("path").text(),
                entry.get("sha256").text(),
                (int(width), int(height)),
                tuple(one.number() for one in entry.get("quad").items()),
                tuple(one.number() for one in entry.get("marks").items()),
                latent,
                _read_noise(entry.get("noise")),
                entry.get("perceptual").number(),
                entry.get("psnr").number(),
                entry.get("sigmas").number(),
            )
        )
    return tuple(photos)


def _write_centre(centre: Latent | None, attachments: Attachments) -> object:
    return None if centre is None else _write_base(centre, attachments)


def _read_centre(reader: Reader) -> Latent | None:
    if reader.is_null():
        return None
    centre = _read_base(reader)
    if not isinstance(centre, Latent) or centre.space is not Space.W:
        raise damaged(f"{reader.place} is no place in w")
    return centre


def _write_flag(flag: bool, attachments: Attachments) -> object:
    return flag


def _read_flag(reader: Reader) -> bool:
    return reader.flag()


#: One line per field of ``Session``; whoever adds a field adds its codec.
CODECS: dict[str, Codec[Any]] = {
    "model": Codec(_write_model, _read_model),
    "base": Codec(_write_base, _read_base),
    "edits": Codec(_write_edits, _read_edits),
    "synthesis": Codec(_write_synthesis, _read_synthesis),
    "locks": Codec(_write_locks, _read_locks),
    "mix": Codec(_write_mix, _read_mix),
    "timeline": Codec(_write_timeline, _read_timeline),
    "noise": Codec(_write_noise, _read_noise),
    "projections": Codec(_write_projections, _read_projections),
    "centre": Codec(_write_centre, _read_centre),
    "watches_person": Codec(_write_flag, _read_flag),
}
