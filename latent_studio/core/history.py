"""History: undo and redo of frozen values, one step per gesture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """A value and the action that led to it.

    Attributes:
        value: the state after the action.
        label: the action in a few words, for the menu: "Move e3".
    """

    value: T
    label: str


class History(Generic[T]):
    """A line of steps with a place in it.

    Changes with the same ``gesture`` merge into one step until ``close_gesture``.

    Args:
        value: where the history starts.
        limit: steps kept; the oldest go first.
    """

    def __init__(self, value: T, *, limit: int = 500) -> None:
        self._steps = [Step(value, "")]
        self._place = 0
        self._limit = limit
        self._gesture: str | None = None

    @property
    def current(self) -> T:
        """The value shown now."""
        return self._steps[self._place].value

    @property
    def steps(self) -> tuple[Step[T], ...]:
        """All steps, oldest first, undone ones included."""
        return tuple(self._steps)

    @property
    def place(self) -> int:
        """Index of the current step in ``steps``."""
        return self._place

    @property
    def undo_label(self) -> str | None:
        """The action that ``undo`` takes back; ``None`` when there is none."""
        return self._steps[self._place].label if self._place > 0 else None

    @property
    def redo_label(self) -> str | None:
        """The action that ``redo`` does again; ``None`` when there is none."""
        return self._steps[self._place + 1].label if self._place + 1 < len(self._steps) else None

    def push(self, value: T, label: str, *, gesture: str | None = None) -> None:
        """Go on from the current step; undone steps are dropped.

        Args:
            value: the new state.
            label: the action in a few words.
            gesture: changes in a row with the same name become one step.
        """
        del self._steps[self._place + 1 :]
        if gesture is not None and gesture == self._gesture:
            self._steps[-1] = Step(value, label)
        else:
            self._steps.append(Step(value, label))
            del self._steps[: max(0, len(self._steps) - self._limit - 1)]
        self._place = len(self._steps) - 1
        self._gesture = gesture

    def close_gesture(self) -> None:
        """The hand was lifted: the next change is a step of its own. A gesture that came back leaves none."""
        if self._gesture is not None and self._place > 0:
            before, last = self._steps[self._place - 1], self._steps[self._place]
            if before.value == last.value:
                del self._steps[self._place]
                self._place -= 1
        self._gesture = None

    def undo(self) -> T:
        """Step back; at the start nothing happens."""
        self.close_gesture()
        self._place = max(0, self._place - 1)
        return self.current

    def redo(self) -> T:
        """Step forward; at the end nothing happens."""
        self.close_gesture()
        self._place = min(len(self._steps) - 1, self._place + 1)
        return self.current

    def go_to(self, place: int) -> T:
        """Visit a step by its index in ``steps``."""
        self.close_gesture()
        self._place = min(max(0, place), len(self._steps) - 1)
        return self.current

    def reset(self, value: T) -> None:
        """Start anew: nothing to undo."""
        self._steps = [Step(value, "")]
        self._place = 0
        self._gesture = None
