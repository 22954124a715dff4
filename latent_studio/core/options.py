"""Options: dataclass fields that know their help text, unit and range. Feeds argparse and forms alike."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Protocol,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from latent_studio.core.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

_KEY = "latent_studio.option"


class OptionsClass(Protocol):
    """Any dataclass whose fields are made with ``option``."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


@dataclass(frozen=True, slots=True)
class OptionInfo:
    """What a face needs to know to ask for an option.

    Attributes:
        name: the field's name.
        type: the type of one value: ``int``, ``float``, ``str``, ``bool`` or ``Path``.
        many: the value is a tuple of them.
        optional: ``None`` is allowed and means "not given".
        default: value when not given; ``dataclasses.MISSING`` when it must be given.
        help: one sentence.
        unit: such as ``"px"`` or ``"fps"``; may be empty.
        low: smallest value allowed; ``None`` is no bound.
        high: greatest value allowed.
        choices: the only values allowed; empty means any.
        positional: a bare argument on the command line.
        metavar: what the value is called in help texts.
        parse: turns a command-line word into the value, where the type alone does not.
        write: turns a tuple that ``parse`` made back into its word; rows are written without it.
        count: exact number of values of a tuple, 0 for any number.
        flags: names on the command line where they differ from ``name``, the usual one first.
        repeat: a tuple filled by giving the flag again and again, not by several words after it.
        label: what a form calls it; empty makes it of the name.
    """

    name: str
    type: type
    many: bool
    optional: bool
    default: Any
    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    positional: bool = False
    metavar: str = ""
    parse: Callable[[str], Any] | None = None
    write: Callable[[Any], str] | None = None
    count: int = 0
    flags: tuple[str, ...] = ()
    repeat: bool = False
    label: str = ""

    @property
    def title(self) -> str:
        """What a form calls it."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def flag(self) -> str:
        """The name on the command line: ``--truncation-psi``."""
        return self.flags[0] if self.flags else f"--{self.name.replace('_', '-')}"

    @property
    def range_text(self) -> str:
        """The allowed range in words, for messages; empty when anything goes."""
        if self.choices:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        unit = f" {self.unit}" if self.unit else ""
        match self.low, self.high:
            case None, None:
                return ""
            case low, None:
                return f"at least {low:g}{unit}"
            case None, high:
                return f"at most {high:g}{unit}"
            case low, high:
                return f"from {low:g} to {high:g}{unit}"


def option(
    default: Any = dataclasses.MISSING,
    *,
    help: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    positional: bool = False,
    metavar: str = "",
    parse: Callable[[str], Any] | None = None,
    write: Callable[[Any], str] | None = None,
    flags: tuple[str, ...] = (),
    repeat: bool = False,
    label: str = "",
) -> Any:
    """A dataclass field with what a command line or a form needs to ask for it.

    Args:
        default: value when not given; leave out for a required option.
        help: one sentence.
        unit: such as ``"px"``.
        low: smallest value allowed.
        high: greatest value allowed.
        positional: a bare argument on the command line.
        metavar: what the value is called in help texts.
        parse: turns a command-line word into the value, where the type alone does not.
        write: turns a tuple that ``parse`` made back into its word.
        flags: names on the command line where they differ from the field's, the usual one first.
        repeat: a tuple filled by giving the flag again and again.
        label: what a form calls it, where that is not the name.
    """
    extras = {
        "help": help,
        "unit": unit,
        "low": low,
        "high": high,
        "positional": positional,
        "metavar": metavar,
        "parse": parse,
        "write": write,
        "flags": flags,
        "repeat": repeat,
        "label": label,
    }
    return dataclasses.field(default=default, metadata={_KEY: extras})


def options_of(cls: type[OptionsClass]) -> tuple[OptionInfo, ...]:
    """Describe the options of a dataclass, in the order they are declared."""
    hints = get_type_hints(cls)
    return tuple(
        _describe(field, hints[field.name]) for field in dataclasses.fields(cls) if _KEY in field.metadata
    )


def check_options(options: OptionsClass) -> None:
    """Refuse values outside their ranges.

    Raises:
        OptionError: names the option, its range and the value found.
    """
    for info in options_of(type(options)):
        value = getattr(options, info.name)
        if value is None and info.optional:
            continue
        values = value if info.many else (value,)
        if info.count and len(values) != info.count:
            raise OptionError(info.flag, f"{info.flag} takes {info.count} values, not {len(values)}.")
        for one in values:
            _check_value(info, one)


def _describe(field: dataclasses.Field[Any], hint: Any) -> OptionInfo:
    optional = False
    if get_origin(hint) in (UnionType, Union):
        members = [member for member in get_args(hint) if member is not NoneType]
        optional = len(members) < len(get_args(hint))
        hint = members[0]
    many, count = False, 0
    if get_origin(hint) is tuple:
        members = [member for member in get_args(hint) if member is not Ellipsis]
        many, count = True, len(members) if Ellipsis not in get_args(hint) else 0
        hint = members[0]
    choices: tuple[Any, ...] = ()
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        hint = type(choices[0])
    return OptionInfo(
        name=field.name,
        type=hint,
        many=many,
        optional=optional,
        default=field.default,
        choices=choices,
        count=count,
        **field.metadata[_KEY],
    )


def _check_value(info: OptionInfo, value: Any) -> None:
    if info.choices:
        wrong = value not in info.choices
    elif isinstance(value, int | float) and not isinstance(value, bool):
        below = info.low is not None and value < info.low
        above = info.high is not None and value > info.high
        wrong = below or above or not math.isfinite(value)
    else:
        wrong = False
    if wrong:
        allowed = info.range_text or "a finite number"
        raise OptionError(info.flag, f"{info.flag} is {value}, but must be {allowed}.")
