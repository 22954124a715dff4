"""Workbench: makes the parts of the window and connects them; the parts do the work."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from latent_studio.app.open_document import OpenDocument
from latent_studio.app.store import SessionStore
from latent_studio.ui.actions import Actions
from latent_studio.ui.api import DockContext
from latent_studio.ui.canvas_controller import CanvasController
from latent_studio.ui.canvas_views import CanvasViews
from latent_studio.ui.command_log import CommandLog
from latent_studio.ui.comparison import Comparison
from latent_studio.ui.direction_shelf import DirectionShelf
from latent_studio.ui.docking import Docking
from latent_studio.ui.document_controller import DocumentController
from latent_studio.ui.document_writer import DocumentWriter
from latent_studio.ui.dropped_files import DroppedFiles
from latent_studio.ui.event_log import open_event_log
from latent_studio.ui.history_actions import HistoryActions
from latent_studio.ui.icons import icon
from latent_studio.ui.job_thread import JobThread
from latent_studio.ui.latent_opener import LatentOpener
from latent_studio.ui.library import Library
from latent_studio.ui.measures import MARGIN
from latent_studio.ui.menus import fill_menu_bar
from latent_studio.ui.messages import Messages
from latent_studio.ui.model_blender import ModelBlender
from latent_studio.ui.model_menus import ModelMenus
from latent_studio.ui.model_opener import ModelOpener
from latent_studio.ui.navigation import Navigation
from latent_studio.ui.pad_axes import PadAxes
from latent_studio.ui.panel_walk import PanelWalk
from latent_studio.ui.photo_desk import PhotoDesk
from latent_studio.ui.photo_drops import PhotoDrops
from latent_studio.ui.picture_saver import PictureSaver
from latent_studio.ui.plugin_bridge import PluginBridge
from latent_studio.ui.plugin_docks import PluginDocks
from latent_studio.ui.plugins import Plugins
from latent_studio.ui.predictors import Predictors
from latent_studio.ui.preferences import Preferences
from latent_studio.ui.recipe_opener import RecipeOpener
from latent_studio.ui.render_controller import RenderController
from latent_studio.ui.render_thread import RenderThread
from latent_studio.ui.safety_line import SafetyLine
from latent_studio.ui.seed_controller import SeedController
from latent_studio.ui.self_test import SelfTest
from latent_studio.ui.session_bridge import SessionBridge
from latent_studio.ui.setting_twins import SettingTwins
from latent_studio.ui.settings_opener import SettingsOpener
from latent_studio.ui.shortcuts import Shortcuts
from latent_studio.ui.small_pictures import SmallPictures
from latent_studio.ui.state_code_copier import StateCodeCopier
from latent_studio.ui.status_line import StatusLine
from latent_studio.ui.theme_controller import ThemeController
from latent_studio.ui.thumbnails import Thumbnails
from latent_studio.ui.widgets.latent_canvas import LatentCanvas
from latent_studio.ui.widgets.message_bar import MessageBar
from latent_studio.ui.widgets.panel import Panel
from latent_studio.ui.window_controller import WindowController

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latent_studio.app.studio import Studio
    from latent_studio.ui.main_window import MainWindow

    #: Readies the calling worker thread for computing.
    Prepare = Callable[[Studio], None]

log = logging.getLogger(__name__)

_CANVAS_ACTIONS = ("compare", "zoom_out", "zoom_in", "zoom_actual", "zoom_fit")


class Workbench(QObject):
    """Everything in the window of one studio.

    Args:
        window: is filled.
        studio: what jobs and renders are given.
        prepare: called once on each worker thread before its first work.
    """

    def __init__(self, window: MainWindow, studio: Studio, *, prepare: Prepare) -> None:
        super().__init__(window)
        store = SessionStore()
        self._bridge = SessionBridge(store, self)
        self._render_thread = RenderThread(
            lambda: studio.engine, prepare=partial(prepare, studio), parent=self
        )
        self._jobs = JobThread(prepare=partial(prepare, studio), parent=self)
        renders = RenderController(store, bridge=self._bridge, thread=self._render_thread, parent=self)
        models = ModelOpener(
            studio,
            store=store,
            jobs=self._jobs,
            renders=renders,
            thread=self._render_thread,
            parent=self,
        )
        actions = Actions(window)
        pictures = SmallPictures(self._render_thread, self)
        models.model_changed.connect(pictures.clear)
        shelf = DirectionShelf(models, self)
        messages = Messages(self)
        preferences = Preferences(studio, messages=messages, parent=self)
        self.context = DockContext(
            store=store,
            document=OpenDocument(store),
            bridge=self._bridge,
            models=models,
            renders=renders,
            thumbnails=Thumbnails(
                store, bridge=self._bridge, renders=renders, pictures=pictures, parent=self
            ),
            pictures=pictures,
            jobs=self._jobs,
            messages=messages,
            actions=actions,
            directions=shelf,
            pad=PadAxes(store, shelf=shelf, parent=self),
            comparison=Comparison(store, bridge=self._bridge, parent=self),
            dropped=DroppedFiles(),
            navigation=Navigation(self),
            model_menus=ModelMenus(models, window, more=actions["library"]),
            photos=PhotoDesk(
                studio, store=store, models=models, jobs=self._jobs, messages=messages, parent=self
            ),
            plugins=PluginBridge(studio, self),
            studio=studio,
            preferences=preferences,
            commands=CommandLog(actions, messages, paths=studio.paths, bridge=self._bridge, parent=self),
        )
        self.context.commands.watch(self._jobs)
        SettingTwins(preferences, self.context.commands, self)
        self._document_writer = DocumentWriter(self)
        window.setWindowIcon(icon("app", size=64))
        self.canvas = LatentCanvas(window)
        self.canvas.setObjectName("canvas")
        self._canvas_controller = CanvasController(self.canvas, self.context)
        message_bar = MessageBar(window)
        panel, tools = _canvas_panel(window, actions)
        self.views = CanvasViews(panel, self.canvas, self.context, picture_tools=tools)
        self.context.comparison.wanted.connect(partial(self.views.bring, "compare"))
        centre = _centre(window, message_bar, panel)
        window.setCentralWidget(centre)
        # A window on the screen would show it a little later, and give its place to the docks until then.
        centre.show()
        status = StatusLine(self._jobs, window)
        window.setStatusBar(status)
        self._render_thread.stats_ready.connect(status.showStats)
        renders.timings_changed.connect(status.showTimings)
        self.docking = Docking(window, self.context)
        self.context.navigation.view_requested.connect(self.views.bring)
        self.context.navigation.dock_requested.connect(self.docking.bring)
        self.documents = DocumentController(
            self.context, window, canvas=self.canvas, writer=self._document_writer
        )
        shortcuts = Shortcuts(preferences, self)
        for group, some in actions.by_group().items():
            shortcuts.add(group, some)
        shortcuts.add(window.tr("Canvas"), self.views.actions())
        panels = window.tr("Panels")
        shortcuts.add(panels, self.docking.toggles())
        self.docking.dock_added.connect(lambda toggle: shortcuts.add(panels, (toggle,)))
        self.docking.dock_removed.connect(shortcuts.remove)
        fill_menu_bar(
            window,
            self.context,
            docking=self.docking,
            views=self.views,
            sessions=self.documents.recent_menu,
        )
        SafetyLine(self.context.document, autosaver=self.documents.autosaver, status=status)
        HistoryActions(store, bridge=self._bridge, actions=actions, parent=self)
        SeedController(store, actions=actions, parent=self)
        PictureSaver(self.context, window)
        RecipeOpener(self.context, self)
        StateCodeCopier(self.context, self)
        PhotoDrops(window, self.context, docking=self.docking)
        SelfTest(self.context, window)
        self._library = Library(self.context, window)
        Predictors(self.context, window, downloads=self._library.downloads)
        ModelBlender(self.context, window)
        LatentOpener(self.context, window)
        self.plugins = Plugins(self.context, window)
        ThemeController(preferences, actions=actions, parent=self)
        WindowController(
            window,
            self.context,
            docking=self.docking,
            views=self.views,
            canvas=self.canvas,
            status=status,
            message_bar=message_bar,
        )
        PanelWalk(actions, views=self.views, docking=self.docking, parent=self)
        SettingsOpener(self.context, window, shortcuts=shortcuts)
        # Before its panel is placed: one that broke the last start must not do so again.
        self.plugins.tell_changes()
        PluginDocks(self.docking, self.context, self)
        self.docking.apply_first_layout()
        preferences.tell_problems()
        self._log = open_event_log(window, self.context, self.canvas)

    def take_files(self, places: Sequence[str]) -> None:
        """Files or addresses were dropped on the window."""
        self._canvas_controller.take_files(places)

    def close(self) -> tuple[str, ...]:
        """Cancel what runs and end the threads.

        Returns:
            Names of the threads that are stuck.
        """
        self._bridge.close()
        threads = (
            self._jobs,
            self._library.downloads,
            self.context.plugins,
            self._document_writer,
            self._render_thread,
        )
        stuck = tuple(thread.name for thread in threads if not thread.close())
        for name in stuck:
            log.error("The %s thread did not end in time.", name)
        self.documents.close()
        if self._log is not None:
            self._log.write("closed", stuck=list(stuck))
            self._log.close()
        return stuck


def _canvas_panel(window: MainWindow, actions: Actions) -> tuple[Panel, tuple[QToolButton, ...]]:
    """The card in the middle, and the buttons in its title that only the picture needs."""
    panel = Panel(window.tr("Canvas"), window)
    panel.setObjectName("canvas-panel")
    tools = []
    for name in _CANVAS_ACTIONS:
        button = QToolButton(panel)
        button.setDefaultAction(actions[name])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setProperty("quiet", True)
        button.setObjectName(f"button-{name}")
        button.setAccessibleName(actions[name].text())
        tools.append(button)
    return panel, tuple(tools)


def _centre(window: MainWindow, message_bar: MessageBar, panel: Panel) -> QWidget:
    centre = QWidget(window)
    layout = QVBoxLayout(centre)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(MARGIN)
    layout.addWidget(message_bar)
    layout.addWidget(panel, 1)
    return centre
