"""The empty state says one thing at a time."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from latent_studio.ui.widgets.empty_state import EmptyAction, EmptyState


def test_other_words_take_the_place_of_the_first_at_once(qtbot):
    done = []
    state = EmptyState()
    qtbot.addWidget(state)
    state.setWords("Nothing.", (EmptyAction("first", "First", "Do it.", lambda: done.append(1)),))
    state.setWords("Still nothing.", (EmptyAction("second", "Second", "Do it.", lambda: done.append(2)),))
    state.show()

    shown = [button for button in state.findChildren(QPushButton) if button.isVisible()]

    assert state.text() == "Still nothing."
    assert [button.objectName() for button in shown] == ["second"]
    shown[0].click()
    assert done == [2]
