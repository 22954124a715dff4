from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from dataclasses import replace

import environment
import pytest
from environment import EnvironmentProblem, State, Wanted, ensure, locked, read_state, remove, write_state

PYPROJECT = """
[build-system]
requires = ["hatchling"]
[project]
name = "sample"
dependencies = ["one>=1"]
[project.optional-dependencies]
test = ["two"]
check = ["three"]
[tool.ruff]
line-length = 110
"""


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "constraints.txt").write_text("one==1.2\n")
    return folder


class Commands:
    """Does what the commands would, as far as ``ensure`` can see, and remembers them."""

    def __init__(self, place):
        self.place = place
        self.seen = []
        self.fail_at = ""

    def __call__(self, command):
        words = " ".join(map(str, command))
        self.seen.append(words)
        if self.fail_at and self.fail_at in words:
            raise EnvironmentProblem("failed")
        if "-m venv" in words:
            (self.place / "bin").mkdir()
            (self.place / "bin" / "python").symlink_to(sys.executable)
            (self.place / "pyvenv.cfg").write_text("version = 3.11.7\n")

    def count(self, part):
        return sum(part in words for words in self.seen)


@pytest.fixture
def place(tmp_path):
    return tmp_path / "venv"


@pytest.fixture
def run(place):
    return Commands(place)


def test_a_new_environment_gets_all_requirements_by_the_constraints(checkout, place, run):
    ensure(place, Wanted.by(checkout), run=run)

    installing = next(words for words in run.seen if "one>=1" in words)
    assert f"-c {checkout / 'constraints.txt'}" in installing
    assert installing.endswith("hatchling editables one>=1 two three")
    assert run.seen[-1].endswith(f"--no-deps --no-build-isolation -e {checkout}")


def test_the_second_call_runs_nothing(checkout, place, run):
    ensure(place, Wanted.by(checkout), run=run)
    run.seen.clear()

    ensure(place, Wanted.by(checkout), run=run)

    assert run.seen == []


def test_settings_of_tools_change_no_stamp_of_packages(checkout):
    before = Wanted.by(checkout).packages_stamp("3.11")
    (checkout / "pyproject.toml").write_text(PYPROJECT.replace("110", "99"))

    assert Wanted.by(checkout).packages_stamp("3.11") == before


@pytest.mark.parametrize("change", ["dependencies", "extras", "build", "constraints", "python"])
def test_whatever_decides_the_packages_changes_their_stamp(checkout, change):
    before = Wanted.by(checkout).packages_stamp("3.11")
    old, new = {
        "dependencies": ("one>=1", "one>=2"),
        "extras": ("three", "four"),
        "build": ("hatchling", "setuptools"),
    }.get(change, ("", ""))
    (checkout / "pyproject.toml").write_text(PYPROJECT.replace(old, new) if old else PYPROJECT)
    if change == "constraints":
        (checkout / "constraints.txt").write_text("one==1.3\n")

    after = Wanted.by(checkout).packages_stamp("3.12" if change == "python" else "3.11")

    assert after != before


def test_new_constraints_install_again_into_the_same_environment(checkout, place, run):
    ensure(place, Wanted.by(checkout), run=run)
    run.seen.clear()
    (checkout / "constraints.txt").write_text("one==1.3\n")

    ensure(place, Wanted.by(checkout), run=run)

    assert run.count("-m venv") == 0
    assert run.count("one>=1") == 1


def test_another_checkout_takes_over_without_installing_packages(checkout, place, run, tmp_path):
    ensure(place, Wanted.by(checkout), run=run)
    run.seen.clear()
    other = tmp_path / "other"
    checkout.rename(other)

    ensure(place, Wanted.by(other), run=run)

    assert len(run.seen) == 1
    assert run.seen[0].endswith(f"-e {other}")


@pytest.mark.parametrize("moment", ["-m venv", "one>=1"])
def test_an_interrupted_installation_starts_afresh(checkout, place, run, moment):
    run.fail_at = moment
    with pytest.raises(EnvironmentProblem):
        ensure(place, Wanted.by(checkout), run=run)
    (place / "half-installed").write_text("")
    run.fail_at = ""
    run.seen.clear()

    ensure(place, Wanted.by(checkout), run=run)

    assert not (place / "half-installed").exists()
    assert run.count("-m venv") == 1
    assert environment.is_ready(place, Wanted.by(checkout))


