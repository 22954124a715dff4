"""The comparison: what is shown now beside other steps, and in other models."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.app.beside import open_beside, session_beside
from latent_studio.core.render import Frame, Quality, RenderRequest
from latent_studio.ui.failures import Failure
from latent_studio.ui.model_menus import choose_model
from latent_studio.ui.widgets.compare_canvas import MODES, CompareCanvas, CompareMode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent, QShowEvent

    from latent_studio.app.beside import BesideModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext

_CLIENT = "comparison"


class CompareView(QWidget):
    """Shows two to four states or models; the first follows the hand, and so do other models once it rests.

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
        #: What each other model was last asked for, and whether that is on its way.
        self._beside: dict[str, tuple[Session, bool]] = {}
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
        self._models = QToolButton(self)
        self._models.setObjectName("compare-model")
        self._models.setText(self.tr("Model"))
        self._models.setAccessibleName(self.tr("Compare with a model"))
        self._models.setToolTip(
            self.tr("Show the same latent in another model beside this one; up to four pictures in all.")
        )
        self._models.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._models.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill_models)
        self._models.setMenu(self._menu)
        row.addWidget(self._models)
        row.addWidget(self._keep)
        row.addWidget(self._clear)
        self._hint = QLabel(
            self.tr(
                "Nothing to compare yet. Keep this picture and go on, press C on a step of the history, "
                "or show another model beside this one."
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
        context.pictures.computed.connect(self._take_beside)
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

    # Other models

    @Slot()
    def _fill_models(self) -> None:
        from latent_studio.checkpoints.bundled import bundled_models

        self._menu.clear()
        models, open_model = self._context.models, self._context.models.model
        names = dict.fromkeys((*bundled_models(), *models.library))
        places = [(name, name) for name in names]
        places += [(recent.name, str(recent.path)) for recent in models.recents if recent.name not in names]
        for name, place in places:
            if open_model is not None and name == open_model.ref.name:
                continue
            action = self._menu.addAction(name.replace("&", "&&"))
            action.setToolTip(place)
            action.triggered.connect(partial(self.open_beside, place))
        self._menu.addAction(self.tr("Choose a file…")).triggered.connect(self._choose_beside)
        self._menu.setEnabled(open_model is not None)

    @Slot()
    def _choose_beside(self) -> None:
        path = choose_model(self._context.models, self, title=self.tr("Compare with a model"))
        if path:
            self.open_beside(path)

    def open_beside(self, name_or_path: str, *_: object) -> None:
        """Open a model beside the open one, in a job; its picture follows the hand."""
        if self._context.models.model is None:
            return
        self._context.jobs.start(
            self.tr("Open {name} beside").format(name=Path(name_or_path).stem),
            partial(_open_beside, self._context.studio, name_or_path),
            on_done=self._comparison.add_model,
            on_failed=self._context.messages.failure,
            quiet=True,
        )

    def _beside_session(self, beside: BesideModel) -> tuple[Session, str]:
        model = self._context.models.model
        assert model is not None  # noqa: S101 -- asked for only while one is open
        return session_beside(self._context.store.session, model.spec, other=beside.spec, ref=beside.ref)

    def _ask_beside(self, beside: BesideModel, session: Session) -> None:
        """Have the other model draw a state, once the hand rests: one picture of each model at a time."""
        sha256 = beside.ref.sha256
        asked = self._beside.get(sha256)
        if not self.isVisible() or (asked is not None and (asked[1] or asked[0] == session)):
            return
        if not self._context.renders.is_sharp:
            return
        self._beside[sha256] = (session, True)
        request = RenderRequest.of(session, revision=0)
        self._context.pictures.compute(
            ("beside", sha256, session), partial(beside.engine.render_final, request)
        )

    @Slot(object, object)
    def _take_beside(self, token: object, outcome: object) -> None:
        if not (isinstance(token, tuple) and token[0] == "beside"):
            return
        _, sha256, session = token
        self._beside[sha256] = (session, False)
        if isinstance(outcome, Failure):
            self._context.messages.failure(outcome)
        elif isinstance(outcome, Frame):
            self._keep_picture(session, outcome)
        self._show()

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
        alive = [
            self._comparison.session_of(state) for state in self._comparison.states if state.beside is None
        ]
        # The latest picture of each other model stays until its next one is there.
        beside = {state.beside.ref for state in self._comparison.states if state.beside is not None}
        kept = [
            made
            for made in self._made
            if made[0] != session
            and (made[0] in alive or (made[0].model in beside and made[0].model != session.model))
        ]
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
            if state.beside is not None:
                if self._context.models.model is not None:
                    shown, words = self._beside_session(state.beside)
                    latest = next((p for made, p in self._made if made.model == state.beside.ref), None)
                    pictures.append((f"{state.name}: {words}", latest))
                    self._ask_beside(state.beside, shown)
                continue
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


def _open_beside(
    studio: Studio, name_or_path: str, progress: ProgressSink, cancel: CancelToken
) -> BesideModel:
    return open_beside(studio, name_or_path, progress, cancel)
