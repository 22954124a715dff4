"""Thumbnails: what each visible slider's ends look like, made when the render thread is idle."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.render import Quality, RenderRequest
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

#: Models that render a picture this fast get sharp thumbnails at once.
_SHARP_WITHIN_MS = 1000.0
#: Models that render one this fast get them after all previews, which are only roughly right in colour.
_SHARP_LATER_WITHIN_MS = 5000.0
#: A preview with a shorter side says too little: a sharp picture follows it, whatever that takes.
_LEAST_SIDE = 32
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

    A changed base makes all of them stale; old ones stay visible until theirs comes. Slow models get previews
    first.

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
        #: The shorter sides of those that are previews.
        self._previews: dict[tuple[SliderEnds, bool], int] = {}
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
            self._previews.clear()
            self._rest.start()

    @Slot()
    def _ask(self) -> None:
        session = self._store.session
        if session.model is None:
            return
        full_ms = self._renders.full_ms or math.inf
        coarse_only = full_ms > _SHARP_WITHIN_MS
        places = [(ends, is_high) for ends in self._wanted for is_high in (False, True)]
        missing = [place for place in places if place not in self._made]
        rough = [
            place
            for place in places
            if place in self._previews
            and (full_ms <= _SHARP_LATER_WITHIN_MS or self._previews[place] < _LEAST_SIDE)
        ]
        wishes = [
            ((self._generation, *place), self._request_of(session, *place, coarse_only=coarse_only))
            for place in missing
        ] or [
            ((self._generation, *place), self._request_of(session, *place, coarse_only=False))
            for place in rough
        ]
        self._pictures.wish(_CLIENT, wishes)

    def _request_of(
        self, session: Session, ends: SliderEnds, is_high: bool, *, coarse_only: bool
    ) -> RenderRequest:
        edits = EditStack((Edit(ends.direction, ends.high if is_high else ends.low, ends.rows),))
        return RenderRequest.of(replace(session, edits=edits), revision=0, coarse_only=coarse_only)

    @Slot(str, object, object)
    def _take(self, client: str, key: tuple[int, SliderEnds, bool], frame: Frame) -> None:
        if client != _CLIENT:
            return
        generation, ends, is_high = key
        if generation != self._generation:
            return
        self._made[ends, is_high] = image_of(frame.pixels)
        if frame.quality is Quality.FINAL:
            self._previews.pop((ends, is_high), None)
        else:
            self._previews[ends, is_high] = min(frame.pixels.shape[:2])
        low, high = self._made.get((ends, False)), self._made.get((ends, True))
        self.ready.emit(ends.direction.id, low, high)
        if self._previews and not self._pictures.is_waiting(_CLIENT):
            # All ends are seen now; those that show too little are made anew.
            self._rest.start()


def _look(session: Session) -> tuple[object, ...]:
    """What a picture depends on besides its edits."""
    plain = replace(session, edits=EditStack())
    request = RenderRequest.of(plain, revision=0)
    return (request.base, request.synthesis, request.locks, request.mix, request.noise, request.centre)
