"""Records: plain data of JSON's types that anybody may have written, read with an eye on every value.

``Attachments`` holds what records refer to by name: arrays, and directions that many edits share. ``Reader``
reads a record and says exactly which value is wrong. ``record_of`` and ``Reader.value`` convert the frozen
dataclasses of ``core`` by their annotations, so that a new field needs no new code.
"""

from __future__ import annotations

import hashlib
import math
import types
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from latent_studio.core.errors import DamagedSessionError, LatentStudioError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

#: A record: JSON's types only.
Record = dict[str, object]

_HINT = "Open a backup of it, or put the value right where it was changed by hand."


@dataclass(slots=True)
class Attachments:
    """What records refer to by name, each kept once however many refer to it.

    Attributes:
        arrays: read-only arrays by the digest of type, shape and bytes.
        directions: records of directions by their digest.
        known: what was put in or taken out already: names by the id of an object, which is kept with its
            name, and objects by name.
    """

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    directions: dict[str, Record] = field(default_factory=dict)
    known: dict[int | str, tuple[object, str]] = field(default_factory=dict, repr=False, compare=False)

    def put(self, array: NDArray[Any]) -> Record:
        """Keep an array.

        Returns:
            the reference to write in its place, ``{"array": name}``.
        """
        if id(array) in self.known:
            return {"array": self.known[id(array)][1]}
        plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        h = hashlib.blake2b(f"{plain.dtype.str}{array.shape}".encode(), digest_size=16)
        h.update(plain.tobytes())
        name = h.hexdigest()
        self.arrays.setdefault(name, plain.reshape(array.shape))
        self.known[id(array)] = (array, name)
        return {"array": name}


