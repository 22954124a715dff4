"""Downloads: files from the web that come whole, checked and under their name, or not at all.

What has arrived is kept beside the target in ``.NAME.part`` with a note of where it came from, so that the
next try goes on where the last one stopped. Nothing here knows what the files are.
"""

from __future__ import annotations

import http.client
import json
import os
import queue
import shutil
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from latent_studio import __version__
from latent_studio.core.errors import DownloadError
from latent_studio.core.file_lock import LockHeldError, locked
from latent_studio.core.files import file_sha256
from latent_studio.core.jobs import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import Message
    from pathlib import Path

    from latent_studio.core.jobs import CancelToken, ProgressSink

_CHUNK_BYTES = 1 << 18
#: A server that says nothing for so long is taken for gone.
_SILENCE_SECONDS = 30.0
#: How often a cancel is looked for.
_POLL_SECONDS = 0.1
_REPORT_SECONDS = 0.1
#: Connections for one file, as long as each brings something new.
_TRIES = 5
#: No checkpoint of the field is near this.
_MOST_BYTES = 32 << 30


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is there now.

    Attributes:
        path: of the file.
        sha256: hex digest of all of it.
        size_bytes: of the file.
        was_known: whether the hash was known before and held; else it is only what came.
    """

    path: Path
    sha256: str
    size_bytes: int
    was_known: bool


def fetch(
    url: str,
    path: Path,
    *,
    sha256: str | None,
    size_bytes: int | None = None,
    progress: ProgressSink,
    cancel: CancelToken,
) -> Fetched:
    """Bring a file from the web, or the rest of it if part of it has come before.

    Args:
        url: ``http`` or ``https``.
        path: where it goes; the folder is made. An older file stays until the new one is whole.
        sha256: hex digest that must hold, or only its first digits, as some publishers give; ``None`` if
            nobody knows it.
        size_bytes: that must hold, if known.
        progress: told how much has come, how fast, and how long the rest will take.
        cancel: looked at ten times a second, also while a server keeps silent.

    Raises:
        DownloadError: it cannot be had; says why. What has arrived stays for the next try, unless it is
            wrong.
        Cancelled: a stop was asked for; what has arrived stays for the next try.
    """
    cancel.check()
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(f"{url} is no web address.", hint="It starts with https:// or http://.")
    part = _Part(url, path)
    try:
        with locked(path.with_name(f".{path.name}.lock")):
            return _fetch(part, sha256, size_bytes, progress=progress, cancel=cancel)
    except LockHeldError as error:
        raise DownloadError(
            f"{path.name} is being downloaded already, by another window or command.",
            hint="Wait for it to end, or cancel it there.",
        ) from error
    except OSError as error:
        raise DownloadError(
            f"{path.name} cannot be written: {error.strerror or error}.",
            hint=f"Make room on the disk, or allow writing to {path.parent}.",
        ) from error


def partial_bytes(path: Path) -> int:
    """How much of a file has arrived in earlier tries; 0 when none is waiting."""
    try:
        return path.with_name(f".{path.name}.part").stat().st_size
    except OSError:
        return 0


def forget_partial(path: Path) -> None:
    """Throw away what arrived of a file.

    Raises:
        OSError: the folder cannot be written.
    """
    for suffix in (".part", ".part.json", ".lock"):
        path.with_name(f".{path.name}{suffix}").unlink(missing_ok=True)


class _Part:
    """What has arrived of a file, and a note of where it came from."""

    def __init__(self, url: str, target: Path) -> None:
        self.url = url
        self.target = target
        self.path = target.with_name(f".{target.name}.part")
        self._note = target.with_name(f".{target.name}.part.json")

    def start(self) -> tuple[int, str]:
        """How much can be used, and which version of the file on the server it is of."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            if note["url"] == self.url and isinstance(note["version"], str):
                return self.path.stat().st_size, note["version"]
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return 0, ""

    def note(self, version: str) -> None:
        """Write down which version is arriving."""
        self._note.write_text(json.dumps({"url": self.url, "version": version}), encoding="utf-8")

    def remove(self) -> None:
        """Throw everything away."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self) -> None:
        """It is whole: give it its name."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(self.target)
        self._note.unlink(missing_ok=True)


