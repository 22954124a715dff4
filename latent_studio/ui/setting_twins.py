"""SettingTwins: every change of a setting as the action that was done last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from latent_studio.app.setting_names import value_text
from latent_studio.app.settings import SHORTCUTS, default_of
from latent_studio.app.tasks.settings_reset import SettingsResetOptions
from latent_studio.app.tasks.settings_set import SettingsSetOptions

if TYPE_CHECKING:
    from latent_studio.app.settings import Settings
    from latent_studio.ui.command_log import CommandLog
    from latent_studio.ui.preferences import Preferences
    from latent_studio.ui.twin import Deed


class SettingTwins(QObject):
    """Tells the log of commands what changes the same setting.

    Args:
        preferences: change.
        commands: remembers.
        parent: Qt owner.
    """

    def __init__(self, preferences: Preferences, commands: CommandLog, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._commands = commands
        self._before = preferences.settings
        preferences.changed.connect(self._take_change)

    @Slot(str)
    def _take_change(self, name: str) -> None:
        before, self._before = self._before, self._preferences.settings
        self._commands.add(setting_deed(name, before, self._before))


def setting_deed(name: str, before: Settings, now: Settings) -> Deed:
    """What changes a setting from the command line as it was changed in the window.

    Args:
        name: of the setting that changed.
        before: all settings before.
        now: all settings after; keys taken from another action follow from the keys given to one.
    """
    if name != SHORTCUTS:
        value = getattr(now, name)
        if value == default_of(name):
            return "settings reset", SettingsResetOptions((name,))
        return "settings set", SettingsSetOptions(name, (value_text(value),))
    old, new = dict(before.shortcuts), dict(now.shortcuts)
    changed = [action for action in {**old, **new} if old.get(action) != new.get(action)]
    given = [action for action in changed if new.get(action)] or changed
    if not new or not given:
        return "settings reset", SettingsResetOptions((SHORTCUTS,))
    keys = new.get(given[0])
    if keys is None:
        return "settings reset", SettingsResetOptions((f"{SHORTCUTS}.{given[0]}",))
    return "settings set", SettingsSetOptions(f"{SHORTCUTS}.{given[0]}", keys or ("none",))
