"""History: a tree of frozen values, one step per gesture; what was undone stays as a branch."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")

#: Steps kept besides starred ones.
STEP_LIMIT = 1000
#: Bytes that the parts of all values may take together.
BYTES_LIMIT = 256 << 20


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """A value and the action that led to it.

    Attributes:
        id: unique in its history; later steps have greater ones, whatever the clock says.
        parent: id of the step it went on from; ``None`` for the first.
        value: the state after the action.
        label: the action in a few words, for the menu: "Move e3".
        seconds: when, since 1970 by the clock of the machine; for people only.
        starred: the user wants to keep it.
    """

    id: int
    parent: int | None
    value: T
    label: str
    seconds: float = 0.0
    starred: bool = False


@dataclass(frozen=True, slots=True)
class HistoryState(Generic[T]):
    """A whole history as one value, for saving.

    Attributes:
        steps: by growing id; the first is the root, and parents come before children.
        current: id of the step shown.
        onward: which child ``redo`` takes, by the id of its parent.
    """

    steps: tuple[Step[T], ...]
    current: int
    onward: Mapping[int, int] = field(default_factory=dict)


class History(Generic[T]):
    """A tree of steps with a place in it.

    A change after an undo begins a branch; the undone steps stay and can be visited. Changes with the same
    ``gesture`` merge into one step until ``close_gesture``. Steps beyond the limits are forgotten oldest
    first, but never the first one, the current one, or a starred one; what came after a forgotten step goes
    on from the one before it.

    Args:
        value: where the history starts.
        limit: steps kept besides starred ones.
        bytes_limit: what the values may take together; starred ones go too if nothing else is left.
        weigh: the parts of a value as ``(part, bytes)``. Parts that several values share are counted once.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        value: T,
        *,
        limit: int = STEP_LIMIT,
        bytes_limit: int = BYTES_LIMIT,
        weigh: Callable[[T], Iterable[tuple[object, int]]] = lambda value: (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._limit = limit
        self._bytes_limit = bytes_limit
        self._weigh = weigh
        self._clock = clock
        self.reset(value)

    def reset(self, value: T) -> None:
        """Start anew: nothing to undo."""
        self.restore(HistoryState((Step(0, None, value, "", self._clock()),), 0))

    def restore(self, state: HistoryState[T]) -> None:
        """Go on from a saved history.

        Raises:
            ValueError: its steps make no tree, or the current one is none of them.
        """
        check_tree(state)
        self._steps = {step.id: step for step in state.steps}
        self._root = state.steps[0].id
        self._place = state.current
        self._children: dict[int, list[int]] = {step.id: [] for step in state.steps}
        self._onward = dict(state.onward)
        self._next_id = max(self._steps) + 1
        self._gesture: str | None = None
        self._version = getattr(self, "_version", 0) + 1
        self._weights: dict[int, tuple[object, int, int]] = {}
        self._bytes = 0
        for step in state.steps:
            self._count(step.value, 1)
            if step.parent is not None:
                self._children[step.parent].append(step.id)

    def state(self) -> HistoryState[T]:
        """All there is, to be saved or handed to another thread."""
        return HistoryState(self.steps, self._place, dict(self._onward))

    @property
    def version(self) -> int:
        """Grows with every change of steps, stars or place; a gesture that goes on changes a value only."""
        return self._version

    @property
    def current(self) -> T:
        """The value shown now."""
        return self._steps[self._place].value

    @property
    def place(self) -> int:
        """Id of the current step."""
        return self._place

    @property
    def root(self) -> int:
        """Id of the first step."""
        return self._root

    @property
    def steps(self) -> tuple[Step[T], ...]:
        """All steps of all branches, oldest first."""
        return tuple(self._steps.values())

    @property
    def bytes_used(self) -> int:
        """What the values take together, shared parts counted once."""
        return self._bytes

    @property
    def undo_label(self) -> str | None:
        """The action that ``undo`` takes back; ``None`` when there is none."""
        step = self._steps[self._place]
        return None if step.parent is None else step.label

    @property
    def redo_label(self) -> str | None:
        """The action that ``redo`` does again; ``None`` when there is none."""
        onward = self._onward.get(self._place)
        return None if onward is None else self._steps[onward].label

    def __len__(self) -> int:
        return len(self._steps)

    def __contains__(self, id: object) -> bool:
        return id in self._steps

    def step(self, id: int) -> Step[T]:
        """A step.

        Raises:
            KeyError: there is none, or it was forgotten.
        """
        return self._steps[id]

    def children(self, id: int) -> tuple[int, ...]:
        """Ids of the steps that went on from a step, oldest first: more than one is a fork."""
        return tuple(self._children[id])

    def line(self) -> tuple[Step[T], ...]:
        """The steps from the first one through the current one to where ``redo`` would end."""
        found = list(way_to(self.steps, self._place))
        while (onward := self._onward.get(found[-1].id)) is not None:
            found.append(self._steps[onward])
        return tuple(found)

    def push(self, value: T, label: str, *, gesture: str | None = None) -> None:
        """Go on from the current step.

        Args:
            value: the new state.
            label: the action in a few words.
            gesture: changes in a row with the same name become one step.
        """
        if gesture is not None and gesture == self._gesture and not self._children[self._place]:
            self._replace(replace(self._steps[self._place], value=value, label=label))
            return
        self._version += 1
        step = Step(self._next_id, self._place, value, label, self._clock())
        self._next_id += 1
        self._steps[step.id] = step
        self._children[step.id] = []
        self._children[self._place].append(step.id)
        self._onward[self._place] = step.id
        self._place = step.id
        self._gesture = gesture
        self._count(value, 1)
        self._prune()

    def amend(self, value: T) -> None:
        """Change the current value without a step, for what no user did."""
        self._replace(replace(self._steps[self._place], value=value))

    def close_gesture(self) -> None:
        """The hand was lifted: the next change is a step of its own. A gesture that came back leaves none."""
        step = self._steps[self._place]
        if self._gesture is not None and step.parent is not None and not self._children[step.id]:
            before = self._steps[step.parent]
            if before.value == step.value:
                self._place = before.id
                self._forget(step)
        self._gesture = None

    def undo(self) -> T:
        """Step back; at the start nothing happens."""
        self.close_gesture()
        self._version += 1
        step = self._steps[self._place]
        if step.parent is not None:
            self._onward[step.parent] = step.id
            self._place = step.parent
        return self.current

    def redo(self) -> T:
        """Step forward on the branch that was visited last; at its end nothing happens."""
        self.close_gesture()
        self._version += 1
        self._place = self._onward.get(self._place, self._place)
        return self.current

    def go_to(self, id: int) -> T:
        """Visit a step of any branch; one that was forgotten is passed over. ``redo`` follows its branch."""
        self.close_gesture()
        if id in self._steps:
            self._version += 1
            self._place = id
            step = self._steps[id]
            while step.parent is not None:
                self._onward[step.parent] = step.id
                step = self._steps[step.parent]
        return self.current

    def star(self, id: int, starred: bool = True) -> None:
        """Keep a step for good, or no longer."""
        if id in self._steps:
            self._version += 1
            self._steps[id] = replace(self._steps[id], starred=starred)

    def remove_branch(self, id: int) -> bool:
        """Forget a step and all that came after it, for good.

        Returns:
            False if the first or the current step is among them: then nothing happens.
        """
        doomed = [id] if id in self._steps else []
        for step_id in doomed:
            doomed.extend(self._children[step_id])
        if not doomed or self._root in doomed or self._place in doomed:
            return False
        for step_id in reversed(doomed):
            self._forget(self._steps[step_id])
        return True

    def _replace(self, step: Step[T]) -> None:
        self._count(step.value, 1)
        self._count(self._steps[step.id].value, -1)
        self._steps[step.id] = step

    def _prune(self) -> None:
        loose = len(self._steps) - sum(step.starred for step in self._steps.values())
        if loose <= self._limit + 1 and self._bytes <= self._bytes_limit:
            return
        for spare_starred in (True, False):
            for id in tuple(self._steps):
                step = self._steps[id]
                if id in (self._root, self._place) or (step.starred and spare_starred):
                    continue
                too_many, too_heavy = loose > self._limit + 1, self._bytes > self._bytes_limit
                if not (too_many and spare_starred) and not too_heavy:
                    return
                self._forget(step)
                loose -= not step.starred

    def _forget(self, step: Step[T]) -> None:
        """Take a step out; its children go on from its parent, at its place among the branches."""
        parent = step.parent
        if parent is None:
            raise ValueError("the first step cannot be forgotten")
        self._version += 1
        children = self._children.pop(step.id)
        for child in children:
            self._steps[child] = replace(self._steps[child], parent=parent)
        siblings = self._children[parent]
        at = siblings.index(step.id)
        siblings[at : at + 1] = children
        onward = self._onward.pop(step.id, None)
        if self._onward.get(parent) == step.id:
            heir = onward if onward is not None else (siblings[-1] if siblings else None)
            if heir is None:
                del self._onward[parent]
            else:
                self._onward[parent] = heir
        del self._steps[step.id]
        self._count(step.value, -1)

    def _count(self, value: T, by: int) -> None:
        for part, size in self._weigh(value):
            # The part is kept with its count, so that its id cannot come to mean another object.
            kept, uses, _ = self._weights.get(id(part), (part, 0, size))
            if uses == 0:
                self._bytes += size
            if uses + by == 0:
                self._bytes -= size
                del self._weights[id(part)]
            else:
                self._weights[id(part)] = (kept, uses + by, size)


def way_to(steps: Iterable[Step[T]], id: int) -> tuple[Step[T], ...]:
    """The steps from the first one to another, without those of other branches.

    Args:
        steps: of one tree.
        id: of the last one; must be there.
    """
    by_id = {step.id: step for step in steps}
    found = [by_id[id]]
    while (parent := found[-1].parent) is not None:
        found.append(by_id[parent])
    return tuple(reversed(found))


def check_tree(state: HistoryState[T]) -> None:
    """Refuse steps that make no tree.

    Raises:
        ValueError: says what is wrong.
    """
    seen: dict[int, int | None] = {}
    last = -1
    for step in state.steps:
        if step.id <= last:
            raise ValueError(f"step {step.id} is out of order")
        last = step.id
        if (step.parent is None) != (not seen):
            raise ValueError(f"step {step.id} {'has no' if step.parent is None else 'has a'} parent")
        if step.parent is not None and step.parent not in seen:
            raise ValueError(f"step {step.id} goes on from {step.parent}, which does not come before it")
        seen[step.id] = step.parent
    if state.current not in seen:
        raise ValueError(f"step {state.current} is the current one, but there is none such")
    for parent, child in state.onward.items():
        if child not in seen or seen[child] != parent:
            raise ValueError(f"step {child} does not go on from {parent}")
