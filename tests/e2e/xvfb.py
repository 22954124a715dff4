"""A virtual screen of our own, with a mouse and a keyboard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_TOOLS = ("Xvfb", "xdotool")
#: Qt itself photographs the screen, so that no further tool is needed.
_GRAB = """
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication(["grab"])
sys.exit(not app.primaryScreen().grabWindow(0).save(sys.argv[1]))
"""
_STARTS_WITHIN_S = 20.0
#: No single act of the mouse or keyboard takes this long.
_ACTS_WITHIN_S = 20.0


class Screen:
    """A virtual screen.

    Attributes:
        name: for ``DISPLAY``, such as ``":99"``.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def act(self, *words: object) -> str:
        """Let xdotool do something; gives what it prints."""
        done = subprocess.run(
            ["xdotool", *map(str, words)],
            env={**os.environ, "DISPLAY": self.name},
            capture_output=True,
            text=True,
            timeout=_ACTS_WITHIN_S,
        )
        assert done.returncode == 0, f"xdotool {words}: {done.stderr}"
        return done.stdout

    def window(self, title: str, *, within_s: float) -> str:
        """The id of a visible window with this in its title; waits for it."""
        found = ""

        def look() -> bool:
            nonlocal found
            # Not --sync, which would wait for ever; without a window the tool ends with an error.
            done = subprocess.run(
                ["xdotool", "search", "--onlyvisible", "--name", title],
                env={**os.environ, "DISPLAY": self.name},
                capture_output=True,
                text=True,
                timeout=_ACTS_WITHIN_S,
            )
            found = done.stdout.split()[-1] if done.stdout.split() else ""
            return bool(found)

        wait_for(look, within_s=within_s, what=f"a window called {title!r}")
        return found

    def click(self, x: int, y: int) -> None:
        """Press and release the left button somewhere."""
        self.act("mousemove", x, y, "click", 1)

    def drag(self, start: tuple[int, int], end: tuple[int, int], *, steps: int, pause_s: float) -> None:
        """Hold the left button and move in small steps, at the pace of a hand."""
        self.act("mousemove", *start)
        self.act("mousedown", 1)
        for step in range(1, steps + 1):
            x = round(start[0] + (end[0] - start[0]) * step / steps)
            y = round(start[1] + (end[1] - start[1]) * step / steps)
            self.act("mousemove", x, y, "sleep", pause_s)
        self.act("mouseup", 1)

    def press(self, *keys: str) -> None:
        """Press keys such as ``"ctrl+z"``, one after the other."""
        self.act("key", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self.act("type", "--delay", 5, text)

    def grab(self, path: Path) -> Path:
        """Take a picture of the whole screen."""
        subprocess.run(
            [sys.executable, "-c", _GRAB, str(path)],
            env={**os.environ, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"},
            timeout=_ACTS_WITHIN_S,
            check=True,
        )
        return path


@pytest.fixture
def screen() -> Iterator[Screen]:
    """A fresh screen of 1480 by 900; skips where the tools are missing."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}: `make e2e` installs them")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1480x900x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        os.set_blocking(read, False)
        number = b""

        def is_up() -> bool:
            nonlocal number
            try:
                number += os.read(read, 64)
            except BlockingIOError:
                assert server.poll() is None, "Xvfb ended at once"
            return number.endswith(b"\n")

        wait_for(is_up, within_s=_STARTS_WITHIN_S, what="Xvfb")
        yield Screen(f":{number.decode().strip()}")
    finally:
        os.close(read)
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)


def wait_for(check: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Ask again and again; a failing test says what it was waiting for."""
    end = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < end, f"no {what} within {within_s:g} s"
        # Another process works meanwhile; there is nothing here to be woken by.
        time.sleep(0.02)
