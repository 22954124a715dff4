"""System libraries that Qt's wheels expect, and the tests' virtual screen: found, installed or named."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Debian package of each shared library that PySide6-Essentials links to but does not bring.
LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


def can_load(library: str) -> bool:
    """Whether the system's loader finds a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_packages(*, finds: Callable[[str], bool] = can_load) -> list[str]:
    """Debian packages that are still needed, in a fixed order.

    Args:
        finds: whether a shared library is there.
    """
    packages = [package for library, package in LIBRARIES.items() if not finds(library)]
    if not any(next(Path(folder).expanduser().glob("**/*.[ot]tf"), None) for folder in FONT_FOLDERS):
        packages.append("fonts-dejavu-core")
    if shutil.which("Xvfb") is None:
        packages.append("xvfb")
    return packages


def install_missing() -> None:
    """Install what is missing if we may, else name it. Never an error: most work needs none of it."""
    if sys.platform != "linux":
        return
    packages = missing_packages()
    if packages and not install(packages):
        print(
            "Qt's window or its tests lack system libraries. On Debian or Ubuntu, as root:\n"
            f"  apt-get install --no-install-recommends {' '.join(packages)}",
            file=sys.stderr,
        )


def install(packages: Sequence[str]) -> bool:
    """Install Debian packages without asking anything.

    Returns:
        Whether they are installed now. False at once without root rights or a passwordless sudo, without
        apt-get, or when ``LATENT_STUDIO_NO_APT`` is set.
    """
    apt_get = _apt_get()
    if apt_get is None:
        return False
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    command = [*apt_get, "install", "--yes", "--no-install-recommends", *packages]
    # The package lists may be missing or stale; fetching them costs time, so the first try goes without.
    return _succeeds(command) or (_succeeds([*apt_get, "update"]) and _succeeds(command))


def _apt_get() -> list[str] | None:
    if shutil.which("apt-get") is None or os.environ.get("LATENT_STUDIO_NO_APT"):
        return None
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n", *command]
    return None


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return (
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=600,
                check=False,
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    install_missing()
