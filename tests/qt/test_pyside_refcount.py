"""PySide6 6.12 drops a reference to ``True`` at every emit on Python 3.11, and the program aborts at exit."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal


class Source(QObject):
    moved = Signal(int)
    switched = Signal(bool)


def test_emitting_a_signal_leaves_the_references_to_true_alone():
    source = Source()
    seen = []
    source.switched.connect(seen.append)

    before = sys.getrefcount(True)
    for number in range(300):
        source.moved.emit(number)
        source.switched.emit(False)
    after = sys.getrefcount(True)

    assert len(seen) == 300
    # Other threads may hold a few for a moment; the broken release loses one per emit.
    assert abs(after - before) < 20
