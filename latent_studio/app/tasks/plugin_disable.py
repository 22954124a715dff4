"""plugin disable: run nothing of a plugin any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.plugin_host.host import PluginStatus


@dataclass(frozen=True, slots=True)
class PluginDisableOptions:
    """Which one."""

    id: str = option(help="Which one; “plugin list” names them.", positional=True, metavar="ID")


@dataclass(frozen=True, slots=True)
class PluginDisableResult:
    """How it stands now.

    Attributes:
        plugin: disabled.
    """

    plugin: PluginStatus

    @property
    def lines(self) -> tuple[str, ...]:
        """That it is off."""
        return (f"{self.plugin.name} is off. Its files stay where they are: {self.plugin.folder}",)


def run_plugin_disable(
    studio: Studio, options: PluginDisableOptions, progress: ProgressSink, cancel: CancelToken
) -> PluginDisableResult:
    """Disable it.

    Raises:
        PluginError: there is none of that name, or this cannot be remembered.
    """
    check_options(options)
    return PluginDisableResult(studio.plugins.disable(options.id))
