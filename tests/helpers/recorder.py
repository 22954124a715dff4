"""A progress sink that remembers, and cancels on cue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.core.jobs import CancelToken

if TYPE_CHECKING:
    from latent_studio.core.jobs import Progress


class Recorder:
    """Keeps all reports; after some of them it asks for a stop.

    Args:
        cancel_after: number of reports before ``token`` is cancelled; ``None`` never does it.
        message: only reports whose message begins so are counted.
    """

    def __init__(self, *, cancel_after: int | None = None, message: str = "") -> None:
        self.reports: list[Progress] = []
        self.token = CancelToken()
        self._left = cancel_after
        self._message = message

    def __call__(self, progress: Progress, /) -> None:
        self.reports.append(progress)
        if self._left is not None and progress.message.startswith(self._message):
            self._left -= 1
            if self._left <= 0:
                self.token.cancel()
