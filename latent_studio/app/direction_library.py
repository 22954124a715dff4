"""DirectionLibrary: every direction there is for a model, in banks, with what its user has made of them.

Where they come from: found on the model (SeFa, PCA), delivered beside it, and kept by the user. What the user
says about one, its name, star, sign, ends and whether it is hidden, is remembered by the model's hash and the
direction's id.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from latent_studio.app.direction_files import read_direction_file, write_direction_file
from latent_studio.core.direction_views import view_of
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from latent_studio.app.paths import Paths
    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.spec import GeneratorSpec

log = logging.getLogger(__name__)

#: Banks by id, in the order they are shown, with their titles.
BANKS: dict[str, str] = {
    "favourites": "Favourites",
    "sefa": "SeFa",
    "boundaries": "Boundaries",
    "pca": "PCA",
    "warp": "Warp paths",
    "channels": "Channels",
    "own": "My own",
}
#: The bank of what ``DirectionInfo.source`` names; everything else is the user's own.
_BANK_OF_SOURCE = {
    "sefa": "sefa",
    "boundary": "boundaries",
    "mean-difference": "boundaries",
    "pca": "pca",
    "warp": "warp",
    "channel": "channels",
}
#: The folder beside a model file whose directions come with it.
_BESIDE = "directions"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a user has said about one direction.

    Attributes:
        name: the user's own name; empty keeps the direction's.
        starred: among the favourites.
        hidden: not shown unless asked for.
        flipped: turned round.
        ends: slider ends in units of the direction as shown; ``None`` keeps its suggestion.
        safe: the part of the way where pictures stay within what the model usually makes, from calibration.
        rows: rows its slider moves; ``None`` keeps the direction's.
    """

    name: str = ""
    starred: bool = False
    hidden: bool = False
    flipped: bool = False
    ends: tuple[float, float] | None = None
    safe: tuple[float, float] | None = None
    rows: Rows = None


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """One direction of the library, as its user wants it.

    Attributes:
        direction: with the user's name, sign and ends.
        found: the direction as it was found.
        bank: id of its bank, never ``"favourites"``.
        mark: what the user has said about it.
        is_kept: whether it is one of the user's files and can be removed.
    """

    direction: Direction
    found: Direction
    bank: str
    mark: Mark
    is_kept: bool

    @property
    def id(self) -> str:
        """The direction's id."""
        return self.found.id

    @property
    def ends(self) -> tuple[float, float]:
        """Slider ends ``(low, high)`` in units of the direction."""
        return self.direction.suggested_range


@dataclass(frozen=True, slots=True)
class Bank:
    """Directions of one kind.

    Attributes:
        id: a key of ``BANKS``.
        title: what the user sees.
        entries: in the order they were found, hidden ones among them.
    """

    id: str
    title: str
    entries: tuple[LibraryEntry, ...]

    @property
    def shown(self) -> tuple[LibraryEntry, ...]:
        """Without the hidden ones."""
        return tuple(entry for entry in self.entries if not entry.mark.hidden)


