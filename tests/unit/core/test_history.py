from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.history import History

actions = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([None, "drag", "walk"])), max_size=30)


def test_undo_and_redo_walk_the_steps():
    history = History(0)
    history.push(1, "one")
    history.push(2, "two")
    assert (history.undo(), history.undo(), history.undo()) == (1, 0, 0)
    assert (history.redo(), history.redo(), history.redo()) == (1, 2, 2)


def test_labels_name_what_undo_and_redo_would_do():
    history = History(0)
    history.push(1, "Move e3")
    assert (history.undo_label, history.redo_label) == ("Move e3", None)
    history.undo()
    assert (history.undo_label, history.redo_label) == (None, "Move e3")


def test_one_gesture_is_one_step():
    history = History(0)
    for value in range(1, 50):
        history.push(value, "Move e3", gesture="e3")
    history.close_gesture()
    history.push(99, "Move e3", gesture="e3")
    assert history.undo() == 49
    assert history.undo() == 0


def test_a_gesture_that_came_back_to_its_start_leaves_no_step():
    history = History(0)
    history.push(1, "Move e3", gesture="e3")
    history.push(0, "Move e3", gesture="e3")
    history.close_gesture()
    assert history.undo_label is None


def test_two_gestures_never_merge():
    history = History(0)
    history.push(1, "Move e3", gesture="e3")
    history.push(2, "Move e4", gesture="e4")
    assert history.undo() == 1


def test_a_change_after_undo_drops_the_undone_steps():
    history = History(0)
    history.push(1, "one")
    history.undo()
    history.push(2, "two")
    assert history.redo() == 2
    assert [step.value for step in history.steps] == [0, 2]


def test_undo_during_a_gesture_closes_it():
    history = History(0)
    history.push(1, "Move e3", gesture="e3")
    history.undo()
    history.push(2, "Move e3", gesture="e3")
    assert history.undo() == 0


def test_the_oldest_steps_go_first():
    history = History(0, limit=3)
    for value in range(1, 10):
        history.push(value, "step")
    assert [step.value for step in history.steps] == [6, 7, 8, 9]
    assert history.current == 9


@given(actions)
def test_undoing_everything_and_redoing_everything_is_the_identity(pushes):
    history = History(0)
    for value, gesture in pushes:
        history.push(value, "step", gesture=gesture)
    end, count = history.current, len(history.steps)
    for _ in range(count):
        history.undo()
    assert history.current == 0
    for _ in range(count):
        history.redo()
    assert history.current == end
