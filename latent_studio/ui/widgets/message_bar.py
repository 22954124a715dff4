"""MessageBar: news above the canvas, one at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from latent_studio.ui.icons import Role, set_icon
from latent_studio.ui.theme import colours, mixed, number_font
from latent_studio.ui.widgets.overlay_card import KINDS, ThemedIcon

MessageKind = Literal["info", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Message:
    """One piece of news.

    Attributes:
        kind: colours it.
        title: one sentence.
        hint: what to do.
        details: to be copied.
        timeout_ms: when it goes by itself; ``None`` stays until closed.
        times: how often it was said.
    """

    kind: MessageKind
    title: str
    hint: str = ""
    details: str = ""
    timeout_ms: int | None = None
    times: int = 1

    def says(self) -> tuple[str, str, str]:
        """What makes two messages the same."""
        return self.kind, self.title, self.hint


class MessageBar(QWidget):
    """Shows the first message of a queue. The same text again only counts up.

    Signals:
        closed: a message went: by the user, by Escape, by its time.
    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue: list[Message] = []
        self._icon = ThemedIcon("info", size=16, role="accent", parent=self)
        self._title = QLabel(self)
        self._title.setObjectName("messageTitle")
        self._hint = QLabel(self)
        self._hint.setProperty("muted", True)
        for label in (self._title, self._hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._counts = QLabel(self)
        self._counts.setObjectName("messageCounts")
        self._counts.setProperty("muted", True)
        self._counts.setFont(number_font(self._counts.font()))
        self._copy = QPushButton(self.tr("Copy details"), self)
        self._copy.setObjectName("messageCopyDetails")
        self._copy.setToolTip(self.tr("Copy what the program knows about it"))
        self._copy.setProperty("quiet", True)
        self._copy.clicked.connect(self._press_copy)
        self._close = QToolButton(self)
        self._close.setObjectName("messageClose")
        self._close.setProperty("quiet", True)
        self._close.setAccessibleName(self.tr("Dismiss message"))
        self._close.setToolTip(self.tr("Dismiss (Esc)"))
        set_icon(self._close, "close", size=14, role="muted")
        self._close.clicked.connect(self.dismiss)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._hint)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 7, 8, 7)
        layout.setSpacing(10)
        layout.addWidget(self._icon)
        layout.addLayout(words, 1)
        layout.addWidget(self._counts)
        layout.addWidget(self._copy)
        layout.addWidget(self._close)
        self._time = QTimer(self)
        self._time.setSingleShot(True)
        self._time.timeout.connect(self.dismiss)
        # Not Maximum: that is the height of wide text, and a narrow window needs more lines.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(self.tr("Messages"))
        self.hide()

    def showMessage(
        self,
        kind: MessageKind,
        title: str,
        hint: str = "",
        details: str = "",
        timeout_ms: int | None = None,
    ) -> None:
        """Say something, after what is waiting already; the same text shows once with a counter.

        News that would go by itself makes way for what is newer, and what failed goes before the rest: nobody
        should wait for "Saved" to learn that the disk is full.

        Args:
            kind: info, good, warn or bad.
            title: one sentence.
            hint: what to do.
            details: offered for copying.
            timeout_ms: when it goes by itself; ``None`` stays until closed.
        """
        news = Message(kind, title, hint, details, timeout_ms)
        for place, old in enumerate(self._queue):
            if old.says() == news.says():
                self._queue[place] = replace(news, times=old.times + 1, details=details or old.details)
                break
        else:
            self._queue = [old for old in self._queue if old.timeout_ms is None]
            failed = sum(old.kind == "bad" for old in self._queue)
            self._queue.insert(failed if kind == "bad" else len(self._queue), news)
        self._show_first()

    def current(self) -> Message | None:
        """The message shown."""
        return self._queue[0] if self._queue else None

    def waiting(self) -> int:
        """How many messages come after it."""
        return max(0, len(self._queue) - 1)

    @Slot()
    def dismiss(self) -> None:
        """Close the message shown; the next one takes its place."""
        if self._queue:
            self._queue.pop(0)
            self._show_first()
            self.closed.emit()

    @Slot()
    def clear(self) -> None:
        """Close all."""
        self._queue.clear()
        self._show_first()

    def _show_first(self) -> None:
        self._time.stop()
        news = self.current()
        if news is None:
            self.hide()
            return
        name, role = _drawing_of(news.kind)
        self._icon.setDrawing(name, role)
        self._title.setText(news.title)
        self._hint.setText(news.hint)
        self._hint.setVisible(bool(news.hint))
        counts = [f"×{news.times}"] if news.times > 1 else []
        if self.waiting():
            counts.append(self.tr("{n} more").format(n=self.waiting()))
        self._counts.setText("  ".join(counts))
        self._counts.setVisible(bool(counts))
        self._copy.setVisible(bool(news.details))
        self.setAccessibleDescription(f"{news.title} {news.hint}".strip())
        if news.timeout_ms is not None:
            self._time.start(news.timeout_ms)
        self.show()
        self.update()

    @Slot()
    def _press_copy(self) -> None:
        news = self.current()
        if news is not None:
            QGuiApplication.clipboard().setText(news.details)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape dismisses."""
        if event.key() == Qt.Key.Key_Escape and self._queue:
            self.dismiss()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card with a tint and an edge of its kind."""
        news = self.current()
        if news is None:
            return
        tokens = colours()
        tone = getattr(tokens, _drawing_of(news.kind)[1])
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(mixed(tokens.line, tone, share=0.35), 1))
        painter.setBrush(mixed(tokens.panel, tone, share=0.07))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.end()


def _drawing_of(kind: str) -> tuple[str, Role]:
    return KINDS[kind]
