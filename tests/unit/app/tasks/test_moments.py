"""Moments of a film: what lies between keys, drawn and taken to the sliders."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latent_studio.app.moments import settled
from latent_studio.app.recipe import film_recipe_of, recipe_of, session_of_recipe
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.latent import Latent
from latent_studio.core.noise_maps import FoundNoise
from latent_studio.core.pose import Pose
from latent_studio.core.projections import ProjectedPhoto
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.style_mix import StyleMix
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.core.timeline import Timeline
from latent_studio.core.timeline_course import course_of

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio

PULLED = SynthesisSettings(truncation_psi=0.6)


@pytest.fixture
def noise(studio: Studio, tiny_model: Path) -> FoundNoise:
    """Maps as a projection finds them: other than the model's own."""
    generator = studio.open_model(tiny_model) and studio.engine.generator
    assert generator is not None
    own = generator.noise_maps("const")
    drawn = np.random.default_rng(1)
    return FoundNoise([np.zeros((1, 1)) if one is None else drawn.normal(size=one.shape[-2:]) for one in own])


def pixels_of(studio: Studio, pose: Pose) -> np.ndarray:
    frame = studio.engine.render_final(RenderRequest.of_pose(pose, revision=0))
    return np.asarray(frame.pixels, dtype=np.int16)


def centre_of(studio: Studio) -> Latent:
    """A centre as a lasso of the map makes it."""
    return Latent(Space.W, studio.engine.resolve_ws(RenderRequest(0, SeedPoint(5)))[0])


def test_a_key_keeps_the_noise_of_a_photo_and_the_way_has_no_jump(studio: Studio, noise: FoundNoise) -> None:
    session = replace(studio.model.start, noise=noise)
    own = replace(Pose.of(session), noise=None)
    course = course_of(Timeline().with_pose(0, Pose.of(session)).with_pose(1, own))

    picture = studio.engine.render_final(RenderRequest.of(session, revision=0)).pixels
    np.testing.assert_array_equal(pixels_of(studio, course.at(0)), picture)
    np.testing.assert_array_equal(pixels_of(studio, course.at(1)), pixels_of(studio, own))
    whole = np.abs(picture.astype(np.int16) - pixels_of(studio, own)).max()
    assert whole > 8
    way = [pixels_of(studio, course.at(step / 20)) for step in range(21)]
    assert max(np.abs(b - a).max() for a, b in pairwise(way)) < whole / 3


def test_mixes_of_other_rows_have_no_jump_on_the_way(studio: Studio, tiny_model: Path) -> None:
    studio.open_model(tiny_model)
    first = Pose(SeedPoint(1), mix=StyleMix(SeedPoint(8), (0, 1, 2)))
    second = Pose(SeedPoint(1), mix=StyleMix(SeedPoint(9), (4, 5)))
    course = course_of(Timeline().with_pose(0, first).with_pose(1, second))

    way = [pixels_of(studio, course.at(step / 40)) for step in range(41)]
    np.testing.assert_array_equal(way[0], pixels_of(studio, first))
    np.testing.assert_array_equal(way[-1], pixels_of(studio, second))
    whole = np.abs(way[-1] - way[0]).max()
    assert max(np.abs(b - a).max() for a, b in pairwise(way)) < whole / 4


def test_another_centre_of_truncation_has_no_jump_on_the_way(studio: Studio, tiny_model: Path) -> None:
    studio.open_model(tiny_model)
    first = Pose(SeedPoint(1), synthesis=PULLED)
    second = replace(first, centre=centre_of(studio))
    course = course_of(Timeline().with_pose(0, first).with_pose(1, second))

    way = [pixels_of(studio, course.at(step / 40)) for step in range(41)]
    np.testing.assert_array_equal(way[0], pixels_of(studio, first))
    np.testing.assert_array_equal(way[-1], pixels_of(studio, second))
    whole = np.abs(way[-1] - way[0]).max()
    assert whole > 8
    assert max(np.abs(b - a).max() for a, b in pairwise(way)) < whole / 4


def test_a_moment_on_the_sliders_is_the_same_picture(studio: Studio, noise: FoundNoise) -> None:
    direction = studio.model.directions[0]
    edits = EditStack((Edit(direction, 1.5),))
    first = Pose(SeedPoint(1), edits, PULLED, mix=StyleMix(SeedPoint(8), (0, 1, 2)), noise=noise)
    second = Pose(SeedPoint(2), EditStack(), PULLED, mix=StyleMix(SeedPoint(9), (1, 5), 0.5))
    second = replace(second, centre=centre_of(studio))
    moment = course_of(Timeline().with_pose(0, first).with_pose(1, second)).at(0.4)

    taken = settled(studio, moment)

    assert not moment.is_settled
    assert taken.is_settled
    session = taken.on(studio.model.start)
    shown = studio.engine.render_final(RenderRequest.of(session, revision=0)).pixels
    assert np.abs(pixels_of(studio, moment) - shown).max() <= 1


