"""settings get: the value of one setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.app.setting_names import action_of, info_of, keys_text, value_text
from latent_studio.app.settings import read_settings
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class SettingsGetOptions:
    """Which one."""

    name: str = option(help="Of the setting, as `settings list` has it.", positional=True, metavar="NAME")


@dataclass(frozen=True, slots=True)
class SettingsGetResult:
    """Its value.

    Attributes:
        text: as ``settings set`` takes it.
    """

    text: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The value alone, for scripts."""
        return (self.text,)


def run_settings_get(
    studio: Studio, options: SettingsGetOptions, progress: ProgressSink, cancel: CancelToken
) -> SettingsGetResult:
    """Read file and environment.

    Raises:
        OptionError: there is no such setting.
    """
    check_options(options)
    settings = read_settings(studio.paths).settings
    action = action_of(options.name)
    if action:
        return SettingsGetResult(keys_text(settings.keys_of(action)))
    return SettingsGetResult(value_text(getattr(settings, info_of(options.name).name)))
