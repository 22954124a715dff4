"""ThemeController: colours, size of text and motion follow the settings and the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from PySide6.QtCore import QObject, Slot

from latent_studio.ui.theme import Mode, theme

if TYPE_CHECKING:
    from latent_studio.app.settings import Settings
    from latent_studio.ui.actions import Actions
    from latent_studio.ui.preferences import Preferences


class ThemeController(QObject):
    """Wires the theme actions.

    Args:
        preferences: what is followed.
        actions: the window's.
        parent: Qt owner.
    """

    def __init__(self, preferences: Preferences, *, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._actions = actions
        self._by_action = {f"action-theme_{mode}": mode for mode in get_args(Mode)}
        for mode in get_args(Mode):
            actions[f"theme_{mode}"].triggered.connect(self._choose)
        preferences.changed.connect(self._follow)
        self._show()

    @Slot()
    def _choose(self) -> None:
        self._preferences.set("theme", self._by_action[self.sender().objectName()])
        self._show()

    @Slot(str)
    def _follow(self, name: str) -> None:
        if name in ("theme", "text_scale", "motion"):
            self._show()

    def _show(self) -> None:
        settings = self._preferences.settings
        apply_look(settings)
        self._actions[f"theme_{settings.theme}"].setChecked(True)


def apply_look(settings: Settings) -> None:
    """Give the application the look of the settings."""
    look = theme()
    look.setTextScale(settings.text_scale / 100)
    look.setReducedMotion({"full": False, "reduced": True}.get(settings.motion))
    look.setMode(settings.theme)
