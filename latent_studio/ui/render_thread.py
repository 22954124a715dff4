"""RenderThread: the newest request's picture, on a thread of its own; thumbnails when nothing else waits."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot

from latent_studio.core.mailbox import Mailbox
from latent_studio.ui.failures import describe_failure
from latent_studio.ui.worker_thread import WAIT_MS, end_thread, start_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from latent_studio.core.render import Frame, RenderRequest

log = logging.getLogger(__name__)


class _SupersededError(Exception):
    """A request came while a thumbnail was made. Silent."""


class RenderEngine(Protocol):
    """What the render thread needs of an engine."""

    def render(self, request: RenderRequest, *, superseded: Callable[[], bool]) -> Iterator[Frame]:
        """Coarse frames, then the final one; stops between stages once ``superseded()``."""
        ...

    def render_batch(
        self, requests: Iterable[RenderRequest], *, check_cancel: Callable[[], None]
    ) -> Iterator[Frame]:
        """Sharp frames for nobody who watches; ``check_cancel`` is called between stages."""
        ...

    def stats(self) -> object:
        """Figures for the status line."""
        ...


@dataclass(frozen=True, slots=True)
class ThumbnailWish:
    """A small picture to make when there is time.

    Attributes:
        key: hands the picture back to whoever asked.
        request: what to render; ``coarse_only`` where sharp pictures take long.
    """

    key: Hashable
    request: RenderRequest


class RenderWorker(QObject):
    """Lives on the render thread. ``RenderThread`` is its face on the GUI thread.

    Args:
        engine: gives the engine; called on the render thread, so that torch is imported there or earlier.
        requests: holds the newest request.
        wishes: holds the newest list of thumbnails.
        prepare: called once on the render thread before the first picture.
    """

    frame_ready = Signal(object)
    failed = Signal(object)
    thumbnail_ready = Signal(object, object)
    thumbnail_failed = Signal(object)
    stats_ready = Signal(object)
    called = Signal(object, object)
    _again = Signal()

    def __init__(
        self,
        engine: Callable[[], RenderEngine],
        *,
        requests: Mailbox[RenderRequest],
        wishes: Mailbox[tuple[ThumbnailWish, ...]],
        prepare: Callable[[], None],
    ) -> None:
        super().__init__()
        self._engine = engine
        self._requests = requests
        self._wishes = wishes
        self._prepare: Callable[[], None] | None = prepare
        self._todo: list[ThumbnailWish] = []
        # Queued, so that quitting and calls get their turn between two pictures.
        self._again.connect(self.drain, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def drain(self) -> None:
        """Make one picture: the newest request's, else the next thumbnail; then come again."""
        request = self._requests.take()
        if request is not None:
            self._answer(request)
        elif not self._make_thumbnail():
            return
        self._again.emit()

    @Slot(object, object)
    def call(self, token: object, work: Callable[[], object]) -> None:
        """Run something between two pictures, such as exchanging the model."""
        try:
            outcome = work()
        except Exception as error:
            log.exception("A call on the render thread failed")
            outcome = describe_failure(error)
        self.called.emit(token, outcome)

    def _answer(self, request: RenderRequest) -> None:
        try:
            engine = self._prepared_engine()
            for frame in engine.render(request, superseded=self._is_superseded):
                self.frame_ready.emit(frame)
            if not self._is_superseded():
                self.stats_ready.emit(engine.stats())
        except Exception as error:
            failure = describe_failure(error, revision=request.revision)
            log.log(
                logging.INFO if failure.is_expected else logging.ERROR,
                "Rendering revision %d failed: %s",
                request.revision,
                failure.details,
            )
            self.failed.emit(failure)

    def _make_thumbnail(self) -> bool:
        newer = self._wishes.take()
        if newer is not None:
            self._todo = list(newer)
        if not self._todo or self._requests.is_closed:
            return False
        wish = self._todo.pop(0)
        try:
            for frame in self._thumbnail_frames(wish.request):
                self.thumbnail_ready.emit(wish.key, frame)
        except _SupersededError:
            # Somebody wants a picture; the thumbnail comes after it.
            self._todo.insert(0, wish)
        except Exception as error:
            # A missing thumbnail is no news for the user; the slider itself will tell when it is moved.
            log.info("No thumbnail for %s: %s", wish.key, error)
            self.thumbnail_failed.emit(wish.key)
        return True

    def _thumbnail_frames(self, request: RenderRequest) -> Iterator[Frame]:
        engine = self._prepared_engine()
        if request.coarse_only:
            return engine.render(request, superseded=self._is_superseded)
        # A batch keeps its activations to itself: thumbnails would push out what a drag starts from.
        return engine.render_batch((request,), check_cancel=self._check_superseded)

    def _check_superseded(self) -> None:
        if self._is_superseded():
            raise _SupersededError

    def _prepared_engine(self) -> RenderEngine:
        engine = self._engine()
        if self._prepare is not None:
            prepare, self._prepare = self._prepare, None
            prepare()
        return engine

    def _is_superseded(self) -> bool:
        return self._requests.is_waiting or self._requests.is_closed


