"""OpenDocument: the document in the window: its steps, and what else goes with them into the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.core.session_file import Document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latent_studio.app.store import SessionStore
    from latent_studio.core.session import ModelRef, Session


class OpenDocument:
    """What is being worked on. Belongs to the thread that owns the store.

    Args:
        store: holds the steps.

    Attributes:
        path: the file it is saved in; ``None`` before the first save.
        thumbnails: small JPEG files by the id of their step.
        ratings: stars by seed.
        notes: the user's own words.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._listeners: list[Callable[[], None]] = []
        self._seen = store.documents
        self._changes = 0
        self._saved = 0
        self.path: Path | None = None
        self.thumbnails: dict[int, bytes] = {}
        self.ratings: dict[int, int] = {}
        self.notes = ""
        store.listen(self._follow)

    @property
    def changes(self) -> int:
        """Grows with every change of what a save would write, pictures of steps apart."""
        return self._changes

    @property
    def is_modified(self) -> bool:
        """Whether the file is not what is shown."""
        return self._changes != self._saved

    @property
    def has_steps(self) -> bool:
        """Whether the user did anything that could be lost."""
        return len(self._store.history) > 1 or bool(self.ratings or self.notes)

    def listen(self, listener: Callable[[], None]) -> None:
        """Hear about changes of name, marks, ratings and notes."""
        self._listeners.append(listener)

    def snapshot(self) -> Document:
        """The document as it is now, for another thread."""
        state = self._store.history.state()
        alive = {step.id for step in state.steps}
        self.thumbnails = {id: picture for id, picture in self.thumbnails.items() if id in alive}
        return Document(state, dict(self.thumbnails), dict(self.ratings), self.notes)

    def open(self, document: Document, model: ModelRef, *, path: Path | None) -> None:
        """Go on with a document from a file.

        Args:
            document: what was read.
            model: the open model, with the place it is at now.
            path: the file; ``None`` for a copy that has no file yet.
        """
        self._store.open_history(document.history, model)
        self.thumbnails = dict(document.thumbnails)
        self.ratings = dict(document.ratings)
        self.notes = document.notes
        self.path = path
        self._saved = self._changes if path is not None else self._changes - 1
        self._tell()

    def begin(self) -> None:
        """A new document that starts from what is shown."""
        session = self._store.session
        if session.model is not None:
            self._store.open_model(session.model, session)

    def mark_saved(self, path: Path, changes: int) -> None:
        """It was saved.

        Args:
            path: the file.
            changes: the count when the snapshot was taken.
        """
        self.path = path
        self._saved = changes
        self._tell()

    def rate(self, seed: int, stars: int) -> None:
        """Give a seed 1 to 5 stars, or none with 0."""
        if self.ratings.get(seed, 0) == stars:
            return
        if stars:
            self.ratings[seed] = stars
        else:
            self.ratings.pop(seed, None)
        self._touch()

    def set_notes(self, notes: str) -> None:
        """Change the notes."""
        if notes != self.notes:
            self.notes = notes
            self._touch()

    def _follow(self, old: Session, new: Session) -> None:
        if self._store.documents != self._seen:
            self._seen = self._store.documents
            self.path = None
            self.thumbnails, self.ratings, self.notes = {}, {}, ""
            self._changes += 1
            self._saved = self._changes
            self._tell()
            return
        self._touch()

    def _touch(self) -> None:
        self._changes += 1
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
