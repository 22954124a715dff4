"""The command line's grammar, made of the verbs' options."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from latent_studio import __version__
from latent_studio.app.library import library_models
from latent_studio.app.paths import Paths
from latent_studio.app.tasks.catalog import VERBS, Verb
from latent_studio.checkpoints.bundled import bundled_models
from latent_studio.core.errors import LatentStudioError, OptionError
from latent_studio.core.options import OptionInfo, options_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "latent-studio"


class UsageError(LatentStudioError):
    """The command line cannot be understood."""


@dataclasses.dataclass(frozen=True, slots=True)
class CommonFlags:
    """What every verb takes.

    Attributes:
        device: where to compute; ``None`` leaves it to the settings.
        threads: of the CPU; ``None`` leaves it to the settings.
        profile: folder for settings, caches and the rest; ``None`` is the user's own.
        plugin_dir: further folders to look for plugins in.
        quiet: show no progress.
        verbose: log what happens, and show tracebacks.
    """

    device: str | None = None
    threads: int | None = None
    profile: Path | None = None
    plugin_dir: tuple[Path, ...] = ()
    quiet: bool = False
    verbose: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """A command line, understood.

    Attributes:
        verb: what to do; ``None`` opens the window.
        values: of the verb's options by field name, those that were given.
        file: for the window: a model to open; empty opens the one it starts with.
        flags: the common ones.
    """

    verb: Verb | None
    values: dict[str, Any]
    file: str
    flags: CommonFlags


def parse_arguments(words: Sequence[str]) -> Command:
    """Understand a command line. Help and version are printed here and end the program.

    Raises:
        UsageError: it cannot be understood.
        OptionError: a value cannot be read.
    """
    words = [_without_exponent(word) for word in words]
    bare = _from_the_first_bare_word(words)
    parser = _build_parser(bare)
    if _names_a_file(parser, words, bare):
        window = _Parser(prog=PROGRAM, add_help=False)
        window.add_argument("file")
        _add_common(window)
        found = vars(window.parse_args(words))
        return Command(None, {}, found.pop("file"), _take_flags(found))
    found = vars(parser.parse_args(words))
    flags = _take_flags(found)
    verb = found.pop("verb", None)
    return Command(verb, {name: value for name, value in found.items() if value is not None}, "", flags)


def _from_the_first_bare_word(words: Sequence[str]) -> Sequence[str]:
    """The words without the flags before the verb."""
    takes_value = {"--device", "--threads", "--profile", "--plugin-dir"}
    rest = list(words)
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in takes_value else rest[1:]
    return rest


def _names_a_file(parser: argparse.ArgumentParser, words: Sequence[str], bare: Sequence[str]) -> bool:
    """Whether the first bare word is a model to open in the window, and no verb."""
    if not bare or bare[0] in {verb.name.split()[0] for verb in VERBS}:
        return False
    if Path(bare[0]).is_file() or bare[0] in (*bundled_models(), *library_models(_paths_in(words))):
        return True
    parser.error(f"there is no verb, file or model {bare[0]!r}")


def _paths_in(words: Sequence[str]) -> Paths:
    """Where files live, before the command line is understood."""
    chosen = None
    for word, following in itertools.pairwise([*words, ""]):
        if word == "--profile":
            chosen = following
        elif word.startswith("--profile="):
            chosen = word.partition("=")[2]
    return Paths.choose(Path(chosen) if chosen else None)


def _without_exponent(word: str) -> str:
    """Write ``-1e-1`` as ``-0.1``: argparse takes the first for an option."""
    if not re.fullmatch(r"-\d*\.?\d*(?:[eE][+-]?\d{1,2})?", word) or not re.search(r"\d", word):
        return word
    try:
        return f"{Decimal(word):f}"
    except InvalidOperation:
        return word


class _Parser(argparse.ArgumentParser):
    """Raises instead of printing, so that every error of the program looks the same."""

    def error(self, message: str) -> NoReturn:
        name = self.prog.split(" ", 1)[-1] if " " in self.prog else ""
        raise UsageError(
            f"{message[:1].upper()}{message[1:]}.", hint=f"See: {PROGRAM} {name} --help".replace("  ", " ")
        )


def _build_parser(bare: Sequence[str]) -> argparse.ArgumentParser:
    """All verbs; options of the one that is named, since those of all take longer than many a command."""
    parser = _Parser(
        prog=PROGRAM,
        description="Explore GAN latent spaces. Without a verb the window opens; a file opens in it.",
        epilog=f"More about a verb: {PROGRAM} VERB --help",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"Latent Studio {__version__}")
    _add_common(parser)
    groups = {"": parser.add_subparsers(metavar="VERB", title="verbs", parser_class=_Parser)}
    for verb in VERBS:
        *above, name = verb.name.split()
        group = "".join(above)
        if group not in groups:
            middle = groups[""].add_parser(group, help=f"{group.capitalize()} files.", allow_abbrev=False)
            groups[group] = middle.add_subparsers(metavar="VERB", title="verbs", required=True)
        child = groups[group].add_parser(
            name, help=verb.help, description=verb.help, allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        child.set_defaults(verb=verb)
        parts = verb.name.split()
        if list(bare[: len(parts)]) == parts:
            for info in options_of(verb.load_options()):
                _add_option(child, info)
            _add_common(child.add_argument_group("common"))
    return parser


def _add_common(parser: argparse._ActionsContainer) -> None:
    def add(*names: str, help: str, **details: Any) -> None:
        # Suppressed defaults: a flag before the verb must not be overwritten by its absence after it.
        parser.add_argument(*names, default=argparse.SUPPRESS, help=help, **details)

    add("--device", metavar="NAME", help="Where to compute: auto, cpu, cuda or cuda:N.")
    add(
        "--threads",
        type=_read_threads,
        metavar="N",
        help="Threads for computing on the CPU; 0 uses every core.",
    )
    add("--profile", type=Path, metavar="DIR", help="Keep settings and caches in this folder.")
    add(
        "--plugin-dir",
        type=Path,
        action=_AppendToTuple,
        metavar="DIR",
        help="Look for plugins in this folder too; give it again for more. Found is not enabled.",
    )
    add("--quiet", "-q", action="store_true", help="Show no progress.")
    add("--verbose", "-v", action="store_true", help="Log what happens; show tracebacks.")


def _read_threads(word: str) -> int:
    if not re.fullmatch(r"\d{1,3}", word) or int(word) > 256:
        raise OptionError("--threads", f"--threads is {word}, but must be from 0 to 256.")
    return int(word)


def _take_flags(found: dict[str, Any]) -> CommonFlags:
    names = [field.name for field in dataclasses.fields(CommonFlags)]
    return CommonFlags(**{name: found.pop(name) for name in names if name in found})


def _add_option(parser: argparse.ArgumentParser, info: OptionInfo) -> None:
    has_default = info.default is not dataclasses.MISSING
    details: dict[str, Any] = {"help": _help_text(info, has_default=has_default)}
    if info.type is bool:
        if info.default or info.optional:
            details["action"] = argparse.BooleanOptionalAction
        else:
            details["action"] = "store_true"
        parser.add_argument(*_flags(info), dest=info.name, default=None, **details)
        return
    details["type"] = _Reader(info)
    if info.choices:
        details["metavar"] = "|".join(str(choice) for choice in info.choices)
    elif info.metavar:
        details["metavar"] = (info.metavar,) * info.count if info.count else info.metavar
    if info.many and info.parse is None:
        if info.repeat:
            details["action"] = _AppendToTuple
        else:
            details["nargs"] = info.count or "+"
            details["action"] = _StoreTuple
    if not info.positional:
        parser.add_argument(*_flags(info), dest=info.name, default=None, required=not has_default, **details)
        return
    if has_default:
        details |= {"nargs": "*" if info.many else "?", "default": None}
    parser.add_argument(info.name, **details)


def _flags(info: OptionInfo) -> tuple[str, ...]:
    return info.flags or (info.flag,)


def _help_text(info: OptionInfo, *, has_default: bool) -> str:
    text = info.help.replace("%", "%%")
    if not has_default or info.default in (None, ()) or info.type is bool:
        return text
    values = info.default if isinstance(info.default, tuple) else (info.default,)
    shown = " ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)
    return f"{text} Default: {shown}{' ' + info.unit if info.unit else ''}."


class _Reader:
    """Turns a word into an option's value, with our errors."""

    def __init__(self, info: OptionInfo) -> None:
        self._info = info

    def __call__(self, word: str) -> Any:
        info = self._info
        name = info.metavar or info.name if info.positional else info.flag
        if info.parse is not None:
            return info.parse(word)
        if info.choices:
            for choice in info.choices:
                if str(choice) == word:
                    return choice
            raise OptionError(name, f"{name} is {word!r}, but must be {info.range_text}.")
        try:
            return info.type(word)
        except ValueError as error:
            kind = {int: "a whole number", float: "a number"}.get(info.type, info.type.__name__)
            raise OptionError(name, f"{name} is {word!r}, but must be {kind}.") from error


class _StoreTuple(argparse.Action):
    """Keeps several words as a tuple, so that options stay frozen."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, tuple(values))


class _AppendToTuple(argparse.Action):
    """Gathers the words of a flag that is given again and again."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, (*(getattr(namespace, self.dest, None) or ()), values))
