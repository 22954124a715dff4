"""Settings: the user's preferences, typed, in one JSON file."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from latent_studio.checkpoints.bundled import DEFAULT_MODEL
from latent_studio.core.errors import OptionError
from latent_studio.core.files import replacing
from latent_studio.core.options import OptionInfo, check_options, option, options_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latent_studio.app.paths import Paths

log = logging.getLogger(__name__)

#: Of the file; a greater one was written by a newer program.
FORMAT = 1
SHORTCUTS = "shortcuts"

_FILE = "settings.json"
_ENV_PREFIX = "LATENT_STUDIO_"
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
#: Nobody's settings are this large: something else stands in the file.
_MOST_BYTES = 1 << 20
_MOST_KEYS = 4

#: What the user chose for actions: ``(name of the action, its keys)``, in no order that matters.
Shortcuts = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """Preferences. Order of power: defaults, file, ``LATENT_STUDIO_<NAME>`` in the environment, flags.

    Attributes:
        shortcuts: keys of actions that differ from what the program suggests; ``()`` as keys means none.
    """

    theme: Literal["system", "dark", "light"] = option(
        "system", label="Theme", help="Colours of the window: dark, light, or as the desktop is."
    )
    language: str = option(
        "system", label="Language", help="Language of the window, as the desktop's or by its code: en, de."
    )
    text_scale: int = option(
        100, label="Text size", unit="%", low=80, high=200, help="Size of all text in the window."
    )
    motion: Literal["system", "full", "reduced"] = option(
        "system", label="Motion", help="Whether things may move by themselves; reduced keeps them still."
    )
    start_model: str = option(
        DEFAULT_MODEL, label="First model", help="The model the window begins with: a name or a file."
    )
    autosave_seconds: int = option(
        10,
        label="Safety copy",
        unit="s",
        low=1,
        high=60,
        help="While you go on changing things, a safety copy is made this often.",
    )
    device: str = option("auto", label="Device", help="Where to compute: auto, cpu, cuda or cuda:N.")
    threads: int = option(
        0, label="Threads", low=0, high=256, help="Threads for computing on the CPU; 0 uses every core."
    )
    cache_mb: int = option(
        512,
        label="Cache",
        unit="MB",
        low=0,
        high=65536,
        help="Memory for activations that can be reused.",
    )
    coarse_ms: int = option(
        45,
        label="Preview time",
        unit="ms",
        low=5,
        high=1000,
        help="How long a preview may take while a slider moves.",
    )
    measure_forms: bool = option(
        True,
        label="Measure speed",
        help="Measure once per model which form of each convolution is fastest here.",
    )
    sefa_count: int = option(
        20, label="SeFa directions", low=1, high=512, help="SeFa directions to find when a model opens."
    )
    plugin_seconds: int = option(
        60,
        label="Patience with plugins",
        unit="s",
        low=1,
        high=3600,
        help="How long a plugin may work without a sign of life before it is left alone.",
    )
    shortcuts: Shortcuts = field(default=())

    def keys_of(self, action: str) -> tuple[str, ...] | None:
        """The user's keys of an action; ``None`` leaves it to the program."""
        return dict(self.shortcuts).get(action)


#: Headings and what stands below them, for lists and windows.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Appearance", ("theme", "language", "text_scale", "motion")),
    ("Work", ("start_model", "autosave_seconds")),
    (
        "Computing",
        ("device", "threads", "cache_mb", "coarse_ms", "measure_forms", "sefa_count", "plugin_seconds"),
    ),
)

