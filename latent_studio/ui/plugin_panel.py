"""PluginPanel: the place of a plugin's panel; says so when it fails instead of pulling the window down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStackedLayout, QWidget

from latent_studio.ui.failures import Failure, describe_failure
from latent_studio.ui.widgets.empty_state import EmptyAction, EmptyState

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.ui.api import DockContext


class PluginPanel(QWidget):
    """Imports the plugin's panel on another thread, then makes it here.

    Making it cannot be stopped; if the program ends meanwhile, the plugin is off at the next start.

    Args:
        context: the window's parts, given to the panel.
        plugin: id of the plugin.
        dock: id of the panel.
    """

    def __init__(self, context: DockContext, *, plugin: str, dock: str) -> None:
        super().__init__()
        self.setObjectName(f"plugin-panel-{dock}")
        self._context = context
        self._plugin = plugin
        self._dock = dock
        self._content: QWidget | None = None
        self._failure: Failure | None = None
        self._state = EmptyState(self)
        self._layout = QStackedLayout(self)
        self._layout.addWidget(self._state)
        context.plugins.panel_failed.connect(self._take_fault)
        self._load()

    def content(self) -> QWidget | None:
        """What the plugin made; ``None`` before, and after it has failed."""
        return self._content

    def problem(self) -> str:
        """What is said in its place; empty while it works."""
        return self._failure.title if self._failure is not None else ""

    @Slot()
    def _load(self) -> None:
        self._failure = None
        self._state.setWords(self.tr("The panel of the plugin is coming."))
        self._layout.setCurrentWidget(self._state)
        self._context.plugins.load_panel(self._dock, self._make, self._show_failure)

    def _make(self, maker: Callable[[object], object]) -> None:
        host = self._context.plugins.host
        host.panels.begin(self._plugin)
        try:
            content = maker(self._context)
            if not isinstance(content, QWidget):
                raise TypeError(f"a panel is a QWidget, not {type(content).__name__}")
        except Exception as error:
            host.panels.end()
            self._show_failure(describe_failure(host.report(self._plugin, error, what="made its panel")))
            return
        # Its first paint is a part of coming into being.
        QTimer.singleShot(0, host.panels.end)
        self._content = content
        self._layout.addWidget(content)
        self._layout.setCurrentWidget(content)
        self.setFocusProxy(content)

    @Slot(str, object)
    def _take_fault(self, plugin: str, failure: Failure) -> None:
        if plugin == self._plugin:
            self._show_failure(failure)

    def _show_failure(self, failure: Failure) -> None:
        """Take the panel away: what fails once in a slot fails with every picture."""
        self._failure = failure
        content, self._content = self._content, None
        if content is not None:
            self._layout.removeWidget(content)
            content.hide()
            content.deleteLater()
        self._state.setWords(
            f"{failure.title}\n{failure.hint}",
            (
                EmptyAction(
                    "plugin-again", self.tr("Try again"), self.tr("Make the panel once more."), self._load
                ),
                EmptyAction(
                    "plugin-copy",
                    self.tr("Copy details"),
                    self.tr("Copy what its author needs to know."),
                    self._copy_details,
                ),
            ),
        )
        self._layout.setCurrentWidget(self._state)

    @Slot()
    def _copy_details(self) -> None:
        if self._failure is not None:
            QGuiApplication.clipboard().setText(self._failure.details or self._failure.title)
