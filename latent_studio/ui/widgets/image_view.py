"""ImageView: shows frames, newest only, with zoom and pan."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from latent_studio.core.render import Frame, Quality
from latent_studio.ui.theme import colour, colours
from latent_studio.ui.widgets.focus import FocusRing, draw_focus_ring
from latent_studio.ui.widgets.images import image_of

#: One step of zoom.
ZOOM_STEP = 1.25
ZOOM_LEAST, ZOOM_MOST = 0.05, 64.0
#: From here on pixels are shown as squares, when asked for.
NEAREST_FROM = 4.0

_WHEEL_NOTCH = 120


class ImageView(QWidget):
    """The picture: fitted into the widget, or zoomed by device pixels (1.0 is one for one on any screen).

    A coarse frame stands in the place of the sharp one it announces, so nothing jumps when that arrives.

    Signals:
        zoomChanged: the zoom in force, also when fitting makes it change.
        frameShown: a frame was accepted.
    """

    zoomChanged = Signal(float)
    frameShown = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame: Frame | None = None
        self._image = QImage()
        self._shrunk = QImage()  # the image at its small size, when zoomed out
        self._natural = QSize()  # of the sharp picture
        self._fit = True
        self._zoom = 1.0
        self._centre = QPointF(0.5, 0.5)  # share of the picture in the middle of the widget
        self._nearest = False
        self._told_zoom = 0.0
        self._pan_from: QPointF | None = None
        self._ring = FocusRing()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Picture"))

    # Frames

    def frame(self) -> Frame | None:
        """The frame shown."""
        return self._frame

    def image(self) -> QImage:
        """A copy of the picture shown; null when there is none."""
        return self._image.copy()

    @Slot(object)
    def showFrame(self, frame: Frame) -> bool:
        """Show a frame unless a newer one, or its own sharp one, is shown already.

        Returns:
            Whether it was shown.
        """
        shown = self._frame
        if shown is not None and (frame.revision, frame.quality) < (shown.revision, shown.quality):
            return False
        image = image_of(frame.pixels)
        if image.isNull():
            return False
        self._frame = frame
        self._set_image(image, sharp=frame.quality is Quality.FINAL)
        self.frameShown.emit(frame)
        return True

    def setNaturalSize(self, size: QSize) -> None:
        """Tell how large sharp pictures are, before the first one comes."""
        if size != self._natural:
            self._natural = QSize(size)
            self._changed_view()

    @Slot()
    def clear(self) -> None:
        """Show nothing; the next frame is taken whatever its revision."""
        self._frame = None
        self._image = QImage()
        self._shrunk = QImage()
        self._natural = QSize()
        self._fit = True
        self._changed_view()

    def _set_image(self, image: QImage, *, sharp: bool) -> None:
        same_shape = (
            not self._natural.isEmpty()
            and image.width() * self._natural.height() == image.height() * self._natural.width()
        )
        larger = image.width() > self._natural.width()
        self._image = image
        self._shrunk = QImage()
        if sharp or not same_shape or larger:
            if image.size() != self._natural:
                self._natural = image.size()
                self._changed_view()
        self.update()

    # Zoom

    def zoom(self) -> float:
        """Device pixels per pixel of the sharp picture."""
        return self._fitting_zoom() if self._fit else self._zoom

    def isFitted(self) -> bool:
        """Whether the picture follows the size of the widget."""
        return self._fit

    @Slot()
    def zoomFit(self) -> None:
        """Fit the whole picture into the widget, and keep it so."""
        self._fit = True
        self._centre = QPointF(0.5, 0.5)
        self._changed_view()

    @Slot()
    def zoomActual(self) -> None:
        """One pixel of the picture for one of the screen."""
        self.setZoom(1.0)

    @Slot()
    def zoomIn(self) -> None:
        """One step nearer."""
        self.setZoom(self.zoom() * ZOOM_STEP)

    @Slot()
    def zoomOut(self) -> None:
        """One step away."""
        self.setZoom(self.zoom() / ZOOM_STEP)

    def setZoom(self, zoom: float, *, around: QPointF | None = None) -> None:
        """Zoom so that the place ``around`` (in the widget; its middle if not given) stays under it."""
        if self._natural.isEmpty():
            return
        spot = around if around is not None else QPointF(self.rect().center())
        fixed = self._picture_share(spot)
        zoom = min(max(zoom, ZOOM_LEAST), ZOOM_MOST)
        # Passing 1:1 stops there once.
        if abs(zoom - 1.0) < 0.02:
            zoom = 1.0
        self._fit = False
        self._zoom = zoom
        size = self._shown_size()
        away = spot - QPointF(self.width() / 2, self.height() / 2)
        self._centre = QPointF(fixed.x() - away.x() / size.width(), fixed.y() - away.y() / size.height())
        self._changed_view()

    def setNearest(self, nearest: bool) -> None:
        """Show squares instead of a blur from four times up."""
        self._nearest = nearest
        self.update()

    def pictureRect(self) -> QRectF:
        """Where the picture is, in logical pixels; its edges lie on device pixels."""
        size = self._shown_size()
        ratio = self._ratio()
        left = self.width() / 2 - self._centre.x() * size.width()
        top = self.height() / 2 - self._centre.y() * size.height()
        left, top = round(left * ratio) / ratio, round(top * ratio) / ratio
        return QRectF(left, top, round(size.width() * ratio) / ratio, round(size.height() * ratio) / ratio)

    def _ratio(self) -> float:
        return self.devicePixelRatioF()

    def _fitting_zoom(self) -> float:
        if self._natural.isEmpty():
            return 1.0
        ratio = self._ratio()
        return min(
            self.width() * ratio / self._natural.width(), self.height() * ratio / self._natural.height()
        )

    def _shown_size(self) -> QSizeF:
        scale = self.zoom() / self._ratio()
        return QSizeF(max(1.0, self._natural.width() * scale), max(1.0, self._natural.height() * scale))

    def _picture_share(self, spot: QPointF) -> QPointF:
        place = self.pictureRect()
        return QPointF((spot.x() - place.x()) / place.width(), (spot.y() - place.y()) / place.height())

    def _changed_view(self) -> None:
        if self._fit:
            self._centre = QPointF(0.5, 0.5)
        else:
            # Some of the picture stays in sight, and what fits is centred.
            size = self._shown_size()
            self._centre = QPointF(
                _held(self._centre.x(), size.width(), self.width()),
                _held(self._centre.y(), size.height(), self.height()),
            )
        zoom = self.zoom()
        if zoom != self._told_zoom and not self._natural.isEmpty():
            self._told_zoom = zoom
            self.zoomChanged.emit(zoom)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep it fitted, or keep its middle."""
        super().resizeEvent(event)
        self._changed_view()

    # Hands

    def canPan(self) -> bool:
        """Whether a part of the picture is out of sight."""
        size = self._shown_size()
        return not self._fit and (size.width() > self.width() or size.height() > self.height())

    def panBy(self, dx: float, dy: float) -> None:
        """Move the picture by logical pixels."""
        if not self.canPan():
            return
        size = self._shown_size()
        self._centre -= QPointF(dx / size.width(), dy / size.height())
        self._changed_view()

    def isPanning(self) -> bool:
        """Whether the hand holds the picture."""
        return self._pan_from is not None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the cursor; Shift goes finer."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if not turned or self._natural.isEmpty():
            event.ignore()
            return
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = 1.05 if fine else ZOOM_STEP
        self.setZoom(self.zoom() * step ** (turned / _WHEEL_NOTCH), around=event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Middle button, Ctrl+drag or Alt+drag take the picture."""
        self._ring.mouse_used()
        moved_by = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.button() == Qt.MouseButton.MiddleButton or (
            event.button() == Qt.MouseButton.LeftButton and moved_by
        ):
            self._pan_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            event.accept()
            return
        event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry the picture."""
        if self._pan_from is None:
            event.ignore()
            return
        way = event.position() - self._pan_from
        self._pan_from = event.position()
        self.panBy(way.x(), way.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let it go."""
        if self._pan_from is not None:
            self._pan_from = None
            self.unsetCursor()
            return
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+0 fits, Ctrl+1 is one for one, Ctrl with + and - zooms, Ctrl+arrows move a zoomed picture."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and self._zoom_by_key(Qt.Key(event.key())):
            self._ring.key_used()
            event.accept()
            return
        super().keyPressEvent(event)

    def _zoom_by_key(self, key: Qt.Key) -> bool:
        pan = {
            Qt.Key.Key_Left: (1, 0),
            Qt.Key.Key_Right: (-1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }.get(key)
        if pan is not None:
            self.panBy(pan[0] * self.width() / 10, pan[1] * self.height() / 10)
        elif key == Qt.Key.Key_0:
            self.zoomFit()
        elif key == Qt.Key.Key_1:
            self.zoomActual()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoomIn()
        elif key == Qt.Key.Key_Minus:
            self.zoomOut()
        else:
            return False
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring when the keyboard brought us here."""
        self._ring.entered(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No ring."""
        self._ring.left()
        self.update()

    # Painting

    def sizeHint(self) -> QSize:
        """A good size for a picture."""
        return QSize(512, 512)

    def minimumSizeHint(self) -> QSize:
        """Small enough for a small window."""
        return QSize(128, 128)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The surround, the picture, the ring."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), colour(colours().panel))
        if not self._image.isNull():
            self._paint_picture(painter)
        if self.hasFocus() and self._ring.visible:
            draw_focus_ring(painter, QRectF(self.rect()), radius=4.0)
        painter.end()

    def _paint_picture(self, painter: QPainter) -> None:
        place = self.pictureRect()
        ratio = self._ratio()
        wide, high = round(place.width() * ratio), round(place.height() * ratio)
        scale = wide / self._image.width()
        if scale < 0.6:
            # Bilinear sampling skips pixels below a half: shrink once by area, paint that.
            if self._shrunk.size() != QSize(wide, high):
                self._shrunk = self._image.scaled(
                    wide,
                    high,
                    Qt.AspectRatioMode.IgnoreAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
            painter.drawImage(place, self._shrunk)
            return
        whole = abs(scale - round(scale)) < 1e-6
        squares = self._nearest and scale >= NEAREST_FROM
        smooth = not squares and not (whole and round(scale) == 1)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(place, self._image)


def _held(centre: float, size: float, room: float) -> float:
    if size <= room:
        return 0.5
    half = room / size / 2
    return min(max(centre, half), 1 - half)