class DirectionLibrary:
    """The directions of one model.

    Changes tell listeners, on the thread that made them, and go to disk at once. What cannot be saved still
    holds until the program ends.

    Args:
        spec: facts about the model; directions that do not fit it are left out.
        found: directions found on the model, in the order they are shown.
        model_sha256: its hash; delivered directions of another model are left out.
        folder: where the user's directions and marks are; ``None`` keeps nothing.
        beside: a folder of direction files that come with the model.

    Attributes:
        problems: one sentence for each file that could not be used.
    """

    def __init__(
        self,
        spec: GeneratorSpec,
        found: Sequence[Direction] = (),
        *,
        model_sha256: str = "",
        folder: Path | None = None,
        beside: Path | None = None,
    ) -> None:
        self._spec = spec
        self._model_sha256 = model_sha256
        self._folder = folder
        self._listeners: list[Callable[[], None]] = []
        self.problems: tuple[str, ...] = ()
        self._found = {direction.id: direction for direction in found}
        self._delivered = dict(self._read_folder(beside))
        #: Kept directions with the file each is in.
        self._kept: dict[str, tuple[Direction, Path | None]] = {}
        if folder is not None:
            for path in sorted(folder.glob("*.safetensors")):
                self._kept |= {id: (direction, path) for id, direction in self._read_file(path)}
        self._marks = self._read_marks()

    @classmethod
    def of_model(
        cls,
        paths: Paths,
        model_sha256: str,
        spec: GeneratorSpec,
        found: Sequence[Direction],
        *,
        model_file: Path,
    ) -> DirectionLibrary:
        """The library of a model that was just read."""
        folder = paths.data / "directions" / model_sha256[:32]
        beside = model_file.parent / _BESIDE
        return cls(spec, found, model_sha256=model_sha256, folder=folder, beside=beside)

    @property
    def banks(self) -> tuple[Bank, ...]:
        """All banks in their order; empty ones too, so that each has its place."""
        entries = self.entries
        return tuple(
            Bank(
                id,
                title,
                tuple(
                    entry
                    for entry in entries
                    if (entry.mark.starred if id == "favourites" else entry.bank == id)
                ),
            )
            for id, title in BANKS.items()
        )

    @property
    def entries(self) -> tuple[LibraryEntry, ...]:
        """Every direction once, hidden ones too."""
        everything = {
            **self._found,
            **self._delivered,
            **{id: direction for id, (direction, _) in self._kept.items()},
        }
        return tuple(self._entry(direction) for direction in everything.values())

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Every direction that is not hidden, as its user wants it."""
        return tuple(entry.direction for entry in self.entries if not entry.mark.hidden)

    def find(self, id_or_name: str) -> LibraryEntry | None:
        """An entry by its id, else by the name its user gave it or it came with."""
        entries = self.entries
        for entry in entries:
            if entry.id == id_or_name:
                return entry
        return next((entry for entry in entries if entry.direction.name == id_or_name), None)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Hear about every change.

        Returns:
            A function that stops it.
        """
        self._listeners.append(listener)

        def unlisten() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unlisten

    def set_found(self, bank: str, directions: Iterable[Direction]) -> None:
        """Put other directions found on the model in the place of a bank's, such as SeFa of other layers."""
        others = {id: one for id, one in self._found.items() if bank_of(one) != bank}
        self._found = {**others, **{direction.id: direction for direction in directions}}
        self._tell()

    def keep(self, directions: Sequence[Direction], *, name: str = "") -> None:
        """Keep directions for this model, in one file. One of the same id takes the old one's place.

        Args:
            directions: checked against the model before anything is kept.
            name: what the file is called after; the first direction's name when empty.

        Raises:
            IncompatibleLatentError: one of them does not fit the model; none is kept.
            InputError: one of them is of a kind that cannot be kept; none is.
        """
        if not directions:
            return
        for direction in directions:
            direction.check_fits(self._spec)
        path = None if self._folder is None else self._folder / _file_name(name, directions)
        stale = {direction.id for direction in directions} & set(self._kept)
        if path is not None:
            try:
                write_direction_file(directions, path)
            except OSError as error:
                log.warning("Directions cannot be saved: %s", error)
        self._drop(stale, except_file=path)
        self._kept |= {direction.id: (direction, path) for direction in directions}
        self._tell()

    def remove(self, ids: Iterable[str]) -> None:
        """Remove directions the user has kept; others cannot be removed, only hidden."""
        gone = set(ids) & set(self._kept)
        if gone:
            self._drop(gone)
            self._tell()

    def rename(self, id: str, name: str) -> None:
        """Give a direction another name; an empty one gives its own back."""
        self._change(id, name=" ".join(name.split()))

    def star(self, id: str, starred: bool) -> None:
        """Put a direction among the favourites, or take it out."""
        self._change(id, starred=starred)

    def hide(self, id: str, hidden: bool) -> None:
        """Leave a direction out of what is shown."""
        self._change(id, hidden=hidden)

    def flip(self, id: str) -> None:
        """Turn a direction round, its ends with it.

        An edit in use keeps its picture when its amount is negated too.
        """
        mark = self._marks.get(id, Mark())
        self._change(id, flipped=not mark.flipped, ends=_mirrored(mark.ends), safe=_mirrored(mark.safe))

    def set_ends(self, id: str, ends: tuple[float, float] | None) -> None:
        """Remember other slider ends, which may be uneven; ``None`` goes back to the suggestion.

        Raises:
            ValueError: not ``low < high``, or not finite.
        """
        self._change(id, ends=_checked_ends(ends))

    def set_safe(self, id: str, safe: tuple[float, float] | None) -> None:
        """Remember the part of the way that calibration found safe.

        Raises:
            ValueError: not ``low < high``, or not finite.
        """
        self._change(id, safe=_checked_ends(safe))

    def set_rows(self, id: str, rows: Rows) -> None:
        """Remember which rows a direction's slider moves; ``None`` goes back to the direction's own."""
        self._change(id, rows=None if rows is None else tuple(sorted(set(rows))))

    def _entry(self, direction: Direction) -> LibraryEntry:
        mark = self._marks.get(direction.id, Mark())
        view = view_of(direction, name=mark.name or direction.name, flipped=mark.flipped, ends=mark.ends)
        return LibraryEntry(view, direction, bank_of(direction), mark, direction.id in self._kept)

    def _change(self, id: str, **changes: object) -> None:
        old = self._marks.get(id, Mark())
        new = replace(old, **changes)  # type: ignore[arg-type]
        if new == old:
            return
        marks = {**self._marks, id: new}
        self._marks = {id: mark for id, mark in marks.items() if mark != Mark()}
        self._write_marks()
        self._tell()

    def _drop(self, ids: set[str], *, except_file: Path | None = None) -> None:
        """Take kept directions out of their files."""
        touched = {self._kept[id][1] for id in ids} - {None, except_file}
        self._kept = {id: kept for id, kept in self._kept.items() if id not in ids}
        for path in touched:
            assert path is not None  # noqa: S101 -- None was taken out
            left = [direction for direction, home in self._kept.values() if home == path]
            try:
                if left:
                    write_direction_file(left, path)
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("A file of directions cannot be changed: %s", error)

    def _read_folder(self, folder: Path | None) -> list[tuple[str, Direction]]:
        if folder is None:
            return []
        return [
            (id, direction)
            for path in sorted(folder.glob("*.safetensors"))
            for id, direction in self._read_file(path)
            if direction.info.model_sha256 in ("", self._model_sha256)
        ]

    def _read_file(self, path: Path) -> list[tuple[str, Direction]]:
        """The directions of a file that fit the model; those that do not are somebody else's."""
        try:
            directions = read_direction_file(path)
            for direction in directions:
                direction.check_fits(self._spec)
        except (LatentStudioError, OSError) as error:
            log.warning("%s is left out: %s", path, error)
            sentence = error.title if isinstance(error, LatentStudioError) else str(error)
            self.problems = (*self.problems, f"{path.name} is left out: {sentence}")
            return []
        return [(direction.id, direction) for direction in directions]

    @property
    def _marks_path(self) -> Path | None:
        return None if self._folder is None else self._folder / "marks.json"

    def _read_marks(self) -> dict[str, Mark]:
        if self._marks_path is None:
            return {}
        try:
            read = json.loads(self._marks_path.read_text(encoding="utf-8"))
            return {str(id): _mark(fields) for id, fields in read.items()}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("Names and stars of directions cannot be read: %s", error)
            return {}

    def _write_marks(self) -> None:
        if self._marks_path is None:
            return
        plain = {
            id: {key: value for key, value in asdict(mark).items() if value}
            for id, mark in self._marks.items()
        }
        try:
            with replacing(self._marks_path) as file:
                file.write(json.dumps(plain, indent=1, sort_keys=True).encode())
        except OSError as error:
            log.warning("Names and stars of directions cannot be saved: %s", error)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def bank_of(direction: Direction) -> str:
    """Id of the bank a direction belongs to."""
    return _BANK_OF_SOURCE.get(direction.info.source, "own")


