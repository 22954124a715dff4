"""MainWindow: places the canvas, the docks and the menus; what they do is done by the controllers."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QMainWindow,
    QMenu,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.app.store import SessionStore
from latent_studio.ui.actions import Actions
from latent_studio.ui.api import DockContext
from latent_studio.ui.canvas_controller import CanvasController
from latent_studio.ui.computing import prepare_computing
from latent_studio.ui.dock_catalog import DockEntry, bundled_docks
from latent_studio.ui.event_log import EventLog, wanted_path
from latent_studio.ui.history_actions import HistoryActions
from latent_studio.ui.icons import icon
from latent_studio.ui.job_thread import JobThread
from latent_studio.ui.messages import Messages
from latent_studio.ui.model_menus import ModelMenus
from latent_studio.ui.model_opener import ModelOpener
from latent_studio.ui.picture_saver import PictureSaver
from latent_studio.ui.render_controller import RenderController
from latent_studio.ui.render_thread import RenderThread
from latent_studio.ui.seed_controller import SeedController
from latent_studio.ui.session_bridge import SessionBridge
from latent_studio.ui.status_line import StatusLine
from latent_studio.ui.theme_controller import ThemeController
from latent_studio.ui.thumbnails import Thumbnails
from latent_studio.ui.widgets.command_palette import CommandPalette
from latent_studio.ui.widgets.latent_canvas import LatentCanvas
from latent_studio.ui.widgets.message_bar import MessageBar
from latent_studio.ui.widgets.panel import PADDING_X, PADDING_Y, Panel
from latent_studio.ui.widgets.panel_dock import PanelDock
from latent_studio.ui.widgets.shortcuts_sheet import ShortcutsSheet
from latent_studio.ui.window_state import WindowState

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.app.studio import Studio
    from latent_studio.ui.widgets.message_bar import MessageKind

log = logging.getLogger(__name__)

_SIZE = QSize(1480, 900)
_SMALLEST = QSize(880, 480)
_MARGIN = 8
_LEFT_WIDTH, _RIGHT_WIDTH = 290, 350
_LEAST_HEIGHT = 80


class MainWindow(QMainWindow):
    """The window of one studio. Making it imports no torch; ``open_model`` begins the heavy work.

    Args:
        studio: settings, paths and, later, the engine.
        prepare: called with the studio, once on each worker thread before its first work.
    """

    #: The window has painted itself for the first time.
    painted = Signal()

    def __init__(self, studio: Studio, *, prepare: Callable[[Studio], None] = prepare_computing) -> None:
        super().__init__()
        self._studio = studio
        self._was_painted = False
        self._stuck: tuple[str, ...] = ()
        self.setObjectName("main-window")
        self.setWindowTitle(self.tr("Latent Studio"))
        self.setWindowIcon(icon("app", size=64))
        self.setMinimumSize(_SMALLEST)
        self.resize(_SIZE)
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setContentsMargins(_MARGIN, 0, _MARGIN, 0)

        self._store = SessionStore()
        self._bridge = SessionBridge(self._store, self)
        self._messages = Messages(self)
        self._renders_thread = RenderThread(
            lambda: studio.engine, prepare=partial(prepare, studio), parent=self
        )
        self._jobs = JobThread(prepare=partial(prepare, studio), parent=self)
        self._renders = RenderController(
            self._store, bridge=self._bridge, thread=self._renders_thread, parent=self
        )
        self._thumbnails = Thumbnails(
            self._store,
            bridge=self._bridge,
            renders=self._renders,
            thread=self._renders_thread,
            parent=self,
        )
        self._models = ModelOpener(
            studio,
            store=self._store,
            jobs=self._jobs,
            renders=self._renders,
            thread=self._renders_thread,
            parent=self,
        )
        self._actions = Actions(self)
        self._context = DockContext(
            store=self._store,
            bridge=self._bridge,
            models=self._models,
            renders=self._renders,
            thumbnails=self._thumbnails,
            jobs=self._jobs,
            messages=self._messages,
            actions=self._actions,
            model_menus=ModelMenus(self._models, self),
            studio=studio,
        )
        self._state = WindowState(studio.paths.config / "window.ini")

        self._canvas = LatentCanvas(self)
        self._canvas.setObjectName("canvas")
        self._canvas_controller = CanvasController(
            self._canvas,
            store=self._store,
            renders=self._renders,
            models=self._models,
            messages=self._messages,
        )
        self._message_bar = MessageBar(self)
        self.setCentralWidget(self._make_centre())
        self._docks = self._make_docks()
        self._status = StatusLine(self._jobs, self)
        self.setStatusBar(self._status)
        self._palette = CommandPalette(self)
        self._sheet = ShortcutsSheet(self)
        self._make_menus()
        HistoryActions(self._store, bridge=self._bridge, actions=self._actions, parent=self)
        SeedController(self._store, actions=self._actions, parent=self)
        PictureSaver(self._context, self)
        ThemeController(studio, actions=self._actions, messages=self._messages, parent=self)
        self._connect()
        self._log = self._start_event_log()
        self._apply_first_layout()
        self._state.restore(self)
        self._show_model_actions()

    @property
    def context(self) -> DockContext:
        """The parts of the window, as docks see them."""
        return self._context

    @property
    def canvas(self) -> LatentCanvas:
        """The picture."""
        return self._canvas

    @property
    def stuck_threads(self) -> tuple[str, ...]:
        """Names of threads that did not end when the window closed."""
        return self._stuck

    def dock(self, id: str) -> PanelDock:
        """One of the docks by its id in the catalogue."""
        return self._docks[id]

    def open_model(self, name_or_path: str) -> None:
        """Begin to open a model; the first call brings in torch, off the GUI thread."""
        self._models.open(name_or_path)

    # Building

    def _make_centre(self) -> QWidget:
        panel = Panel(self.tr("Canvas"), self)
        panel.setObjectName("canvas-panel")
        for name in ("compare", "zoom_out", "zoom_in", "zoom_actual", "zoom_fit"):
            panel.addHeaderWidget(self._small_button(self._actions[name], panel))
        panel.contentLayout().addWidget(self._canvas, 1)
        centre = QWidget(self)
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_MARGIN)
        layout.addWidget(self._message_bar)
        layout.addWidget(panel, 1)
        return centre

    def _small_button(self, action: QAction, parent: QWidget) -> QToolButton:
        button = QToolButton(parent)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setProperty("quiet", True)
        button.setObjectName(f"button-{action.objectName()}")
        button.setAccessibleName(action.text())
        return button

    def _make_docks(self) -> dict[str, PanelDock]:
        for corner, area in (
            (Qt.Corner.TopLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
            (Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
            (Qt.Corner.TopRightCorner, Qt.DockWidgetArea.RightDockWidgetArea),
            (Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea),
        ):
            self.setCorner(corner, area)
        docks = {}
        for entry in bundled_docks():
            dock = PanelDock(entry.title, self)
            dock.setObjectName(f"dock-{entry.id}")
            if entry.is_shown:
                self._fill_dock(dock, entry)
            else:
                # Its content is made when it is first seen, so that the window comes sooner.
                dock.visibilityChanged.connect(partial(self._fill_dock, dock, entry))
            toggle = dock.toggleViewAction()
            toggle.setObjectName(f"action-dock-{entry.id}")
            toggle.setToolTip(self.tr("Show or hide the panel {title}.").format(title=entry.title))
            toggle.setStatusTip(toggle.toolTip())
            toggle.setShortcut(QKeySequence(entry.shortcut))
            docks[entry.id] = dock
        return docks

    def _fill_dock(self, dock: PanelDock, entry: DockEntry, visible: bool = True) -> None:
        if visible and dock.widget() is None:
            content = entry.make_content(self._context)
            dock.setWidget(_scrolling(content) if entry.scrolls else content)

    def _apply_first_layout(self) -> None:
        entries = bundled_docks()
        for entry in entries:
            dock = self._docks[entry.id]
            dock.setFloating(False)
            self.addDockWidget(entry.area, dock)
            dock.setVisible(entry.is_shown)
        for area, width in (
            (Qt.DockWidgetArea.LeftDockWidgetArea, _LEFT_WIDTH),
            (Qt.DockWidgetArea.RightDockWidgetArea, _RIGHT_WIDTH),
        ):
            column = [entry for entry in entries if entry.area is area and entry.is_shown]
            docks = [self._docks[entry.id] for entry in column]
            self.resizeDocks(docks, self._heights_of(column), Qt.Orientation.Vertical)
            self.resizeDocks(docks[:1], [width], Qt.Orientation.Horizontal)

    def _heights_of(self, column: list[DockEntry]) -> list[int]:
        """First heights of docks above each other. Qt scales what does not add up, so this does."""
        bars = self.menuBar().sizeHint().height() + self.statusBar().sizeHint().height()
        room = self.height() - bars - _MARGIN * (len(column) - 1)
        wanted = [
            entry.height or self._docks[entry.id].sizeHint().height()
            for entry in column
            if entry.height is not None
        ]
        rest = max(_LEAST_HEIGHT, room - sum(wanted))
        heights = iter(wanted)
        return [rest if entry.height is None else next(heights) for entry in column]

    def _make_menus(self) -> None:
        bar = self.menuBar()
        self._menu(
            self.tr("&File"),
            "open_model",
            "*library",
            "*recent",
            "",
            "save_picture",
            "copy_picture",
            "",
            "quit",
        )
        self._menu(self.tr("&Edit"), "undo", "redo", "", "reset_edits")
        view = self._menu(
            self.tr("&View"),
            "zoom_in", "zoom_out", "zoom_fit", "zoom_actual", "",
            "compare", "",
            "theme_system", "theme_dark", "theme_light", "",
            "full_screen",
        )  # fmt: skip
        view.addSeparator()
        for dock in self._docks.values():
            view.addAction(dock.toggleViewAction())
        view.addSeparator()
        view.addAction(self._actions["reset_layout"])
        self._menu(self.tr("&Model"), "random_seed", "next_seed", "previous_seed", "snap_seed")
        self._menu(self.tr("&Directions"), "filter_sliders", "sigma_unit", "", "reset_edits")
        self._menu(self.tr("E&xport"), "export_gif", "save_picture")
        self._menu(self.tr("&Help"), "command_palette", "shortcuts", "", "about")
        finder = QPushButton(self.tr("Find any action   Ctrl+K"), bar)
        finder.setObjectName("find-action")
        finder.setToolTip(self._actions["command_palette"].toolTip())
        finder.clicked.connect(self._actions["command_palette"].trigger)
        bar.setCornerWidget(finder, Qt.Corner.TopRightCorner)

    def _menu(self, title: str, *names: str) -> QMenu:
        menu = self.menuBar().addMenu(title)
        menu.setObjectName(f"menu-{title.replace('&', '').lower()}")
        menu.setToolTipsVisible(True)
        menus = self._context.model_menus
        for name in names:
            match name:
                case "":
                    menu.addSeparator()
                case "*library":
                    menu.addMenu(menus.library)
                case "*recent":
                    menu.addMenu(menus.recent)
                case _:
                    menu.addAction(self._actions[name])
        return menu

    def _connect(self) -> None:
        actions, canvas = self._actions, self._canvas
        actions["open_model"].triggered.connect(self._ask_for_model)
        canvas.emptyActionTriggered.connect(actions["open_model"].trigger)
        actions["quit"].triggered.connect(self.close)
        actions["reset_edits"].triggered.connect(self._store.clear_edits)
        actions["zoom_in"].triggered.connect(canvas.zoomIn)
        actions["zoom_out"].triggered.connect(canvas.zoomOut)
        actions["zoom_fit"].triggered.connect(canvas.zoomFit)
        actions["zoom_actual"].triggered.connect(canvas.zoomActual)
        actions["compare"].toggled.connect(self._canvas_controller.set_comparing)
        actions["full_screen"].toggled.connect(self._set_full_screen)
        actions["reset_layout"].triggered.connect(self._apply_first_layout)
        actions["sigma_unit"].setChecked(True)
        actions["export_gif"].triggered.connect(self._show_export)
        actions["command_palette"].triggered.connect(self._show_palette)
        actions["shortcuts"].triggered.connect(self._show_shortcuts)
        actions["about"].triggered.connect(self._show_about)
        canvas.contextMenuRequested.connect(self._show_canvas_menu)
        self._messages.posted.connect(self._show_message)
        self._renders.timings_changed.connect(self._status.showTimings)
        self._renders_thread.stats_ready.connect(self._status.showStats)
        self._status.jobsRequested.connect(self._show_jobs)
        self._models.model_changed.connect(self._take_model)
        self._bridge.session_changed.connect(self._show_model_actions)

    def _start_event_log(self) -> EventLog | None:
        path = wanted_path()
        if path is None:
            return None
        events = EventLog(Path(path), self)
        self.painted.connect(events.painted)
        self._canvas.frameShown.connect(events.frame)
        self._bridge.session_changed.connect(events.session)
        self._models.model_changed.connect(events.model)
        self._models.failed.connect(events.failure)
        self._renders.failed.connect(events.failure)
        self._jobs.started.connect(events.job_started)
        self._jobs.progressed.connect(events.job_progressed)
        self._jobs.done.connect(events.job_done)
        self._jobs.failed.connect(events.job_failed)
        self._jobs.cancelled.connect(events.job_cancelled)
        return events

    # What the window itself does

    @Slot()
    def _ask_for_model(self) -> None:
        recents = self._models.recents
        folder = str(recents[0].path.parent) if recents else ""
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Open model"),
            folder,
            self.tr("Models (*.safetensors *.pkl);;All files (*)"),
        )
        if chosen:
            self._models.open(chosen)

    @Slot(object)
    def _take_model(self, model: object) -> None:
        self._status.setReason(self._studio.engine.choice.reason)
        name = self._models.model.ref.name if self._models.model is not None else ""
        self.setWindowTitle(self.tr("{name} – Latent Studio").format(name=name))

    @Slot()
    def _show_model_actions(self) -> None:
        """What needs a picture is greyed out without one; nothing is because something renders."""
        session = self._store.session
        has_model = session.model is not None
        for name in (
            "save_picture", "copy_picture", "compare", "random_seed", "next_seed", "previous_seed",
            "snap_seed", "export_gif",
        ):  # fmt: skip
            self._actions[name].setEnabled(has_model)
        self._actions["reset_edits"].setEnabled(len(session.edits) > 0)

    @Slot(str, str, str, str, object)
    def _show_message(self, kind: str, title: str, hint: str, details: str, timeout_ms: object) -> None:
        self._message_bar.showMessage(
            cast("MessageKind", kind),
            title,
            hint,
            details,
            timeout_ms if isinstance(timeout_ms, int) else None,
        )

    @Slot(bool)
    def _set_full_screen(self, on: bool) -> None:
        state = self.windowState()
        full = Qt.WindowState.WindowFullScreen
        self.setWindowState(state | full if on else state & ~full)

    @Slot()
    def _show_export(self) -> None:
        self._show_dock("export")

    @Slot()
    def _show_jobs(self) -> None:
        self._show_dock("jobs")

    def _show_dock(self, id: str) -> None:
        dock = self._docks[id]
        dock.show()
        dock.raise_()
        content = dock.widget()
        if content is not None:
            content.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def _show_palette(self) -> None:
        groups = self._grouped_actions()
        self._palette.setActions((group, action) for group, actions in groups.items() for action in actions)
        self._palette.openOverlay()

    def _grouped_actions(self) -> dict[str, list[QAction]]:
        toggles = [dock.toggleViewAction() for dock in self._docks.values()]
        return {**self._actions.by_group(), self.tr("Panels"): toggles}

    @Slot()
    def _show_shortcuts(self) -> None:
        self._sheet.setShortcuts(
            [
                (
                    group,
                    [
                        (action.text(), action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
                        for action in actions
                        if not action.shortcut().isEmpty()
                    ],
                )
                for group, actions in self._grouped_actions().items()
            ]
        )
        self._sheet.openOverlay()

    @Slot()
    def _show_about(self) -> None:
        # Rarely wanted, and its list of packages is slow to import.
        from latent_studio.ui.about import AboutDialog

        AboutDialog(self).open()

    @Slot(QPoint)
    def _show_canvas_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in (
            "save_picture",
            "copy_picture",
            "",
            "compare",
            "zoom_fit",
            "",
            "random_seed",
            "export_gif",
        ):
            if name:
                menu.addAction(self._actions[name])
            else:
                menu.addSeparator()
        menu.popup(place)

    # Events

    def event(self, event: QEvent) -> bool:
        """Tell when the window was painted for the first time."""
        done = super().event(event)
        if event.type() is QEvent.Type.Paint and not self._was_painted:
            self._was_painted = True
            # After this turn of the event loop the picture is on the screen.
            QTimer.singleShot(0, self.painted.emit)
        return done

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file is welcome all over the window."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first file."""
        for url in event.mimeData().urls():
            if url.isLocalFile():
                event.acceptProposedAction()
                self._canvas_controller.take_file(url.toLocalFile())
                return

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel what runs, remember the layout, end the threads."""
        self._state.save(self)
        threads = (self._jobs, self._renders_thread)
        self._bridge.close()
        self._stuck = tuple(thread.name for thread in threads if not thread.close())
        for name in self._stuck:
            log.error("The %s thread did not end in time.", name)
        if self._log is not None:
            self._log.write("closed", stuck=list(self._stuck))
            self._log.close()
        super().closeEvent(event)


def _scrolling(content: QWidget) -> QScrollArea:
    layout = content.layout()
    if layout is not None:
        layout.setContentsMargins(PADDING_X, 4, PADDING_X, PADDING_Y + 3)
    content.setObjectName("scrollContent")
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusProxy(content)
    area.setWidget(content)
    return area
