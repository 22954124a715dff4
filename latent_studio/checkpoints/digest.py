"""SHA-256 of a file, worked out in a thread of its own while the tensors are read."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from latent_studio.checkpoints.source import Source

_BLOCK_BYTES = 1 << 20
_LOOK_SECONDS = 0.05


class Digest:
    """A digest being worked out; leave the ``with`` block and its thread is gone.

    Args:
        source: the file; it is opened a second time.

    Attributes:
        done_bytes: how far it has got.
    """

    def __init__(self, source: Source) -> None:
        self._source = source.reopened()
        self._stop = threading.Event()
        self._hash = hashlib.sha256()
        self.done_bytes = 0
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"sha256 {source.name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._source.close()

    def _run(self) -> None:
        block = memoryview(bytearray(_BLOCK_BYTES))
        try:
            while self.done_bytes < self._source.size and not self._stop.is_set():
                part = block[: min(_BLOCK_BYTES, self._source.size - self.done_bytes)]
                self._source.read_into(self.done_bytes, part)
                self._hash.update(part)
                self.done_bytes += len(part)
        except Exception as error:  # carried over to the thread that waits for the result
            self._error = error

    def result(self, *, report: Callable[[float], None]) -> str:
        """Wait for it.

        Args:
            report: told the fraction done while waiting; may raise to stop.

        Returns:
            64 hex digits.
        """
        while self._thread.is_alive():
            report(self.done_bytes / max(self._source.size, 1))
            self._thread.join(_LOOK_SECONDS)
        if self._error is not None:
            raise self._error
        return self._hash.hexdigest()
