"""settings list: all settings with their values, defaults and who decides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.app.setting_names import keys_text, value_text
from latent_studio.app.settings import GROUPS, SHORTCUTS, Settings, read_settings, settings_file, variable_of
from latent_studio.core.options import check_options, option, options_of

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class SettingsListOptions:
    """How to say it."""

    json: bool = option(False, help="As JSON, for other programs.")


@dataclass(frozen=True, slots=True)
class SettingsListResult:
    """The lines as asked for."""

    lines: tuple[str, ...]


def run_settings_list(
    studio: Studio, options: SettingsListOptions, progress: ProgressSink, cancel: CancelToken
) -> SettingsListResult:
    """Read file and environment and say what they give."""
    check_options(options)
    stored = read_settings(studio.paths)
    infos = {info.name: info for info in options_of(Settings)}
    if options.json:
        facts = [
            {
                "name": name,
                "value": getattr(stored.settings, name),
                "default": info.default,
                "source": stored.source_of(name),
                "unit": info.unit,
                "variable": variable_of(name),
                "help": info.help,
            }
            for name, info in infos.items()
        ]
        shortcuts = {name: list(keys) for name, keys in stored.settings.shortcuts}
        whole = {"file": str(settings_file(studio.paths)), "settings": facts, SHORTCUTS: shortcuts}
        return SettingsListResult((json.dumps(whole, indent=2, ensure_ascii=False),))
    lines = [f"File: {settings_file(studio.paths)}"]
    width = max(len(name) for name in infos)
    for heading, names in GROUPS:
        lines += ["", heading]
        for name in names:
            info, value = infos[name], getattr(stored.settings, name)
            unit = f" {info.unit}" if info.unit else ""
            said = f"{value_text(value)}{unit}"
            if stored.source_of(name) == "environment":
                said += f" (from {variable_of(name)})"
            if value != info.default:
                said += f" (default {value_text(info.default)}{unit})"
            lines += [f"  {name:<{width}}  {said}", f"  {'':<{width}}  {info.help}"]
    if stored.settings.shortcuts:
        lines += ["", "Keyboard"]
        lines += [f"  shortcuts.{name}  {keys_text(keys)}" for name, keys in stored.settings.shortcuts]
    return SettingsListResult(tuple(lines))
