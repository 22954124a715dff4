"""The ``latent-studio`` program: verbs run here, and without one the window opens."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING

from latent_studio.app.tasks.catalog import Verdict
from latent_studio.cli.arguments import PROGRAM, UsageError, parse_arguments
from latent_studio.cli.console import ConsoleProgress, print_error
from latent_studio.cli.display import check_display
from latent_studio.core.errors import Cancelled, LatentStudioError, OptionError
from latent_studio.core.jobs import CancelToken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latent_studio.app.paths import Paths
    from latent_studio.app.settings import Settings
    from latent_studio.app.tasks.catalog import Verb
    from latent_studio.cli.arguments import Command, CommonFlags


class ExitCode(IntEnum):
    """How the program ends."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    CANCELLED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        words: the command line without the program's name; the process's own by default.

    Returns:
        0 done, 1 error, 2 usage, 130 cancelled.
    """
    given = sys.argv[1:] if words is None else words
    try:
        command = parse_arguments(given)
    except LatentStudioError as error:
        print_error(error, sys.stderr)
        return ExitCode.USAGE
    except SystemExit as stop:
        # argparse has printed its help or our version.
        return ExitCode(stop.code) if isinstance(stop.code, int) else ExitCode.DONE
    _start_log(is_verbose=command.flags.verbose)
    try:
        if command.verb is None:
            return _open_window(command)
        return _run_verb(command.verb, command)
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write(f"{PROGRAM}: Cancelled.\n")
        return ExitCode.CANCELLED
    except LatentStudioError as error:
        print_error(error, sys.stderr)
        if command.flags.verbose:
            traceback.print_exc()
        is_usage = isinstance(error, OptionError | UsageError)
        return ExitCode.USAGE if is_usage else ExitCode.ERROR
    except BrokenPipeError:
        # Whoever read our output has had enough; Python must not try to flush what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.ERROR
    except Exception as error:
        sys.stderr.write(f"{PROGRAM}: Something went wrong inside: {type(error).__name__}: {error}\n")
        if command.flags.verbose:
            traceback.print_exc()
        else:
            sys.stderr.write("hint: Run it again with -v and report what it prints.\n")
        return ExitCode.ERROR


def _start_log(*, is_verbose: bool) -> None:
    origin = "%(levelname)s %(name)s: " if is_verbose else ""
    logging.basicConfig(level=logging.WARNING, format=f"{PROGRAM}: {origin}%(message)s", stream=sys.stderr)
    # Ours only: the libraries' own chatter helps nobody.
    logging.getLogger("latent_studio").setLevel(logging.DEBUG if is_verbose else logging.NOTSET)


def _run_verb(verb: Verb, command: Command) -> int:
    options = verb.load_options()(**command.values)
    from latent_studio.app.studio import Studio

    progress = ConsoleProgress(sys.stderr, is_quiet=command.flags.quiet)
    token = CancelToken()
    try:
        with _interrupt_cancels(token):
            studio = Studio(*_profile_of(command.flags), plugin_dirs=command.flags.plugin_dir)
            result = verb.load_task()(studio, options, progress, token)
    except Cancelled:
        if token.kept is not None:
            sys.stdout.write(f"{token.kept}\n")
        raise
    finally:
        progress.clear()
    sys.stdout.write("".join(f"{line}\n" for line in result.lines))
    sys.stdout.flush()
    return ExitCode.ERROR if isinstance(result, Verdict) and not result.is_good else ExitCode.DONE


def _profile_of(flags: CommonFlags) -> tuple[Paths, Settings]:
    from latent_studio.app.paths import Paths
    from latent_studio.app.settings import load_settings

    paths = Paths.choose(flags.profile)
    settings = load_settings(paths)
    if flags.device is not None:
        settings = replace(settings, device=flags.device)
    if flags.threads is not None:
        settings = replace(settings, threads=flags.threads)
    return paths, settings


def _open_window(command: Command) -> int:
    check_display(os.environ)
    try:
        from latent_studio.ui.main import main as open_window
    except ImportError as error:
        raise LatentStudioError(
            f"Qt, which draws the window, cannot be loaded: {error}.",
            hint="`make run` in a checkout installs what is missing; the other verbs work without it.",
        ) from error
    _, settings = _profile_of(command.flags)
    models = {"model": command.file} if command.file else {}
    return open_window(
        [PROGRAM],
        profile=command.flags.profile,
        settings=settings,
        plugin_dirs=command.flags.plugin_dir,
        **models,
    )


@contextmanager
def _interrupt_cancels(token: CancelToken) -> Iterator[None]:
    """Ctrl+C asks the work to stop at its next step; a second one stops it on the spot."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: object) -> None:
        if token.is_cancelled:
            raise KeyboardInterrupt
        token.cancel()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
