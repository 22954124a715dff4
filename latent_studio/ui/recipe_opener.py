"""RecipeOpener: a picture, film, folder of pictures or timeline of ours, dropped, brings its state back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.paths import Paths
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext

#: What a timeline or a plan of an export has among its first entries.
_WORDS = (b'"timeline"', b'"export"', b'"base"')
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"%PDF-", b"\x1a\x45\xdf\xa3")


@dataclass(frozen=True, slots=True)
class _Restored:
    session: Session
    model: LoadedModel
    #: The file says nothing of a picture: only its timeline is taken.
    is_timeline: bool


class RecipeOpener(QObject):
    """Takes files with a recipe; those without are left to others.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        context.dropped.add_taker(self.take_file)

    def take_file(self, path: Path, head: bytes) -> bool:
        """Restore the state of a picture's recipe; False if there is none."""
        is_json = head.lstrip().startswith(b"{") and any(word in head for word in _WORDS)
        if not (is_json or head.startswith(_PICTURES) or head[4:8] == b"ftyp" or path.is_dir()):
            return False
        from latent_studio.app.tasks.recipe_restore import recipe_text

        try:
            text = recipe_text(path)
        except LatentStudioError:
            return False
        if not is_json and '"version"' not in text:
            return False
        self.restore(text, path.name)
        return True

    def restore(self, text: str, name: str) -> None:
        """Go to the state of a recipe; its model is opened if another one is.

        Args:
            text: the recipe.
            name: of the file, for messages and the step.
        """
        self._context.jobs.start(
            self.tr("Restore {name}").format(name=name),
            partial(_find_model, text, self._context.studio.paths, self._context.models.model),
            on_done=partial(self._take_model, text, name),
            on_failed=self._context.messages.failure,
            quiet=True,
        )

    def _take_model(self, text: str, name: str, place: Path | None) -> None:
        if place is None:
            self._find_session(text, name)
        else:
            self._context.models.open(str(place), begin=partial(self._begin, text, name))

    def _begin(self, text: str, name: str, model: LoadedModel) -> None:
        self._context.store.open_model(model.ref, model.start)
        self._find_session(text, name)

    def _find_session(self, text: str, name: str) -> None:
        model = self._context.models.model
        if model is None:
            return
        self._context.jobs.start(
            self.tr("Restore {name}").format(name=name),
            partial(_restore, text, model, self._context.studio.paths),
            on_done=partial(self._take_session, name),
            on_failed=self._context.messages.failure,
            quiet=True,
        )

    def _take_session(self, name: str, restored: _Restored) -> None:
        if restored.model is not self._context.models.model:
            return
        store, session = self._context.store, restored.session
        # A picture's recipe knows no film and none the photos: those of the session stay.
        if restored.is_timeline:
            session = replace(store.session, timeline=session.timeline)
        elif session.timeline.is_empty:
            session = replace(session, timeline=store.session.timeline)
        session = replace(session, projections=store.session.projections)
        store.close_gesture()
        store.replace(session, self.tr("Restore {name}").format(name=name))
        self._context.messages.success(self.tr("{name} is as it was made.").format(name=name))


def _find_model(
    text: str, paths: Paths, model: LoadedModel | None, progress: ProgressSink, cancel: CancelToken
) -> Path | None:
    """Where the recipe's model is; ``None`` if it is the open one."""
    from latent_studio.app.recipe import model_of_recipe
    from latent_studio.app.tasks.recipe_restore import place_of_recipe_model

    ref = model_of_recipe(text)
    if model is not None and (ref is None or ref.sha256 == model.ref.sha256):
        return None
    return place_of_recipe_model(text, paths)


def _restore(
    text: str, model: LoadedModel, paths: Paths, progress: ProgressSink, cancel: CancelToken
) -> _Restored:
    from latent_studio.app.recipe import parsed_recipe
    from latent_studio.app.tasks.recipe_restore import restore_recipe

    return _Restored(restore_recipe(text, model, paths), model, "base" not in parsed_recipe(text))
