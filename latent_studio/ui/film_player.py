"""FilmPlayer: where the playhead is while a timeline plays in real time, and how many frames came late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

if TYPE_CHECKING:
    from latent_studio.core.timeline import Loop

#: The clock is looked at this often; a frame is at most so much late by it.
_TICK_MS = 4
#: A frame later than this share of its time counts as late.
_LATE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class PlayCount:
    """How playing goes.

    Attributes:
        shown: frames whose picture came.
        late: frames shown, but more than half a frame's time after they were due.
        skipped: frames whose time went by without them.
        missing: frames shown by an older picture, because theirs was not rendered yet.
    """

    shown: int = 0
    late: int = 0
    skipped: int = 0
    missing: int = 0

    @property
    def total(self) -> int:
        """Frames whose time has come."""
        return self.shown + self.skipped + self.missing


class FilmPlayer(QObject):
    """A clock that says which frame is due. What does not come in real time is skipped and counted.

    Args:
        parent: Qt owner.
    """

    #: ``(frame, seconds)``: the frame to show now, counted from the film's start.
    due = Signal(int, float)
    #: It plays, or stopped.
    playing_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._clock = QElapsedTimer()
        self._span = (0.0, 0.0)
        self._fps = 24.0
        self._loop: Loop = "once"
        self._start = 0.0
        self._last = -1
        self._count = PlayCount()

    @property
    def is_playing(self) -> bool:
        """Whether the clock runs."""
        return self._timer.isActive()

    @property
    def count(self) -> PlayCount:
        """Since it began to play."""
        return self._count

    def play(self, start: float, *, span: tuple[float, float], fps: float, loop: Loop) -> None:
        """Begin at a second; at the end, at the start of the span.

        Args:
            start: where the playhead is.
            span: the part to play, in seconds.
            fps: frames per second.
            loop: what comes after its end.
        """
        first, last = span
        if last - first < 1 / fps:
            return
        self._span, self._fps, self._loop = span, fps, loop
        self._start = start if first <= start < last - 0.5 / fps else first
        self._count, self._last = PlayCount(), -1
        self._clock.start()
        self._timer.start()
        self.playing_changed.emit(True)

    @Slot()
    def stop(self) -> None:
        """Stand still."""
        if self._timer.isActive():
            self._timer.stop()
            self.playing_changed.emit(False)

    def note(self, *, has_picture: bool) -> None:
        """Say what became of the frame that was due."""
        count = self._count
        if not has_picture:
            self._count = PlayCount(count.shown, count.late, count.skipped, count.missing + 1)
            return
        late = self._lateness() > _LATE_SHARE
        self._count = PlayCount(count.shown + 1, count.late + late, count.skipped, count.missing)

    def _lateness(self) -> float:
        """How long the frame that is due has been due, in frames."""
        exact = self._clock.nsecsElapsed() / 1e9 * self._fps
        return exact - int(exact)

    @Slot()
    def _tick(self) -> None:
        number = int(self._clock.nsecsElapsed() / 1e9 * self._fps + 1e-6)
        if number == self._last:
            return
        final = self._final()
        if final is not None and number > final:
            if self._last >= final:
                self.stop()
                return
            number = final
        if number > self._last + 1:
            missed = number - self._last - 1
            count = self._count
            self._count = PlayCount(count.shown, count.late, count.skipped + missed, count.missing)
        self._last = number
        seconds = self.place(number)
        self.due.emit(round(seconds * self._fps), seconds)

    def _final(self) -> int | None:
        """The last frame, counted from where playing began; ``None`` where it goes on for ever."""
        if self._loop != "once":
            return None
        return int((self._span[1] - self._start) * self._fps + 1e-6)

    def place(self, number: int) -> float:
        """The second of the film of a frame counted from where playing began."""
        first, last = self._span
        length, gone = last - first, self._start - first + number / self._fps
        if self._loop == "closed":
            return first + gone % length
        if self._loop == "ping-pong":
            gone %= 2 * length
            return first + (gone if gone <= length else 2 * length - gone)
        return first + min(gone, length)
