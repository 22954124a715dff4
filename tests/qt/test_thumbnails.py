"""Pictures of sliders' ends: a preview first where the model is slow, and never one that says nothing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal

from latent_studio.app.store import SessionStore
from latent_studio.core.directions import LinearDirection
from latent_studio.core.render import Frame, Quality
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.spaces import Space
from latent_studio.ui.thumbnails import SliderEnds, Thumbnails

ENDS = SliderEnds(LinearDirection("e0", "e0", Space.W, np.eye(4)[0]), -2.0, 2.0)


class Bridge(QObject):
    session_changed = Signal(object, object)


class Pictures(QObject):
    """Answers each round of wishes when told to."""

    ready = Signal(str, object, object)

    def __init__(self) -> None:
        super().__init__()
        self.wishes: list = []

    def wish(self, client, wishes, *, priority=0) -> None:
        self.client, self.wishes = client, list(wishes)

    def is_waiting(self, client) -> bool:
        return bool(self.wishes)

    def answer(self, side: int) -> list[bool]:
        """Give all that is wished for; whether each was a preview."""
        given, asked = self.wishes, []
        while self.wishes:
            key, request = self.wishes.pop(0)
            asked.append(request.coarse_only)
            quality = Quality.COARSE if request.coarse_only else Quality.FINAL
            self.ready.emit(self.client, key, Frame(0, quality, np.zeros((side, side, 3), np.uint8), 0.1))
        assert not given
        return asked


@pytest.mark.parametrize(
    ("full_ms", "side", "later_ms", "again"),
    [(9000.0, 8, 9000.0, [False, False]), (9000.0, 64, 9000.0, []), (9000.0, 64, 1500.0, [False, False])],
)
def test_previews_that_say_too_little_or_are_needed_no_longer_give_way(qtbot, full_ms, side, later_ms, again):
    renders, pictures = SimpleNamespace(full_ms=full_ms), Pictures()
    store = SessionStore(Session(model=ModelRef("cats", "", "ab")))
    ends = Thumbnails(store, bridge=Bridge(), renders=renders, pictures=pictures)
    ends.show_ends((ENDS,))
    qtbot.waitUntil(lambda: len(pictures.wishes) == 2)
    renders.full_ms = later_ms
    assert pictures.answer(side) == [True, True]
    qtbot.waitUntil(lambda: not ends._rest.isActive())
    assert pictures.answer(256) == again
    qtbot.waitUntil(lambda: not ends._rest.isActive())
    assert not pictures.wishes
