import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.history import History, HistoryState, Step

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


def test_a_change_after_undo_begins_a_branch_and_keeps_the_undone_steps():
    history = History(0)
    history.push(1, "one")
    history.undo()
    history.push(2, "two")

    assert history.redo() == 2
    assert [(step.id, step.parent, step.value) for step in history.steps] == [
        (0, None, 0),
        (1, 0, 1),
        (2, 0, 2),
    ]
    assert history.children(0) == (1, 2)
    assert history.go_to(1) == 1
    assert history.undo() == 0
    assert history.redo_label == "one"


def test_redo_follows_the_branch_that_was_visited_last():
    history = History(0)
    for value in (1, 2):
        history.push(value, str(value))
    history.go_to(0)
    for value in (3, 4):
        history.push(value, str(value))
    history.go_to(2)
    assert [step.value for step in history.line()] == [0, 1, 2]
    history.go_to(0)
    assert [step.value for step in history.line()] == [0, 1, 2]
    history.go_to(3)
    assert [step.value for step in history.line()] == [0, 3, 4]
    assert history.redo() == 4


def test_undo_during_a_gesture_closes_it():
    history = History(0)
    history.push(1, "Move e3", gesture="e3")
    history.undo()
    history.push(2, "Move e3", gesture="e3")
    assert history.undo() == 0


def test_the_oldest_steps_go_first_but_never_the_beginning():
    history = History(0, limit=3)
    for value in range(1, 10):
        history.push(value, "step")
    assert [step.value for step in history.steps] == [0, 7, 8, 9]
    assert history.current == 9
    assert [history.undo() for _ in range(4)] == [8, 7, 0, 0]


def test_starred_steps_are_kept_beyond_the_limit():
    history = History(0, limit=3)
    history.push(1, "keep")
    history.star(1)
    for value in range(2, 10):
        history.push(value, "step")
    assert [step.value for step in history.steps] == [0, 1, 7, 8, 9]
    history.star(1, False)
    history.push(10, "step")
    assert [step.value for step in history.steps] == [0, 8, 9, 10]


def test_a_forgotten_step_in_the_middle_leaves_its_branches_where_they_were():
    history = History("root", limit=3)
    history.push("fork", "")
    history.push("a", "")
    history.go_to(1)
    history.push("b", "")
    history.push("c", "")
    assert [(step.value, step.parent) for step in history.steps] == [
        ("root", None),
        ("a", 0),
        ("b", 0),
        ("c", 3),
    ]
    assert history.children(0) == (2, 3)
    assert [step.value for step in history.line()] == ["root", "b", "c"]


def test_memory_is_bounded_and_shared_parts_count_once():
    shared = bytes(100)

    def weigh(value: tuple[bytes, bytes]) -> list[tuple[bytes, int]]:
        return [(part, len(part)) for part in value]

    history = History((shared, bytes(10)), weigh=weigh, bytes_limit=140)
    assert history.bytes_used == 110
    for size in (10, 11, 12, 13):
        history.push((shared, bytes(bytearray(size))), "step")
    assert history.bytes_used <= 140
    assert len(history) == 3
    history.push((bytes(bytearray(500)), shared), "too heavy, but it is what is shown")
    assert history.current[0] == bytes(500)
    assert len(history) == 2


def test_an_amended_value_is_no_step():
    history = History(0)
    history.push(1, "one")
    history.amend(5)
    assert history.current == 5
    assert history.undo() == 0


def test_a_branch_can_be_removed_but_not_the_one_shown():
    history = History(0)
    history.push(1, "one")
    history.push(2, "two")
    history.go_to(0)
    history.push(3, "three")
    assert not history.remove_branch(0)
    assert not history.remove_branch(3)
    assert not history.remove_branch(99)
    assert history.remove_branch(1)
    assert [step.value for step in history.steps] == [0, 3]
    history.undo()
    assert history.redo() == 3


def test_visiting_a_forgotten_step_changes_nothing():
    history = History(0)
    history.push(1, "one")
    assert history.go_to(77) == 1


def test_a_clock_that_goes_backwards_disturbs_nothing():
    times = iter([100.0, 90.0, 80.0])
    history = History(0, clock=lambda: next(times))
    history.push(1, "one")
    history.push(2, "two")
    assert [(step.id, step.seconds) for step in history.steps] == [(0, 100.0), (1, 90.0), (2, 80.0)]
    assert history.undo() == 1


def test_a_thousand_undos_and_redos_leave_the_same_state_and_no_more_memory():
    history = History((0,), weigh=lambda value: [(value, 8)])
    for value in range(1, 1001):
        history.push((value,), "step")
    state, used = history.state(), history.bytes_used
    for _ in range(1000):
        history.undo()
    assert history.current == (0,)
    for _ in range(1000):
        history.redo()
    assert history.state() == state
    assert history.bytes_used == used


@pytest.mark.parametrize(
    "state",
    [
        HistoryState((), 0),
        HistoryState((Step(0, None, 0, ""),), 1),
        HistoryState((Step(0, 0, 0, ""),), 0),
        HistoryState((Step(0, None, 0, ""), Step(1, None, 0, "")), 0),
        HistoryState((Step(0, None, 0, ""), Step(2, 1, 0, ""), Step(1, 0, 0, "")), 0),
        HistoryState((Step(0, None, 0, ""), Step(0, 0, 0, "")), 0),
        HistoryState((Step(0, None, 0, ""),), 0, {0: 1}),
        HistoryState((Step(0, None, 0, ""), Step(1, 0, 0, "")), 0, {1: 1}),
    ],
)
def test_steps_that_make_no_tree_are_refused(state):
    with pytest.raises(ValueError, match="step"):
        History(0).restore(state)


visits = st.lists(
    st.tuples(st.sampled_from(["push", "undo", "redo", "go", "star"]), st.integers(0, 20)), max_size=60
)


@given(visits, st.integers(1, 8))
def test_whatever_is_done_the_steps_stay_a_tree_and_come_back_equal(done, limit):
    history = History(-1, limit=limit, weigh=lambda value: [(value, 1)])
    for verb, value in done:
        match verb:
            case "push":
                history.push(value, "step")
            case "undo":
                history.undo()
            case "redo":
                history.redo()
            case "go":
                history.go_to(value)
            case "star":
                history.star(value)
    other = History(0, weigh=lambda value: [(value, 1)])
    other.restore(history.state())
    assert other.state() == history.state()
    assert other.bytes_used == history.bytes_used
    assert other.line() == history.line()


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
