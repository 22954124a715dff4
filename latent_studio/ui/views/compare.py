"""The comparison: what is shown now beside other steps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.core.render import Quality, RenderRequest
from latent_studio.ui.widgets.compare_canvas import MODES, CompareCanvas, CompareMode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent, QShowEvent

    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext

_CLIENT = "comparison"


class CompareView(QWidget):
    """Shows two to four states; the first follows the hand.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._comparison = context.comparison
        self._made: list[tuple[Session, NDArray[np.uint8]]] = []
        self._wished: dict[int, Session] = {}
        self._next_wish = 0
        self._canvas = CompareCanvas(self)
        self._canvas.setObjectName("compare-canvas")
        self._canvas.setToolTip(
            self.tr("Wipe: drag the line, or use the arrows. Flip: hold, or press Space.")
        )
        self.setFocusProxy(self._canvas)
        row = QHBoxLayout()
        row.setSpacing(6)
        texts = {
            "flip": (
                self.tr("A / B"),
                self.tr("One after the other: hold the mouse, or press Space, for B."),
            ),
            "wipe": (self.tr("Wipe"), self.tr("One over the other, with a line between them to drag.")),
            "side": (self.tr("Side by side"), self.tr("All of them at once.")),
            "difference": (self.tr("Difference"), self.tr("Where B differs from A; equal places are grey.")),
        }
        self._group = QButtonGroup(self)
        for mode in MODES:
            button = QToolButton(self)
            button.setText(texts[mode][0])
            button.setToolTip(texts[mode][1])
            button.setAccessibleName(texts[mode][0])
            button.setObjectName(f"compare-{mode}")
            button.setCheckable(True)
            button.setChecked(mode == self._canvas.mode())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(partial(self._set_mode, mode))
            self._group.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        self._keep = QPushButton(self.tr("Keep this"), self)
        self._keep.setObjectName("compare-keep")
        self._keep.setToolTip(self.tr("Keep the picture shown now beside what comes; up to four."))
        self._keep.clicked.connect(self._comparison.keep_shown)
        self._clear = QPushButton(self.tr("Clear"), self)
        self._clear.setObjectName("compare-clear")
        self._clear.setToolTip(self.tr("Forget the other pictures."))
        self._clear.clicked.connect(self._comparison.clear)
        row.addWidget(self._keep)
        row.addWidget(self._clear)
        self._hint = QLabel(
            self.tr(
                "Nothing to compare yet. Keep this picture and go on, or press C on a step of the history."
            ),
            self,
        )
        self._hint.setObjectName("compare-hint")
        self._hint.setProperty("muted", True)
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self._hint)
        layout.addWidget(self._canvas, 1)
        # Changes of the states come in bursts.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._show)
        self._comparison.changed.connect(self._later.start)
        context.renders.frame_ready.connect(self._take_frame)
        context.pictures.ready.connect(self._take_picture)
        context.models.model_changed.connect(self._forget)

    def canvas(self) -> CompareCanvas:
        """What paints the pictures."""
        return self._canvas

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up."""
        super().showEvent(event)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: wish for nothing."""
        super().hideEvent(event)
        self._wished = {}
        self._context.pictures.wish(_CLIENT, ())

    def _set_mode(self, mode: CompareMode, checked: bool = True) -> None:
        self._canvas.setMode(mode)

    @Slot()
    def _forget(self) -> None:
        self._made.clear()

    @Slot(object)
    def _take_frame(self, frame: Frame) -> None:
        renders = self._context.renders
        if frame.quality is Quality.FINAL and renders.is_sharp and not renders.is_comparing:
            self._keep_picture(self._context.store.session, frame)
        if self.isVisible():
            self._show()

    @Slot(str, object, object)
    def _take_picture(self, client: str, key: int, frame: Frame) -> None:
        if client == _CLIENT and key in self._wished:
            self._keep_picture(self._wished.pop(key), frame)
            self._show()

    def _keep_picture(self, session: Session, frame: Frame) -> None:
        alive = [self._comparison.session_of(state) for state in self._comparison.states]
        kept = [made for made in self._made if made[0] in alive and made[0] != session]
        self._made = [*kept, (session, frame.pixels)]

    def _pixels_of(self, session: Session) -> NDArray[np.uint8] | None:
        return next((pixels for made, pixels in self._made if made == session), None)

    @Slot()
    def _show(self) -> None:
        states = self._comparison.states
        renders = self._context.renders
        model = self._context.store.session.model
        pictures: list[tuple[str, NDArray[np.uint8] | None]] = []
        wanted: list[Session] = []
        for state in states:
            session = self._comparison.session_of(state)
            pixels = self._pixels_of(session)
            if pixels is None and state.session is None and renders.frame is not None:
                # While the hand moves, the preview will do.
                pixels = renders.frame.pixels
            elif pixels is None and session.model == model and model is not None:
                wanted.append(session)
            pictures.append((state.name, pixels))
        if self.isVisible() and wanted != list(self._wished.values()):
            self._wished = {self._next_wish + place: session for place, session in enumerate(wanted)}
            self._next_wish += len(wanted)
            self._context.pictures.wish(
                _CLIENT,
                [(key, RenderRequest.of(session, revision=0)) for key, session in self._wished.items()],
                priority=-1,
            )
        self._hint.setVisible(len(states) < 2)
        self._clear.setEnabled(len(states) > 1)
        self._keep.setEnabled(model is not None)
        self._canvas.setPictures(pictures)
