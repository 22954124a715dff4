"""Session files: a document in one ``.lstudio`` file, a zip of JSON and plain arrays (docs/session-file.md).

Nothing in such a file is run, and nothing is unpacked to the disk. Everything is measured before it is read.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from latent_studio.core.errors import DamagedSessionError, NewerVersionError, SessionFileError
from latent_studio.core.files import replacing
from latent_studio.core.history import HistoryState, Step, check_tree
from latent_studio.core.records import Attachments, Reader, Record, damaged
from latent_studio.core.session import Session
from latent_studio.core.session_record import CODECS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIX = ".lstudio"
FORMAT = "latent-studio-session"
#: Grows when an older program could misunderstand a newer file; ``MIGRATIONS`` lifts older ones.
VERSION = 1

_CONTENT, _SUMMARY = "document.json", "summary.json"
_ARRAY = re.compile(r"arrays/([0-9a-f]{32})\.npy")
_THUMBNAIL = re.compile(r"thumbnails/(\d{1,9})\.jpg")
_DTYPES = ("<f4", "<f8", "<f2", "|u1", "<i4", "<i8", "|b1", "<u2")

_MOST_MEMBERS = 20_000
_MOST_BYTES = 2 << 30
_MOST_JSON_BYTES = 64 << 20
_MOST_ARRAY_BYTES = 512 << 20
_MOST_THUMBNAIL_BYTES = 256 << 10
_MOST_STEPS = 100_000
#: How much smaller than its content a member may be. What packs better is written unpacked, bombs are not.
_MOST_RATIO = 250
#: Members below this may pack as well as they like.
_SMALL_BYTES = 1 << 20

#: What lifts the JSON of a version to that of the next one.
MIGRATIONS: dict[int, Callable[[Record], Record]] = {}


@dataclass(frozen=True, slots=True)
class Document:
    """What a session file holds.

    Attributes:
        history: all steps; the current one is the session shown.
        thumbnails: small JPEG files by the id of their step; any may be missing.
        ratings: stars, 1 to 5, that the user gave to seeds.
        notes: the user's own words.
    """

    history: HistoryState[Session]
    thumbnails: Mapping[int, bytes] = field(default_factory=dict)
    ratings: Mapping[int, int] = field(default_factory=dict)
    notes: str = ""

    @property
    def session(self) -> Session:
        """What is shown."""
        return next(step.value for step in self.history.steps if step.id == self.history.current)


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is to say about a file without reading all of it.

    Attributes:
        model: name of the model; empty without one.
        steps: how many the user made.
        saved_seconds: when, since 1970.
        origin: the file it belongs to; empty for one that was never saved. Only autosaves know it.
        program: who wrote it.
    """

    model: str = ""
    steps: int = 0
    saved_seconds: float = 0.0
    origin: str = ""
    program: str = ""


def write_document(document: Document, path: Path, *, summary: Summary | None = None) -> None:
    """Write a document whole, or leave the file that was there. Safe to call from any thread.

    Args:
        document: what to save.
        path: the file; replaced only when all is written.
        summary: who wrote it, when and from where; what the document itself tells is filled in.

    Raises:
        SessionFileError: the disk refuses; says why.
        InputError: a direction is of a kind that only a plugin knows.
    """
    packed = pack_document(document, summary=summary)
    try:
        with replacing(path) as file:
            file.write(packed)
    except OSError as error:
        raise SessionFileError(
            f"{path.name} cannot be saved: {error.strerror or error}.",
            hint="Save it elsewhere, or make room on the disk. What was saved before is still there.",
        ) from error


def pack_document(document: Document, *, summary: Summary | None = None) -> bytes:
    """The bytes of a session file. The same document and summary give the same bytes."""
    attachments = Attachments()
    content = _content(document, attachments)
    summary = summary or Summary()
    model = document.session.model
    told: Record = {
        "format": FORMAT,
        "version": VERSION,
        "program": summary.program,
        "model": "" if model is None else model.name,
        "steps": len(document.history.steps) - 1,
        "saved": summary.saved_seconds,
        "origin": summary.origin,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, _SUMMARY, json.dumps(told, indent=1).encode())
        _add(archive, _CONTENT, json.dumps(content, separators=(",", ":")).encode())
        for name, array in attachments.arrays.items():
            _add(archive, f"arrays/{name}.npy", _npy(array), packed=False)
        for id, picture in document.thumbnails.items():
            _add(archive, f"thumbnails/{id}.jpg", picture, packed=False)
    return buffer.getvalue()


