"""PhotoChooser: which photo, which of its faces, and the crop, by a finder, by marks or as a square."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, QSize, Slot
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QToolButton, QVBoxLayout, QWidget

from latent_studio.ui.icons import set_icon
from latent_studio.ui.photos.controls import choice, row
from latent_studio.ui.photos.weights_button import WeightsButton
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.photo_view import PhotoView

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem

_ALL = "all"


class PhotoChooser(QWidget):
    """Lists the photos on the desk and shows one, with its faces and marks a hand can move.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._desk = context.photos
        self._is_live = False
        self._photos = choice(
            self, "projection-photos", self.tr("Photo"), self.tr("The photos dropped so far."), shortest=6
        )
        self._photos.activated.connect(self._choose_photo)
        self._remove = QToolButton(self)
        self._remove.setObjectName("projection-remove")
        self._remove.setProperty("quiet", True)
        self._remove.setAccessibleName(self.tr("Put the photo away"))
        self._remove.setToolTip(self.tr("Put this photo away; a search for it stops."))
        set_icon(self._remove, "close", role="muted")
        self._remove.clicked.connect(self._put_away)
        self._faces = choice(
            self, "projection-faces", self.tr("What is cropped"),
            self.tr("A face that was found, marks by hand, or a square."), shortest=6,
        )  # fmt: skip
        self._faces.activated.connect(self.choose_crop)
        self.view = PhotoView(self)
        self.view.setObjectName("projection-photo")
        self.view.setAccessibleName(self.tr("Photo with faces and marks"))
        self.view.setToolTip(
            self.tr(
                "Click a face to choose it; drag the marks of eyes and mouth, or move them by arrows; "
                "Page keys choose a mark, the wheel looks closer."
            )
        )
        self.view.facePicked.connect(self._pick_face)
        self.view.marksMoved.connect(self._move_marks)
        self.view.cropMoved.connect(self._move_square)
        self._slip = ElidedLabel("", self)
        self._slip.setObjectName("projection-sensitivity")
        self._slip.setProperty("muted", True)
        self._finder = choice(
            self, "projection-finder", self.tr("What finds faces"),
            self.tr("The built-in finder comes with the program; face-alignment's is a little more exact."),
            ((self.tr("Built-in finder"), "mtcnn"), (self.tr("face-alignment"), "fan")),
        )  # fmt: skip
        self._finder.activated.connect(self._choose_finder)
        self._fetch = WeightsButton(context, "projection-fetch-finder", self)
        self._fetch.fetched.connect(self._take_weights)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row(self._photos, self._remove, self._faces, stretches=(1, 0, 1)))
        layout.addWidget(self.view, 1)
        layout.addWidget(self._slip)
        layout.addLayout(row(self._finder, self._fetch, stretches=(1, 0)))

    # Photos ------------------------------------------------------------------------------------------------

    @Slot()
    def ask_for_photos(self) -> None:
        """Choose files."""
        chosen, _ = QFileDialog.getOpenFileNames(
            self,
            self.tr("Choose photos"),
            "",
            self.tr(
                "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif *.heic *.heif);;All files (*)"
            ),
        )
        if chosen:
            self._desk.add_files(chosen)

    @Slot()
    def take_clipboard(self) -> None:
        """Take the clipboard's picture, or the files copied to it."""
        clipboard = QGuiApplication.clipboard()
        mime = clipboard.mimeData()
        files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []
        if files:
            self._desk.add_files(files)
            return
        image = clipboard.image()
        if image.isNull():
            self._context.messages.news(
                self.tr("There is no picture on the clipboard."), hint=self.tr("Copy one first.")
            )
            return
        self._desk.add_pixels(_pixels_of_image(image), self.tr("clipboard"))

    @Slot(int)
    def _choose_photo(self, index: int) -> None:
        self.view.lookAt(())
        self._desk.look_at(int(self._photos.itemData(index)))

    @Slot()
    def _put_away(self) -> None:
        if self._desk.current is not None:
            self._desk.remove(self._desk.current.id)

    # Crops -------------------------------------------------------------------------------------------------

    @Slot(int)
    def choose_crop(self, index: int) -> None:
        """Take an entry of the list: a face, every face, marks by hand or a square."""
        item, chosen = self._desk.current, self._faces.itemData(index)
        if item is None or item.photo is None:
            return
        if chosen == "square":
            self._desk.set_square(item.id)
        elif chosen == _ALL:
            self._desk.spread_faces(item.id)
        elif chosen == "hand":
            marks = item.marks.array.tolist() if item.marks is not None else _usual_marks(item)
            self._desk.set_marks(item.id, marks)
            if item.quad is not None and item.marks is not None:
                self.view.lookAt(item.quad.corners)
        else:
            self._desk.choose_face(item.id, int(chosen))

    @Slot(int)
    def _pick_face(self, index: int) -> None:
        if self._desk.current is not None:
            self._desk.choose_face(self._desk.current.id, index)

    @Slot(object)
    def _move_marks(self, points: object) -> None:
        if self._desk.current is not None:
            problem = self._desk.set_marks(self._desk.current.id, points)
            if problem:
                self._slip.setText(problem)

    @Slot(float, float)
    def _move_square(self, dx: float, dy: float) -> None:
        if self._desk.current is not None:
            self._desk.set_square(self._desk.current.id, moved=(dx, dy))

    # Finders -----------------------------------------------------------------------------------------------

    @property
    def finder(self) -> str:
        """The finder chosen: ``"mtcnn"`` or ``"fan"``."""
        return str(self._finder.currentData())

    @Slot()
    def _choose_finder(self) -> None:
        self._fetch.serve(self.finder, self._finder.currentText())
        if not self._fetch.is_needed:
            self._look_again()

    @Slot(str)
    def _take_weights(self, user_id: str) -> None:
        if user_id == self.finder:
            self._look_again()

    def _look_again(self) -> None:
        self._desk.use_finder(self.finder)
        item = self._desk.current
        if item is not None and item.photo is not None:
            self._desk.look_again(item.id)

    # Showing -----------------------------------------------------------------------------------------------

    def set_live(self, on: bool) -> None:
        """Whether somebody else draws the photo: the pasted one, without marks."""
        self._is_live = on
        if on:
            self.view.setMarks(())
            self.view.setQuad(())
            self.view.setFaces((), -1)

    def show_item(self, item: PhotoItem) -> None:
        """Show a photo of the desk and where it is cropped."""
        self._show_lists(item)
        if item.photo is None or item.small is None:
            self.view.setPhoto(None, QSize(1, 1))
            return
        if not self._is_live:
            self.view.setPhoto(image_of(item.small), QSize(item.photo.width, item.photo.height))
            self.view.setFaces([face.box for face in item.faces], item.chosen)
            self.view.setMarks(() if item.marks is None else [(x, y) for x, y in item.marks.array.tolist()])
            self.view.setQuad(() if item.quad is None else item.quad.corners)
        if item.marks is not None:
            from latent_studio.methods.alignment.crop import sensitivity

            share = sensitivity(item.marks) / max(item.quad.side if item.quad else 1.0, 1.0)
            self._slip.setText(
                self.tr("1 px at a mark moves the crop by {share:.1%} at most.").format(share=share)
            )
        else:
            self._slip.setText(self.tr("Drag the square, or place marks by hand."))

    def _show_lists(self, item: PhotoItem) -> None:
        with QSignalBlocker(self._photos):
            self._photos.clear()
            for one in self._desk.items:
                self._photos.addItem(f"{one.name}  {self._state_words(one)}", one.id)
            self._photos.setCurrentIndex(self._photos.findData(item.id))
        with QSignalBlocker(self._faces):
            self._faces.clear()
            count = len(item.faces)
            for index in range(count):
                words = self.tr("Face {number} of {count}") if count > 1 else self.tr("Face")
                self._faces.addItem(words.format(number=index + 1, count=count), index)
            if count > 1:
                self._faces.addItem(self.tr("Every face, one by one"), _ALL)
            self._faces.addItem(self.tr("Marks by hand"), "hand")
            self._faces.addItem(self.tr("Square"), "square")
            now: object = (
                item.chosen if item.chosen >= 0 else ("hand" if item.marks is not None else "square")
            )
            self._faces.setCurrentIndex(self._faces.findData(now))

    def _state_words(self, item: PhotoItem) -> str:
        return {
            "reading": self.tr("(reading)"),
            "waiting": self.tr("(waits)"),
            "searching": self.tr("(searching)"),
            "found": self.tr("(found)"),
            "failed": self.tr("(failed)"),
        }.get(item.state, "")


def _usual_marks(item: PhotoItem) -> list[tuple[float, float]]:
    """Marks in the middle of the photo, for a hand to drag."""
    if item.photo is None:
        return []
    width, height = item.photo.width, item.photo.height
    unit = min(width, height) / 8
    x, y = width / 2, height * 0.45
    return [(x - unit, y), (x + unit, y), (x - 0.7 * unit, y + 1.7 * unit), (x + 0.7 * unit, y + 1.7 * unit)]


def _pixels_of_image(image: QImage) -> NDArray[np.uint8]:
    import numpy as np

    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows: Any = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return np.asarray(rows[:, : plain.width() * 4].reshape(plain.height(), plain.width(), 4).copy())
