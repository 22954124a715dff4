"""plugin new: a folder to begin a plugin with, that works and passes its own tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.options import check_options, option
from latent_studio.plugin_host.template import TemplateKind, write_template

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class PluginNewOptions:
    """What it will be."""

    id: str = option(
        help="Its name: lower case letters, digits and hyphens, such as red-lines.",
        positional=True,
        metavar="ID",
    )
    kind: TemplateKind = option("exporter", help="What it adds.")
    out: Path | None = option(
        None, help="Folder to make it in; that of your own plugins when not given.", metavar="DIR"
    )


@dataclass(frozen=True, slots=True)
class PluginNewResult:
    """What was made.

    Attributes:
        folder: of the plugin.
        is_found: whether it lies where the program looks for plugins.
    """

    folder: Path
    is_found: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """The folder, and what to do next."""
        id = self.folder.name
        flag = "" if self.is_found else f" --plugin-dir {self.folder.parent}"
        return (
            str(self.folder),
            f"Test it: python -m pytest {self.folder}",
            f"Use it: latent-studio plugin enable {id}{flag}",
        )


def run_plugin_new(
    studio: Studio, options: PluginNewOptions, progress: ProgressSink, cancel: CancelToken
) -> PluginNewResult:
    """Write the folder.

    Raises:
        OptionError: the name cannot be one.
        ExportError: there is something of that name already, or the disk refuses.
    """
    check_options(options)
    own = studio.paths.data / "plugins"
    root = (options.out or own).expanduser()
    folder = write_template(root / options.id, options.id, options.kind)
    return PluginNewResult(folder, options.out is None)
