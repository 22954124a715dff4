"""Registry: contributions by id, imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps an id to a thing, or to the dotted name ``package.module:attribute`` it is imported from.

    Args:
        kind: what it holds, for messages: "exporter".
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._entries: dict[str, T | str] = {}

    def register(self, id: str, entry: T | str) -> Callable[[], None]:
        """Add a contribution.

        Returns:
            A function that takes it out again.

        Raises:
            ValueError: the id is taken.
        """
        if id in self._entries:
            raise ValueError(f"{self._kind} {id!r} is registered already")
        self._entries[id] = entry

        def unregister() -> None:
            self._entries.pop(id, None)

        return unregister

    def get(self, id: str) -> T:
        """The contribution, imported now if it was lazy.

        Raises:
            KeyError: no such id; the message lists the known ones.
        """
        if id not in self._entries:
            raise KeyError(f"no {self._kind} {id!r}; known: {', '.join(sorted(self._entries)) or 'none'}")
        entry = self._entries[id]
        if isinstance(entry, str):
            module, _, attribute = entry.partition(":")
            entry = cast("T", getattr(import_module(module), attribute))
            self._entries[id] = entry
        return entry

    def __contains__(self, id: object) -> bool:
        return id in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)
