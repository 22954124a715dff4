"""LatentCanvas: the picture as an instrument: drag walks the seed plane, Space compares, a drop opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from latent_studio.core.render import Frame, Quality
from latent_studio.ui.dropped_files import dropped_places
from latent_studio.ui.theme import colour, colours, small_font
from latent_studio.ui.widgets.image_view import ImageView
from latent_studio.ui.widgets.overlay_card import OverlayCard, ThemedIcon
from latent_studio.ui.widgets.value_slider import FINE, GESTURE_IDLE_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

#: So far the mouse goes from one seed to the next.
PIXELS_PER_SEED = 200.0
#: One arrow key.
SEEDS_PER_KEY = 0.1

_DRAG_THRESHOLD = 3.0


class LatentCanvas(ImageView):
    """An :class:`ImageView` with gestures, messages over the picture and an empty state.

    Signals:
        walked: seeds to the right and rows down since the last event.
        walkFinished: once after a walk: button released, or arrow keys at rest.
        comparePressed, compareReleased: Space goes down and up; up comes also when focus is lost.
        filesDropped: paths and addresses dropped on the canvas, a tuple.
        contextMenuRequested: where the menu should open, in global coordinates.
        emptyActionTriggered: the button of the empty state.
        messageDismissed: the user closed the message.
    """

    walked = Signal(float, float)
    walkFinished = Signal()
    comparePressed = Signal()
    compareReleased = Signal()
    filesDropped = Signal(object)
    contextMenuRequested = Signal(QPoint)
    emptyActionTriggered = Signal()
    messageDismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._walk_enabled = True
        self._press: QPointF | None = None
        self._last = QPointF()
        self._walking = False
        self._keys_at_rest = QTimer(self)
        self._keys_at_rest.setSingleShot(True)
        self._keys_at_rest.setInterval(GESTURE_IDLE_MS)
        self._keys_at_rest.timeout.connect(self._finish_walk)
        self._compare_held = False
        self._comparing = False
        self._busy = ""
        self._drop_hover = False
        self._until_frame = False
        self._message = OverlayCard(self)
        self._message.dismissed.connect(self.messageDismissed)
        self._empty = _EmptyState(self)
        self._empty.button.clicked.connect(self.emptyActionTriggered)
        self.setAcceptDrops(True)
        self.setAccessibleDescription(
            self.tr("Drag or arrow keys walk between seeds, Space compares, Ctrl with plus and minus zooms.")
        )

    # Walking

    def setWalkEnabled(self, enabled: bool) -> None:
        """Whether dragging walks the seed plane; not when the picture comes from elsewhere."""
        self._walk_enabled = enabled

    def isWalking(self) -> bool:
        """Whether a walk is under way."""
        return self._walking

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left button starts a walk; the others belong to the picture."""
        super().mousePressEvent(event)
        if self.isPanning() or event.button() != Qt.MouseButton.LeftButton:
            return
        event.accept()
        if self._walk_enabled and self.frame() is not None:
            self._finish_walk()
            self._press = self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Walk as far as the hand went, with Shift a tenth of it."""
        if self._press is None:
            super().mouseMoveEvent(event)
            return
        here = event.position()
        if not self._walking:
            if (here - self._press).manhattanLength() < _DRAG_THRESHOLD:
                return
            self._walking = True
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        way = here - self._last
        self._last = here
        scale = (FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0) / PIXELS_PER_SEED
        if not way.isNull():
            self.walked.emit(way.x() * scale, way.y() * scale)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The walk is done."""
        if self._press is not None and event.button() == Qt.MouseButton.LeftButton:
            self._finish_walk()
            return
        super().mouseReleaseEvent(event)

    def _walk_by_key(self, key: Qt.Key, *, fine: bool) -> bool:
        way = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }.get(key)
        if way is None or not self._walk_enabled or self.frame() is None:
            return False
        step = SEEDS_PER_KEY * (FINE if fine else 1.0)
        self._walking = True
        self._keys_at_rest.start()
        self.walked.emit(way[0] * step, way[1] * step)
        return True

    @Slot()
    def _finish_walk(self) -> None:
        self._keys_at_rest.stop()
        self._press = None
        if self._walking:
            self._walking = False
            self.unsetCursor()
            self.walkFinished.emit()

    # Comparing

    @Slot(bool)
    def setComparing(self, comparing: bool) -> None:
        """Show the badge that says: this is the picture before the edits."""
        if comparing != self._comparing:
            self._comparing = comparing
            self.update()

    def isComparing(self) -> bool:
        """Whether the badge is shown."""
        return self._comparing

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space compares, arrows walk, Escape closes the message."""
        key = Qt.Key(event.key())
        plain = not event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if key == Qt.Key.Key_Space and plain:
            if not event.isAutoRepeat() and not self._compare_held:
                self._compare_held = True
                self.comparePressed.emit()
            return
        if key == Qt.Key.Key_Escape and self._message.isVisible():
            self._message.dismiss()
            return
        if plain and self._walk_by_key(key, fine=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)):
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space up ends the comparison."""
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._release_compare()
            return
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The release of Space would go elsewhere: end the comparison, and a walk by keys."""
        super().focusOutEvent(event)
        self._release_compare()
        if self._press is None:
            self._finish_walk()

    def hideEvent(self, event: QHideEvent) -> None:
        """No gesture outlives the canvas being seen."""
        self._release_compare()
        self._finish_walk()
        super().hideEvent(event)

    def _release_compare(self) -> None:
        if self._compare_held:
            self._compare_held = False
            self.compareReleased.emit()

    # Files and menus

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say that the file is welcome."""
        if dropped_places(event.mimeData()):
            event.acceptProposedAction()
            self._set_drop_hover(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Calm again."""
        self._set_drop_hover(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Pass the paths on; nothing is read here."""
        self._set_drop_hover(False)
        places = dropped_places(event.mimeData())
        if places:
            event.acceptProposedAction()
            self.filesDropped.emit(places)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu, by mouse or by the Menu key."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        spot = self.mapToGlobal(self.rect().center()) if by_key else event.globalPos()
        self.contextMenuRequested.emit(spot)
        event.accept()

    def _set_drop_hover(self, hover: bool) -> None:
        self._drop_hover = hover
        self.update()

    # What lies over the picture

    def showFrame(self, frame: Frame) -> bool:
        """Show a frame; it ends the empty state, and a message that waited for it."""
        shown = super().showFrame(frame)
        if shown:
            self._empty.hide()
            if self._until_frame and frame.quality is Quality.FINAL:
                self.hideMessage()
        return shown

    def showMessage(
        self,
        title: str,
        hint: str = "",
        *,
        kind: Literal["info", "good", "warn", "error"] = "error",
        actions: Sequence[QAction] = (),
        details: str = "",
        until_frame: bool = False,
    ) -> None:
        """Lay a card over the picture.

        Args:
            title: one sentence: what happened.
            hint: what to do.
            kind: colours the icon.
            actions: become buttons; the caller keeps them.
            details: offered for copying.
            until_frame: take it away when the next sharp frame comes.
        """
        self._until_frame = until_frame
        self._message.show_message(title, hint, kind=kind, actions=actions, details=details)
        self._place()

    @Slot()
    def hideMessage(self) -> None:
        """Take the card away."""
        self._until_frame = False
        self._message.hide()

    def messageText(self) -> str:
        """The title of the message shown, else nothing."""
        return self._message.title() if not self._message.isHidden() else ""

    def showEmptyState(self, title: str, hint: str = "", actionText: str = "") -> None:
        """Say what to do while there is no picture; the next frame ends it."""
        self._empty.show_text(title, hint, actionText)
        self._place()

    @Slot()
    def hideEmptyState(self) -> None:
        """Take the empty state away."""
        self._empty.hide()

    def isEmptyStateShown(self) -> bool:
        """Whether the empty state is shown."""
        return not self._empty.isHidden()

    @Slot(str)
    def setBusy(self, text: str) -> None:
        """Show a small badge such as "Loading portraits"; an empty text takes it away."""
        if text != self._busy:
            self._busy = text
            self.update()

    def busyText(self) -> str:
        """The text of the badge."""
        return self._busy

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the cards in the middle."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        self._message.place_in(self.width(), self.height())
        self._empty.setGeometry(self.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, then badges and the welcome of a drop."""
        super().paintEvent(event)
        if not (self._comparing or self._busy or self._drop_hover):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = colours()
        if self._comparing:
            self._paint_badge(painter, self.tr("before"), tokens.warm, top=True)
        if self._busy:
            self._paint_badge(painter, self._busy, tokens.accent, top=False)
        if self._drop_hover:
            box = QRectF(self.rect()).adjusted(4, 4, -4, -4)
            painter.setBrush(colour(tokens.accent, alpha=0.12))
            painter.setPen(QPen(colour(tokens.accent), 2, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(box, 8, 8)
            self._paint_badge(painter, self.tr("Drop to open"), tokens.accent, top=True)
        painter.end()

    def _paint_badge(self, painter: QPainter, text: str, dot: str, *, top: bool) -> None:
        tokens = colours()
        painter.setFont(small_font(self.font()))
        metrics = painter.fontMetrics()
        width = min(metrics.horizontalAdvance(text) + 32, self.width() - 24)
        y = 12 if top else self.height() - 36
        box = QRectF(12.5, y + 0.5, width, 23)
        painter.setPen(QPen(colour(tokens.line), 1))
        painter.setBrush(colour(tokens.raised, alpha=0.95))
        painter.drawRoundedRect(box, 12, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(dot))
        painter.drawEllipse(QPointF(box.left() + 12, box.center().y()), 3.5, 3.5)
        painter.setPen(colour(tokens.text))
        words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(width) - 30)
        painter.drawText(
            box.adjusted(21, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words
        )


class _EmptyState(QWidget):
    """What to do first, in the middle of the empty canvas."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = QLabel(self)
        self._title.setProperty("heading", True)
        self._hint = QLabel(self)
        self._hint.setProperty("muted", True)
        self.button = QPushButton(self.tr("Begin"), self)
        self.button.setToolTip(self.tr("Begin here"))
        self.button.setObjectName("emptyStateAction")
        self.button.setProperty("primary", True)
        picture = ThemedIcon("image", size=48, role="muted", parent=self)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addStretch(1)
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self._title, self._hint):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(label)
        layout.addSpacing(8)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        self.hide()

    def show_text(self, title: str, hint: str, action: str) -> None:
        self._title.setText(title)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.button.setText(action or self.tr("Begin"))
        self.button.setToolTip(hint or title)
        self.button.setVisible(bool(action))
        self.setAccessibleName(title)
        self.show()
