"""Plugins: what the page of plugins shows and asks for, and what is said of them when the window opens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from latent_studio.app.tasks.plugin_disable import PluginDisableOptions
from latent_studio.app.tasks.plugin_enable import WHAT_ENABLING_MEANS, PluginEnableOptions
from latent_studio.ui.desktop import open_folder
from latent_studio.ui.failures import Failure
from latent_studio.ui.widgets.plugins_page import PluginEntry, PluginsPage
from latent_studio.ui.widgets.plugins_sheet import PluginsSheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latent_studio.plugin_host.host import PluginStatus
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.widgets.plugins_page import Tone


class Plugins(QObject):
    """Does what the page of plugins asks for.

    Args:
        context: the window's parts.
        window: lies below the sheet.
    """

    def __init__(self, context: DockContext, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._bridge = context.plugins
        self.page = PluginsPage(WHAT_ENABLING_MEANS)
        self._sheet = PluginsSheet(self.page, window)
        self.page.switchRequested.connect(self.switch)
        self.page.rescanRequested.connect(self._rescan)
        self.page.folderRequested.connect(self._open_folder)
        self._bridge.changed.connect(self._follow)
        context.actions["plugins"].triggered.connect(self.open)

    @Slot()
    def open(self) -> None:
        """Show the sheet."""
        self._fill()
        self._sheet.openOverlay()

    def tell_changes(self) -> None:
        """Say which plugins are off because they changed, or because the program ended in their panel."""
        host = self._bridge.host
        crashed = host.disable_crashed()
        if crashed is not None:
            self._context.messages.warning(
                self.tr("The plugin {name} is off: the program ended while its panel was being made.").format(
                    name=crashed.name
                ),
                hint=self.tr("Enable it again under Plugins… to try once more."),
            )
        changed = host.changed_since_enabled()
        if changed:
            names = ", ".join(one.name for one in changed)
            self._context.messages.warning(
                self.tr("Files of plugins changed since they were enabled, so they are off: {names}.").format(
                    names=names
                ),
                hint=self.tr("Enable them again under Plugins… if you trust the change."),
            )

    @Slot(str, bool)
    def switch(self, id: str, on: bool) -> None:
        """Enable or disable a plugin."""
        self.page.setBusy(id)
        self._bridge.switch(id, on, partial(self._take_switched, on))

    def _take_switched(self, on: bool, outcome: PluginStatus | Failure) -> None:
        self._fill()
        messages, commands = self._context.messages, self._context.commands
        if isinstance(outcome, Failure):
            messages.failure(outcome)
            return
        if on:
            commands.add(("plugin enable", PluginEnableOptions(outcome.id)))
        else:
            commands.add(("plugin disable", PluginDisableOptions(outcome.id)))
        if outcome.state == "failed":
            messages.warning(
                outcome.problem, hint=self.tr("It stays enabled; mend it, or switch it off."),
                details=outcome.details,
            )  # fmt: skip
        elif on:
            messages.success(
                self.tr("The plugin {name} is enabled.").format(name=outcome.name), hint=self._adds(outcome)
            )
        else:
            messages.news(self.tr("The plugin {name} is off.").format(name=outcome.name))

    @Slot()
    def _rescan(self) -> None:
        self._bridge.rescan(self._take_rescanned)

    def _take_rescanned(self, outcome: object) -> None:
        if isinstance(outcome, Failure):
            self._context.messages.failure(outcome)
        self._fill()

    @Slot()
    def _open_folder(self) -> None:
        folder = self._bridge.host.user_folder
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._context.messages.warning(
                self.tr("There is no folder {folder}.").format(folder=folder), hint=error.strerror or ""
            )
            return
        open_folder(str(folder / "plugin.toml"))

    @Slot()
    def _follow(self) -> None:
        if self.page.isVisible():
            self._fill()

    def _fill(self) -> None:
        self.page.setPlugins([self._entry(one) for one in self._bridge.host.statuses()])

    def _entry(self, one: PluginStatus) -> PluginEntry:
        manifest = one.manifest
        states: dict[str, tuple[str, Tone]] = {
            "off": (self.tr("off"), ""),
            "on": (self.tr("enabled"), "good"),
            "changed": (self.tr("off, changed"), "warm"),
            "failed": (self.tr("enabled, failed"), "bad"),
            "unusable": (self.tr("cannot be used"), "bad"),
        }
        origins = {
            "bundled": self.tr("Came with the program"),
            "package": self.tr("Installed as a Python package"),
            "user": self.tr("Your own"),
            "given": self.tr("Named by --plugin-dir"),
        }
        state, tone = states[one.state]
        notes: tuple[str, ...] = ()
        if manifest is not None:
            told = (
                (self.tr("Touches, as its author says: {text}"), manifest.permissions),
                (self.tr("Needs: {text}"), manifest.requirements),
            )
            notes = tuple(words.format(text=text) for words, text in told if text)
        return PluginEntry(
            one.id,
            f"{one.name} {manifest.version}" if manifest is not None else one.id,
            state,
            tone,
            manifest.summary if manifest is not None else "",
            self._adds(one),
            notes,
            f"{origins[one.origin]}: {one.folder}",
            one.problem,
            one.details,
            one.is_enabled,
            one.is_enabled or one.can_enable,
        )

    def _adds(self, one: PluginStatus) -> str:
        if one.manifest is None:
            return ""
        return self.tr("Adds {things}.").format(things=one.manifest.provides)
