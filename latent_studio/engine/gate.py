"""PriorityGate: one device, two kinds of work; interactive frames overtake background steps."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class PriorityGate:
    """Lets one piece of work through at a time, interactive ones first. Safe to use from any thread.

    With a plain lock a frame waits for whole background steps in a queue; here it waits for at most the one
    that runs. Work that never pauses must not shut the other out for ever, so a background step that has
    waited for ``patience_seconds`` goes next.

    Args:
        patience_seconds: how long a background step lets interactive work pass.
        clock: seconds that only grow.
    """

    def __init__(self, *, patience_seconds: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._condition = threading.Condition()
        self._patience = patience_seconds
        self._clock = clock
        self._owner: int | None = None
        self._interactive_waiting = 0
        self._attended = 0
        self._background_waiting = 0
        self._overdue = 0

    @property
    def waiting(self) -> tuple[int, int]:
        """How many interactive and background threads stand before the gate."""
        with self._condition:
            return self._interactive_waiting, self._background_waiting

    @contextmanager
    def interactive(self) -> Iterator[None]:
        """Hold the gate for a step somebody is watching.

        Raises:
            RuntimeError: this thread holds the gate already.
        """
        with self._condition:
            self._refuse_reentry()
            self._interactive_waiting += 1
            try:
                while self._owner is not None or self._overdue:
                    self._condition.wait()
            finally:
                self._interactive_waiting -= 1
            self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def attended(self) -> Iterator[None]:
        """Opens around a frame of several interactive steps: no background step slips in between them.

        It lets nobody in by itself. Background work that has waited too long goes next even so.
        """
        with self._condition:
            self._attended += 1
        try:
            yield
        finally:
            with self._condition:
                self._attended -= 1
                self._condition.notify_all()

    @contextmanager
    def background(self) -> Iterator[None]:
        """Hold the gate for a step of a job; keep steps short, a frame may be waiting.

        Raises:
            RuntimeError: this thread holds the gate already.
        """
        with self._condition:
            self._refuse_reentry()
            deadline = self._clock() + self._patience
            overdue = False
            self._background_waiting += 1
            try:
                while self._owner is not None or (self._is_watched and not overdue):
                    self._condition.wait(None if overdue else max(deadline - self._clock(), 0.001))
                    if not overdue and self._clock() >= deadline:
                        overdue = True
                        self._overdue += 1
            finally:
                self._background_waiting -= 1
                self._overdue -= overdue
            self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._leave()

    @property
    def _is_watched(self) -> bool:
        return bool(self._interactive_waiting or self._attended)

    def _refuse_reentry(self) -> None:
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread holds the gate already")

    def _leave(self) -> None:
        with self._condition:
            self._owner = None
            # Threads of both kinds may wait, and only the right one must go on.
            self._condition.notify_all()
