"""settings reset: defaults again, for some settings or all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.app.setting_names import action_of, info_of
from latent_studio.app.settings import (
    SHORTCUTS,
    Settings,
    default_of,
    read_settings,
    settings_file,
    store_settings,
    with_keys,
)
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.options import check_options, option, options_of

if TYPE_CHECKING:
    from typing import Any

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class SettingsResetOptions:
    """Which ones."""

    names: tuple[str, ...] = option(
        (),
        help="Of the settings; shortcuts for all keys, shortcuts.ACTION for those of one action.",
        positional=True,
        metavar="NAME",
    )
    all: bool = option(False, help="Every setting, and all keys.")


@dataclass(frozen=True, slots=True)
class SettingsResetResult:
    """What has its default again."""

    names: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """One a line."""
        return tuple(f"{name}: as in the beginning" for name in self.names)


def run_settings_reset(
    studio: Studio, options: SettingsResetOptions, progress: ProgressSink, cancel: CancelToken
) -> SettingsResetResult:
    """Take settings out of the file.

    Raises:
        OptionError: there is no such setting, or none was named.
        InputError: the file cannot be written.
    """
    check_options(options)
    names = options.names
    if options.all:
        names = (*(info.name for info in options_of(Settings)), SHORTCUTS)
    elif not names:
        raise OptionError("NAME", "Say which settings to reset, or --all.")
    settings = read_settings(studio.paths, {}).settings
    values: dict[str, Any] = {}
    for name in names:
        if name == SHORTCUTS:
            values[SHORTCUTS] = ()
        elif action_of(name):
            values[SHORTCUTS] = with_keys(settings, action_of(name), None)
        else:
            found = info_of(name).name
            values[found] = default_of(found)
    try:
        store_settings(studio.paths, **values)
    except OSError as error:
        raise InputError(
            f"{settings_file(studio.paths)} cannot be written: {error.strerror}.",
            hint="Choose another folder with --profile DIR.",
        ) from error
    return SettingsResetResult(names)
