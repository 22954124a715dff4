"""Run a command on a virtual screen of its own: ``virtual_screen.py COMMAND…``. Exits as the command does."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

START_SECONDS = 30


class NoScreen(Exception):
    """The virtual screen did not start."""


@contextmanager
def virtual_screen() -> Iterator[str]:
    """Start Xvfb on a free display number and stop it afterwards.

    Yields:
        The display, such as ``":99"``.

    Raises:
        NoScreen: Xvfb is not installed or gave no display in time.
    """
    if shutil.which("Xvfb") is None:
        raise NoScreen("Xvfb is not installed: run `apt-get install xvfb` as root.")
    reading, writing = os.pipe()
    screen = ["-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), *screen], pass_fds=(writing,), stderr=subprocess.PIPE
    )
    os.close(writing)
    try:
        # Xvfb writes its number and a line end in one piece once it answers, and closes the pipe if it fails.
        ready, _, _ = select.select([reading], [], [], START_SECONDS)
        number = os.read(reading, 32).decode().strip() if ready else ""
        if not number:
            server.kill()
            raise NoScreen(f"Xvfb did not start: {server.communicate()[1].decode(errors='replace').strip()}")
        yield f":{number}"
    finally:
        os.close(reading)
        server.terminate()
        server.communicate()


def stop(_signal: int, _frame: FrameType | None) -> None:
    """End by an exception, so that the screen is stopped too."""
    raise SystemExit(143)


def main() -> int:
    signal.signal(signal.SIGTERM, stop)
    try:
        with virtual_screen() as display:
            environment = {**os.environ, "DISPLAY": display}
            return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
    except NoScreen as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
