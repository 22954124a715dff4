"""Exit codes, messages and the way to the window."""

from __future__ import annotations

import signal
import sys
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from latent_studio.cli.main import main
from latent_studio.core.errors import CheckpointError, OptionError
from latent_studio.core.jobs import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.options import OptionsClass


@dataclass(frozen=True)
class Answer:
    lines: tuple[str, ...] = ("answer",)


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Studio, CancelToken], None]], None]:
    """Put a function in place of ``model info``'s task."""

    def put(body: Callable[[Studio, CancelToken], None]) -> None:
        def run(studio: Studio, options: OptionsClass, progress: ProgressSink, cancel: CancelToken) -> Answer:
            progress(Progress(0.5, "half"))
            body(studio, cancel)
            return Answer()

        monkeypatch.setattr("latent_studio.app.tasks.model_info.run_model_info", run)

    return put


def raises(error: BaseException) -> Callable[[Studio, CancelToken], None]:
    def body(studio: Studio, cancel: CancelToken) -> None:
        raise error

    return body


def test_an_answer_goes_to_stdout_and_progress_to_stderr(task, capsys: pytest.CaptureFixture[str]) -> None:
    task(lambda studio, cancel: None)
    assert main(["model", "info", "m"]) == 0
    out, err = capsys.readouterr()
    assert out == "answer\n"
    assert "50 %  half" in err


def test_quiet_leaves_the_answer_alone(task, capsys: pytest.CaptureFixture[str]) -> None:
    task(lambda studio, cancel: None)
    assert main(["-q", "model", "info", "m"]) == 0
    assert capsys.readouterr() == ("answer\n", "")


def test_flags_reach_the_studio(task, tmp_path) -> None:
    seen = []
    task(
        lambda studio, cancel: seen.append(
            (studio.settings.device, studio.settings.threads, studio.paths.cache)
        )
    )
    assert main(["model", "info", "m", "--device", "cpu", "--threads", "1", "--profile", str(tmp_path)]) == 0
    assert seen == [("cpu", 1, tmp_path / "cache")]


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            CheckpointError("It is no model.", hint="Choose another."),
            1,
            "It is no model.\nhint: Choose another.\n",
        ),
        (OptionError("--class", "--class is 9."), 2, "--class is 9.\n"),
        (KeyboardInterrupt(), 130, "Cancelled.\n"),
        (ZeroDivisionError("oops"), 1, "Something went wrong inside: ZeroDivisionError: oops\nhint: "),
    ],
)
def test_failures_are_a_sentence_a_hint_and_a_code(
    task, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, words: str
) -> None:
    task(raises(error))
    assert main(["model", "info", "m", "-q"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"latent-studio: {words}")
    assert "Traceback" not in err


def test_verbose_shows_the_traceback(task, capsys: pytest.CaptureFixture[str]) -> None:
    task(raises(ZeroDivisionError("oops")))
    assert main(["model", "info", "m", "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_cancels_the_work_first(task, capsys: pytest.CaptureFixture[str]) -> None:
    steps = []

    def body(studio: Studio, cancel: CancelToken) -> None:
        signal.raise_signal(signal.SIGINT)
        steps.append("goes on to the next step")
        cancel.check()

    task(body)
    assert main(["model", "info", "m"]) == 130
    assert steps == ["goes on to the next step"]
    assert "Cancelled." in capsys.readouterr().err


def test_a_second_ctrl_c_stops_on_the_spot(task) -> None:
    def body(studio: Studio, cancel: CancelToken) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("still running")

    task(body)
    assert main(["model", "info", "m"]) == 130


def test_handlers_of_signals_are_put_back(task) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    task(lambda studio, cancel: None)
    main(["model", "info", "m"])
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize(
    "words", [["frobnicate"], ["model"], ["generate", "m", "--seeds", "x", "--out", "o"]]
)
def test_usage_errors_have_code_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("latent-studio: ")


def test_help_and_version_have_code_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
    assert "Latent Studio 0" in capsys.readouterr().out


# --- the window


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple, dict]]:
    """Calls of the window's main function, which is replaced."""
    calls: list[tuple[tuple, dict]] = []
    module = types.ModuleType("latent_studio.ui.main")
    module.main = lambda *args, **more: calls.append((args, more)) or 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "latent_studio.ui.main", module)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    return calls


def test_without_a_verb_the_window_opens(window, tmp_path) -> None:
    assert main(["--profile", str(tmp_path), "--threads", "1"]) == 0
    ((argv,), more) = window[0]
    assert argv == ["latent-studio"]
    assert "model" not in more
    assert (more["profile"], more["settings"].threads) == (tmp_path, 1)


def test_a_file_opens_in_the_window(window, tmp_path) -> None:
    path = tmp_path / "cats.pkl"
    path.write_bytes(b"")
    assert main([str(path)]) == 0
    assert window[0][1]["model"] == str(path)


def test_without_a_screen_it_says_so_and_leaves_qt_alone(window, monkeypatch, capsys) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert main([]) == 1
    err = capsys.readouterr().err
    assert err.startswith("latent-studio: There is no screen")
    assert len(err.splitlines()) == 2
    assert window == []


def test_a_qt_that_cannot_be_loaded_is_named(window, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "latent_studio.ui.main", None)
    assert main([]) == 1
    err = capsys.readouterr().err
    assert "Qt" in err
    assert "hint: " in err
