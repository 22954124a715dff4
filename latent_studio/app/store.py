"""SessionStore: the current session with its history; tells listeners what changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.history import History
from latent_studio.core.session import Session
from latent_studio.core.session_weight import weigh_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.directions import Direction
    from latent_studio.core.history import HistoryState
    from latent_studio.core.session import Base, ModelRef
    from latent_studio.core.synthesis import SynthesisSettings
    from latent_studio.core.timeline import Timeline

    Listener = Callable[[Session, Session], None]


class SessionStore:
    """Holds one document. Every change is a new frozen ``Session``, and one gesture is one undo step.

    Listeners are called with ``(old, new)`` on the thread that made the change, in the order they came.
    """

    def __init__(self, session: Session | None = None) -> None:
        self.history: History[Session] = History(session or Session(), weigh=weigh_session)
        #: Grows whenever another document takes the place of this one.
        self.documents = 0
        self._listeners: list[Listener] = []

    @property
    def session(self) -> Session:
        """The document as it is now."""
        return self.history.current

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear about every change.

        Returns:
            A function that stops it.
        """
        self._listeners.append(listener)

        def unlisten() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unlisten

    def set_base(self, base: Base, label: str, *, gesture: str | None = None) -> None:
        """Start from another seed or latent; noise that was found with the last one goes with it."""
        self.replace(replace(self.session, base=base, noise=None), label, gesture=gesture)

    def set_synthesis(self, synthesis: SynthesisSettings, label: str, *, gesture: str | None = None) -> None:
        """Change truncation, noise or class."""
        self.replace(replace(self.session, synthesis=synthesis), label, gesture=gesture)

    def set_amount(self, direction: Direction, amount: float, *, gesture: str | None = None) -> None:
        """Move a slider. A direction that is not in the stack yet is appended."""
        edits = self.session.edits.with_amount(direction, amount)
        self._set_edits(edits, f"Move {direction.name}", gesture=gesture)

    def reset_amount(self, direction_id: str) -> None:
        """Put a slider back to where it does nothing, and drop it from the stack."""
        edit = self.session.edits.find(direction_id)
        if edit is not None:
            self._set_edits(self.session.edits.without(direction_id), f"Reset {edit.direction.name}")

    def set_edit(self, edit: Edit, label: str) -> None:
        """Change an edit's rows or switch."""
        self._set_edits(self.session.edits.with_edit(edit), label)

    def move_edit(self, edit_id: str, position: int) -> None:
        """Change the order edits are applied in."""
        edit = self.session.edits.find(edit_id)
        if edit is not None:
            self._set_edits(self.session.edits.moved_to(edit_id, position), f"Reorder {edit.direction.name}")

    def clear_edits(self) -> None:
        """Reset all sliders."""
        self._set_edits(EditStack(), "Reset all edits")

    def open_model(self, model: ModelRef, session: Session) -> None:
        """Begin a new document on a model; its history starts here."""
        old = self.session
        self.history.reset(replace(session, model=model))
        self.documents += 1
        self._tell(old)

    def open_history(self, history: HistoryState[Session], model: ModelRef) -> None:
        """Go on with a document from a file.

        Args:
            history: all of its steps.
            model: where its model is now; sessions of the same model learn the place.
        """
        old = self.session
        ref: ModelRef | None
        refs: dict[ModelRef, ModelRef] = {}
        steps = []
        for step in history.steps:
            ref = step.value.model
            if ref is not None and ref != model and ref.sha256 == model.sha256:
                refs.setdefault(ref, model)
                step = replace(step, value=replace(step.value, model=refs[ref]))
            steps.append(step)
        self.history.restore(replace(history, steps=tuple(steps)))
        self.documents += 1
        self._tell(old)

    def move_to(self, model: ModelRef) -> None:
        """Go on with the same document on another model of the same shape: no step is lost.

        All steps of the model there was, and keys of it, are of the other one from now on.

        Args:
            model: the one that is open now, such as the same model tuned to a photo.
        """
        old = self.session
        # Steps share their timelines, and go on doing so.
        timelines: dict[int, Timeline] = {}

        def moved(session: Session) -> Session:
            if session.model is None or old.model is None or session.model.sha256 != old.model.sha256:
                return session
            timeline = timelines.get(id(session.timeline))
            if timeline is None:
                timeline = session.timeline.rekeyed(model, instead=old.model)
                timelines[id(session.timeline)] = timeline
            return replace(session, model=model, timeline=timeline)

        state = self.history.state()
        steps = tuple(replace(step, value=moved(step.value)) for step in state.steps)
        self.history.restore(replace(state, steps=steps))
        self._tell(old)

    def replace(self, session: Session, label: str, *, gesture: str | None = None) -> None:
        """Make any change; the same session again is no step."""
        old = self.session
        if session == old:
            return
        self.history.push(session, label, gesture=gesture)
        self._tell(old)

    def close_gesture(self) -> None:
        """The hand was lifted: the next change is a step of its own."""
        places = (self.history.place, len(self.history))
        self.history.close_gesture()
        if places != (self.history.place, len(self.history)):
            self._tell(self.session)

    def amend(self, session: Session) -> None:
        """Change the document without a step, for what no user did."""
        old = self.session
        if session != old:
            self.history.amend(session)
            self._tell(old)

    def star(self, id: int, starred: bool) -> None:
        """Keep a step for good, or no longer."""
        self.history.star(id, starred)
        self._tell(self.session)

    def remove_branch(self, id: int) -> bool:
        """Forget a step and what came after it; False if the current step is among them."""
        removed = self.history.remove_branch(id)
        if removed:
            self._tell(self.session)
        return removed

    def undo(self) -> None:
        """Take the last step back."""
        old = self.session
        self.history.undo()
        self._tell(old)

    def redo(self) -> None:
        """Do an undone step again."""
        old = self.session
        self.history.redo()
        self._tell(old)

    def go_to(self, id: int) -> None:
        """Visit a step of the history, of any branch."""
        old = self.session
        self.history.go_to(id)
        self._tell(old)

    def _set_edits(self, edits: EditStack, label: str, *, gesture: str | None = None) -> None:
        self.replace(replace(self.session, edits=edits), label, gesture=gesture)

    def _tell(self, old: Session) -> None:
        for listener in tuple(self._listeners):
            listener(old, self.session)
