"""Comparison: which states are looked at side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from latent_studio.app.beside import BesideModel
    from latent_studio.app.store import SessionStore
    from latent_studio.core.session import Session
    from latent_studio.ui.session_bridge import SessionBridge

#: States at once.
MOST = 4


@dataclass(frozen=True, slots=True)
class Compared:
    """One state to look at.

    Attributes:
        name: what the user sees: "now", "Step 5: Move e3".
        session: the state; ``None`` is what is shown now, and follows it.
        beside: another model that shows what is shown now; ``None`` is the open one.
    """

    name: str
    session: Session | None = None
    beside: BesideModel | None = None


class Comparison(QObject):
    """Two to four states or models. The first is what is shown now, unless it is replaced.

    Args:
        store: knows the steps.
        bridge: tells of documents that take the place of this one.
        parent: Qt owner.
    """

    #: The states have changed.
    changed = Signal()
    #: The user wants to see them.
    wanted = Signal()

    def __init__(self, store: SessionStore, *, bridge: SessionBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._documents = store.documents
        self._states: list[Compared] = [Compared(self.tr("now"))]
        bridge.session_changed.connect(self._follow)

    @property
    def states(self) -> tuple[Compared, ...]:
        """The states, A first."""
        return tuple(self._states)

    def session_of(self, state: Compared) -> Session:
        """The session of a state."""
        return self._store.session if state.session is None else state.session

    def compare_step(self, id: int) -> None:
        """Look at what is shown beside a step; the same step again is what it was before."""
        history = self._store.history
        if id == history.place:
            parent = history.step(id).parent
            id = id if parent is None else parent
        step = history.step(id)
        label = step.label or self.tr("Begin")
        self._states = [
            Compared(self.tr("now")),
            Compared(self.tr("step {id}: {label}").format(id=id, label=label), step.value),
            *[state for state in self._states if state.beside is not None][: MOST - 2],
        ]
        self.changed.emit()
        self.wanted.emit()

    def keep_shown(self) -> None:
        """Add what is shown now as a state of its own; beyond four the oldest kept one goes."""
        history = self._store.history
        label = history.step(history.place).label or self.tr("Begin")
        kept = Compared(self.tr("step {id}: {label}").format(id=history.place, label=label), history.current)
        if len(self._states) == MOST:
            del self._states[1]
        self._states.append(kept)
        self.changed.emit()

    def add_model(self, beside: BesideModel) -> None:
        """Look at what is shown now in another model too; beyond four the oldest other picture goes."""
        states = [
            state
            for state in self._states
            if state.beside is None or state.beside.ref.sha256 != beside.ref.sha256
        ]
        if len(states) == MOST:
            del states[1]
        self._states = [*states, Compared(beside.ref.name, beside=beside)]
        self.changed.emit()

    def remove(self, place: int) -> None:
        """Take a state away; what is shown now stays."""
        if 0 < place < len(self._states):
            del self._states[place]
            self.changed.emit()

    def clear(self) -> None:
        """Only what is shown now."""
        if len(self._states) > 1:
            del self._states[1:]
            self.changed.emit()

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if self._store.documents != self._documents:
            self._documents = self._store.documents
            # States of another model cannot be shown with this one.
            if old.model is None or new.model is None or old.model.sha256 != new.model.sha256:
                kept = [state for state in self._states if state.session is None]
                if len(kept) < len(self._states):
                    self._states = kept
                    self.changed.emit()
