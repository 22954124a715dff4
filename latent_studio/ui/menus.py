"""The menu bar: which action stands where."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QPushButton

from latent_studio.ui.texts import marked

if TYPE_CHECKING:
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.canvas_views import CanvasViews
    from latent_studio.ui.docking import Docking

#: Entries are names of actions; these stand for other things.
_LINE, _LIBRARY, _RECENT, _DOCKS, _VIEWS = "-", "*library", "*recent", "*docks", "*views"
_FAMILIES = "*families"
_SESSIONS = "*sessions"

_MENUS = (
    (
        marked("&File"),
        (
            "new_document", "open_document", _SESSIONS, "save_document", "save_document_as", _LINE,
            "notes", "recover", _LINE,
            "open_model", _FAMILIES, "library", _LIBRARY, _RECENT, "project_photo", "open_latent",
            "predictors", _LINE,
            "save_picture", "copy_picture", _LINE,
            "quit",
        ),
    ),
    (
        marked("&Edit"),
        ("undo", "redo", _LINE, "reset_edits", _LINE, "copy_command", "copy_python",
            "copy_deed_command", "copy_deed_python", _LINE, "settings"),
    ),
    (
        marked("&View"),
        (
            _VIEWS, _LINE,
            "zoom_in", "zoom_out", "zoom_fit", "zoom_actual", _LINE,
            "compare", _LINE,
            "theme_system", "theme_dark", "theme_light", _LINE,
            "full_screen", _LINE,
            _DOCKS,
            "next_panel", "previous_panel", _LINE,
            "reset_layout",
        ),
    ),
    (marked("&Model"), ("random_seed", "next_seed", "previous_seed", "snap_seed", _LINE, "blend_models")),
    (marked("&Directions"), ("filter_sliders", "sigma_unit", _LINE, "reset_edits")),
    (
        marked("&Timeline"),
        (
            "timeline_key", "timeline_replace", _LINE,
            "timeline_play", "timeline_previous", "timeline_next", _LINE,
            "timeline_take", _LINE,
            "timeline_in", "timeline_out", "timeline_marker", _LINE,
            "timeline_reverse",
        ),
    ),
    (marked("E&xport"), ("export_gif", "save_picture")),
    (marked("&Help"), ("command_palette", "shortcuts", _LINE, "plugins", "self_test", "about")),
)  # fmt: skip


def fill_menu_bar(
    window: QMainWindow, context: DockContext, *, docking: Docking, views: CanvasViews, sessions: QMenu
) -> None:
    """Make the menus, and the field at the right that finds any action."""
    bar = window.menuBar()
    for title, entries in _MENUS:
        menu = bar.addMenu(QCoreApplication.translate("menus", title))
        menu.setObjectName(f"menu-{title.replace('&', '').lower()}")
        menu.setToolTipsVisible(True)
        for entry in entries:
            _add(menu, entry, context, docking=docking, views=views, sessions=sessions)
    action = context.actions["command_palette"]
    finder = QPushButton(bar)
    finder.setObjectName("find-action")
    finder.setToolTip(action.toolTip())
    finder.clicked.connect(action.trigger)

    def show_key() -> None:
        text = QCoreApplication.translate("menus", "Find any action")
        finder.setAccessibleName(text)
        finder.setText(
            f"{text}   {action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)}".rstrip()
        )
        finder.adjustSize()

    action.changed.connect(show_key)
    show_key()
    bar.setCornerWidget(finder, Qt.Corner.TopRightCorner)


def _add(
    menu: QMenu, entry: str, context: DockContext, *, docking: Docking, views: CanvasViews, sessions: QMenu
) -> None:
    if entry == _LINE:
        menu.addSeparator()
    elif entry == _LIBRARY:
        menu.addMenu(context.model_menus.library)
    elif entry == _FAMILIES:
        menu.addMenu(context.model_menus.families)
    elif entry == _RECENT:
        menu.addMenu(context.model_menus.recent)
    elif entry == _SESSIONS:
        menu.addMenu(sessions)
    elif entry == _DOCKS:
        menu.addActions(docking.toggles())
        end = menu.addSeparator()
        docking.dock_added.connect(partial(menu.insertAction, end))
    elif entry == _VIEWS:
        menu.addActions(views.actions())
    else:
        menu.addAction(context.actions[entry])
