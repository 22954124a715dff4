"""The latent map on a small real model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latent_studio.app.latent_map import (
    MapSamples,
    base_beside,
    chosen_direction,
    draw_samples,
    fitted_axis,
    middle_of,
    principal_axes,
    read_axes,
)
from latent_studio.app.map_places import find_places, stops_on_path, with_path
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import Cancelled, InputError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.latent import Latent
from latent_studio.core.latent_plane import LatentPlane
from latent_studio.core.pose import Pose
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session_record import session_from_record, session_to_record
from latent_studio.core.spaces import Space
from latent_studio.core.synthesis import SynthesisSettings


@pytest.fixture
def opened(studio, tiny_model):
    studio.open_model(str(tiny_model))
    return studio


def draw(studio, count=200) -> MapSamples:
    return draw_samples(studio, count=count, classes=(), progress=ignore_progress, cancel=CancelToken())


def test_a_sample_stands_where_its_seed_does_and_is_found_again(opened):
    samples = draw(opened)
    session = replace(opened.model.start, base=SeedPoint(17))

    assert np.allclose(find_places(opened.engine, session).here, samples.latents[17], atol=1e-5)
    again = draw(opened)
    assert np.array_equal(again.latents, samples.latents)
    (path,) = (opened.paths.cache / "maps").iterdir()
    path.write_bytes(b"no array")
    assert np.array_equal(draw(opened).latents, samples.latents)


def test_drawing_stops_when_asked_and_leaves_nothing(opened):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        draw_samples(opened, count=500, classes=(), progress=ignore_progress, cancel=token)
    assert not list((opened.paths.cache).glob("maps/*"))


def test_the_walked_picture_is_where_the_map_says(opened):
    samples = draw(opened)
    plane = LatentPlane(*principal_axes(samples)[:2])
    model = opened.model
    places = find_places(opened.engine, replace(model.start, base=SeedPoint(3)))
    here = plane.places(places.here[None])[0]
    base = base_beside(places.ws, plane.shift(np.array([1.5, -0.5]) - here), model.spec)

    assert base.space is Space.W
    after = find_places(opened.engine, replace(model.start, base=base))
    assert np.allclose(plane.places(after.here[None])[0], (1.5, -0.5), atol=1e-3)


def test_a_photo_in_w_plus_keeps_its_rows_apart(opened):
    spec = opened.model.spec
    rows = np.arange(spec.num_ws * spec.w_dim, dtype=np.float32).reshape(spec.num_ws, spec.w_dim) / 100
    places = find_places(opened.engine, replace(opened.model.start, base=Latent(Space.W_PLUS, rows)))
    base = base_beside(places.ws, np.full(spec.w_dim, 0.5, np.float32), spec)

    assert base.space is Space.W_PLUS
    assert np.allclose(base.values, rows + 0.5)
    assert np.allclose(places.here, rows.mean(axis=0))


def test_keys_the_walk_between_them_and_edits_have_places(opened):
    model = opened.model
    session = replace(model.start, base=SeedPoint(1))
    bases = [Latent(Space.W, np.full(model.spec.w_dim, value, np.float32)) for value in (0.0, 1.0, 2.0)]
    direction = model.directions[0]
    session = replace(
        session,
        timeline=with_path(session, bases, names=("a", "b", "c"), closed=False),
        edits=EditStack((Edit(direction, 2.0),)),
    )
    places = find_places(opened.engine, session)

    assert [key.seconds for key in session.timeline.keys] == [0, 2, 4]
    assert all(key.pose.edits == EditStack() for key in session.timeline.keys)
    assert np.allclose(places.keys[:, 0], (0, 1, 2))
    assert np.allclose(places.walk[[0, -1], 0], (0, 2))
    assert np.allclose(places.edited - places.here, 2 * direction.vector, atol=1e-5)
    moved = replace(session, base=SeedPoint(2))
    light = find_places(opened.engine, moved, known=places)
    assert light.walk is places.walk
    assert not np.allclose(light.here, places.here)


def test_a_path_is_cut_evenly_as_the_hand_saw_it_and_a_round_one_closes():
    line = np.array([(0, 0), (1, 0), (1, 0.1)])
    stops, closed = stops_on_path(line, (100.0, 1000.0), 3)
    assert not closed
    assert np.allclose(stops, [(0, 0), (1, 0), (1, 0.1)])
    angles = np.linspace(0, 6.2, 50)
    assert stops_on_path(np.stack([np.cos(angles), np.sin(angles)], axis=1), (10.0, 10.0), 6)[1]


def test_a_second_path_comes_after_what_is_there(opened):
    session = opened.model.start
    bases = [Latent(Space.W, np.full(opened.model.spec.w_dim, 1.0 * k, np.float32)) for k in range(3)]
    once = replace(session, timeline=with_path(session, bases, names="abc", closed=True))
    twice = with_path(once, bases, names="def", closed=True)

    assert once.timeline.loop == "closed"
    assert [key.seconds for key in twice.keys] == [0, 2, 4, 6, 8, 10]


def test_chosen_samples_become_a_direction_that_tells_them_from_the_others(opened):
    samples = draw(opened, 400)
    plane = LatentPlane(*principal_axes(samples)[:2])
    chosen = plane.places(samples.latents)[:, 0] > 1
    for learner in ("mean", "svm"):
        learned = chosen_direction(
            samples, chosen, name="right", learner=learner, progress=ignore_progress, cancel=CancelToken()
        )
        shadows = samples.latents @ learned.direction.vector
        assert shadows[chosen].min() > np.median(shadows[~chosen])
        assert learned.direction.name == "right"
        assert learned.direction.info.details["from"] == "map"
    with pytest.raises(InputError):
        chosen_direction(
            samples, ~chosen & chosen, name="", learner="mean", progress=ignore_progress, cancel=CancelToken()
        )


def test_truncation_towards_a_group_ends_in_its_middle_and_travels_with_the_session(opened):
    samples = draw(opened)
    chosen = np.arange(len(samples.latents)) % 7 == 0
    centre = middle_of(samples, chosen)
    session = replace(
        opened.model.start, centre=centre, synthesis=SynthesisSettings(truncation_psi=0.0), base=SeedPoint(5)
    )

    ws = opened.engine.resolve_ws(RenderRequest.of(session, revision=0))
    assert np.allclose(ws, samples.latents[chosen].mean(axis=0), atol=1e-5)
    assert session_from_record(*session_to_record(session)) == session
    assert Pose.of(session).on(opened.model.start).centre == centre
    with pytest.raises(InputError, match="chosen"):
        middle_of(samples, chosen & ~chosen)


def test_attributes_of_few_pictures_give_every_sample_a_place(opened):
    samples = draw(opened, 300)
    axes = read_axes(
        opened,
        samples,
        "tone",
        count=120,
        synthesis=SynthesisSettings(),
        progress=ignore_progress,
        cancel=CancelToken(),
    )
    assert max(axis.trust or 0 for axis in axes) > 0.5
    titles = {axis.title for axis in axes}
    assert "Brightness" in titles
    # Pieces that were read before are found again.
    assert len(list((opened.paths.cache / "scores").iterdir())) == 3


def test_a_fitted_axis_finds_what_a_score_depends_on_and_refuses_noise():
    rng = np.random.default_rng(1)
    latents = (rng.normal(size=(500, 24)) * np.linspace(0.2, 2, 24)).astype(np.float32)
    scores = 3 * latents[:120, 20] + 7
    scores[3] = np.nan
    axis = fitted_axis(latents, scores.astype(np.float32), title="it")

    assert axis is not None
    assert axis.trust is not None
    assert axis.trust > 0.98
    assert np.allclose(latents @ axis.reading + axis.bias, 3 * latents[:, 20] + 7, atol=0.3)
    assert fitted_axis(latents, rng.normal(size=120).astype(np.float32), title="noise") is None
    assert fitted_axis(latents, np.full(120, 2.0, np.float32), title="same") is None
