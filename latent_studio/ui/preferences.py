"""Preferences: the settings while the window is open: changed, written down, told to those who follow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from latent_studio.app.settings import Settings, default_of, read_settings, settings_file, store_settings
from latent_studio.ui.failures import describe_failure

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.ui.messages import Messages


class Preferences(QObject):
    """Keeps ``studio.settings`` and the settings file in step.

    Args:
        studio: whose settings.
        messages: told when a choice cannot be kept.
        parent: Qt owner.
    """

    #: A setting has another value now; its name.
    changed = Signal(str)

    def __init__(self, studio: Studio, *, messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._messages = messages
        stored = read_settings(studio.paths)
        self._in_environment = stored.in_environment
        self._problems = stored.problems

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return self._studio.settings

    def is_fixed(self, name: str) -> bool:
        """Whether a variable of the environment decides, so that a change here would do nothing."""
        return name in self._in_environment

    def tell_problems(self) -> None:
        """Say what was wrong with the settings when the program began."""
        for problem in self._problems:
            self._messages.warning(
                problem,
                hint=self.tr("{path}: when a setting changes, the old file is kept beside it.").format(
                    path=settings_file(self._studio.paths)
                ),
            )

    def set(self, name: str, value: Any) -> None:
        """Change a setting; it holds for this window even if it cannot be written down.

        Raises:
            OptionError: the value is out of range.
        """
        if getattr(self._studio.settings, name) == value:
            return
        try:
            store_settings(self._studio.paths, **{name: value})
        except OSError as error:
            self._messages.failure(describe_failure(error))
        if not self.is_fixed(name):
            self._studio.settings = replace(self._studio.settings, **{name: value})
            self.changed.emit(name)

    def reset(self, name: str) -> None:
        """Give a setting its default."""
        self.set(name, default_of(name))
