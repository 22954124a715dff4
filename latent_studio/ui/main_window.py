"""MainWindow: on the screen at once, filled right after."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMainWindow, QMessageBox, QScrollArea, QWidget

from latent_studio.ui.dropped_files import dropped_places
from latent_studio.ui.measures import LEFT_WIDTH, MARGIN, RIGHT_WIDTH
from latent_studio.ui.theme import colour, colours
from latent_studio.ui.window_state import WindowState

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.canvas_views import CanvasViews
    from latent_studio.ui.docking import Docking
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.widgets.latent_canvas import LatentCanvas
    from latent_studio.ui.workbench import Prepare, Workbench

_SIZE = QSize(1480, 900)
_SMALLEST = QSize(880, 480)
_TOP, _BOTTOM = 34, 29
#: Controls that Tab passes over at the most; more than all panels behind others have.
_MOST_STOPS = 500


@dataclass(frozen=True, slots=True)
class FirstPaint:
    """When the window was painted for the first time.

    Attributes:
        seconds: ``time.monotonic()``.
        torch_is_imported: whether torch came before the window, which it must not.
    """

    seconds: float
    torch_is_imported: bool


class MainWindow(QMainWindow):
    """The window of one studio.

    Making and showing it needs little more than Qt, so it stands within a moment, with its empty panels.
    ``fill`` brings in everything else but torch, and ``open_model`` begins the heavy work on other threads.

    Args:
        studio: settings, paths and, later, the engine.
    """

    #: The window has painted itself for the first time.
    painted = Signal()

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._state = WindowState(studio.paths.config / "window.ini")
        self._bench: Workbench | None = None
        self._stuck: tuple[str, ...] = ()
        self.first_paint: FirstPaint | None = None
        self.setObjectName("main-window")
        self.setWindowTitle(self.tr("Latent Studio"))
        self.setMinimumSize(_SMALLEST)
        self.resize(_first_size(self.screen().availableSize()))
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self._state.restore_geometry(self)

    def fill(self, prepare: Prepare | None = None) -> None:
        """Put everything into the window and start its threads. Imports no torch.

        Args:
            prepare: called with the studio, once on each worker thread before its first work; by default it
                brings in torch and gives the thread its share of the machine.
        """
        from latent_studio.ui.computing import prepare_computing
        from latent_studio.ui.workbench import Workbench

        self._bench = Workbench(self, self._studio, prepare=prepare or prepare_computing)
        self._state.restore_layout(self)

    def open_model(self, name_or_path: str) -> None:
        """Begin to open a model; the first call brings in torch, off the GUI thread."""
        self._filled.context.models.open(name_or_path)

    @property
    def context(self) -> DockContext:
        """The parts of the window, as docks see them."""
        return self._filled.context

    @property
    def canvas(self) -> LatentCanvas:
        """The picture."""
        return self._filled.canvas

    @property
    def docking(self) -> Docking:
        """The docks."""
        return self._filled.docking

    @property
    def views(self) -> CanvasViews:
        """What can stand in the middle, the picture among them."""
        return self._filled.views

    @property
    def stuck_threads(self) -> tuple[str, ...]:
        """Names of threads that did not end when the window closed."""
        return self._stuck

    @property
    def _filled(self) -> Workbench:
        if self._bench is None:
            raise RuntimeError("the window is not filled yet")
        return self._bench

    # Events

    def event(self, event: QEvent) -> bool:
        """Tell when the window was painted for the first time."""
        done = super().event(event)
        if event.type() is QEvent.Type.Paint and self.first_paint is None:
            self.first_paint = FirstPaint(time.monotonic(), "torch" in sys.modules)
            # After this turn of the event loop the picture is on the screen.
            QTimer.singleShot(0, self.painted.emit)
        return done

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab passes over what nobody sees: Qt keeps panels behind others visible, out of the window."""
        for _ in range(_MOST_STOPS):
            if not super().focusNextPrevChild(next):
                return False
            if _is_brought_into_view(self.focusWidget()):
                return True
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        """The panels that will be there in a moment."""
        super().paintEvent(event)
        if self._bench is not None:
            return
        tokens = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(tokens.line), 1))
        painter.setBrush(colour(tokens.panel))
        height = self.height() - _TOP - _BOTTOM
        middle = self.width() - LEFT_WIDTH - RIGHT_WIDTH - 4 * MARGIN
        left = float(MARGIN)
        for width in (LEFT_WIDTH, middle, RIGHT_WIDTH):
            painter.drawRoundedRect(QRectF(left + 0.5, _TOP + 0.5, width - 1, height - 1), 8, 8)
            left += width + MARGIN
        painter.setPen(colour(tokens.muted))
        place = QRectF(2 * MARGIN + LEFT_WIDTH, _TOP, middle, height)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.tr("Starting"))
        painter.end()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and addresses are welcome all over the window."""
        if self._bench is not None and dropped_places(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take them."""
        places = dropped_places(event.mimeData())
        if places:
            event.acceptProposedAction()
            self._filled.take_files(places)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout, then cancel what runs and end the threads."""
        if self._bench is not None:
            failure = self._bench.documents.finish()
            if failure is not None and not self._asked_to_leave(failure):
                event.ignore()
                return
            self._state.save(self)
            # Waiting for a step to end looks like a window that hangs; it need not be seen.
            self.hide()
            self._stuck = self._bench.close()
        super().closeEvent(event)

    def _asked_to_leave(self, failure: Failure) -> bool:
        """Ask whether to quit although the document would be lost: the only question there is."""
        answer = QMessageBox.question(
            self,
            self.tr("Quit"),
            self.tr("{why} What is not saved would be lost. Quit nevertheless?").format(why=failure.title),
        )
        return answer is QMessageBox.StandardButton.Yes


def _is_brought_into_view(widget: QWidget | None) -> bool:
    """Scroll to a control, which Qt does only when Tab begins in the same scrolled panel."""
    if widget is None:
        return True
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()
    return not widget.visibleRegion().isEmpty()


def _first_size(screen: QSize) -> QSize:
    """As large as is comfortable, but no larger than the screen: nothing cuts a window down to it later."""
    return _SIZE.boundedTo(screen).expandedTo(_SMALLEST)
