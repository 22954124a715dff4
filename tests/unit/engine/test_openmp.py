"""Threads of torch's pool wait briefly, unless the user says otherwise or it is too late."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from latent_studio.engine.openmp import shorten_waits


@pytest.fixture(autouse=True)
def before_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the start of the program."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    # Set first, so that the test leaves the environment as it was.
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "before")
        monkeypatch.delenv(name)


def test_waits_are_shortened_before_torch_is_loaded() -> None:
    assert shorten_waits()
    assert int(os.environ["GOMP_SPINCOUNT"]) < 10_000
    assert not shorten_waits()


def test_nothing_is_set_once_torch_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", object())  # type: ignore[arg-type]
    assert not shorten_waits()
    assert "GOMP_SPINCOUNT" not in os.environ


@pytest.mark.parametrize("name", ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"])
def test_the_users_own_setting_has_the_last_word(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "active")
    assert not shorten_waits()
    assert os.environ[name] == "active"
    assert len({"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & set(os.environ)) == 1


def test_preparing_the_process_imports_no_torch_and_may_be_repeated() -> None:
    program = (
        "import sys; from latent_studio.engine.process import prepare_process\n"
        "prepare_process(); prepare_process(); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"
