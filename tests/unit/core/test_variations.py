from __future__ import annotations

import numpy as np

from latent_studio.core.directions import LinearDirection
from latent_studio.core.session import Session
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec
from latent_studio.core.variations import vary

SPEC = GeneratorSpec("toy", 16, 3, 4, 8, 6)
DIRECTIONS = [LinearDirection(f"d{k}", f"d{k}", Space.W, np.eye(8)[k], sigma=k + 1.0) for k in range(2)]


def test_a_neighbour_is_an_edit_within_the_models_own_directions():
    session = vary(Session(), 1, directions=DIRECTIONS, spec=SPEC, radius=0.5, rows=(1, 2))
    (edit,) = session.edits

    assert (edit.direction.rows, edit.amount) == ((1, 2), 1.0)
    assert edit.direction.vector[:2].all()
    assert not edit.direction.vector[2:].any()
    assert session == vary(Session(), 1, directions=DIRECTIONS, spec=SPEC, radius=0.5, rows=(1, 2))
    assert session != vary(Session(), 2, directions=DIRECTIONS, spec=SPEC, radius=0.5, rows=(1, 2))


def test_a_second_step_goes_on_from_the_first():
    first = vary(Session(), 1, directions=DIRECTIONS, spec=SPEC, radius=1.0)
    second = vary(first, 2, directions=DIRECTIONS, spec=SPEC, radius=1.0)
    alone = vary(Session(), 2, directions=DIRECTIONS, spec=SPEC, radius=1.0)

    total = first.edits.edits[0].direction.vector + alone.edits.edits[0].direction.vector
    np.testing.assert_allclose(second.edits.edits[0].direction.vector, total, rtol=1e-6)
    assert len(second.edits) == 1


def test_the_spread_is_the_models_own():
    steps = [
        vary(Session(), k, directions=DIRECTIONS, spec=SPEC, radius=1.0).edits.edits[0].direction.vector
        for k in range(400)
    ]
    np.testing.assert_allclose(np.std(steps, axis=0)[:2], [1.0, 2.0], rtol=0.15)


def test_without_directions_the_step_is_taken_in_z():
    session = vary(Session(), 1, directions=[], spec=SPEC, radius=0.5, rows=(1,))
    (edit,) = session.edits
    assert (edit.direction.space, edit.direction.rows, edit.direction.vector.shape) == (Space.Z, None, (4,))
