"""DriftMeter: how much what is locked, or the person, has changed between the picture and its edited self."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from latent_studio.app.attribute_drift import AttributeDrift, DriftReader
from latent_studio.core.edits import EditStack
from latent_studio.core.render import RenderRequest
from latent_studio.ui.failures import Failure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.studio import Studio
    from latent_studio.core.render import Frame
    from latent_studio.core.session import ModelRef, Session
    from latent_studio.ui.api import DockContext

_TAG, _LOOK, _CLIENT = "drift", "drift seen", "drift"
#: The hand rests this long before predictors look.
_REST_MS = 400


@dataclass(frozen=True, slots=True)
class Drift:
    """What was measured.

    Attributes:
        revision: of the measurement; grows.
        moved: how far along each locked direction, in its standard deviations, by its id.
        seen: what predictors see of it in the pictures; ``None`` until the hand rests.
    """

    revision: int
    moved: dict[str, float]
    seen: AttributeDrift | None = None


class DriftMeter(QObject):
    """Measures after every change while something is locked or watched; only the newest measurement counts.

    The latent is measured at once. Once it rests, predictors look at the pictures before and after the edits.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    #: A ``Drift``, or ``None`` when nothing is locked or watched.
    measured = Signal(object)

    def __init__(self, context: DockContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._revision = 0
        self._is_busy = False
        self._is_stale = False
        self._drift: Drift | None = None
        self._reader: DriftReader | None = None
        self._frames: dict[str, NDArray[np.uint8]] = {}
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._want_pictures)
        context.models.model_changed.connect(self._forget_reader)
        context.bridge.session_changed.connect(self._follow)
        context.pictures.computed.connect(self._take)
        context.pictures.ready.connect(self._take_frame)

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if new.locks or old.locks or new.watches_person or old.watches_person:
            self.measure()

    def measure(self) -> None:
        """Measure the session as it is now, once the last measurement is back."""
        session = self._context.store.session
        if not self._is_wanted(session):
            self._is_stale = False
            self.measured.emit(None)
            return
        if self._is_busy:
            self._is_stale = True
            return
        self._is_busy, self._is_stale = True, False
        self._revision += 1
        self._context.pictures.compute(
            (_TAG, self._revision), partial(_measure, self._context.studio, session, self._revision)
        )

    def _is_wanted(self, session: Session) -> bool:
        return session.model is not None and bool(session.locks or session.watches_person)

    @Slot(object, object)
    def _take(self, token: object, outcome: object) -> None:
        if not (isinstance(token, tuple) and token[0] in (_TAG, _LOOK)):
            return
        if token[0] == _LOOK:
            if isinstance(outcome, AttributeDrift) and self._drift is not None and token[1] == self._revision:
                self._drift = replace(self._drift, seen=outcome)
                self.measured.emit(self._drift)
            return
        self._is_busy = False
        if isinstance(outcome, Drift) and outcome.revision == self._revision and not self._is_stale:
            self._drift = outcome
            self.measured.emit(outcome)
            if outcome.seen is None:
                self._rest.start()
        elif isinstance(outcome, Failure):
            self.measured.emit(None)
        if self._is_stale:
            self.measure()

    @Slot()
    def _want_pictures(self) -> None:
        """Ask for the pictures before and after the edits."""
        session = self._context.store.session
        if not self._is_wanted(session):
            return
        self._frames.clear()
        plain = replace(session, edits=EditStack())
        self._context.pictures.wish(
            _CLIENT,
            [
                ((self._revision, "before"), RenderRequest.of(plain, revision=0)),
                ((self._revision, "after"), RenderRequest.of(session, revision=0)),
            ],
            priority=-3,
        )

    @Slot(str, object, object)
    def _take_frame(self, client: str, key: tuple[int, str], frame: Frame) -> None:
        if client != _CLIENT or key[0] != self._revision:
            return
        self._frames[key[1]] = frame.pixels
        session = self._context.store.session
        if len(self._frames) < 2 or session.model is None:
            return
        names = tuple(
            name for lock in session.locks for name in (lock.name, self._context.directions.name_of(lock))
        )
        reader = self._reader_of(session.model)
        self._context.pictures.compute(
            (_LOOK, self._revision),
            partial(
                _look,
                reader,
                self._frames["before"],
                self._frames["after"],
                names,
                identity=session.watches_person,
            ),
        )

    def _reader_of(self, model: ModelRef) -> DriftReader:
        if self._reader is None:
            studio = self._context.studio
            self._reader = DriftReader(model, studio.engine.choice.device, studio.plugins.predictors())
        return self._reader

    @Slot()
    def _forget_reader(self) -> None:
        self._reader = None


def _look(
    reader: DriftReader,
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    names: tuple[str, ...],
    *,
    identity: bool,
) -> AttributeDrift:
    """What predictors see; runs on the render thread, between two pictures."""
    return reader.compare(before, after, names=names, identity=identity)


def _measure(studio: Studio, session: Session, revision: int) -> Drift:
    """How far the edits move the locked directions; runs on the render thread, between two pictures."""
    from latent_studio.core.drift import drift_along

    engine = studio.engine
    after = engine.resolve_ws(RenderRequest.of(session, revision=0))
    before = engine.resolve_ws(RenderRequest.of(replace(session, edits=EditStack()), revision=0))
    return Drift(revision, {lock.id: drift_along(lock, before, after) for lock in session.locks})