def read_document(path: Path) -> Document:
    """Read a session file. Nothing in it is run; what is not as it should be is named.

    Raises:
        NewerVersionError: a newer program wrote it.
        DamagedSessionError: it is cut short, garbled, or changed by hand in a way that makes no sense.
        SessionFileError: it cannot be read at all.
    """
    with _opened(path) as archive:
        members = _members(archive, path)
        content = _migrated(_json(archive, members, _CONTENT, path), path)
        attachments = Attachments(
            arrays={
                match[1]: _array(_bytes(archive, info, path, _MOST_ARRAY_BYTES), info.filename)
                for name, info in members.items()
                if (match := _ARRAY.fullmatch(name))
            }
        )
        thumbnails = {
            int(match[1]): _bytes(archive, info, path, _MOST_THUMBNAIL_BYTES)
            for name, info in members.items()
            if (match := _THUMBNAIL.fullmatch(name))
        }
    return _document(Reader(content, "", attachments), thumbnails)


def read_summary(path: Path) -> Summary:
    """What a session file is about, without reading the rest of it.

    Raises:
        SessionFileError: see ``read_document``.
    """
    with _opened(path) as archive:
        reader = Reader(_json(archive, _members(archive, path), _SUMMARY, path), "", Attachments())
        return Summary(
            reader.get("model").text(),
            reader.get("steps").whole(0),
            reader.get("saved").number(),
            reader.get("origin").text(),
            reader.get("program").text(),
        )


# The content


def _content(document: Document, attachments: Attachments) -> Record:
    """The JSON of a document. Values that steps share are written once: a step is a few numbers."""
    parts: dict[str, list[object]] = {name: [] for name in CODECS}
    places: dict[tuple[str, int], int] = {}
    steps = []
    for step in document.history.steps:
        made_of = {}
        for name, codec in CODECS.items():
            value = getattr(step.value, name)
            # All values live as long as the document, so an id stands for one of them.
            key = (name, id(value))
            if key not in places:
                places[key] = len(parts[name])
                parts[name].append(codec.write(value, attachments))
            made_of[name] = places[key]
        steps.append(
            {
                "id": step.id,
                "parent": step.parent,
                "label": step.label,
                "seconds": step.seconds,
                "starred": step.starred,
                "session": made_of,
            }
        )
    return {
        "format": FORMAT,
        "version": VERSION,
        "notes": document.notes,
        "ratings": {str(seed): stars for seed, stars in document.ratings.items()},
        "current": document.history.current,
        "onward": {str(parent): child for parent, child in document.history.onward.items()},
        "steps": steps,
        "parts": parts,
        "directions": attachments.directions,
    }


def _document(reader: Reader, thumbnails: Mapping[int, bytes]) -> Document:
    reader.only("format", "version", "notes", "ratings", "current", "onward", "steps", "parts", "directions")
    for name, entry in reader.get("directions").entries():
        reader.attachments.directions[name] = dict(entry.table())
    parts = reader.get("parts").only(*CODECS)
    read: dict[str, list[object]] = {
        name: [CODECS[name].read(entry) for entry in part.items()] for name, part in parts.entries()
    }
    steps = tuple(_step(entry, read) for entry in reader.get("steps").items())
    if len(steps) > _MOST_STEPS:
        raise damaged(f"it has {len(steps)} steps")
    onward = {_number_named(name, entry): entry.whole(0) for name, entry in reader.get("onward").entries()}
    history = HistoryState(steps, reader.get("current").whole(0), onward)
    reader.guard(lambda: check_tree(history))
    ids = {step.id for step in steps}
    ratings = {
        _number_named(name, entry): entry.whole(0, 5) for name, entry in reader.get("ratings").entries()
    }
    return Document(
        history,
        {id: picture for id, picture in thumbnails.items() if id in ids and picture[:2] == b"\xff\xd8"},
        ratings,
        reader.get("notes").text(),
    )


def _step(reader: Reader, parts: Mapping[str, list[object]]) -> Step[Session]:
    reader.only("id", "parent", "label", "seconds", "starred", "session")
    values: dict[str, Any] = {}
    for name, entry in reader.get("session").only(*CODECS).entries():
        known = parts.get(name, [])
        place = entry.whole(0)
        if place >= len(known):
            raise damaged(f"{entry.place} is {place}, but there are only {len(known)}")
        values[name] = known[place]
    parent = reader.get("parent")
    return Step(
        reader.get("id").whole(0),
        None if parent.is_null() else parent.whole(0),
        Session(**values),
        reader.get("label").text(),
        reader.get("seconds").number(),
        reader.get("starred").flag(),
    )


def _number_named(name: str, reader: Reader) -> int:
    if not name.isascii() or not name.isdigit() or len(name) > 12:
        raise damaged(f"{reader.place} should be called by a number")
    return int(name)


