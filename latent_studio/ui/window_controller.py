"""WindowController: what the window's own actions do: dialogs, overlays, zoom, layout, messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QPoint, Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from latent_studio.ui.model_menus import choose_model
from latent_studio.ui.widgets.command_palette import CommandPalette
from latent_studio.ui.widgets.shortcuts_sheet import ShortcutsSheet

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from latent_studio.app.models import LoadedModel
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.canvas_views import CanvasViews
    from latent_studio.ui.docking import Docking
    from latent_studio.ui.status_line import StatusLine
    from latent_studio.ui.widgets.latent_canvas import LatentCanvas
    from latent_studio.ui.widgets.message_bar import MessageBar, MessageKind

#: Actions that need a picture.
_NEED_A_MODEL = (
    "save_picture",
    "copy_picture",
    "compare",
    "random_seed",
    "next_seed",
    "previous_seed",
    "snap_seed",
    "export_gif",
)
_CANVAS_MENU = ("save_picture", "copy_picture", "", "compare", "zoom_fit", "", "random_seed", "export_gif")


class WindowController(QObject):
    """Connects the actions that concern the window as a whole.

    Args:
        window: its owner.
        context: the window's parts.
        docking: the docks.
        views: what can stand in the middle.
        canvas: the picture.
        status: the line at the bottom.
        message_bar: shows news.
    """

    def __init__(
        self,
        window: QMainWindow,
        context: DockContext,
        *,
        docking: Docking,
        views: CanvasViews,
        canvas: LatentCanvas,
        status: StatusLine,
        message_bar: MessageBar,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._context = context
        self._docking = docking
        self._views = views
        self._status = status
        self._message_bar = message_bar
        self._palette = CommandPalette(window)
        self._sheet = ShortcutsSheet(window)
        actions = context.actions
        actions["open_model"].triggered.connect(self._ask_for_model)
        canvas.emptyActionTriggered.connect(actions["open_model"].trigger)
        actions["quit"].triggered.connect(window.close)
        actions["reset_edits"].triggered.connect(context.store.clear_edits)
        actions["zoom_in"].triggered.connect(canvas.zoomIn)
        actions["zoom_out"].triggered.connect(canvas.zoomOut)
        actions["zoom_fit"].triggered.connect(canvas.zoomFit)
        actions["zoom_actual"].triggered.connect(canvas.zoomActual)
        actions["full_screen"].toggled.connect(self._set_full_screen)
        actions["reset_layout"].triggered.connect(docking.apply_first_layout)
        actions["sigma_unit"].setChecked(True)
        actions["export_gif"].triggered.connect(self._show_export)
        actions["command_palette"].triggered.connect(self._show_palette)
        actions["shortcuts"].triggered.connect(self._show_shortcuts)
        actions["about"].triggered.connect(self._show_about)
        canvas.contextMenuRequested.connect(self._show_canvas_menu)
        context.messages.posted.connect(self._show_message)
        status.jobsRequested.connect(self._show_jobs)
        context.models.model_changed.connect(self._take_model)
        context.bridge.session_changed.connect(self._enable_actions)
        self._enable_actions()

    @Slot()
    def _ask_for_model(self) -> None:
        chosen = choose_model(self._context.models, self._window, title=self.tr("Open model"))
        if chosen:
            self._context.models.open(chosen)

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self._status.setReason(self._context.studio.engine.choice.reason)

    @Slot()
    def _enable_actions(self) -> None:
        """What needs a picture is greyed out without one; nothing is because something renders."""
        session, actions = self._context.store.session, self._context.actions
        for name in _NEED_A_MODEL:
            actions[name].setEnabled(session.model is not None)
        actions["reset_edits"].setEnabled(len(session.edits) > 0)

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
        state, full = self._window.windowState(), Qt.WindowState.WindowFullScreen
        self._window.setWindowState(state | full if on else state & ~full)

    @Slot()
    def _show_export(self) -> None:
        self._docking.bring("export")

    @Slot()
    def _show_jobs(self) -> None:
        self._docking.bring("jobs")

    @Slot()
    def _show_palette(self) -> None:
        self._sheet.closeOverlay()
        groups = self._grouped_actions()
        self._palette.setActions((group, action) for group, actions in groups.items() for action in actions)
        self._palette.openOverlay()

    @Slot()
    def _show_shortcuts(self) -> None:
        self._palette.closeOverlay()
        text = QKeySequence.SequenceFormat.NativeText
        self._sheet.setShortcuts(
            [
                (group, [(action.text(), action.shortcut().toString(text)) for action in actions])
                for group, actions in self._grouped_actions().items()
            ]
            + self._hand_and_keys()
        )
        self._sheet.openOverlay()

    def _hand_and_keys(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """What mouse and keys do where they are, which no menu can tell."""
        return [
            (
                self.tr("On the picture"),
                [
                    (self.tr("Walk between seeds"), self.tr("Drag")),
                    (self.tr("The same by keys"), self.tr("Arrows")),
                    (self.tr("See it before the edits"), self.tr("hold Space")),
                    (self.tr("Zoom"), self.tr("Wheel")),
                    (self.tr("Move the enlarged picture"), self.tr("Ctrl+Drag")),
                ],
            ),
            (
                self.tr("On a slider"),
                [
                    (self.tr("One step"), self.tr("Arrows")),
                    (self.tr("Ten times finer, also by mouse"), self.tr("Shift+Arrows")),
                    (self.tr("Back to zero, or double click"), self.tr("Delete")),
                    (self.tr("Type an amount"), self.tr("Tab, Enter")),
                    (self.tr("Next slider"), self.tr("Ctrl+Down")),
                ],
            ),
            (
                self.tr("In the active edits"),
                [
                    (self.tr("Switch off and on"), self.tr("Space")),
                    (self.tr("Earlier, later"), self.tr("Ctrl+Up/Down")),
                    (self.tr("Remove"), self.tr("Delete")),
                ],
            ),
            (
                self.tr("On the timeline"),
                [
                    (self.tr("Play or stop"), self.tr("Space")),
                    (self.tr("A frame, a second"), self.tr("Arrows, Shift+Arrows")),
                    (self.tr("Move the selected keys"), self.tr("Drag, Alt+Arrows")),
                    (self.tr("Bring a key to the sliders"), self.tr("Double click, Enter")),
                    (self.tr("Copy, paste, duplicate"), self.tr("Ctrl+C, Ctrl+V, Ctrl+D")),
                    (self.tr("Remove keys"), self.tr("Delete")),
                    (self.tr("Zoom"), self.tr("Ctrl+Wheel, +, −, 0")),
                ],
            ),
        ]

    def _grouped_actions(self) -> dict[str, list[QAction]]:
        return {
            **self._context.actions.by_group(),
            self.tr("Canvas"): self._views.actions(),
            self.tr("Panels"): self._docking.toggles(),
        }

    @Slot()
    def _show_about(self) -> None:
        # Rarely wanted, and its list of packages is slow to import.
        from latent_studio.ui.about import AboutDialog

        AboutDialog(self._window).open()

    @Slot(QPoint)
    def _show_canvas_menu(self, place: QPoint) -> None:
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in _CANVAS_MENU:
            if name:
                menu.addAction(self._context.actions[name])
            else:
                menu.addSeparator()
        menu.popup(place)
