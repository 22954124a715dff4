"""Projection: drop a photo, choose the face, search its latent, edit, and get the photo back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from latent_studio.core.edits import EditStack
from latent_studio.ui.photos.chooser import PhotoChooser
from latent_studio.ui.photos.controls import button, flow
from latent_studio.ui.photos.found_panel import FoundPanel
from latent_studio.ui.photos.handover import Handover
from latent_studio.ui.photos.paste_panel import PastePanel
from latent_studio.ui.photos.search_panel import SearchPanel

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from latent_studio.app.models import LoadedModel
    from latent_studio.core.projections import ProjectedPhoto
    from latent_studio.core.session import Session
    from latent_studio.methods.projection.rungs import Rung
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem


class ProjectionDock(QWidget):
    """The photo, its crop, the search and the way back.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._desk = context.photos
        self.setAcceptDrops(True)
        self._hint = QLabel(self)
        self._hint.setObjectName("projection-hint")
        self._hint.setProperty("muted", True)
        self._hint.setWordWrap(True)
        self.chooser = PhotoChooser(context, self)
        self.search = SearchPanel(context, self)
        self.found = FoundPanel(context, self)
        self.paste = PastePanel(context, self.chooser.view, self)
        self.handover = Handover(context, self)
        files = button(self, "projection-open", self.tr("Photos…"), self.tr("Choose photos to project."))
        files.clicked.connect(self.chooser.ask_for_photos)
        clipboard = button(
            self, "projection-clipboard", self.tr("From clipboard"),
            self.tr("Take the picture on the clipboard."),
        )  # fmt: skip
        clipboard.clicked.connect(self.chooser.take_clipboard)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._hint)
        layout.addLayout(flow(files, clipboard))
        layout.addWidget(self.chooser, 1)
        layout.addWidget(self.search)
        layout.addWidget(self.found)
        layout.addWidget(self.handover)
        layout.addWidget(self.paste)
        layout.addStretch(0)

        self._desk.changed.connect(self._show)
        self._desk.finished.connect(self._take_result)
        self.found.rungChosen.connect(self._go_to)
        self.found.tunedChosen.connect(self._go_to_tuned)
        self.found.continued.connect(self.search.go_on)
        self.paste.liveChanged.connect(self._show_live)
        context.models.model_changed.connect(self._show)
        context.bridge.session_changed.connect(self._follow)
        self._show()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and addresses are welcome."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take them."""
        urls = event.mimeData().urls()
        self._desk.add_files([url.toLocalFile() if url.isLocalFile() else url.toString() for url in urls])
        event.acceptProposedAction()

    # Results -----------------------------------------------------------------------------------------------

    @Slot(object)
    def _take_result(self, item: PhotoItem) -> None:
        if item.found is None:
            return
        model = self._context.models.model
        if model is None or model.ref.sha256 != item.found.model_sha256:
            self._context.messages.warning(
                self.tr("{name} was found on another model than the one open now.").format(name=item.name),
                hint=self.tr("Open that model again, or project the photo on this one."),
            )
            return
        label = self.tr("Project {name}").format(name=item.name)
        self._use(item, item.found.projection.best, label, keeps_edits=not item.takes_edits)
        if not item.found.projection.is_complete:
            self._context.messages.news(
                self.tr("Stopped; the best so far is kept."), hint=self.tr("Continue goes on from there.")
            )

    @Slot(object)
    def _go_to(self, rung: Rung) -> None:
        item, model = self._desk.current, self._context.models.model
        if item is None or item.found is None or model is None:
            return
        if item.tuned is not None and model.ref.path == item.tuned.path:
            self._context.models.open(item.tuned.base, begin=partial(self._move, item, rung))
        elif model.ref.sha256 == item.found.model_sha256:
            self._use(item, rung, self.tr("Go to rung {name}").format(name=rung.name))

    @Slot()
    def _go_to_tuned(self) -> None:
        item = self._desk.current
        if item is not None and item.found is not None and item.tuned is not None:
            best = item.found.projection.best
            self._context.models.open(item.tuned.path, begin=partial(self._move, item, best))

    def _use(self, item: PhotoItem, rung: Rung, label: str, *, keeps_edits: bool = True) -> None:
        """Make a rung's latent the session's base: one step of the history."""
        store = self._context.store
        session = _at_rung(store.session, item, rung)
        if not keeps_edits:
            session = replace(session, edits=EditStack(), mix=None)
        store.replace(session, label)

    def _move(self, item: PhotoItem, rung: Rung, model: LoadedModel) -> None:
        """The same document at a rung: on the tuned model, or on its base again."""
        self._context.store.move_to(model.ref)
        self._use(item, rung, self.tr("Go to rung {name}").format(name=rung.name))

    # Showing -----------------------------------------------------------------------------------------------

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if (old.model is None) != (new.model is None):
            self._show()

    @Slot(bool)
    def _show_live(self, on: bool) -> None:
        self.chooser.set_live(on)
        if not on:
            self._show()

    @Slot()
    def _show(self) -> None:
        item = self._desk.current
        for part in (self.chooser, self.search, self.found, self.paste):
            part.setVisible(item is not None)
        self._hint.setVisible(item is None)
        if item is None:
            self._hint.setText(
                self.tr("Drop a photo here. Its face is found, its latent searched, and after editing "
                        "it goes back "
                        "into the photo.")
            )  # fmt: skip
            return
        self.chooser.show_item(item)
        self.search.show_item(item)
        self.found.show_item(item)
        self.paste.show_item(item)
        self._hint.setText(self._hint_of(item))
        self._hint.setVisible(bool(self._hint.text()))

    def _hint_of(self, item: PhotoItem) -> str:
        """What a photo's state says to do; empty when there is nothing to say."""
        if item.state == "reading":
            return self.tr("Looking for faces in {name}.").format(name=item.name)
        if item.state == "failed":
            return item.problem
        if item.state == "ready" and item.photo is not None and not item.faces and item.marks is None:
            return self.tr("No face was found: mark eyes and mouth by hand, or take the square.")
        return ""


def _at_rung(session: Session, item: PhotoItem, rung: Rung) -> Session:
    """A session whose base is what a rung found."""
    from latent_studio.app.projector import rung_latent
    from latent_studio.core.projections import remembered

    latent, noise = rung_latent(rung)
    return replace(
        session,
        base=latent,
        noise=noise,
        # What was found is the picture itself; pulled to the mean it would be another one.
        synthesis=replace(session.synthesis, truncation_psi=1.0, noise_mode="const"),
        projections=remembered(session.projections, _projected_photo(item, rung)),
    )


def _projected_photo(item: PhotoItem, rung: Rung) -> ProjectedPhoto:
    from latent_studio.app.projector import rung_latent
    from latent_studio.core.projections import ProjectedPhoto

    if item.photo is None or item.quad is None:
        raise ValueError("a photo without a crop has no latent")
    latent, noise = rung_latent(rung)
    marks = () if item.marks is None else tuple(float(v) for v in item.marks.array.flatten())
    return ProjectedPhoto(
        item.name, item.path, item.photo.digest, (item.photo.width, item.photo.height),
        tuple(float(v) for v in item.quad.array.flatten()), marks, latent, noise,
        rung.score.perceptual, rung.score.psnr, rung.score.sigmas,
    )  # fmt: skip