def _file_name(name: str, directions: Sequence[Direction]) -> str:
    """A name that people recognise and no two batches share."""
    ids = "\n".join(direction.id for direction in directions)
    slug = re.sub(r"[^a-z0-9]+", "-", (name or directions[0].name).lower()).strip("-")[:40] or "directions"
    return f"{slug}-{hashlib.blake2b(ids.encode(), digest_size=4).hexdigest()}.safetensors"


def _mark(fields: Mapping[str, object]) -> Mark:
    return Mark(
        name=str(fields.get("name", "")),
        starred=fields.get("starred") is True,
        hidden=fields.get("hidden") is True,
        flipped=fields.get("flipped") is True,
        ends=_checked_ends(fields.get("ends")),
        safe=_checked_ends(fields.get("safe")),
        rows=_checked_rows(fields.get("rows")),
    )


def _checked_rows(rows: object) -> Rows:
    if not rows:
        return None
    if not isinstance(rows, list | tuple) or not all(isinstance(row, int) and row >= 0 for row in rows):
        raise ValueError(f"rows are no list: {rows!r}")
    return tuple(rows)


def _checked_ends(ends: object) -> tuple[float, float] | None:
    if ends is None:
        return None
    if not isinstance(ends, list | tuple) or len(ends) != 2:
        raise ValueError(f"{ends!r} is no pair")
    low, high = float(ends[0]), float(ends[1])
    # Not "low >= high": NaN must not pass.
    if not (-1e9 < low < high < 1e9):
        raise ValueError(f"a slider needs low < high, not {low} and {high}")
    return low, high


def _mirrored(ends: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if ends is None else (-ends[1], -ends[0])
