"""StepPictures: a small picture of every step, mostly of frames that were shown anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QObject, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from latent_studio.core.render import RenderRequest
from latent_studio.ui.widgets.images import image_of

if TYPE_CHECKING:
    from latent_studio.app.open_document import OpenDocument
    from latent_studio.app.store import SessionStore
    from latent_studio.core.render import Frame
    from latent_studio.ui.render_controller import RenderController
    from latent_studio.ui.small_pictures import SmallPictures

#: Side in pixels: sharp on a screen of two pixels to the point, and about 3 kB.
_SIDE = 96
_QUALITY = 82
#: A picture has to rest this long to become its step's.
_REST_MS = 150
_CLIENT = "history"


class StepPictures(QObject):
    """Keeps the document's thumbnails up to date.

    Args:
        store: whose steps.
        document: keeps the files.
        renders: shows the frames.
        pictures: makes those that were never shown.
        parent: Qt owner.
    """

    #: Id of a step that has a new picture.
    ready = Signal(int)

    def __init__(
        self,
        store: SessionStore,
        *,
        document: OpenDocument,
        renders: RenderController,
        pictures: SmallPictures,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._document = document
        self._renders = renders
        self._pictures = pictures
        self._images: dict[int, QImage] = {}
        self._documents = store.documents
        self._stale: set[int] = set()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._keep_shown)
        self._wanted: tuple[int, ...] = ()
        renders.frame_ready.connect(self._take_frame)
        pictures.ready.connect(self._take_small)

    def image(self, id: int) -> QImage | None:
        """The picture of a step, if there is one yet."""
        self._follow_document()
        if id not in self._images and id in self._document.thumbnails:
            image = QImage.fromData(self._document.thumbnails[id])
            if not image.isNull():
                self._images[id] = image
        return self._images.get(id)

    def want(self, ids: tuple[int, ...]) -> None:
        """These steps are in sight: make the pictures that are missing, when there is time."""
        self._follow_document()
        self._wanted = ids
        history = self._store.history
        model = self._store.session.model
        wishes = [
            ((self._documents, id), RenderRequest.of(history.step(id).value, revision=0))
            for id in ids
            if id in history and id != history.place and self.image(id) is None
            if history.step(id).value.model == model and model is not None
        ]
        self._pictures.wish(_CLIENT, wishes, priority=1)

    def forget(self, id: int) -> None:
        """A step has changed: its picture is no longer right."""
        self._images.pop(id, None)
        self._document.thumbnails.pop(id, None)

    def _follow_document(self) -> None:
        if self._store.documents != self._documents:
            self._documents = self._store.documents
            self._images.clear()

    @Slot(object)
    def _take_frame(self, frame: Frame) -> None:
        if self._renders.is_sharp and not self._renders.is_comparing:
            self._rest.start()

    @Slot()
    def _keep_shown(self) -> None:
        frame = self._renders.frame
        if frame is not None and self._renders.is_sharp and not self._renders.is_comparing:
            self._follow_document()
            self._keep(self._store.history.place, frame)

    @Slot(str, object, object)
    def _take_small(self, client: str, key: tuple[int, int], frame: Frame) -> None:
        if client == _CLIENT and key[0] == self._documents and key[1] in self._store.history:
            self._keep(key[1], frame)

    def _keep(self, id: int, frame: Frame) -> None:
        image = image_of(frame.pixels).scaled(
            QSize(_SIDE, _SIDE),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        self._images[id] = image
        self._document.thumbnails[id] = _jpeg(image)
        self.ready.emit(id)


def _jpeg(image: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPG", _QUALITY)  # type: ignore[call-overload]
    buffer.close()
    return bytes(data.data())