#: These show at the next start of the program, and these when a model opens next.
AT_START = frozenset({"language", "start_model", "device", "threads", "coarse_ms", "plugin_seconds"})
AT_NEXT_MODEL = frozenset({"cache_mb", "measure_forms", "sefa_count"})


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """What file and environment say, and what could not be taken.

    Attributes:
        settings: the result.
        in_file: names the file decides.
        in_environment: names a variable decides, whatever the file says.
        problems: a sentence for each thing that cannot be used; the default stands in for it.
        file_is_sound: nothing in the file was passed over, so that it may be written over.
    """

    settings: Settings
    in_file: frozenset[str]
    in_environment: frozenset[str]
    problems: tuple[str, ...] = ()
    file_is_sound: bool = True

    def source_of(self, name: str) -> Literal["default", "file", "environment"]:
        """Who decides a setting."""
        if name in self.in_environment:
            return "environment"
        return "file" if name in self.in_file else "default"


def settings_file(paths: Paths) -> Path:
    """Where the settings are kept."""
    return paths.config / _FILE


def variable_of(name: str) -> str:
    """The environment variable that beats the file."""
    return _ENV_PREFIX + name.upper()


def read_settings(paths: Paths, environment: Mapping[str, str] | None = None) -> StoredSettings:
    """Read the settings; what is damaged or unknown falls back to the default and is named.

    Args:
        paths: whose settings.
        environment: variables to read instead of the process's own.
    """
    values, problem = _read_file(settings_file(paths))
    settings, wrong = _take(values)
    problems = [problem] if problem else []
    if wrong:
        problems.append(_say_wrong(wrong))
    in_file = frozenset(values) - frozenset(wrong)
    known = {info.name: info for info in options_of(Settings)}
    variables = os.environ if environment is None else environment
    from_environment = set()
    for name, info in known.items():
        word = variables.get(variable_of(name))
        if word:
            try:
                settings = with_word(settings, info, word)
            except OptionError as error:
                problems.append(f"{variable_of(name)} is passed over: {error.title}")
            else:
                from_environment.add(name)
    return StoredSettings(
        settings, in_file, frozenset(from_environment), tuple(problems), not (problem or wrong)
    )


def load_settings(paths: Paths, environment: Mapping[str, str] | None = None) -> Settings:
    """``read_settings`` for those who only want the result; what is wrong is logged."""
    stored = read_settings(paths, environment)
    for problem in stored.problems:
        log.warning("%s", problem)
    return stored.settings


def store_settings(paths: Paths, **values: Any) -> Settings:
    """Change some settings in the file and leave the others as they are there.

    What equals its default is not written. A file that could not be read in full is kept beside the new one.

    Args:
        paths: whose settings.
        values: by name.

    Returns:
        The settings as file and environment say now.

    Raises:
        OptionError: a value is of the wrong type or out of range; the file stays as it is.
        OSError: the folder cannot be written.
    """
    path = settings_file(paths)
    stored = read_settings(paths, {})
    changed = checked(replace(stored.settings, **values))
    if not stored.file_is_sound:
        _keep_beside(path)
    plain = {"format": FORMAT, **_plain(changed)}
    with replacing(path) as file:
        file.write(json.dumps(plain, indent=2, ensure_ascii=False).encode())
    return load_settings(paths)


def default_of(name: str) -> Any:
    """The value of a setting that nobody changed."""
    return getattr(Settings(), name)


def checked(settings: Settings) -> Settings:
    """The same settings, if types and ranges are right.

    Raises:
        OptionError: names the setting, what is allowed and the value found.
    """
    for info in options_of(Settings):
        value = getattr(settings, info.name)
        if type(value) is not info.type:
            raise OptionError(info.name, f"{info.name} is {value!r}, but must be {_kind(info)}.")
    try:
        check_options(settings)
    except OptionError as error:
        raise OptionError(
            error.option, error.title.replace(error.option, error.option.removeprefix("--").replace("-", "_"))
        ) from error
    return settings


def with_word(settings: Settings, info: OptionInfo, word: str) -> Settings:
    """The settings with one value as a command line or a variable writes it.

    Raises:
        OptionError: it cannot be read or is out of range.
    """
    value: object = word
    if info.type is bool:
        value = True if word.lower() in _YES else False if word.lower() in _NO else word
    elif info.type is not str:
        try:
            value = info.type(word)
        except ValueError:
            value = word
    return checked(replace(settings, **{info.name: value}))  # type: ignore[arg-type] # checked


