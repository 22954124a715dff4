from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

needs_xvfb = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
SHOW = "import os; print(os.environ['DISPLAY'], flush=True); raise SystemExit(7)"
WAIT = "import os; print(os.environ['DISPLAY'], flush=True); input()"


@pytest.fixture
def start(repo_root):
    """Start a Python text on a virtual screen."""
    script = repo_root / "scripts" / "virtual_screen.py"

    def _start(text, **environment):
        return subprocess.Popen(
            [sys.executable, script, sys.executable, "-c", text],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return _start


@needs_xvfb
def test_the_command_gets_a_display_and_gives_its_exit_code(start):
    run = start(SHOW)
    out, _ = run.communicate(timeout=60)

    assert out.startswith(":")
    assert run.returncode == 7


@needs_xvfb
def test_two_at_once_get_two_displays(start):
    first, second = start(WAIT), start(WAIT)
    displays = {first.stdout.readline(), second.stdout.readline()}
    for run in (first, second):
        run.communicate("\n", timeout=60)

    assert len(displays) == 2


@needs_xvfb
def test_the_screen_ends_with_us(start):
    run = start(WAIT)
    display = run.stdout.readline().strip()
    socket = Path(f"/tmp/.X11-unix/X{display[1:]}")
    existed = socket.exists()
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)

    assert existed
    assert not socket.exists()


def test_without_xvfb_it_says_what_to_install(start, tmp_path):
    run = start(SHOW, PATH=str(tmp_path))
    _, err = run.communicate(timeout=60)

    assert run.returncode == 2
    assert "apt-get install xvfb" in err
