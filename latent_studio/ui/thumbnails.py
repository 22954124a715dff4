"""Thumbnails: what each visible slider's ends look like, made when the render thread is idle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.render import RenderRequest
from latent_studio.ui.widgets.images import image_of

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from latent_studio.app.store import SessionStore
    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.render_controller import RenderController
    from latent_studio.ui.session_bridge import SessionBridge
    from latent_studio.ui.small_pictures import SmallPictures

#: Models that render a picture this fast get sharp thumbnails; coarse ones are only roughly right in colour.
_SHARP_WITHIN_MS = 1000.0
#: The base has to rest this long before its thumbnails are worth making.
_REST_MS = 200
_CLIENT = "slider ends"


@dataclass(frozen=True, slots=True)
class SliderEnds:
    """A slider whose ends are to be seen.

    Attributes:
        direction: what it moves.
        low: its lower end, in units of the direction.
        high: its upper end.
        rows: rows it would move.
    """

    direction: Direction
    low: float
    high: float
    rows: Rows = None


class Thumbnails(QObject):
    """Makes pictures of slider ends from the current base without its edits.

    A changed base makes all of them stale; old ones stay visible until theirs comes.

    Args:
        store: whose base to start from.
        bridge: tells of changes.
        renders: knows how fast the model is.
        pictures: makes them when there is time.
        parent: Qt owner.
    """

    #: ``(direction id, low QImage or None, high QImage or None)``
    ready = Signal(str, object, object)

    def __init__(
        self,
        store: SessionStore,
        *,
        bridge: SessionBridge,
        renders: RenderController,
        pictures: SmallPictures,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._renders = renders
        self._pictures = pictures
        self._wanted: tuple[SliderEnds, ...] = ()
        self._made: dict[tuple[SliderEnds, bool], QImage] = {}
        self._generation = 0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._ask)
        bridge.session_changed.connect(self._follow)
        pictures.ready.connect(self._take)

    def show_ends(self, wanted: tuple[SliderEnds, ...]) -> None:
        """Want the ends of these sliders, the visible ones, top first."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._rest.start()

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if old.model != new.model or _look(old) != _look(new):
            self._generation += 1
            self._made.clear()
            self._rest.start()

    @Slot()
    def _ask(self) -> None:
        session = self._store.session
        if session.model is None:
            return
        wishes = []
        for ends in self._wanted:
            for is_high in (False, True):
                if (ends, is_high) not in self._made:
                    amount = ends.high if is_high else ends.low
                    edits = EditStack((Edit(ends.direction, amount, ends.rows),))
                    request = RenderRequest.of(
                        replace(session, edits=edits), revision=0, coarse_only=not self._may_be_sharp()
                    )
                    wishes.append(((self._generation, ends, is_high), request))
        self._pictures.wish(_CLIENT, wishes)

    def _may_be_sharp(self) -> bool:
        full_ms = self._renders.full_ms
        return full_ms is not None and full_ms <= _SHARP_WITHIN_MS

    @Slot(str, object, object)
    def _take(self, client: str, key: tuple[int, SliderEnds, bool], frame: Frame) -> None:
        if client != _CLIENT:
            return
        generation, ends, is_high = key
        if generation != self._generation:
            return
        self._made[ends, is_high] = image_of(frame.pixels)
        low, high = self._made.get((ends, False)), self._made.get((ends, True))
        self.ready.emit(ends.direction.id, low, high)


def _look(session: Session) -> tuple[object, ...]:
    """What a picture depends on besides its edits."""
    plain = replace(session, edits=EditStack())
    request = RenderRequest.of(plain, revision=0)
    return (request.base, request.synthesis, request.locks, request.mix, request.noise, request.centre)
