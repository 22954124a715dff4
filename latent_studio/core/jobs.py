"""Progress and cancellation of long work."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from latent_studio.core.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latent_studio.core.render import Frame


@dataclass(frozen=True, slots=True)
class Progress:
    """A report from running work: data; who shows it is not the work's business.

    Attributes:
        fraction: done so far, 0 to 1; ``None`` when the length is unknown.
        message: what is going on, in a few words.
        preview: a picture worth showing, if there is one.
        metrics: numbers worth plotting, by name.
    """

    fraction: float | None
    message: str
    preview: Frame | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


class ProgressSink(Protocol):
    """Whoever takes reports; must return at once."""

    def __call__(self, progress: Progress, /) -> None:
        """Take one report."""


def ignore_progress(progress: Progress, /) -> None:
    """A sink for callers that do not care."""


class CancelToken:
    """Asks running work to stop. Safe to use from any thread.

    Attributes:
        kept: what the stopped work has left where it was asked to; read after its end.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self.kept: Path | None = None

    def cancel(self) -> None:
        """Ask for a stop."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether a stop was asked for."""
        return self._event.is_set()

    def check(self) -> None:
        """Call this between steps.

        Raises:
            Cancelled: a stop was asked for.
        """
        if self._event.is_set():
            raise Cancelled
