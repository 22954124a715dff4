import tracemalloc
from dataclasses import replace

import numpy as np

from latent_studio.app.store import SessionStore
from latent_studio.core.directions import LinearDirection
from latent_studio.core.edits import Edit
from latent_studio.core.latent import Latent
from latent_studio.core.pose import Pose
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.spaces import Space
from latent_studio.core.timeline import Timeline

X = LinearDirection("x", "e0", Space.W, [1, 0])


def recorded(store):
    changes = []
    store.listen(lambda old, new: changes.append((old, new)))
    return changes


def test_listeners_get_the_old_and_the_new_session():
    store = SessionStore()
    changes = recorded(store)
    store.set_base(SeedPoint(7), "Seed 7")
    assert [(old.base, new.base) for old, new in changes] == [(SeedPoint(0), SeedPoint(7))]


def test_parts_that_did_not_change_are_shared():
    store = SessionStore()
    before = store.session
    store.set_base(SeedPoint(7), "Seed 7")
    assert store.session.edits is before.edits


def test_the_same_value_again_is_no_step_and_no_news():
    store = SessionStore()
    changes = recorded(store)
    store.set_base(SeedPoint(0), "Seed 0")
    assert changes == []
    assert store.history.undo_label is None


def test_a_drag_is_one_step_named_after_the_slider():
    store = SessionStore()
    for amount in (0.5, 1.0, 1.5):
        store.set_amount(X, amount, gesture="x")
    store.close_gesture()
    assert store.history.undo_label == "Move e0"
    store.undo()
    assert len(store.session.edits) == 0
    store.redo()
    assert store.session.edits.find("x").amount == 1.5


def test_a_drag_back_to_the_start_tells_listeners_that_undo_is_gone():
    store = SessionStore()
    store.set_amount(X, 1.0)
    changes = recorded(store)
    store.set_amount(X, 2.0, gesture="x")
    store.set_amount(X, 1.0, gesture="x")
    store.close_gesture()
    assert len(changes) == 3
    assert len(store.history.steps) == 2


def test_reset_drops_the_edit_and_can_be_undone():
    store = SessionStore()
    store.set_amount(X, 1.0)
    store.reset_amount("x")
    assert len(store.session.edits) == 0
    store.undo()
    assert store.session.edits.find("x").amount == 1.0


def test_an_edit_can_be_switched_off_and_reordered():
    store = SessionStore()
    other = LinearDirection("y", "e1", Space.W, [0, 1])
    store.set_amount(X, 1.0)
    store.set_amount(other, 1.0)
    store.move_edit("y", 0)
    store.set_edit(replace(store.session.edits.find("x"), enabled=False), "Switch e0 off")
    assert [edit.id for edit in store.session.edits] == ["y", "x"]
    assert store.session.edits.find("x") == Edit(X, 1.0, enabled=False)


def test_opening_a_model_starts_a_new_document():
    store = SessionStore()
    store.set_amount(X, 1.0)
    model = ModelRef("portraits", "portraits.safetensors", "ab" * 32)
    changes = recorded(store)
    store.open_model(model, Session(base=SeedPoint(3)))
    assert store.session == Session(model=model, base=SeedPoint(3))
    assert store.history.undo_label is None
    assert len(changes) == 1


def test_a_listener_that_left_hears_nothing():
    store = SessionStore()
    heard = []
    unlisten = store.listen(lambda old, new: heard.append(new))
    unlisten()
    store.set_base(SeedPoint(1), "Seed 1")
    assert heard == []


def test_a_thousand_steps_back_and_forth_leave_everything_as_it_was_and_no_memory_behind():
    store = SessionStore()
    for step in range(250):
        latent = Latent(Space.W, np.random.RandomState(step).randn(64))
        store.set_base(latent, f"Latent {step}") if step % 5 == 0 else store.set_amount(X, float(step))
        store.close_gesture()
    newest, tree = store.session, store.history.state()

    def back_and_forth():
        for _ in range(2):
            for _ in range(250):
                store.undo()
            assert store.session == Session()
            for _ in range(250):
                store.redo()

    back_and_forth()
    tracemalloc.start()
    try:
        back_and_forth()
        before, _ = tracemalloc.get_traced_memory()
        back_and_forth()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert store.session == newest
    assert store.history.state() == tree
    assert after - before < 4096


def test_all_steps_move_to_another_model_and_share_what_they_shared():
    base, tuned, other = (ModelRef(name, "", name) for name in ("base", "tuned", "other"))
    timeline = Timeline().with_pose(0.0, Pose(), model=base).with_pose(1.0, Pose(), model=other)
    store = SessionStore(Session(model=base, timeline=timeline))
    store.set_base(SeedPoint(1), "Seed 1")
    store.set_base(SeedPoint(2), "Seed 2")
    store.undo()
    store.move_to(tuned)
    assert store.session.base == SeedPoint(1)
    assert [step.value.model for step in store.history.steps] == [tuned] * 3
    assert [key.model.name for key in store.session.timeline.keys] == ["tuned", "other"]
    assert len({id(step.value.timeline) for step in store.history.steps}) == 1
    store.redo()
    assert store.session.base == SeedPoint(2)
    assert store.documents == 0
