"""ThemeController: dark, light or as the system is; remembered in the settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from PySide6.QtCore import QObject, Slot

from latent_studio.app.settings import save_settings
from latent_studio.ui.failures import describe_failure
from latent_studio.ui.theme import Mode, theme

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.ui.actions import Actions
    from latent_studio.ui.messages import Messages


class ThemeController(QObject):
    """Wires the theme actions.

    Args:
        studio: whose settings.
        actions: the window's.
        messages: told when the choice cannot be saved.
        parent: Qt owner.
    """

    def __init__(
        self, studio: Studio, *, actions: Actions, messages: Messages, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._studio = studio
        self._messages = messages
        theme().setMode(studio.settings.theme)
        self._by_action = {f"action-theme_{mode}": mode for mode in get_args(Mode)}
        for mode in get_args(Mode):
            action = actions[f"theme_{mode}"]
            action.setChecked(mode == studio.settings.theme)
            action.triggered.connect(self._choose)

    @Slot()
    def _choose(self) -> None:
        mode: Mode = self._by_action[self.sender().objectName()]
        theme().setMode(mode)
        settings = replace(self._studio.settings, theme=mode)
        self._studio.settings = settings
        try:
            save_settings(settings, self._studio.paths)
        except OSError as error:
            self._messages.failure(describe_failure(error))
