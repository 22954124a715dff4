"""The project's Python environment: made once, checked in a moment, safe to interrupt or to call twice.

A file of our own inside the environment says which packages it holds. It is emptied before the first change
and written after the last one, so an interrupted installation is seen and done again from the start. A lock
beside the environment lets a second caller wait for the first.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import system_libraries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    #: Runs one command; raises EnvironmentProblem if it fails.
    Run = Callable[[Sequence[str | Path]], None]

CHECKOUT = Path(__file__).resolve().parent.parent
STATE_FILE = "latent-studio.json"


class EnvironmentProblem(Exception):
    """What went wrong and what to do, for the user."""


@dataclass(frozen=True)
class State:
    """What is known about an environment.

    Attributes:
        ours: we made it, so we may delete it.
        packages: stamp of the packages inside; empty while they change.
        checkout: stamp of the checkout that ``import latent_studio`` finds; empty while it changes.
    """

    ours: bool = False
    packages: str = ""
    checkout: str = ""


@dataclass(frozen=True)
class Wanted:
    """What the environment should hold.

    Attributes:
        requirements: every package the program, its tests and its checks ask for.
        build_requirements: what building the project itself takes.
        constraints: file of exact versions.
        checkout: the project's folder.
    """

    requirements: tuple[str, ...]
    build_requirements: tuple[str, ...]
    constraints: Path
    checkout: Path

    @classmethod
    def by(cls, checkout: Path) -> Wanted:
        """Read ``pyproject.toml``; of it, only what decides which packages there are."""
        pyproject = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
        project = pyproject["project"]
        extras = project.get("optional-dependencies", {})
        requirements = [*project["dependencies"], *extras["test"], *extras["check"]]
        # Without build isolation nothing is fetched to install the checkout; "editables" is hatchling's need.
        build = [*pyproject["build-system"]["requires"], "editables"]
        return cls(tuple(requirements), tuple(build), checkout / "constraints.txt", checkout)

    def packages_stamp(self, python: str) -> str:
        """Changes with the requirements, the exact versions and the Python, and with nothing else."""
        parts = [python, *self.requirements, *self.build_requirements]
        return _digest("\n".join(parts) + self.constraints.read_text(encoding="utf-8"))

    def checkout_stamp(self) -> str:
        """Changes with the checkout's place and whatever its metadata is made of."""
        return _digest(f"{self.checkout}\n{(self.checkout / 'pyproject.toml').read_text(encoding='utf-8')}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def default_place() -> Path:
    """``LATENT_STUDIO_VENV``, else ``.venv`` in the checkout."""
    return Path(os.environ.get("LATENT_STUDIO_VENV") or CHECKOUT / ".venv").absolute()


def read_state(place: Path) -> State:
    """The environment's state; an empty one where there is none."""
    try:
        return State(**json.loads((place / STATE_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return State()


def write_state(place: Path, state: State) -> None:
    """Write the state in one step."""
    part = place / f"{STATE_FILE}.part"
    part.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    part.replace(place / STATE_FILE)


def python_of(place: Path) -> Path:
    """The environment's interpreter."""
    return place / "bin" / "python"


def python_version(place: Path) -> str:
    """``3.11``: of the environment if it stands, else of the Python that would make it."""
    try:
        for line in (place / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() in ("version", "version_info"):
                return ".".join(value.strip().split(".")[:2])
    except OSError:
        pass
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def is_ready(place: Path, wanted: Wanted) -> bool:
    """Whether nothing has to be done."""
    state = read_state(place)
    return (
        python_of(place).exists()
        and state.packages == wanted.packages_stamp(python_version(place))
        and state.checkout == wanted.checkout_stamp()
    )


def ensure(place: Path, wanted: Wanted, *, run: Run) -> None:
    """Make the environment hold what is wanted. The caller has the lock.

    Args:
        place: folder of the environment.
        wanted: what it should hold.
        run: runs one command and raises ``EnvironmentProblem`` if it fails.

    Raises:
        EnvironmentProblem: the place is taken by something else, or a command failed.
    """
    if is_ready(place, wanted):
        return
    state = read_state(place)
    if state.ours and not (state.packages and python_of(place).exists()):
        print(f"An earlier installation in {place} did not finish: starting afresh.")
        empty(place)
    if not python_of(place).exists():
        if place.exists() and any(place.iterdir()):
            raise EnvironmentProblem(
                f"{place} is not empty and is no Python environment: remove it, or set LATENT_STUDIO_VENV."
            )
        place.mkdir(parents=True, exist_ok=True)
        state = State(ours=True)
        write_state(place, state)
        create(place, run=run)
    pip: list[str | Path] = [python_of(place), "-m", "pip"]
    stamp = wanted.packages_stamp(python_version(place))
    if state.packages != stamp:
        state = replace(state, packages="", checkout="")
        write_state(place, state)
        print(f"Installing the packages into {place}: about 6.5 GB, some minutes, once.", flush=True)
        everything = [*wanted.build_requirements, *wanted.requirements]
        run([*pip, "install", *_quiet(), "-c", wanted.constraints, *everything])
        state = replace(state, packages=stamp)
        write_state(place, state)
    write_state(place, replace(state, checkout=""))
    run([*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", wanted.checkout])
    write_state(place, replace(state, checkout=wanted.checkout_stamp()))


def _quiet() -> list[str]:
    return [] if sys.stdout.isatty() else ["--quiet"]


def create(place: Path, *, run: Run) -> None:
    """Make an empty environment with pip, with whatever this system's Python brings.

    Raises:
        EnvironmentProblem: it brings neither ``ensurepip`` nor pip, and we may not install them.
    """
    if not _has("ensurepip") and not _has("pip"):
        system_libraries.install(["python3-venv"])
    if _has("ensurepip"):
        run([sys.executable, "-m", "venv", place])
    elif _has("pip"):
        # Debian keeps ensurepip in python3-venv; pip can put itself into an environment without it.
        run([sys.executable, "-m", "venv", "--without-pip", place])
        run([sys.executable, "-m", "pip", "--python", python_of(place), "install", "--quiet", "pip"])
    else:
        raise EnvironmentProblem(
            f"{sys.executable} can make no environment: run `apt-get install python3-venv` as root."
        )


def _has(module: str) -> bool:
    importlib.invalidate_caches()
    return importlib.util.find_spec(module) is not None


def empty(place: Path) -> None:
    """Delete what is in an environment of ours; our own file goes last."""
    for entry in sorted(place.iterdir(), key=lambda entry: entry.name == STATE_FILE):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


@contextmanager
def locked(place: Path) -> Iterator[int]:
    """Hold the environment's lock; waits, and says so, while another process holds it."""
    path = place.with_name(f"{place.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Another process is changing {place}: waiting for it.", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def runner(lock: int) -> Run:
    """Runs commands that share the lock, so that an orphaned pip still keeps others out."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    }

    def run(command: Sequence[str | Path]) -> None:
        if subprocess.run(command, env=environment, pass_fds=(lock,), check=False).returncode != 0:
            free_gb = shutil.disk_usage(CHECKOUT).free / 1e9
            raise EnvironmentProblem(
                f"A command failed, see above: {' '.join(map(str, command[:5]))} …\n"
                f"The packages need a reachable index and 7 GB of disk; {free_gb:.1f} GB are free here."
            )

    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stamp", action="store_true", help="only print the name of the set of packages")
    parser.add_argument("--remove", action="store_true", help="delete the environment, if we made it")
    arguments = parser.parse_args()
    place, wanted = default_place(), Wanted.by(CHECKOUT)
    try:
        if arguments.stamp:
            print(wanted.packages_stamp(f"{sys.version_info.major}.{sys.version_info.minor}"))
        elif arguments.remove:
            remove(place)
        else:
            if not is_ready(place, wanted):
                with locked(place) as lock:
                    ensure(place, wanted, run=runner(lock))
            system_libraries.install_missing()
    except EnvironmentProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The next call takes it up again.", file=sys.stderr)
        return 130
    return 0


def remove(place: Path) -> None:
    """Delete an environment that we made; leave any other."""
    if not place.exists():
        return
    with locked(place):
        if not read_state(place).ours:
            raise EnvironmentProblem(f"{place} was not made by `make venv`, so it stays.")
        empty(place)
        place.rmdir()


if __name__ == "__main__":
    sys.exit(main())
