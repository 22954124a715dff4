"""SettingsOpener: makes the settings window when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latent_studio.ui.api import DockContext
    from latent_studio.ui.settings_window import SettingsWindow
    from latent_studio.ui.shortcuts import Shortcuts


class SettingsOpener(QObject):
    """Does what "Settings…" says.

    Args:
        context: the window's parts.
        window: stays usable beside the settings.
        shortcuts: the keys of all actions.
    """

    def __init__(self, context: DockContext, window: QWidget, *, shortcuts: Shortcuts) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._shortcuts = shortcuts
        self._settings: SettingsWindow | None = None
        context.actions["settings"].triggered.connect(self.open)

    @Slot()
    def open(self) -> None:
        """Show the settings in front."""
        if self._settings is None:
            # Rarely wanted, and it has a row for every action.
            from latent_studio.ui.settings_window import SettingsWindow

            self._settings = SettingsWindow(self._context, self._shortcuts, self._window)
        self._settings.open_page()
