"""Optional packages: there, missing or unfit for each other, by what their metadata says. Imports none."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.app.probes.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latent_studio.app.probes.finding import Examination


@dataclass(frozen=True, slots=True)
class OptionalPackage:
    """A package that some features need.

    Attributes:
        module: its name in Python.
        distributions: its names on the package index, the one to install first.
    """

    module: str
    distributions: tuple[str, ...]


OPTIONAL = (
    OptionalPackage("torchvision", ("torchvision",)),
    OptionalPackage("lpips", ("lpips",)),
    OptionalPackage(
        "cv2",
        (
            "opencv-python",
            "opencv-python-headless",
            "opencv-contrib-python",
            "opencv-contrib-python-headless",
        ),
    ),
    OptionalPackage("face_alignment", ("face-alignment",)),
    OptionalPackage("pyqtgraph", ("pyqtgraph",)),
)


def look_at_packages(examination: Examination) -> Iterator[Finding]:
    """One finding per package."""
    for package in OPTIONAL:
        examination.cancel.check()
        yield _finding(package)


def _finding(package: OptionalPackage) -> Finding:
    found = {name: version for name in package.distributions if (version := _version(name))}
    is_there = importlib.util.find_spec(package.module) is not None
    usual = package.distributions[0]
    fact = ", ".join(f"{name} {version}" for name, version in found.items())
    again = f"Install it again: pip install --force-reinstall --no-deps {usual}"
    if not is_there and not found:
        return Finding(
            package.module,
            "warn",
            "not installed; features that need it are off",
            f"pip install {usual}",
        )
    if not is_there:
        return Finding(package.module, "warn", f"broken: {fact} is installed without its files", again)
    if not found:
        return Finding(package.module, "warn", "there, but no package that it came from", again)
    if len(found) > 1:
        return Finding(
            package.module,
            "warn",
            f"broken: {fact} overwrite each other",
            f"Keep one: pip uninstall {' '.join(found)}, then pip install {usual}",
        )
    problem = _unfit_torch(usual)
    if problem:
        return Finding(package.module, "warn", f"broken: {fact} {problem}", "Install the two together.")
    return Finding(package.module, "ok", fact)


def _unfit_torch(distribution: str) -> str:
    """What a package built for one version of torch says about the one that is there; empty if fine."""
    try:
        requirements = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    for line in requirements:
        match = re.match(r"torch\s*\(?\s*==\s*(?P<version>[\d.]+)", line)
        # "2.9.0+cpu" is a build of 2.9.0.
        there = _version("torch").partition("+")[0]
        if match is not None and match["version"] != there:
            return f"wants torch {match['version']}, but {there or 'none'} is installed"
    return ""


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
