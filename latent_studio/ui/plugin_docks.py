"""PluginDocks: the panels of enabled plugins among the docks of the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot

from latent_studio.ui.dock_catalog import DockEntry
from latent_studio.ui.plugin_panel import PluginPanel

if TYPE_CHECKING:
    from latent_studio.plugin_host.host import PluginDock
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.docking import Docking

_AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
#: A dock of the program whose place a panel shares in the beginning.
_BESIDE = {"left": "jobs", "right": "edits", "bottom": "history"}


class PluginDocks(QObject):
    """Adds a dock when a plugin with a panel is enabled, and takes it away when it is disabled.

    Args:
        docking: where the docks are.
        context: given to the panels.
        parent: Qt owner.
    """

    def __init__(self, docking: Docking, context: DockContext, parent: QObject) -> None:
        super().__init__(parent)
        self._docking = docking
        self._context = context
        self._shown: set[str] = set()
        context.plugins.changed.connect(self.renew)
        self.renew()

    @Slot()
    def renew(self) -> None:
        """Follow what is enabled."""
        wanted = {_dock_id(one): one for one in self._context.plugins.host.docks()}
        for id in self._shown - set(wanted):
            self._docking.remove(id)
        for id, one in wanted.items():
            if id not in self._shown:
                self._docking.add(
                    DockEntry(
                        id,
                        one.title,
                        partial(PluginPanel, plugin=one.plugin, dock=one.id),
                        _AREAS[one.area],
                        None,
                        "",
                        scrolls=False,
                        is_shown=False,
                        tabbed_with=_BESIDE[one.area],
                    )
                )
        self._shown = set(wanted)


def _dock_id(one: PluginDock) -> str:
    return f"plugin-{one.id}"
