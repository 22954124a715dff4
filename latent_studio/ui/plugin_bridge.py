"""PluginBridge: the plugins as the window sees them; what runs of them runs on a thread of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from latent_studio.ui.failures import Failure, describe_failure
from latent_studio.ui.job_thread import JobThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.plugin_host.fenced import FencedDirectionSource
    from latent_studio.plugin_host.host import PluginHost, PluginStatus


class PluginBridge(QObject):
    """Tells the window what becomes of plugins. Made and used on the GUI thread.

    Args:
        studio: whose plugins.
        parent: Qt owner.
    """

    #: A plugin was enabled, disabled, or failed.
    changed = Signal()
    #: ``(plugin id, Failure)``: code of a panel failed after it was made.
    panel_failed = Signal(str, object)
    _told = Signal()

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        #: Imports wait here for their time limit, so that no job of the user has to.
        self.thread_of_imports = JobThread(name="plugins", parent=self)
        # The host tells from any thread; the signal brings it here.
        self._told.connect(self.changed)
        self._unlisten = self.host.listen(self._told.emit)

    @property
    def host(self) -> PluginHost:
        """The plugins."""
        return self._studio.plugins

    def switch(self, id: str, on: bool, done: Callable[[PluginStatus | Failure], None]) -> None:
        """Enable or disable one; ``done`` gets how it stands then, or why that could not be."""
        self.thread_of_imports.start(
            id, partial(_switch, self.host, id, on), on_done=done, on_failed=done, quiet=True
        )

    def rescan(self, done: Callable[[object], None]) -> None:
        """Look for plugins again."""
        self.thread_of_imports.start("rescan", partial(_rescan, self.host), on_done=done, on_failed=done)

    def load_panel(
        self, id: str, done: Callable[[Callable[[object], object]], None], failed: Callable[[Failure], None]
    ) -> None:
        """Import a panel's maker."""
        self.thread_of_imports.start(
            id, partial(_load_panel, self.host, id), on_done=done, on_failed=failed, quiet=True
        )

    def blame(self, error: BaseException) -> Failure | None:
        """What to say of an error that nobody caught, if code of a plugin's panel is behind it."""
        id = self.host.culprit(error)
        if id is None:
            return None
        failure = describe_failure(self.host.report(id, error, what="worked in its panel"))
        self.panel_failed.emit(id, failure)
        return failure

    def load_source(
        self,
        id: str,
        done: Callable[[FencedDirectionSource], None],
        failed: Callable[[Failure], None],
    ) -> None:
        """Import a source of directions, so that its options are known."""
        self.thread_of_imports.start(
            id, partial(_load_source, self.host, id), on_done=done, on_failed=failed, quiet=True
        )

    @property
    def name(self) -> str:
        """The thread's name."""
        return self.thread_of_imports.name

    def close(self) -> bool:
        """Stop listening and end the thread.

        Returns:
            False if it is stuck in a plugin.
        """
        self._unlisten()
        return self.thread_of_imports.close()


def _switch(host: PluginHost, id: str, on: bool, progress: ProgressSink, cancel: CancelToken) -> PluginStatus:
    return host.enable(id, check_cancel=cancel.check) if on else host.disable(id)


def _rescan(host: PluginHost, progress: ProgressSink, cancel: CancelToken) -> None:
    host.rescan()


def _load_panel(
    host: PluginHost, id: str, progress: ProgressSink, cancel: CancelToken
) -> Callable[[object], object]:
    return host.load_dock(id, check_cancel=cancel.check)


def _load_source(
    host: PluginHost, id: str, progress: ProgressSink, cancel: CancelToken
) -> FencedDirectionSource:
    source = host.direction_source(id)
    # Asked for here, where waiting for it harms nobody.
    assert source.options  # noqa: S101
    return source
