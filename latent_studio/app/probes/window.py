"""The window's needs: Qt, the libraries its wheels expect of the system, and a screen. Imports no Qt."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.probes.finding import Finding
from latent_studio.app.probes.qt_libraries import LIBRARIES, missing_libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latent_studio.app.probes.finding import Examination

_INSTALL = "The command line works without it. For the window: pip install PySide6-Essentials"
#: A desktop's two, and the one that tests draw on.
_PLATFORMS = ("xcb", "wayland", "offscreen")
#: The first PySide6 that loses a reference to True at every emit, and the Python that aborts then.
_LEAKS_FROM = (6, 12)
_MORTAL_BOOLS = (3, 11)


def look_at_window(examination: Examination) -> Iterator[Finding]:
    """Name what the window would run on, and what it lacks."""
    yield _qt()
    screen = _screen()
    yield _screen_finding(screen)
    if sys.platform == "linux":
        yield _libraries_finding(missing_libraries(), has_screen=bool(screen))


def _qt() -> Finding:
    # Only the package of packages is looked up: finding anything inside it would import Qt.
    spec = importlib.util.find_spec("PySide6")
    versions = {name: _version(name) for name in ("PySide6-Essentials", "shiboken6")}
    qt, shiboken = versions.values()
    if spec is None or spec.origin is None:
        return Finding("Qt", "bad", "PySide6 is not installed, so there is no window.", _INSTALL)
    platforms = _platforms(Path(spec.origin).parent)
    fact = f"PySide6 {qt or 'of unknown version'}; platforms: {', '.join(platforms) or 'none found'}"
    if qt and shiboken and qt != shiboken:
        return Finding(
            "Qt", "bad", f"{fact}; shiboken6 is {shiboken}.", f"Install one set: pip install shiboken6=={qt}"
        )
    if _numbers(qt) >= _LEAKS_FROM and sys.version_info[:2] <= _MORTAL_BOOLS:
        return Finding(
            "Qt",
            "bad",
            f"{fact}. This PySide6 aborts on Python 3.11.",
            'Install an older one: pip install "PySide6-Essentials<6.12"',
        )
    return Finding("Qt", "ok", fact)


def _platforms(package: Path) -> list[str]:
    """Which of the platforms that matter to us a PySide6 wheel brings."""
    folder = package / "Qt" / "plugins" / "platforms"
    return [name for name in _PLATFORMS if (folder / f"libq{name}.so").is_file()]


def _screen() -> str:
    """What a window would open on, in words; empty when there is nothing."""
    wanted = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if wanted:
        return f"{wanted}, as QT_QPA_PLATFORM says"
    if sys.platform in ("darwin", "win32", "cygwin"):
        return "the desktop's"
    # The values are left out: they may name another machine.
    if os.environ.get("WAYLAND_DISPLAY"):
        return "Wayland"
    return "X11" if os.environ.get("DISPLAY") else ""


def _screen_finding(screen: str) -> Finding:
    if screen:
        return Finding("screen", "ok", screen)
    return Finding(
        "screen",
        "warn",
        "none here, so the window cannot open",
        "The command line works without one. A virtual one: xvfb-run -a latent-studio",
    )


def _libraries_finding(missing: tuple[str, ...], *, has_screen: bool) -> Finding:
    name = "Qt's libraries"
    if not missing:
        return Finding(name, "ok", f"all {len(LIBRARIES)} that the system should bring are there")
    packages = " ".join(LIBRARIES[library] for library in missing)
    return Finding(
        name,
        # Without a screen nothing is lost.
        "bad" if has_screen else "warn",
        f"missing: {', '.join(missing)}",
        f"On Debian or Ubuntu, as root: apt-get install --no-install-recommends {packages}",
    )


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
