"""SmallPictures: pictures that several parts of the window would like to have when nothing else renders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from latent_studio.ui.render_thread import ThumbnailWish

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from latent_studio.core.render import Frame, RenderRequest
    from latent_studio.ui.render_thread import RenderThread


class SmallPictures(QObject):
    """Gathers everybody's wishes into the one list that the render thread works off.

    Each client has one list at a time; a new one takes the place of its old one. Clients wished for first in
    the order of ``priority``, lower numbers first.

    Args:
        thread: makes the pictures.
        parent: Qt owner.
    """

    #: ``(client, key, Frame)``: the picture of a wish.
    ready = Signal(str, object, object)
    #: ``(client, key)``: there will be none.
    failed = Signal(str, object)
    #: ``(token, result or Failure)`` of ``compute``.
    computed = Signal(object, object)

    def __init__(self, thread: RenderThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = thread
        self._waiting: dict[str, dict[Hashable, RenderRequest]] = {}
        self._priorities: dict[str, int] = {}
        thread.thumbnail_ready.connect(self._take)
        thread.thumbnail_failed.connect(self._give_up)
        thread.called.connect(self.computed)

    def wish(
        self, client: str, wishes: Sequence[tuple[Hashable, RenderRequest]], *, priority: int = 0
    ) -> None:
        """Want these pictures and no others for a client, the first one first.

        Args:
            client: who wants them.
            wishes: what to hand back with the picture, and what to render; ``coarse_only`` requests get a
                preview where sharp pictures take long.
            priority: clients with a lower number come first.
        """
        before = self._waiting.get(client, {})
        self._waiting[client] = dict(wishes)
        self._priorities[client] = priority
        if before or self._waiting[client]:
            self._tell()

    def compute(self, token: object, work: Callable[[], object]) -> None:
        """Run something short where the pictures are made, between two of them; ``computed`` brings it.

        Args:
            token: hands the result back to whoever asked.
            work: takes milliseconds; longer work is a job.
        """
        self._thread.call(token, work)

    def is_waiting(self, client: str) -> bool:
        """Whether a client's pictures are still to come."""
        return bool(self._waiting.get(client))

    @Slot()
    def clear(self) -> None:
        """Forget all wishes: they were for another model."""
        self._waiting.clear()
        self._thread.wish_thumbnails(())

    def _tell(self) -> None:
        clients = sorted(self._waiting, key=lambda client: self._priorities[client])
        self._thread.wish_thumbnails(
            tuple(
                ThumbnailWish((client, key), request)
                for client in clients
                for key, request in self._waiting[client].items()
            )
        )

    @Slot(object, object)
    def _take(self, tag: tuple[str, Hashable], frame: Frame) -> None:
        client, key = tag
        # A picture that was under way when its wish was taken back is nobody's.
        if self._waiting.get(client, {}).pop(key, None) is not None:
            self.ready.emit(client, key, frame)

    @Slot(object)
    def _give_up(self, tag: tuple[str, Hashable]) -> None:
        client, key = tag
        if self._waiting.get(client, {}).pop(key, None) is not None:
            self.failed.emit(client, key)
