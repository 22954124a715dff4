"""EditCombiner: the active edits as one named direction, and as a command line."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QInputDialog, QWidget

from latent_studio.app.recipe import recipe_of
from latent_studio.app.state_code import model_word
from latent_studio.app.tasks.direction_combine import DirectionCombineOptions, combine_edits
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import LatentStudioError
from latent_studio.ui.edit_command import edit_twin

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import LinearDirection
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.twin import Deed, Keep


class EditCombiner(QObject):
    """Asks for a name, makes the direction, and puts it in the place of the edits.

    Args:
        context: the window's parts.
        owner: widget that dialogs stand on.
    """

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._owner = owner

    @Slot()
    def ask(self) -> None:
        """Ask for the name, then combine."""
        session = self._context.store.session
        names = [
            self._context.directions.name_of(edit.direction)
            for edit in session.edits
            if edit.enabled and edit.amount
        ]
        name, is_given = QInputDialog.getText(
            self._owner,
            self.tr("Combine edits"),
            self.tr("Name of the new direction"),
            text=" + ".join(names)[:60],
        )
        if is_given and name.strip():
            self.combine(" ".join(name.split()))

    def combine(self, name: str) -> None:
        """Make one direction of the active edits; it stands at one in their place."""
        model, session = self._context.models.model, self._context.store.session
        if model is None:
            return
        self._context.jobs.start(
            self.tr("Combine edits"),
            partial(_combine, self._context.studio, model, session, name),
            on_done=partial(self._take, session),
            on_failed=self._context.messages.failure,
            quiet=True,
            twin=partial(_deed, session, name),
        )

    def _take(self, session: Session, direction: LinearDirection) -> None:
        library, store = self._context.directions.library, self._context.store
        if library is None or store.session.model != session.model:
            return
        try:
            library.keep((direction,), name=direction.name)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        if store.session.edits == session.edits:
            rest = tuple(edit for edit in session.edits if not (edit.enabled and edit.amount))
            edits = EditStack((*rest, Edit(direction, 1.0)))
            store.replace(replace(store.session, edits=edits), self.tr("Combine edits"))
        self._context.messages.success(
            self.tr("“{name}” is a direction of this model now.").format(name=direction.name)
        )

    @Slot(str)
    def copy_command(self, edit_id: str) -> None:
        """Put the command line of one edit on the clipboard."""
        entry = self._context.directions.find(edit_id)
        found = None if entry is None else entry.found
        self._context.commands.copy(edit_twin(self._context.store.session, edit_id, found))


def _combine(
    studio: Studio,
    model: LoadedModel,
    session: Session,
    name: str,
    progress: ProgressSink,
    cancel: CancelToken,
) -> LinearDirection:
    cancel.check()
    return combine_edits(studio, model, session, name)


def _deed(session: Session, name: str, keep: Keep) -> Deed:
    kept = str(keep(recipe_of(session), stem="edits"))
    return "direction combine", DirectionCombineOptions(kept, name, model_word(session) or None, keep=True)
