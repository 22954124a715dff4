"""DriftMeter: how much the locked directions have moved between the picture and its edited self."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from latent_studio.core.edits import EditStack
from latent_studio.core.render import RenderRequest
from latent_studio.ui.failures import Failure

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext

_TAG = "drift"


@dataclass(frozen=True, slots=True)
class Drift:
    """What was measured.

    Attributes:
        revision: of the measurement; grows.
        moved: how far along each locked direction, in its standard deviations, by its id.
    """

    revision: int
    moved: dict[str, float]


class DriftMeter(QObject):
    """Measures after every change while something is locked; only the newest measurement counts.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    #: A ``Drift``, or ``None`` when nothing is locked.
    measured = Signal(object)

    def __init__(self, context: DockContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._revision = 0
        self._is_busy = False
        self._is_stale = False
        context.bridge.session_changed.connect(self._follow)
        context.pictures.computed.connect(self._take)

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if new.locks or old.locks:
            self.measure()

    def measure(self) -> None:
        """Measure the session as it is now, once the last measurement is back."""
        session = self._context.store.session
        if not session.locks or session.model is None:
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

    @Slot(object, object)
    def _take(self, token: object, outcome: object) -> None:
        if not (isinstance(token, tuple) and token[0] == _TAG):
            return
        self._is_busy = False
        if isinstance(outcome, Drift) and outcome.revision == self._revision and not self._is_stale:
            self.measured.emit(outcome)
        elif isinstance(outcome, Failure):
            self.measured.emit(None)
        if self._is_stale:
            self.measure()


def _measure(studio: Studio, session: Session, revision: int) -> Drift:
    """How far the edits move the locked directions; runs on the render thread, between two pictures."""
    from latent_studio.core.drift import drift_along

    engine = studio.engine
    after = engine.resolve_ws(RenderRequest.of(session, revision=0))
    before = engine.resolve_ws(RenderRequest.of(replace(session, edits=EditStack()), revision=0))
    return Drift(revision, {lock.id: drift_along(lock, before, after) for lock in session.locks})
