"""Mailbox: one slot between two threads, newest wins."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds at most one item; a newer one replaces it. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._item: T | None = None
        self._closed = False

    def put(self, item: T) -> bool:
        """Leave an item.

        Returns:
            True if the box was empty, so that the taker must be woken. A closed box takes nothing.
        """
        with self._lock:
            if self._closed:
                return False
            was_empty = self._item is None
            self._item = item
            return was_empty

    def take(self) -> T | None:
        """Take the item out; ``None`` when the box is empty."""
        with self._lock:
            item, self._item = self._item, None
            return item

    @property
    def is_waiting(self) -> bool:
        """Whether an item waits: work on an older one may stop."""
        return self._item is not None

    def close(self) -> None:
        """Drop what waits and take nothing more."""
        with self._lock:
            self._item = None
            self._closed = True

    @property
    def is_closed(self) -> bool:
        """Whether the box takes nothing more."""
        return self._closed