def test_a_film_of_keys_with_one_noise_stores_its_maps_once(studio: Studio, noise: FoundNoise) -> None:
    session = replace(studio.model.start, noise=noise)
    timeline = Timeline()
    for second in range(5):
        timeline = timeline.with_pose(second, replace(Pose.of(session), base=SeedPoint(second)))
    session = replace(session, timeline=timeline)

    text = film_recipe_of(session)

    back = session_of_recipe(text, find=lambda id: None, model=session.model)
    assert back == session
    assert len(text) < 1.2 * len(film_recipe_of(replace(session, timeline=Timeline()))) + 5000


def test_a_picture_tells_nobody_which_photos_were_searched(studio: Studio, tiny_model: Path) -> None:
    session = studio.open_model(tiny_model).start
    latent = studio.engine.resolve_base(RenderRequest.of(session, revision=0))
    photo = ProjectedPhoto("me.jpg", "/home/me/me.jpg", "ab", (4, 4), (), (), latent)

    assert recipe_of(replace(session, projections=(photo,))) == recipe_of(session)


def test_latent_files_and_pools_become_keys_that_show_their_own_pictures(
    studio: Studio, tiny_model: Path, noise: FoundNoise, tmp_path: Path
) -> None:
    from latent_studio.app.latent_keys import poses_of_file
    from latent_studio.app.stored_latents import StoredLatent, write_latent
    from latent_studio.app.tasks.pool_create import PoolCreateOptions, run_pool_create
    from latent_studio.core.errors import InputError

    model, engine = studio.model, studio.engine
    ws = engine.resolve_ws(RenderRequest(0, SeedPoint(4)))
    latent = Latent(Space.W_PLUS, ws)
    stored = StoredLatent(latent, "me", noise, model_name=model.ref.name, model_sha256=model.ref.sha256)
    write_latent(tmp_path / "me.npz", stored, ws=ws)
    shown = Pose(synthesis=SynthesisSettings(truncation_psi=0.3))

    ((pose, name),) = poses_of_file(tmp_path / "me.npz", shown, model.spec, model=model.ref)
    assert (pose.base, pose.noise, name) == (latent, noise, "me")
    found = engine.render_final(RenderRequest(0, latent, noise=noise)).pixels
    np.testing.assert_array_equal(pixels_of(studio, pose), found)
    with pytest.raises(InputError, match=r"me\.npz"):
        poses_of_file(tmp_path / "me.npz", shown, model.spec, model=replace(model.ref, sha256="0"))

    options = PoolCreateOptions(
        model=str(tiny_model), out=tmp_path / "pool", seeds=(3, 5), truncation_psi=0.5
    )
    run_pool_create(studio, options, ignore_progress, CancelToken())
    poses = poses_of_file(tmp_path / "pool" / "latents.npz", shown, model.spec, model=model.ref)
    assert [name for _, name in poses] == ["seed 3", "seed 5"]
    with Image.open(tmp_path / "pool" / "images" / "seed0005.png") as picture:
        np.testing.assert_array_equal(pixels_of(studio, poses[1][0]), np.asarray(picture))


def test_a_film_between_latent_files_begins_with_the_projection_and_its_noise(
    studio: Studio, tiny_model: Path, noise: FoundNoise, tmp_path: Path
) -> None:
    from latent_studio.app.stored_latents import StoredLatent, write_latent
    from latent_studio.app.tasks.interpolate import InterpolateOptions, run_interpolate

    ref = studio.model.ref
    ws = studio.engine.resolve_ws(RenderRequest(0, SeedPoint(4)))
    for name, maps in (("a", noise), ("b", None)):
        stored = StoredLatent(Latent(Space.W_PLUS, ws), name, maps, "", ref.name, ref.sha256)
        write_latent(tmp_path / f"{name}.npz", stored, ws=ws)
    options = InterpolateOptions(
        str(tiny_model), tmp_path / "film", latents=(tmp_path / "a.npz", tmp_path / "b.npz"), interval=3
    )
    run_interpolate(studio, options, ignore_progress, CancelToken())

    first, _, last = sorted((tmp_path / "film").glob("*.png"))
    for path, maps in ((first, noise), (last, None)):
        wanted = studio.engine.render_final(RenderRequest(0, Latent(Space.W_PLUS, ws), noise=maps)).pixels
        with Image.open(path) as picture:
            np.testing.assert_array_equal(np.asarray(picture), wanted)