def _fetch(
    part: _Part, sha256: str | None, size_bytes: int | None, *, progress: ProgressSink, cancel: CancelToken
) -> Fetched:
    arrived, _ = part.start()
    for attempt in range(_TRIES):
        before = arrived
        try:
            _receive(part, size_bytes, progress=progress, cancel=cancel)
            break
        except _BrokenError as error:
            arrived, _ = part.start()
            if attempt == _TRIES - 1 or arrived <= before:
                raise _broken_off(part, arrived, error) from error
    progress(Progress(None, f"Checking {part.target.name}"))
    digest, size = file_sha256(part.path, check_cancel=cancel.check), part.path.stat().st_size
    if size_bytes is not None and size != size_bytes:
        part.remove()
        raise DownloadError(
            f"{part.target.name} has {size:,} bytes instead of {size_bytes:,}.",
            hint="Nothing of it was used. The publisher may have changed the file.",
        )
    if sha256 is not None and not digest.startswith(sha256.lower()):
        part.remove()
        raise DownloadError(
            f"{part.target.name} is not the file that is known: its hash differs.",
            hint="Nothing of it was used. Try again; if it stays so, the file has been changed.",
        )
    part.finish()
    return Fetched(part.target, digest, size, was_known=sha256 is not None)


class _BrokenError(Exception):
    """The connection ended before the file did."""


def _receive(part: _Part, size_bytes: int | None, *, progress: ProgressSink, cancel: CancelToken) -> None:
    """One connection: bring what is missing, appended to what is there."""
    have, version = part.start()
    if size_bytes is not None and have == size_bytes:
        return
    headers = {"User-Agent": f"LatentStudio/{__version__}", "Accept-Encoding": "identity"}
    if have and version:
        headers |= {"Range": f"bytes={have}-", "If-Range": version}
    else:
        # Without a version on the server, a rest could be of another file.
        have = 0
    host = urllib.parse.urlsplit(part.url).hostname or part.url
    progress(Progress(None, f"Connecting to {host}"))
    stream = _Stream(part.url, headers)
    try:
        answer = stream.answer(cancel)
        if answer.status == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            if answer.headers.get("content-range") == f"bytes */{have}":
                # All of it is here already.
                return
            part.remove()
            _receive(part, size_bytes, progress=progress, cancel=cancel)
            return
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT or not _continues(answer.headers, have):
            have = 0
        total = _total(answer.headers, have)
        _check_answer(part, answer.headers, total, size_bytes, have)
        part.note(answer.headers.get("etag") or answer.headers.get("last-modified") or "")
        with part.path.open("ab" if have else "wb") as file:
            _write(file, stream, have, total, name=part.target.name, progress=progress, cancel=cancel)
    finally:
        stream.close()


def _write(
    file: BinaryIO,
    stream: _Stream,
    have: int,
    total: int | None,
    *,
    name: str,
    progress: ProgressSink,
    cancel: CancelToken,
) -> None:
    done, began = have, time.monotonic()
    told = began - _REPORT_SECONDS
    for chunk in stream.chunks(cancel):
        file.write(chunk)
        done += len(chunk)
        if done > (total or _MOST_BYTES):
            raise DownloadError(
                f"{name} does not end where its server said it would.", hint="Try again, or from elsewhere."
            )
        now = time.monotonic()
        if now - told >= _REPORT_SECONDS:
            told = now
            progress(Progress(done / total if total else None, _told(name, have, done, total, now - began)))
    if total is not None and done < total:
        raise _BrokenError


def _told(name: str, start: int, done: int, total: int | None, seconds: float) -> str:
    """``"ffhq.pkl: 12 of 382 MB, 3.4 MB/s, 2 min left"``."""
    words = (
        f"{name}: {done / 1e6:.0f} MB"
        if total is None
        else f"{name}: {done / 1e6:.0f} of {total / 1e6:.0f} MB"
    )
    # The first moment's speed means nothing.
    if seconds < 1 or done == start:
        return words
    speed = (done - start) / seconds
    words += f", {speed / 1e6:.1f} MB/s"
    if total is None:
        return words
    left = (total - done) / speed
    return words + (f", {left / 60:.0f} min left" if left >= 90 else f", {left:.0f} s left")


