"""What appears on stderr."""

from __future__ import annotations

import io

from latent_studio.cli.console import ConsoleProgress, print_error
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.jobs import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Time that stands still until told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_come_every_ten_per_cent_when_nobody_watches() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = ConsoleProgress(stream, clock=clock)
    for done in range(1, 101):
        clock.now += 1
        progress(Progress(done / 100, f"step {done}"))
    lines = stream.getvalue().splitlines()
    assert lines[0].split() == ["1", "%", "step", "1"]
    assert [line.split()[0] for line in lines[1:]] == [str(10 * n) for n in range(1, 11)]


def test_work_done_in_a_moment_says_little() -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(stream, clock=Clock())
    for done in range(1, 101):
        progress(Progress(done / 100, "step"))
    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["1", "100"]


def test_a_second_part_counts_from_zero_again() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = ConsoleProgress(stream, clock=clock)
    for fraction in (0.5, 1.0, 0.1, 0.9):
        clock.now += 1
        progress(Progress(fraction, "x"))
    assert len(stream.getvalue().splitlines()) == 4


def test_a_terminal_has_one_line_that_updates() -> None:
    stream, clock = Terminal(), Clock()
    progress = ConsoleProgress(stream, clock=clock)
    for done in range(1, 11):
        clock.now += 1
        progress(Progress(done / 10, f"step {done}"))
    progress.clear()
    text = stream.getvalue()
    assert "\n" not in text
    assert " 50 %  step 5" in text
    assert text.endswith("\r\x1b[2K")


def test_a_terminal_is_not_flooded_but_sees_the_end() -> None:
    stream, clock = Terminal(), Clock()
    progress = ConsoleProgress(stream, clock=clock)
    for done in range(1, 1001):
        clock.now += 0.001
        progress(Progress(done / 1000, "step"))
    assert stream.getvalue().count("\r") < 15
    assert "100 %" in stream.getvalue()


def test_the_remaining_time_is_told_once_it_is_known() -> None:
    stream, clock = Terminal(), Clock()
    progress = ConsoleProgress(stream, clock=clock)
    progress(Progress(0.05, "step"))
    assert "left" not in stream.getvalue()
    clock.now = 10
    progress(Progress(0.25, "step"))
    assert "30 s left" in stream.getvalue()


def test_work_of_unknown_length_has_no_number() -> None:
    stream = Terminal()
    ConsoleProgress(stream, clock=Clock())(Progress(None, "Finding directions"))
    assert stream.getvalue() == "\r\x1b[2KFinding directions"


def test_a_line_never_wraps(monkeypatch: object) -> None:
    stream = Terminal()
    ConsoleProgress(stream, clock=Clock())(Progress(0.5, "x" * 5000))
    assert len(stream.getvalue()) < 2000


def test_quiet_says_nothing() -> None:
    stream = io.StringIO()
    progress = ConsoleProgress(stream, is_quiet=True)
    progress(Progress(0.5, "x"))
    progress.clear()
    assert stream.getvalue() == ""


def test_errors_are_a_sentence_and_a_hint() -> None:
    stream = io.StringIO()
    print_error(LatentStudioError("It broke.", hint="Mend it."), stream)
    print_error(LatentStudioError("It broke again."), stream)
    assert stream.getvalue() == "latent-studio: It broke.\nhint: Mend it.\nlatent-studio: It broke again.\n"
