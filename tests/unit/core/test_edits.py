import numpy as np

from latent_studio.core.directions import LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.spaces import Space

X = LinearDirection("x", "x", Space.W, [1, 0])
Y = LinearDirection("y", "y", Space.W, [0, 1])
IN_Z = LinearDirection("z", "z", Space.Z, [1, 1, 1])
WS = np.zeros((3, 2), dtype=np.float32)


def test_edits_add_up():
    stack = EditStack().with_amount(X, 2).with_amount(Y, 3)
    assert np.array_equal(stack.apply(WS, before_mapping=False), np.tile([2, 3], (3, 1)))


def test_a_direction_stands_in_the_stack_once():
    stack = EditStack().with_amount(X, 2).with_amount(Y, 1).with_amount(X, 5)
    assert [(edit.id, edit.amount) for edit in stack] == [("x", 5), ("y", 1)]


def test_a_new_amount_keeps_rows_and_switch():
    stack = EditStack((Edit(X, 1, rows=(0,), enabled=False),)).with_amount(X, 2)
    assert stack.find("x") == Edit(X, 2, rows=(0,), enabled=False)


def test_switched_off_edits_do_nothing():
    stack = EditStack((Edit(X, 1, enabled=False),))
    assert np.array_equal(stack.apply(WS, before_mapping=False), WS)


def test_z_edits_act_before_the_mapping_and_the_others_after():
    stack = EditStack().with_amount(X, 1).with_amount(IN_Z, 2)
    z = np.zeros(3, dtype=np.float32)
    assert np.array_equal(stack.apply(z, before_mapping=True), [2, 2, 2])
    assert np.array_equal(stack.apply(WS, before_mapping=False), np.tile([1, 0], (3, 1)))


def test_edits_can_be_reordered_and_removed():
    stack = EditStack().with_amount(X, 1).with_amount(Y, 1)
    assert [edit.id for edit in stack.moved_to("y", 0)] == ["y", "x"]
    assert [edit.id for edit in stack.without("x")] == ["y"]
    assert stack.moved_to("nothing", 0) == stack