class RenderThread(QObject):
    """Gives pictures for requests. Made and used on the GUI thread.

    A request that waits is replaced by a newer one; one that is being refined stops between two stages. Both
    happen in silence. The thread survives every error.

    Args:
        engine: gives the engine; first called on the render thread.
        prepare: called once on the render thread before the first picture.
        parent: Qt owner.
    """

    #: A ``Frame``: coarse, or final.
    frame_ready = Signal(object)
    #: A ``Failure`` with the revision that failed.
    failed = Signal(object)
    #: ``(key, Frame)`` of a ``ThumbnailWish``.
    thumbnail_ready = Signal(object, object)
    #: The key of a ``ThumbnailWish`` that no picture came of.
    thumbnail_failed = Signal(object)
    #: The engine's figures after a picture was finished.
    stats_ready = Signal(object)
    #: ``(token, result or Failure)`` of a ``call``.
    called = Signal(object, object)
    _wake = Signal()
    _call = Signal(object, object)

    def __init__(
        self,
        engine: Callable[[], RenderEngine],
        *,
        prepare: Callable[[], None] = lambda: None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._requests: Mailbox[RenderRequest] = Mailbox()
        self._wishes: Mailbox[tuple[ThumbnailWish, ...]] = Mailbox()
        self._worker = RenderWorker(engine, requests=self._requests, wishes=self._wishes, prepare=prepare)
        self._worker.frame_ready.connect(self.frame_ready)
        self._worker.failed.connect(self.failed)
        self._worker.thumbnail_ready.connect(self.thumbnail_ready)
        self._worker.thumbnail_failed.connect(self.thumbnail_failed)
        self._worker.stats_ready.connect(self.stats_ready)
        self._worker.called.connect(self.called)
        self._wake.connect(self._worker.drain)
        self._call.connect(self._worker.call)
        self._thread = start_thread(self._worker, "render", self)

    @property
    def name(self) -> str:
        """The thread's name."""
        return self._thread.objectName()

    @property
    def is_running(self) -> bool:
        """Whether the thread still lives."""
        return self._thread.isRunning()

    def submit(self, request: RenderRequest) -> None:
        """Ask for a picture; an older request that waits is forgotten."""
        if self._requests.put(request):
            self._wake.emit()

    def forget(self) -> None:
        """Drop the request and the thumbnails that wait."""
        self._requests.take()
        self._wishes.put(())

    def wish_thumbnails(self, wishes: tuple[ThumbnailWish, ...]) -> None:
        """Ask for these thumbnails and no others, the first one first."""
        if self._wishes.put(wishes):
            self._wake.emit()

    def call(self, token: object, work: Callable[[], object]) -> None:
        """Run ``work`` on the render thread between two pictures; ``called`` brings the result."""
        self._call.emit(token, work)

    def close(self, *, wait_ms: int = WAIT_MS) -> bool:
        """Drop everything that waits and end the thread.

        Returns:
            False if it is stuck in a step.
        """
        self._wishes.close()
        self._requests.close()
        return end_thread(self._thread, wait_ms=wait_ms)
