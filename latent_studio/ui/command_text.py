"""A task's options as the command line, or the Python, that does the same."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

from latent_studio.core.options import options_of
from latent_studio.core.rows import format_rows

if TYPE_CHECKING:
    from latent_studio.core.options import OptionInfo, OptionsClass


def command_text(verb: str, options: OptionsClass) -> str:
    """One line for a shell; options at their default are left out.

    Args:
        verb: such as ``"traverse"``.
        options: the verb's options.
    """
    words = ["latent-studio", *verb.split()]
    infos = options_of(type(options))
    for info in sorted(infos, key=lambda info: not info.positional):
        value = getattr(options, info.name)
        if info.positional:
            words += [str(one) for one in value] if info.many else [str(value)]
        elif info.default is dataclasses.MISSING or value != info.default:
            words += _words_of(info, value)
    return shlex.join(words)


def python_text(verb: str, options: OptionsClass) -> str:
    """Python for a script or a notebook; options at their default are left out.

    Args:
        verb: such as ``"traverse"``.
        options: the verb's options.
    """
    given = [
        f"{info.name}={_literal(value)}"
        for info in options_of(type(options))
        for value in [getattr(options, info.name)]
        if info.default is dataclasses.MISSING or value != info.default
    ]
    lines = ["from latent_studio.api import Studio", ""]
    if "Path(" in "".join(given):
        lines.insert(0, "from pathlib import Path")
        lines.insert(1, "")
    lines.append(f"Studio().run({verb!r}, {', '.join(given)})")
    return "\n".join(lines) + "\n"


def _literal(value: object) -> str:
    if isinstance(value, PurePath):
        return f"Path({str(value)!r})"
    if isinstance(value, tuple):
        inner = ", ".join(_literal(one) for one in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def _words_of(info: OptionInfo, value: object) -> list[str]:
    if info.type is bool:
        return [info.flag if value else f"--no-{info.name.replace('_', '-')}"]
    if isinstance(value, tuple):
        if info.repeat:
            return [word for one in value for word in (info.flag, _word(one))]
        if info.parse is not None:
            return [info.flag, (info.write or format_rows)(value)]
        return [info.flag, *(_word(one) for one in value)]
    return [info.flag, _word(value)]


def _word(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    short = f"{value:.10g}"
    # The same bytes need the same number, to its last digit.
    return short if float(short) == value else repr(value)