def test_an_interrupted_take_over_keeps_the_packages(checkout, place, run):
    run.fail_at = "--no-deps"
    with pytest.raises(EnvironmentProblem):
        ensure(place, Wanted.by(checkout), run=run)
    run.fail_at = ""
    run.seen.clear()

    ensure(place, Wanted.by(checkout), run=run)

    assert len(run.seen) == 1


def test_a_lost_interpreter_starts_afresh(checkout, place, run):
    ensure(place, Wanted.by(checkout), run=run)
    (place / "bin" / "python").unlink()
    (place / "bin" / "python").symlink_to("/nowhere/python3.11")
    run.seen.clear()

    ensure(place, Wanted.by(checkout), run=run)

    assert run.count("-m venv") == 1


def test_a_folder_of_something_else_is_refused_and_left_alone(checkout, place, run):
    place.mkdir()
    (place / "thesis.tex").write_text("years of work")

    with pytest.raises(EnvironmentProblem, match="not empty"):
        ensure(place, Wanted.by(checkout), run=run)

    assert (place / "thesis.tex").exists()
    assert run.seen == []


def test_an_environment_of_the_user_is_filled_but_never_removed(checkout, place, run):
    place.mkdir()
    run(["python", "-m venv"])

    ensure(place, Wanted.by(checkout), run=run)

    assert environment.is_ready(place, Wanted.by(checkout))
    with pytest.raises(EnvironmentProblem, match="was not made by"):
        remove(place)
    assert place.exists()


def test_an_environment_of_ours_can_be_removed(checkout, place, run):
    ensure(place, Wanted.by(checkout), run=run)

    remove(place)

    assert not place.exists()


def test_without_ensurepip_pip_puts_itself_into_the_environment(checkout, place, run, monkeypatch):
    monkeypatch.setattr(environment, "_has", lambda module: module == "pip")

    ensure(place, Wanted.by(checkout), run=run)

    assert "--without-pip" in run.seen[0]
    assert f"-m pip --python {place / 'bin' / 'python'} install" in run.seen[1]


def test_a_python_that_can_make_no_environment_says_what_to_install(checkout, place, run, monkeypatch):
    monkeypatch.setattr(environment, "_has", lambda module: False)
    monkeypatch.setattr(environment.system_libraries, "install", lambda packages: False)

    with pytest.raises(EnvironmentProblem, match="apt-get install python3-venv"):
        ensure(place, Wanted.by(checkout), run=run)


def test_a_damaged_state_counts_as_none(place):
    place.mkdir()
    (place / environment.STATE_FILE).write_text('{"ours": tru')

    assert read_state(place) == State()


def test_a_state_is_read_as_it_was_written(place):
    place.mkdir()
    state = replace(State(ours=True), packages="a", checkout="b")

    write_state(place, state)

    assert read_state(place) == state


def test_a_second_caller_waits_for_the_lock_and_says_so(place, monkeypatch):
    said, entered = threading.Event(), threading.Event()
    monkeypatch.setattr(environment, "print", lambda *words, **how: said.set(), raising=False)

    def second():
        with locked(place):
            entered.set()

    thread = threading.Thread(target=second)
    with locked(place):
        thread.start()
        assert said.wait(30)
        assert not entered.is_set()
    thread.join(30)

    assert entered.is_set()


def test_the_lock_lives_on_in_a_command_that_outlives_the_caller(place):
    with locked(place) as lock:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock,))
    try:
        with place.with_name("venv.lock").open("w") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        child.communicate(b"\n", timeout=30)


def test_a_failing_command_says_what_it_takes(place):
    with locked(place) as lock, pytest.raises(EnvironmentProblem, match="7 GB"):
        environment.runner(lock)([sys.executable, "-c", "raise SystemExit(3)"])


def test_the_printed_stamp_is_the_one_of_the_environment(repo_root, monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_STUDIO_VENV", str(tmp_path / "none"))
    printed = subprocess.run(
        [repo_root / "scripts" / "venv", "--stamp"], capture_output=True, text=True, check=True
    ).stdout.strip()

    assert len(printed) == 16
    assert not (tmp_path / "none").exists()
