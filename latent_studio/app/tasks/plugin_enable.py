"""plugin enable: let a plugin's code run from now on, as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.plugin_host.host import PluginStatus

#: Said whenever one is enabled, here and in the window.
WHAT_ENABLING_MEANS = "Enabling a plugin runs its code on this computer, with all that you yourself may do."


@dataclass(frozen=True, slots=True)
class PluginEnableOptions:
    """Which one."""

    id: str = option(help="Which one; “plugin list” names them.", positional=True, metavar="ID")


@dataclass(frozen=True, slots=True)
class PluginEnableResult:
    """How it stands now.

    Attributes:
        plugin: after its code was imported.
    """

    plugin: PluginStatus

    @property
    def lines(self) -> tuple[str, ...]:
        """What that means, what it adds, and what went wrong if something did."""
        manifest = self.plugin.manifest
        adds = f" It adds {manifest.provides}." if manifest is not None else ""
        lines = [
            f"{WHAT_ENABLING_MEANS}",
            f"{self.plugin.name} is enabled as it is now ({self.plugin.sha256[:12]}); "
            f"if a file of it changes, it is switched off and asks again.{adds}",
        ]
        if self.plugin.problem:
            lines.append(self.plugin.problem)
        return tuple(lines)

    @property
    def is_good(self) -> bool:
        """Whether it could be imported."""
        return self.plugin.state == "on"


def run_plugin_enable(
    studio: Studio, options: PluginEnableOptions, progress: ProgressSink, cancel: CancelToken
) -> PluginEnableResult:
    """Enable it and import what it adds.

    Raises:
        PluginError: there is none of that name, it cannot be used, or this cannot be remembered.
    """
    check_options(options)
    return PluginEnableResult(studio.plugins.enable(options.id))
