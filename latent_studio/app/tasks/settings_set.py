"""settings set: change one setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.app.setting_names import action_of, info_of, keys_text, value_text
from latent_studio.app.settings import (
    read_settings,
    settings_file,
    store_settings,
    variable_of,
    with_keys,
    with_word,
)
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class SettingsSetOptions:
    """Which one, and to what."""

    name: str = option(
        help="Of the setting, or shortcuts.ACTION for the keys of an action.",
        positional=True,
        metavar="NAME",
    )
    value: tuple[str, ...] = option(
        help="The value; for keys, such as Ctrl+Alt+K, up to four or the word none.",
        positional=True,
        metavar="VALUE",
    )


@dataclass(frozen=True, slots=True)
class SettingsSetResult:
    """What it is now.

    Attributes:
        name: of the setting.
        text: its value.
        path: the file it was written to.
        beaten_by: a variable that says otherwise; may be empty.
    """

    name: str
    text: str
    path: Path
    beaten_by: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The new value, and who may still say otherwise."""
        said = f"{self.name}: {self.text}  ({self.path})"
        return (said, f"{self.beaten_by} in the environment says otherwise.") if self.beaten_by else (said,)


def run_settings_set(
    studio: Studio, options: SettingsSetOptions, progress: ProgressSink, cancel: CancelToken
) -> SettingsSetResult:
    """Write it to the settings file; a running window takes it at its next start.

    Raises:
        OptionError: there is no such setting, or the value cannot be taken.
        InputError: the file cannot be written.
    """
    check_options(options)
    stored = read_settings(studio.paths)
    action = action_of(options.name)
    path = settings_file(studio.paths)
    try:
        if action:
            keys = () if options.value == ("none",) else options.value
            if len(keys) > 4:
                raise OptionError("VALUE", "An action has at most four keys.")
            store_settings(studio.paths, shortcuts=with_keys(stored.settings, action, keys))
            return SettingsSetResult(options.name, keys_text(keys), path)
        info = info_of(options.name)
        value = getattr(with_word(stored.settings, info, " ".join(options.value)), info.name)
        store_settings(studio.paths, **{info.name: value})
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}.", hint="Choose another folder with --profile DIR."
        ) from error
    beaten = variable_of(info.name) if info.name in stored.in_environment else ""
    return SettingsSetResult(info.name, value_text(value), path, beaten)
