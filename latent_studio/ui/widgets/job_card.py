"""JobCard: one job: how far it is, how it ended, and what can be done about it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.ui.icons import set_icon
from latent_studio.ui.theme import colour, colours, number_font
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.overlay_card import ThemedIcon
from latent_studio.ui.widgets.progress_line import ProgressLine

_PREVIEW = 64


class JobCard(QWidget):
    """Title, bar, message and time left; then a result to open, or one sentence on what failed.

    Signals:
        cancelRequested: once per job.
        dismissed: the user closed a card whose job is over.
        openRequested: path of the result.
        copyRequested: what does the same without the window, as Python or else as a command.
    """

    cancelRequested = Signal()
    dismissed = Signal()
    openRequested = Signal(str)
    copyRequested = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = ""
        self._details = ""
        self._running = False
        self._preview = _Preview(self)
        self._icon = ThemedIcon("check", size=16, role="good", parent=self)
        self._title = ElidedLabel(parent=self)
        self._title.setObjectName("jobTitle")
        self._percent = QLabel(self)
        self._percent.setFont(number_font(self._percent.font()))
        self._percent.setProperty("muted", True)
        self._more = QToolButton(self)
        self._more.setObjectName("jobMore")
        self._more.setProperty("quiet", True)
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setToolTip(self.tr("What does the same without the window"))
        self._more.setAccessibleName(self.tr("Copy this job"))
        menu = QMenu(self._more)
        menu.setObjectName("jobMenu")
        for text, is_python in ((self.tr("Copy as command"), False), (self.tr("Copy as Python"), True)):
            menu.addAction(text).triggered.connect(partial(self._press_copy_job, is_python))
        self._more.setMenu(menu)
        set_icon(self._more, "more", size=14, role="muted")
        self._stop = QToolButton(self)
        self._stop.setObjectName("jobStop")
        self._stop.setProperty("quiet", True)
        self._stop.clicked.connect(self._press_stop)
        self._bar = ProgressLine(self)
        self._message = QLabel(self)
        self._message.setObjectName("jobMessage")
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setProperty("muted", True)
        self._message.setFont(number_font(self._message.font()))
        self._open = QPushButton(self.tr("Open folder"), self)
        self._open.setObjectName("jobOpen")
        self._open.setToolTip(self.tr("Show the file in its folder"))
        self._open.clicked.connect(self._press_open)
        self._copy = QPushButton(self.tr("Copy details"), self)
        self._copy.setObjectName("jobCopyDetails")
        self._copy.setToolTip(self.tr("Copy what the program knows about the failure"))
        self._copy.clicked.connect(self._press_copy)

        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._icon)
        head.addWidget(self._title, 1)
        head.addWidget(self._percent)
        head.addWidget(self._more)
        head.addWidget(self._stop)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._open)
        foot.addWidget(self._copy)
        foot.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addLayout(head)
        words.addWidget(self._bar)
        words.addWidget(self._message)
        words.addLayout(foot)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 10)
        layout.setSpacing(12)
        layout.addWidget(self._preview, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        # Not Maximum: that is the height of wide text, and a narrow dock needs more lines.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setJob("")

    def setJob(self, title: str) -> None:
        """Begin to show a job."""
        self._running, self._path, self._details = True, "", ""
        self._title.setText(title)
        self.setAccessibleName(title or self.tr("Job"))
        self._icon.hide()
        self._preview.setImage(QImage())
        self._bar.show()
        self._percent.show()
        self._open.hide()
        self._copy.hide()
        self._more.hide()
        self._set_stop(cancels=True)
        self.setProgress(None, "", None)

    def setCopyable(self, on: bool) -> None:
        """Offer to copy what does the same without the window."""
        self._more.setVisible(on)

    def title(self) -> str:
        """Which job it is."""
        return self._title.text()

    def message(self) -> str:
        """What the card says below the bar."""
        return self._message.text()

    def isRunning(self) -> bool:
        """Whether the job is not over."""
        return self._running

    def setProgress(self, fraction: float | None, message: str, eta_seconds: float | None = None) -> None:
        """Show how far it is; after the end nothing changes any more.

        Args:
            fraction: 0 to 1, ``None`` when nobody knows.
            message: what it is doing.
            eta_seconds: how long it will still take, if known.
        """
        if not self._running:
            return
        self._bar.setFraction(fraction)
        self._percent.setText("" if fraction is None else f"{int(fraction * 100)} %")
        if not self._stop.isEnabled():
            return  # "Stopping…" stays
        left = self.etaText(eta_seconds)
        self._message.setText(" · ".join(part for part in (message, left) if part))
        self._message.setVisible(bool(self._message.text()))

    def setPreview(self, image: QImage) -> None:
        """Show what it has so far; a null image shows none."""
        self._preview.setImage(image)

    def setResult(self, text: str, path: str | None = None) -> None:
        """It is done."""
        self._end("check", "good")
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self._path = path or ""
        self._open.setVisible(bool(path))
        self._open.setToolTip(path or "")

    def setCancelled(self, text: str = "") -> None:
        """It was stopped by the user."""
        self._end("cancel", "muted")
        self._message.setText(text or self.tr("Cancelled."))
        self._message.show()

    def setFailed(self, title: str, hint: str = "", details: str = "") -> None:
        """It failed: one sentence and what to do."""
        self._end("error", "bad")
        self._message.setText(f"{title} {hint}".strip())
        self._message.show()
        self._details = details
        self._copy.setVisible(bool(details))

    def etaText(self, seconds: float | None) -> str:
        """Time left in words; nothing when unknown."""
        if seconds is None or not 0 <= seconds < 360_000:
            return ""
        if seconds < 90:
            return self.tr("{n} s left").format(n=max(1, round(seconds)))
        if seconds < 5400:
            return self.tr("{n} min left").format(n=round(seconds / 60))
        return self.tr("{n} h left").format(n=round(seconds / 3600))

    def _end(self, name: str, role: str) -> None:
        self._running = False
        match role:
            case "good":
                self._icon.setDrawing(name, "good")
            case "bad":
                self._icon.setDrawing(name, "bad")
            case _:
                self._icon.setDrawing(name, "muted")
        self._icon.show()
        self._bar.hide()
        self._percent.hide()
        self._set_stop(cancels=False)

    def _set_stop(self, *, cancels: bool) -> None:
        self._stop.setEnabled(True)
        words = self.tr("Cancel; what is done so far is kept") if cancels else self.tr("Dismiss")
        self._stop.setToolTip(words)
        self._stop.setAccessibleName(self.tr("Cancel") if cancels else self.tr("Dismiss"))
        set_icon(self._stop, "close", size=14, role="muted")

    @Slot()
    def _press_stop(self) -> None:
        if not self._running:
            self.dismissed.emit()
            return
        self._stop.setEnabled(False)
        self._message.setText(self.tr("Stopping…"))
        self._message.show()
        self.cancelRequested.emit()

    @Slot()
    def _press_open(self) -> None:
        self.openRequested.emit(self._path)

    def _press_copy_job(self, is_python: bool, _checked: bool = False) -> None:
        self.copyRequested.emit(is_python)

    @Slot()
    def _press_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised card."""
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(tokens.line), 1))
        painter.setBrush(colour(tokens.ground))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.end()


class _Preview(QWidget):
    """A small rounded picture; hidden while there is none."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setFixedSize(QSize(_PREVIEW, _PREVIEW))
        self.setAccessibleName(self.tr("Preview"))

    def setImage(self, image: QImage) -> None:
        self._image = image
        self.setVisible(not image.isNull())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        size = QSize(self._image.size()).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        box = QRectF(0, 0, size.width(), size.height())
        box.moveCenter(QRectF(self.rect()).center())
        path = QPainterPath()
        path.addRoundedRect(box, 6, 6)
        painter.setClipPath(path)
        painter.drawImage(box, self._image)
        painter.end()
