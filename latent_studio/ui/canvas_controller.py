"""CanvasController: gestures on the canvas become session changes, frames become pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QGuiApplication

from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.seeds import describe_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.app.models import LoadedModel
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.widgets.latent_canvas import LatentCanvas


class CanvasController(QObject):
    """Connects the canvas.

    Args:
        canvas: shows and reports gestures; its owner.
        context: the window's parts.
    """

    def __init__(self, canvas: LatentCanvas, context: DockContext) -> None:
        super().__init__(canvas)
        store, renders, models = context.store, context.renders, context.models
        self._canvas = canvas
        self._store = store
        self._renders = renders
        self._models = models
        self._messages = context.messages
        self._dropped = context.dropped
        self._pad = context.pad
        self._details = ""
        self._copy_details = QAction(self.tr("Copy details"), self)
        self._copy_details.setObjectName("action-copy-details")
        self._copy_details.triggered.connect(self._put_details_on_clipboard)
        canvas.walked.connect(self._walk)
        canvas.walkFinished.connect(self._finish_walk)
        canvas.comparePressed.connect(self._show_before)
        canvas.compareReleased.connect(self._show_after)
        canvas.filesDropped.connect(self.take_files)
        canvas.messageDismissed.connect(self._show_empty_if_so)
        renders.frame_ready.connect(canvas.showFrame)
        renders.failed.connect(self._show_render_failure)
        models.failed.connect(self._show_model_failure)
        models.opening_changed.connect(self._show_opening)
        models.model_changed.connect(self._take_model)
        context.actions["compare"].toggled.connect(self.set_comparing)

    @Slot(float, float)
    def _walk(self, dx: float, dy: float) -> None:
        base = self._store.session.base
        if self._store.session.model is None:
            return
        if self._pad.is_on_picture:
            self._pad.walk(dx, dy)
            return
        if not isinstance(base, SeedPoint):
            self._messages.news(
                self.tr("This picture does not come from a seed, so there are no neighbours to walk to."),
                hint=self.tr("Choose a seed first."),
            )
            return
        point = base.moved(dx, dy)
        self._store.set_base(
            point, self.tr("Walk to {seed}").format(seed=describe_seed(point)), gesture="walk"
        )

    @Slot()
    def _finish_walk(self) -> None:
        if self._pad.is_on_picture:
            self._pad.finish()
        self._store.close_gesture()

    @Slot(bool)
    def set_comparing(self, comparing: bool) -> None:
        """Show the picture before all edits, with a badge that says so; or as it is."""
        self._canvas.setComparing(comparing)
        self._renders.set_comparing(comparing)

    @Slot()
    def _show_before(self) -> None:
        self.set_comparing(True)

    @Slot()
    def _show_after(self) -> None:
        self.set_comparing(False)

    @Slot(object)
    def take_files(self, places: Sequence[str]) -> None:
        """Open what was dropped; what it is, its content decides. What nobody knows is taken for a model."""
        unknown = self._dropped.offer_all(places)
        if unknown:
            self._models.open(unknown)

    @Slot(str)
    def _show_opening(self, name: str) -> None:
        self._canvas.setBusy(self.tr("Opening {name}").format(name=name) if name else "")
        if name:
            self._canvas.hideEmptyState()
        else:
            self._show_empty_if_so()

    @Slot(object)
    def _show_render_failure(self, failure: Failure) -> None:
        self._show_failure(failure, until_frame=True)

    @Slot(object)
    def _show_model_failure(self, failure: Failure) -> None:
        # The message says what to do; once it is read, the empty state does.
        self._canvas.hideEmptyState()
        self._show_failure(failure, until_frame=False)

    @Slot()
    def _show_empty_if_so(self) -> None:
        """Say what to do while no model is open."""
        if self._models.model is not None:
            return
        self._canvas.showEmptyState(
            self.tr("No model is open"),
            self.tr("Drop a model file here, or open one."),
            self.tr("Open model…"),
        )

    def _show_failure(self, failure: Failure, *, until_frame: bool) -> None:
        self._details = failure.details
        self._canvas.showMessage(
            failure.title, failure.hint, kind="error", actions=[self._copy_details], until_frame=until_frame
        )

    @Slot()
    def _put_details_on_clipboard(self) -> None:
        QGuiApplication.clipboard().setText(self._details)

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self._canvas.hideMessage()
