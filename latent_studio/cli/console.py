"""What the command line prints: answers on stdout; progress, errors and hints on stderr."""

from __future__ import annotations

import math
import shutil
import time
from typing import TYPE_CHECKING, TextIO

from latent_studio.cli.arguments import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.errors import LatentStudioError
    from latent_studio.core.jobs import Progress

#: Seconds between two updates of the line on a terminal, and between two lines elsewhere.
_UPDATE_SECONDS = 0.1
_LINE_SECONDS = 0.5
#: A remaining time is worth saying after this many seconds.
_ETA_AFTER_SECONDS = 2.0
_ERASE_LINE = "\r\x1b[2K"


class ConsoleProgress:
    """Shows reports: one line that updates itself on a terminal, a line every ten per cent elsewhere.

    Work that is done in a moment says so in one line.

    Args:
        stream: stderr.
        is_quiet: show nothing.
        clock: seconds; monotonic.
    """

    def __init__(
        self, stream: TextIO, *, is_quiet: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._is_quiet = is_quiet
        self._is_terminal = stream.isatty()
        self._clock = clock
        self._start = clock()
        self._shown_at = -math.inf
        self._step = -1
        self._line = ""

    def __call__(self, progress: Progress, /) -> None:
        """Take one report."""
        if self._is_quiet:
            return
        fraction = progress.fraction
        if fraction is not None and fraction < self._step / 10:
            # The next part of the work counts from zero again.
            self._start, self._step = self._clock(), -1
        if self._is_terminal:
            self._update(progress)
            return
        now = self._clock()
        is_last = fraction is not None and fraction >= 1
        step = -1 if fraction is None else int(fraction * 10)
        if step > self._step and (is_last or now - self._shown_at >= _LINE_SECONDS):
            self._step, self._shown_at = step, now
            self._stream.write(f"{_percent(fraction)}  {progress.message}\n")
            self._stream.flush()

    def clear(self) -> None:
        """Take the line away, so that what comes next stands alone."""
        if self._line:
            self._stream.write(_ERASE_LINE)
            self._stream.flush()
            self._line = ""

    def _update(self, progress: Progress) -> None:
        now = self._clock()
        self._step = -1 if progress.fraction is None else int(progress.fraction * 10)
        is_last = progress.fraction is not None and progress.fraction >= 1
        if self._line and not is_last and now - self._shown_at < _UPDATE_SECONDS:
            return
        self._shown_at = now
        line = progress.message
        if progress.fraction is not None:
            line = f"{_percent(progress.fraction)}  {line}{self._remaining(progress.fraction, now)}"
        # A line that wraps cannot be taken back.
        self._line = line[: max(10, shutil.get_terminal_size().columns - 1)]
        self._stream.write(f"{_ERASE_LINE}{self._line}")
        self._stream.flush()

    def _remaining(self, fraction: float, now: float) -> str:
        spent = now - self._start
        if spent < _ETA_AFTER_SECONDS or not 0.02 < fraction < 1:
            return ""
        return f"  {spent * (1 - fraction) / fraction:.0f} s left"


def _percent(fraction: float | None) -> str:
    return "     " if fraction is None else f"{round(fraction * 100):3d} %"


def print_error(error: LatentStudioError, stream: TextIO) -> None:
    """One line that says what happened, and one that says what to do."""
    stream.write(f"{PROGRAM}: {error.title}\n")
    if error.hint:
        stream.write(f"hint: {error.hint}\n")
    stream.flush()