def record_of(value: object, attachments: Attachments) -> object:
    """A frozen dataclass, tuple, enum, array or plain value as JSON's types.

    Raises:
        TypeError: the value is of another kind.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: record_of(getattr(value, f.name), attachments) for f in fields(value)}
    if isinstance(value, np.ndarray):
        return attachments.put(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [record_of(entry, attachments) for entry in value]
    if isinstance(value, dict):
        return {str(key): record_of(entry, attachments) for key, entry in value.items()}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no record")


class Reader:
    """One value of a record, with the place it stands at.

    Args:
        value: as JSON gave it.
        place: where it stands, for messages: ``"history.steps[3].base"``.
        attachments: what references in it mean.
    """

    def __init__(self, value: object, place: str, attachments: Attachments) -> None:
        self._value = value
        self.place = place
        self.attachments = attachments

    def __contains__(self, name: str) -> bool:
        return name in self.table()

    def get(self, name: str) -> Reader:
        """A value of this table.

        Raises:
            DamagedSessionError: there is none of that name; every reading method raises it for what is wrong.
        """
        table = self.table()
        if name not in table:
            raise damaged(f"{self._join(name)} is missing")
        return Reader(table[name], self._join(name), self.attachments)

    def items(self) -> Iterator[Reader]:
        """The values of this list, in order."""
        if not isinstance(self._value, list):
            self._refuse("no list")
        for index, value in enumerate(self._value):
            yield Reader(value, f"{self.place}[{index}]", self.attachments)

    def entries(self) -> Iterator[tuple[str, Reader]]:
        """Names and values of this table."""
        for name, value in self.table().items():
            yield name, Reader(value, self._join(name), self.attachments)

    def table(self) -> Mapping[str, object]:
        """The value, which must be a table."""
        if not isinstance(self._value, dict):
            self._refuse("no table")
        return cast("dict[str, object]", self._value)

    def only(self, *names: str) -> Reader:
        """Refuse names that nobody would read: a slip of the pen must not pass for a default."""
        for name in self.table():
            if name not in names:
                raise damaged(f"{self._join(name)} is not known")
        return self

    def is_null(self) -> bool:
        """Whether the value is ``null``."""
        return self._value is None

    def text(self) -> str:
        """The value, which must be a text."""
        if not isinstance(self._value, str):
            self._refuse("no text")
        return self._value

    def flag(self) -> bool:
        """The value, which must be true or false."""
        if not isinstance(self._value, bool):
            self._refuse("neither true nor false")
        return self._value

    def whole(self, low: int | None = None, high: int | None = None) -> int:
        """The value, which must be a whole number, and not below ``low`` or above ``high``."""
        if isinstance(self._value, bool) or not isinstance(self._value, int):
            self._refuse("no whole number")
        if (low is not None and self._value < low) or (high is not None and self._value > high):
            self._refuse("out of range")
        return self._value

    def number(self) -> float:
        """The value, which must be a finite number."""
        if isinstance(self._value, bool) or not isinstance(self._value, int | float):
            self._refuse("no number")
        try:
            number = float(self._value)
        except OverflowError:
            self._refuse("not finite")
        if not math.isfinite(number):
            self._refuse("not finite")
        return number

    def array(self) -> NDArray[Any]:
        """The array that a reference stands for."""
        name = self.get("array").text()
        if name not in self.attachments.arrays:
            raise damaged(f"{self.place} names the array {name[:40]!r}, which is not there")
        return self.attachments.arrays[name]

    def rows(self) -> tuple[int, ...] | None:
        """Rows of ws, or ``None`` for all."""
        return None if self.is_null() else tuple(row.whole(0, 10_000) for row in self.items())

    def value(self, kind: Any) -> Any:
        """The value as an annotation says: dataclass, tuple, literal, enum, union or plain type."""
        origin, args = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return self._one_of(args)
        if origin is Literal:
            if not any(type(self._value) is type(arg) and self._value == arg for arg in args):
                self._refuse(f"none of {', '.join(map(str, args))}")
            return self._value
        if origin is tuple:
            entries = tuple(self.items())
            if len(args) == 2 and args[1] is Ellipsis:
                return tuple(entry.value(args[0]) for entry in entries)
            if len(entries) != len(args):
                self._refuse(f"not {len(args)} values")
            return tuple(entry.value(arg) for entry, arg in zip(entries, args, strict=True))
        if origin is np.ndarray:
            return self.array()
        if isinstance(kind, type) and is_dataclass(kind):
            return self.dataclass(kind)
        return self._plain(kind)

    def dataclass(self, kind: type) -> Any:
        """A frozen dataclass: fields that are missing have their default, others are refused."""
        hints = get_type_hints(kind)
        known = [f for f in fields(kind) if f.init]
        self.only(*(f.name for f in known))
        given = {}
        for entry in known:
            if entry.name in self:
                given[entry.name] = self.get(entry.name).value(hints[entry.name])
            elif entry.default is MISSING and entry.default_factory is MISSING:
                raise damaged(f"{self._join(entry.name)} is missing")
        return self.guard(lambda: kind(**given))

    def guard(self, make: Any) -> Any:
        """What ``make`` makes; a value that it does not take is a damaged record."""
        try:
            return make()
        except DamagedSessionError:
            raise
        except LatentStudioError as error:
            raise damaged(f"{self.place or 'it'} cannot be used. {error.title.rstrip('.')}") from error
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise damaged(f"{self.place or 'it'} cannot be used: {error}") from error

    def _plain(self, kind: Any) -> Any:
        if kind is bool:
            return self.flag()
        if kind is int:
            return self.whole()
        if kind is float:
            return self.number()
        if kind is str:
            return self.text()
        if kind is type(None):
            return None if self.is_null() else self._refuse("not null")
        if isinstance(kind, type) and issubclass(kind, Enum):
            return self.guard(lambda: kind(self._value))
        raise TypeError(f"no rule for {kind!r}")

    def _one_of(self, kinds: tuple[Any, ...]) -> Any:
        if self.is_null() and type(None) in kinds:
            return None
        rest = [kind for kind in kinds if kind is not type(None)]
        for kind in rest[:-1]:
            try:
                return self.value(kind)
            except DamagedSessionError:
                continue
        return self.value(rest[-1])

    def _join(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name

    def _refuse(self, why: str) -> NoReturn:
        shown = repr(self._value)
        raise damaged(f"{self.place or 'it'} is {shown if len(shown) <= 40 else shown[:37] + '…'}, {why}")


def damaged(what: str) -> DamagedSessionError:
    """The error for a value that is not as it should be."""
    return DamagedSessionError(f"This file is damaged: {what}.", hint=_HINT)