@dataclass(frozen=True, slots=True)
class _Answer:
    """The head of a server's answer; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]


class _Stream:
    """A web file read on a thread of its own, since a silent server must not keep a cancel waiting."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = headers
        self._queue: queue.Queue[_Answer | bytes | Exception | None] = queue.Queue(maxsize=16)
        self._is_closed = threading.Event()
        # It ends by itself at the next chunk, or when the server has been silent for long.
        threading.Thread(target=self._read, name="download", daemon=True).start()

    def answer(self, cancel: CancelToken) -> _Answer:
        """The head of the answer; comes first.

        Raises:
            DownloadError: the server cannot be reached or does not have the file.
        """
        item = self._next(cancel)
        if isinstance(item, _Answer):
            return item
        raise _unreachable(self._url, item if isinstance(item, Exception) else None)

    def chunks(self, cancel: CancelToken) -> Iterator[bytes]:
        """The rest, piece by piece.

        Raises:
            _BrokenError: the connection broke.
        """
        while True:
            item = self._next(cancel)
            if item is None:
                return
            if isinstance(item, Exception):
                raise _BrokenError from item
            if isinstance(item, bytes):
                yield item

    def close(self) -> None:
        """Nobody reads on."""
        self._is_closed.set()

    def _next(self, cancel: CancelToken) -> _Answer | bytes | Exception | None:
        while True:
            cancel.check()
            try:
                return self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue

    def _read(self) -> None:
        try:
            self._tell_all()
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._put(error)

    def _tell_all(self) -> None:
        request = urllib.request.Request(self._url, headers=dict(self._headers))  # noqa: S310 -- checked in fetch
        try:
            response = _opener().open(request, timeout=_SILENCE_SECONDS)
        except urllib.error.HTTPError as error:
            with error:
                if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise
                self._put(_Answer(error.code, _small(error.headers)))
            return
        with response:
            self._put(_Answer(response.status, _small(response.headers)))
            while not self._is_closed.is_set():
                chunk = response.read(_CHUNK_BYTES)
                self._put(chunk or None)
                if not chunk:
                    return

    def _put(self, item: _Answer | bytes | Exception | None) -> None:
        while not self._is_closed.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return


def _small(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _opener() -> urllib.request.OpenerDirector:
    """The user's proxies, and nothing but the web, also after a redirection."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _continues(headers: Mapping[str, str], have: int) -> bool:
    """Whether an answer begins where the part ends."""
    return headers.get("content-range", "").startswith(f"bytes {have}-")


def _total(headers: Mapping[str, str], have: int) -> int | None:
    """Size of the whole file by the server's word; ``None`` when it gives none."""
    length = headers.get("content-length", "")
    return have + int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None


def _check_answer(
    part: _Part, headers: Mapping[str, str], total: int | None, size_bytes: int | None, have: int
) -> None:
    name = part.target.name
    if headers.get("content-type", "").startswith("text/html"):
        raise DownloadError(
            f"The server sends a web page instead of {name}.",
            hint=f"Open {part.url} in a browser, download the file there, and open it from the disk.",
        )
    if total is None:
        return
    if size_bytes is not None and total != size_bytes:
        raise DownloadError(
            f"The server's {name} has {total:,} bytes instead of {size_bytes:,}.",
            hint="The publisher may have changed the file.",
        )
    if total > _MOST_BYTES:
        raise DownloadError(
            f"{name} is {total / 1e9:.0f} GB large, more than any model.", hint="Check the address."
        )
    free = shutil.disk_usage(part.target.parent).free
    if total - have > free:
        raise DownloadError(
            f"{name} needs {(total - have) / 1e6:.0f} MB more, and the disk has {free / 1e6:.0f} MB free.",
            hint=f"Make room on the disk of {part.target.parent}.",
        )


def _unreachable(url: str, error: Exception | None) -> DownloadError:
    host = urllib.parse.urlsplit(url).hostname or url
    by_hand = f"or get the file on another machine from {url}"
    if isinstance(error, urllib.error.HTTPError):
        missing = error.code in (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE)
        reason = "does not have the file any more" if missing else f"refuses: {error.code} {error.reason}"
        return DownloadError(f"{host} {reason}.", hint=f"Look where it has gone: {url}")
    reason = str(getattr(error, "reason", error) or "no answer")
    return DownloadError(
        f"{host} cannot be reached: {reason.rstrip('.')}.",
        hint=f"Connect to the internet and try again, {by_hand}.",
    )


def _broken_off(part: _Part, arrived: int, error: Exception) -> DownloadError:
    return DownloadError(
        f"The connection broke after {arrived / 1e6:.1f} MB of {part.target.name}.",
        hint="What has arrived is kept. Try again: it goes on from there.",
    )
