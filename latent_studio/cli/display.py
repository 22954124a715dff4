"""Is there a screen? Asked before Qt, which ends the whole process when there is none."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Qt platforms that need no screen.
_SCREENLESS = ("offscreen", "minimal", "minimalegl", "vnc", "linuxfb", "eglfs", "vkkhrdisplay")
_CONNECT_SECONDS = 3.0
_HINT = (
    "Render without one: `latent-studio demo --out DIR`, or give it a virtual one: "
    "`xvfb-run -a latent-studio`. `make run` does the first by itself."
)


class NoDisplayError(LatentStudioError):
    """The window has nowhere to open."""


def check_display(environment: Mapping[str, str], *, platform: str = sys.platform) -> None:
    """Make sure that a window can open.

    Args:
        environment: of this process.
        platform: of this machine; only Linux and its like can lack a screen.

    Raises:
        NoDisplayError: there is no screen, or nobody answers on it.
    """
    if platform in ("darwin", "win32", "cygwin"):
        return
    wanted = environment.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if wanted in _SCREENLESS:
        return
    if environment.get("WAYLAND_DISPLAY") and not wanted.startswith("xcb"):
        return
    display = environment.get("DISPLAY", "")
    if not display:
        raise NoDisplayError("There is no screen to open the window on.", hint=_HINT)
    if not wanted.startswith("wayland") and not _answers(display):
        raise NoDisplayError(f"Nobody answers on the screen DISPLAY={display}.", hint=_HINT)


def _answers(display: str) -> bool:
    """Whether an X server takes a connection; True for names of a kind we do not know."""
    match = re.fullmatch(r"(?P<host>[^:/]*):(?P<number>\d+)(?:\.\d+)?", display)
    if match is None:
        return True
    number = int(match["number"])
    if match["host"] in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen
        addresses = [f"\0{path}", path] if Path(path).exists() else [f"\0{path}"]
        return any(_takes_connection(socket.AF_UNIX, address) for address in addresses)
    try:
        with socket.create_connection((match["host"], 6000 + number), timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _takes_connection(family: socket.AddressFamily, address: str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_CONNECT_SECONDS)
        try:
            probe.connect(address)
        except OSError:
            return False
        return True
