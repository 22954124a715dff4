"""Foreign names that a pickle may mention, and the inert records that answer them.

The lists made of these are closed: what is not on them is refused. None of the names is ever imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What a foreign name does with the arguments that the file gives it: an inert value, or an exception.
Reader = Callable[[tuple[object, ...]], object]

_LARGEST_KEY = 1 << 60


@dataclass(frozen=True, slots=True)
class Foreign:
    """A name from the closed list. It stands for itself: nothing is imported.

    Attributes:
        name: dotted, such as ``"torch.FloatStorage"``.
        called: answers a call; ``None`` if the name may be mentioned but not called.
        created: answers ``cls.__new__(cls, *args)``; ``None`` if it may not be instantiated so.
    """

    name: str
    called: Reader | None = None
    created: Reader | None = None


class Record:
    """Stand-in for an object of a foreign class: keeps what the file says about it, does nothing."""

    __slots__ = ()

    def take_state(self, state: object) -> None:
        """Keep the state the file gives this object.

        Raises:
            ValueError: such an object has no state, or not one like this.
        """
        raise ValueError(f"a {type(self).__name__} is given a state")


class ForeignDict(dict[object, object]):
    """Stand-in for a subclass of dict, such as OrderedDict; attributes beside the items are dropped."""

    __slots__ = ()


class ForeignObject(Record):
    """Stand-in for an instance of a foreign class whose attributes may be looked at.

    Attributes:
        class_name: dotted.
        state: what the file says are its attributes.
    """

    __slots__ = ("class_name", "state")

    def __init__(self, class_name: str) -> None:
        self.class_name = class_name
        self.state: object = None

    def take_state(self, state: object) -> None:
        """Keep the attributes."""
        self.state = state


def vocabulary(names: Iterable[Foreign]) -> Mapping[str, Foreign]:
    """The closed list by dotted name."""
    return MappingProxyType({foreign.name: foreign for foreign in names})


def as_dict(args: tuple[object, ...]) -> ForeignDict:
    """Answer ``OrderedDict(pairs)`` and its like."""
    found = ForeignDict()
    if not args:
        return found
    (pairs,) = args
    if isinstance(pairs, dict):
        found.update(pairs)
        return found
    if not isinstance(pairs, list | tuple):
        raise ValueError("a dict is made of something that is not pairs")
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError("a dict is made of something that is not pairs")
        found[checked_key(pair[0])] = pair[1]
    return found


def as_set(args: tuple[object, ...]) -> set[object]:
    """Answer ``set(items)``."""
    if not args:
        return set()
    (items,) = args
    if not isinstance(items, list | tuple | set):
        raise ValueError("a set is made of something that is not a list")
    return {checked_key(item) for item in items}


PLAIN_NAMES = (
    Foreign("collections.OrderedDict", called=as_dict, created=as_dict),
    Foreign("builtins.set", called=as_set),
    Foreign("__builtin__.set", called=as_set),
)


def checked_key(value: object) -> object:
    """``value``, if it may be a key of a dict or an item of a set: text, small integer, bool, None.

    Hashing a tuple nested 200,000 deep overflows the interpreter's stack, and floats and long integers can be
    chosen so that all have one hash, which makes a large dict take hours.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, int) and abs(value) < _LARGEST_KEY:
        return value
    raise ValueError(f"a {type(value).__name__} is used as a key")