def with_keys(settings: Settings, action: str, keys: tuple[str, ...] | None) -> Shortcuts:
    """The user's keys with those of one action changed; ``None`` gives it back to the program."""
    others = tuple((name, chosen) for name, chosen in settings.shortcuts if name != action)
    return others if keys is None else tuple(sorted((*others, (action, keys))))


def _take(values: Mapping[str, Any]) -> tuple[Settings, dict[str, str]]:
    """The settings of a file's values, and what is wrong with the others, by name."""
    known = {info.name for info in options_of(Settings)}
    settings, wrong = Settings(), {}
    for name, value in values.items():
        try:
            if name == SHORTCUTS:
                settings = replace(settings, shortcuts=_take_shortcuts(value))
            elif name in known:
                settings = checked(replace(settings, **{name: value}))
            else:
                wrong[name] = f"There is no setting {name}."
        except OptionError as error:
            wrong[name] = error.title
    return settings, wrong


def _take_shortcuts(value: object) -> Shortcuts:
    sound = isinstance(value, dict) and all(
        isinstance(keys, list) and len(keys) <= _MOST_KEYS and all(isinstance(key, str) for key in keys)
        for keys in value.values()
    )
    if not isinstance(value, dict) or not sound:
        raise OptionError(SHORTCUTS, "shortcuts must be lists of keys by the name of an action.")
    return tuple(sorted((str(name), tuple(keys)) for name, keys in value.items()))


def _say_wrong(wrong: Mapping[str, str]) -> str:
    if len(wrong) == 1:
        (title,) = wrong.values()
        return f"The settings file has a mistake, and the default is used: {title}"
    names = ", ".join(wrong)
    return f"The settings file has {len(wrong)} mistakes, and defaults are used for {names}."


def _plain(settings: Settings) -> dict[str, Any]:
    default = Settings()
    values = {
        info.name: getattr(settings, info.name)
        for info in options_of(Settings)
        if getattr(settings, info.name) != getattr(default, info.name)
    }
    if settings.shortcuts:
        values[SHORTCUTS] = {name: list(keys) for name, keys in settings.shortcuts}
    return values


def _read_file(path: Path) -> tuple[dict[str, Any], str]:
    """The values of a file, and a sentence if it cannot be read at all."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}, f"{path.name} is too large to be a settings file; the defaults are used."
        read = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"The settings file cannot be read, the defaults are used: {error.strerror}."
    except json.JSONDecodeError as error:
        return {}, f"The settings file is damaged in line {error.lineno}; the defaults are used."
    except (ValueError, RecursionError):
        return {}, "The settings file is damaged; the defaults are used."
    if not isinstance(read, dict):
        return {}, "The settings file holds no settings; the defaults are used."
    format = read.pop("format", FORMAT)
    if type(format) is not int or format < 1:
        return {}, f"The settings file has no format that is known ({format!r}); the defaults are used."
    if format > FORMAT:
        return {}, "The settings file was written by a newer version; the defaults are used."
    return read, ""


def _keep_beside(path: Path) -> None:
    """Copy what could not be used, once for each content; what cannot even be read steps aside."""
    try:
        held = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError:
        path.replace(path.with_name("settings-before.json"))
        return
    digest = hashlib.sha256(held).hexdigest()[:8]
    with replacing(path.with_name(f"settings-before-{digest}.json")) as file:
        file.write(held)


def _kind(info: OptionInfo) -> str:
    kind = {int: "a whole number", bool: "yes or no", str: "text"}.get(info.type, info.type.__name__)
    if info.type is int and info.range_text:
        return f"{kind} {info.range_text}"
    return info.range_text or kind
