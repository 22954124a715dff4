"""Settings: the user's preferences, typed, in one JSON file."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from latent_studio.core.errors import OptionError
from latent_studio.core.files import replacing
from latent_studio.core.options import OptionInfo, check_options, option, options_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.app.paths import Paths

log = logging.getLogger(__name__)

_FILE = "settings.json"
_ENV_PREFIX = "LATENT_STUDIO_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Preferences. Order of power: defaults, file, ``LATENT_STUDIO_<NAME>`` in the environment, flags."""

    theme: Literal["system", "dark", "light"] = option("system", help="Colours of the window.")
    device: str = option("auto", help="Where to compute: auto, cpu, cuda or cuda:N.")
    threads: int = option(0, low=0, high=256, help="Threads for computing on the CPU; 0 uses every core.")
    cache_mb: int = option(
        512, unit="MB", low=0, high=65536, help="Memory for activations that can be reused."
    )
    coarse_ms: int = option(
        45, unit="ms", low=5, high=1000, help="How long a preview may take while a slider moves."
    )
    measure_forms: bool = option(
        True, help="Measure once per model which form of each convolution is fastest here."
    )
    sefa_count: int = option(20, low=1, high=512, help="SeFa directions to find when a model opens.")


def load_settings(paths: Paths, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; what is damaged or unknown falls back to the default and is logged.

    Args:
        paths: whose settings.
        environment: variables to read instead of the process's own.
    """
    values: dict[str, Any] = {}
    known = {info.name: info for info in options_of(Settings)}
    for name, value in _read_file(paths).items():
        if name in known:
            values[name] = value
    for name, info in known.items():
        word = (os.environ if environment is None else environment).get(_ENV_PREFIX + name.upper())
        if word:
            values[name] = _parse(info, word)
    settings = Settings()
    for name, value in values.items():
        try:
            changed = replace(settings, **{name: value})
            if type(value) is not known[name].type:
                raise OptionError(
                    name, f"Setting {name} is {value!r}, which is not {known[name].type.__name__}."
                )
            check_options(changed)
            settings = changed
        except OptionError as error:
            log.warning("%s The default is used.", error.title)
    return settings


def save_settings(settings: Settings, paths: Paths) -> None:
    """Write the settings that differ from the defaults.

    Raises:
        OSError: the folder cannot be written.
    """
    default = asdict(Settings())
    changed = {name: value for name, value in asdict(settings).items() if value != default[name]}
    with replacing(paths.config / _FILE) as file:
        file.write(json.dumps(changed, indent=2).encode())


def _read_file(paths: Paths) -> dict[str, Any]:
    path = paths.config / _FILE
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("The settings file cannot be read, defaults are used: %s", error)
        return {}
    return read if isinstance(read, dict) else {}


def _parse(info: OptionInfo, word: str) -> object:
    if info.type is bool:
        return word.lower() in ("1", "true", "yes", "on")
    try:
        return info.type(word)
    except ValueError:
        return word
