"""The machine: program, Python, system, processor and memory, and the libraries nothing works without."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio import __version__
from latent_studio.app.probes.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latent_studio.app.probes.finding import Examination

_LIBRARIES = ("numpy", "pillow", "safetensors", "platformdirs")


def look_at_system(examination: Examination) -> Iterator[Finding]:
    """Name what the program runs on."""
    kind = "in an environment" if sys.prefix != sys.base_prefix else "of the system"
    yield Finding("program", "ok", f"Latent Studio {__version__}")
    yield Finding("Python", "ok", f"{platform.python_implementation()} {platform.python_version()}, {kind}")
    yield Finding("system", "ok", _system())
    yield Finding("processor", "ok", _processor())
    versions = {name: _version(name) for name in _LIBRARIES}
    missing = [name for name, version in versions.items() if not version]
    yield Finding(
        "libraries",
        "bad" if missing else "ok",
        ", ".join(f"{name} {version or 'missing'}" for name, version in versions.items()),
        f"Install what is missing: pip install {' '.join(missing)}" if missing else "",
    )


def _system() -> str:
    # `platform.node()` and the like name the machine, so only what all machines of a kind share is asked for.
    libc = " ".join(platform.libc_ver()).strip()
    parts = [f"{platform.system()} {platform.release()} {platform.machine()}", _distribution(), libc]
    return ", ".join(part for part in parts if part)


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def _processor() -> str:
    parts = [_processor_name(), f"{os.cpu_count() or 1} logical processors"]
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        parts.append(f"{memory / 1e9:.1f} GB of memory")
    except (AttributeError, ValueError, OSError):
        pass
    return ", ".join(part for part in parts if part)


def _processor_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else platform.processor()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
