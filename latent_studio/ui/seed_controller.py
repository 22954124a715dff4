"""SeedController: jumps over the seed plane: random, next, previous, nearest whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from latent_studio.core.seed_plane import SEED_LIMIT, SeedPoint
from latent_studio.ui.seeds import describe_seed, draw_seed

if TYPE_CHECKING:
    from latent_studio.app.store import SessionStore
    from latent_studio.ui.actions import Actions


class SeedController(QObject):
    """Does what the seed actions say.

    Args:
        store: changed by jumping.
        actions: the window's.
        parent: Qt owner.
    """

    def __init__(self, store: SessionStore, *, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        actions["random_seed"].triggered.connect(self.jump_anywhere)
        actions["next_seed"].triggered.connect(self.next)
        actions["previous_seed"].triggered.connect(self.previous)
        actions["snap_seed"].triggered.connect(self.snap)

    @Slot()
    def jump_anywhere(self) -> None:
        """A seed drawn at random."""
        self._jump(SeedPoint(draw_seed()))

    @Slot()
    def next(self) -> None:
        """The next whole seed."""
        self._step(1)

    @Slot()
    def previous(self) -> None:
        """The whole seed before."""
        self._step(-1)

    @Slot()
    def snap(self) -> None:
        """The nearest whole seed."""
        base = self._store.session.base
        if isinstance(base, SeedPoint):
            self._jump(base.snapped())

    def _step(self, by: int) -> None:
        base = self._store.session.base
        seed = base.snapped().seed if isinstance(base, SeedPoint) else 0
        self._jump(SeedPoint((seed + by) % SEED_LIMIT))

    def _jump(self, point: SeedPoint) -> None:
        self._store.close_gesture()
        label = self.tr("Go to {seed}").format(seed=describe_seed(point))
        self._store.set_base(point, label)
