"""System libraries that Qt's wheels expect, and the tests' virtual screen: found, installed or named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

# This runs before the project is installed anywhere.
sys.path.append(str(Path(__file__).resolve().parent.parent))
from latent_studio.app.probes.qt_libraries import LIBRARIES, can_load, missing_libraries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


def missing_packages(*, finds: Callable[[str], bool] = can_load) -> list[str]:
    """Debian packages that are still needed, in a fixed order.

    Args:
        finds: whether a shared library is there.
    """
    packages = [LIBRARIES[library] for library in missing_libraries(finds=finds)]
    if not any(next(Path(folder).expanduser().glob("**/*.[ot]tf"), None) for folder in FONT_FOLDERS):
        packages.append("fonts-dejavu-core")
    # A virtual screen, and a hand for its mouse and keys.
    packages += [tool.lower() for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
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
