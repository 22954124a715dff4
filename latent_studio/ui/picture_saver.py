"""PictureSaver: the sharp picture to a file or to the clipboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from latent_studio.app.picture import save_picture
from latent_studio.core.render import RenderRequest
from latent_studio.ui.exports.subject import Target, picture_deed
from latent_studio.ui.picture_names import file_stem
from latent_studio.ui.widgets.images import image_of

if TYPE_CHECKING:
    from latent_studio.app.picture import SavedPicture
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure


class PictureSaver(QObject):
    """Does what "Save picture" and "Copy picture" say. Both render the sharp picture if it is not there yet.

    Args:
        context: the window's parts.
        window: owner of the file dialog.
    """

    def __init__(self, context: DockContext, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._folder = Path.home()
        context.actions["save_picture"].triggered.connect(self.ask_and_save)
        context.actions["copy_picture"].triggered.connect(self.copy)

    @Slot()
    def ask_and_save(self) -> None:
        """Ask for a file and save there."""
        session = self._context.store.session
        if session.model is None:
            return
        suggestion = self._folder / f"{file_stem(session)}.png"
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Save picture"), str(suggestion), self.tr("PNG pictures (*.png)")
        )
        if chosen:
            self.save(Path(chosen))

    def save(self, path: Path) -> None:
        """Save the current session's sharp picture as PNG."""
        if path.suffix.lower() != ".png":
            path = path.with_name(f"{path.name}.png")
        self._folder = path.parent
        self._context.jobs.start(
            self.tr("Save {name}").format(name=path.name),
            partial(save_picture, self._context.studio, self._context.store.session, path),
            on_done=self._tell_saved,
            on_failed=self._tell_failed,
            quiet=True,
            twin=partial(picture_deed, self._context.store.session, Target(path, "png")),
        )

    @Slot()
    def copy(self) -> None:
        """Put the current session's sharp picture on the clipboard."""
        if self._context.store.session.model is None:
            return
        self._context.commands.add(None)
        renders = self._context.renders
        if renders.is_sharp and renders.frame is not None:
            self._put_on_clipboard(renders.frame)
            return
        self._context.jobs.start(
            self.tr("Copy picture"),
            partial(_render, self._context.studio, self._context.store.session),
            on_done=self._put_on_clipboard,
            on_failed=self._tell_failed,
            quiet=True,
        )

    def _put_on_clipboard(self, frame: Frame) -> None:
        QGuiApplication.clipboard().setImage(image_of(frame.pixels))
        self._context.messages.success(self.tr("The picture is on the clipboard."))

    def _tell_saved(self, saved: SavedPicture) -> None:
        self._context.messages.success(
            self.tr("Saved {name}.").format(name=saved.path.name), hint=str(saved.path.parent)
        )

    def _tell_failed(self, failure: Failure) -> None:
        self._context.messages.failure(failure)


def _render(studio: Studio, session: Session, progress: ProgressSink, cancel: CancelToken) -> Frame:
    cancel.check()
    return studio.engine.render_final(RenderRequest.of(session, revision=0))