def _migrated(content: Record, path: Path) -> Record:
    """The content as this version writes it."""
    reader = Reader(content, "", Attachments())
    if "format" not in reader or reader.get("format").text() != FORMAT:
        raise DamagedSessionError(f"{path.name} is no session of Latent Studio.")
    version = reader.get("version").whole(1)
    if version > VERSION:
        raise NewerVersionError(
            f"{path.name} is of version {version}; this program knows versions up to {VERSION}.",
            hint="Update Latent Studio to open it. The file was left as it is.",
        )
    while version < VERSION:
        content = reader.guard(lambda content=content, lift=MIGRATIONS[version]: lift(content))
        version += 1
    return {**content, "version": VERSION}


# The archive


class _opened:
    """A zip file whose every failure is one of ours."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> zipfile.ZipFile:
        try:
            self._archive = zipfile.ZipFile(self._path)
        except OSError as error:
            raise SessionFileError(
                f"{self._path.name} cannot be read: {error.strerror or error}.", hint="Is it still there?"
            ) from error
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
            raise _cut_short(self._path) from error
        return self._archive

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._archive.close()
        if isinstance(error, zipfile.BadZipFile | zlib.error | EOFError | struct.error | NotImplementedError):
            raise _cut_short(self._path) from error
        if isinstance(error, OSError):
            raise SessionFileError(
                f"{self._path.name} cannot be read: {error.strerror or error}.", hint="Is it still there?"
            ) from error


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The table of contents, once it is known to be harmless."""
    infos = archive.infolist()
    members = {info.filename: info for info in infos}
    if len(infos) > _MOST_MEMBERS or sum(info.file_size for info in infos) > _MOST_BYTES:
        raise _refused(path, "would unpack to more than a session ever holds")
    if len(members) < len(infos):
        raise _refused(path, "has two members of one name")
    for name, info in members.items():
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or "\\" in name or ":" in parts[0] or "\0" in name:
            raise _refused(path, f"has a member called {name[:60]!r}, which leads outside of the archive")
        if info.flag_bits & 0x1:
            raise _refused(path, "is encrypted")
        if info.file_size > _SMALL_BYTES and info.file_size > _MOST_RATIO * max(1, info.compress_size):
            raise _refused(path, f"has a member {name[:60]!r} that unpacks to far more than it is")
    return members


def _bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, most: int) -> bytes:
    if info.file_size > most:
        raise _refused(path, f"has a member {info.filename!r} of {info.file_size >> 20} MB")
    # No more than was declared is ever read, and zipfile compares the checksum.
    return archive.read(info)


def _json(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], name: str, path: Path) -> Record:
    if name not in members:
        raise DamagedSessionError(f"{path.name} is no session of Latent Studio: it has no {name}.")
    raw = _bytes(archive, members[name], path, _MOST_JSON_BYTES)
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise damaged(f"{name} is no JSON") from error
    if not isinstance(content, dict):
        raise damaged(f"{name} is no table")
    return content


def _array(raw: bytes, name: str) -> NDArray[Any]:
    """An array of an npy file; its header is checked against the bytes that are there. Never pickled."""
    file = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read_header(file, max_header_size=10_000)
    except (ValueError, KeyError, EOFError, TypeError, SyntaxError, RecursionError) as error:
        raise damaged(f"{name} is no plain array") from error
    if dtype.str not in _DTYPES or is_fortran or len(shape) > 8 or any(side < 0 for side in shape):
        raise damaged(f"{name} is of a type or shape that sessions do not use")
    count = 1
    for side in shape:
        count *= side
    if count * dtype.itemsize != len(raw) - file.tell():
        raise damaged(f"{name} is cut short or too long")
    # A view of bytes: read-only by itself.
    return np.frombuffer(raw, dtype, count=count, offset=file.tell()).reshape(shape)


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, raw: bytes, *, packed: bool = True) -> None:
    # A fixed date: the same document gives the same bytes.
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    packs = packed and len(raw) < _MOST_RATIO * len(zlib.compress(raw, 1))
    info.compress_type = zipfile.ZIP_DEFLATED if packs else zipfile.ZIP_STORED
    archive.writestr(info, raw, compresslevel=1)


def _cut_short(path: Path) -> DamagedSessionError:
    return DamagedSessionError(
        f"{path.name} is no session file, or it is cut short.",
        hint="Open one of its backups: File > Recover.",
    )


def _refused(path: Path, why: str) -> DamagedSessionError:
    return DamagedSessionError(f"{path.name} {why}.", hint="No program of ours wrote it so; do not trust it.")
