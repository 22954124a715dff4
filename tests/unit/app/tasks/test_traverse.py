"""traverse: the sweep, the film and what goes wrong."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from latent_studio.app.tasks.traverse import (
    Sweep,
    TraversalPlan,
    TraverseOptions,
    route,
    run_traversal,
    run_traverse,
    sweeps_of_edits,
)
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import ExportError, ModelError, OptionError
from latent_studio.core.jobs import Cancelled, CancelToken, ignore_progress
from latent_studio.core.latent import Latent
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef
from latent_studio.core.spaces import Space
from latent_studio.exporters.film_settings import FilmSettings
from tests.helpers.recorder import Recorder

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio


@pytest.fixture
def plan(studio: Studio, tiny_model: Path, tmp_path: Path) -> TraversalPlan:
    """A short sweep along the strongest direction."""
    model = studio.open_model(tiny_model)
    session = replace(model.start, base=SeedPoint(3))
    return TraversalPlan(session, (Sweep(model.directions[0], -2.0, 2.0),), tmp_path / "a.gif", frames=8)


def run(studio: Studio, plan: TraversalPlan) -> Path:
    return run_traversal(studio, plan, ignore_progress, CancelToken()).path


def run_words(studio: Studio, model: Path, out: Path, **more: object) -> Path:
    options = TraverseOptions(str(model), ("sefa:0",), out)
    return run_traverse(
        studio, replace(options, **{"frames": 6, **more}), ignore_progress, CancelToken()
    ).path  # type: ignore[arg-type]


def frames_of(path: Path) -> list[np.ndarray]:
    found = []
    with Image.open(path) as image:
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            found.append(np.asarray(image.convert("RGB")).astype(int))
    return found


def recipe_in(path: Path) -> dict[str, object]:
    with Image.open(path) as image:
        return json.loads(image.info["comment"])  # type: ignore[no-any-return]


# --- the route


@given(st.integers(1, 400))
def test_there_and_back_visits_both_ends_once_and_never_halts(frames: int) -> None:
    places, order = route(frames, "there-and-back")
    way = [places[index] for index in order]
    assert len(way) == frames
    assert way[0] == 0
    assert len(set(places)) == len(places)
    if frames > 1:
        assert way.count(0) == way.count(1) == 1
        assert all(way[index] != way[(index + 1) % frames] for index in range(frames))
        top = way.index(1)
        assert way[: top + 1] == sorted(way[: top + 1])
        assert way[top:] == sorted(way[top:], reverse=True)


@given(st.integers(2, 200).map(lambda half: 2 * half))
def test_an_even_loop_shows_the_same_pictures_on_the_way_back(frames: int) -> None:
    places, order = route(frames, "there-and-back")
    assert len(places) == frames // 2 + 1
    assert list(order[1:]) == list(order[:0:-1])


@pytest.mark.parametrize(("frames", "expected"), [(1, [0]), (2, [0, 1]), (5, [0, 0.25, 0.5, 0.75, 1])])
def test_once_goes_one_way(frames: int, expected: list[float]) -> None:
    places, order = route(frames, "once")
    assert [places[index] for index in order] == expected


# --- the film


def test_frames_are_the_engines_pictures(studio: Studio, plan: TraversalPlan) -> None:
    found = frames_of(run(studio, plan))
    assert len(found) == 8
    for frame, amount in zip(found, [-2, -1, 0, 1, 2, 1, 0, -1], strict=True):
        edits = EditStack((Edit(plan.sweeps[0].direction, float(amount)),))
        expected = studio.engine.render_final(
            RenderRequest.of(replace(plan.session, edits=edits), revision=0)
        )
        assert np.abs(frame - expected.pixels).mean() < 8
    assert np.abs(found[0] - found[4]).mean() > 3
    np.testing.assert_array_equal(found[1], found[7])


def test_two_runs_give_the_same_bytes(studio: Studio, plan: TraversalPlan, tmp_path: Path) -> None:
    once = run(studio, plan).read_bytes()
    assert run(studio, replace(plan, out=tmp_path / "b.gif")).read_bytes() == once


def test_the_command_line_gives_the_same_bytes_as_the_window(
    studio: Studio, plan: TraversalPlan, tiny_model: Path, tmp_path: Path
) -> None:
    psi = plan.session.synthesis.truncation_psi
    film = run(studio, plan).read_bytes()
    words = run_words(
        studio, tiny_model, tmp_path / "b.gif", seed=3, range=(-2.0, 2.0), frames=8, truncation_psi=psi
    )
    assert words.read_bytes() == film


def test_pictures_that_come_twice_are_rendered_once(studio: Studio, plan: TraversalPlan) -> None:
    recorder = Recorder()
    run_traversal(studio, replace(plan, frames=20), recorder, recorder.token)
    assert len(recorder.reports) == 11
    assert recorder.reports[-1].fraction == 1
    assert recorder.reports[-1].preview is not None


def test_a_long_film_comes_in_the_right_order(studio: Studio, plan: TraversalPlan) -> None:
    # More places than the palette's sample, so that rendering does not follow the film.
    found = frames_of(run(studio, replace(plan, frames=50, loop="once", size=8)))
    steps = [np.abs(a - b).mean() for a, b in itertools.pairwise(found)]
    assert len(found) == 50
    assert max(steps) < np.abs(found[0] - found[-1]).mean()


@pytest.mark.parametrize("frames", [1, 2, 3, 7])
@pytest.mark.parametrize("loop", ["there-and-back", "once"])
def test_any_number_of_frames(studio: Studio, plan: TraversalPlan, frames: int, loop: str) -> None:
    changed = replace(plan, frames=frames, loop=loop)  # type: ignore[arg-type]
    result = run_traversal(studio, changed, ignore_progress, CancelToken())
    with Image.open(result.path) as image:
        assert getattr(image, "n_frames", 1) == frames
        assert image.info.get("loop") == (0 if loop == "there-and-back" else None)
    assert result.frames == frames
    assert result.size_bytes == result.path.stat().st_size


def test_size_and_rate_are_as_asked(studio: Studio, plan: TraversalPlan) -> None:
    result = run_traversal(studio, replace(plan, size=40, fps=10.0), ignore_progress, CancelToken())
    with Image.open(result.path) as image:
        assert image.size == (40, 40)
        assert image.info["duration"] == 100
    assert result.seconds == pytest.approx(0.8)
    assert result.size == (40, 40)


@pytest.mark.parametrize("name", ["a.mp4", "a.webp", "a.apng", "a.webm", "frames"])
def test_other_formats_hold_the_same_pictures(
    studio: Studio, plan: TraversalPlan, tmp_path: Path, name: str
) -> None:
    # Enlarged, since videos store colours at half the size, and these are all noise.
    path = run(studio, replace(plan, out=tmp_path / name, size=64))
    exact = run(studio, replace(plan, out=tmp_path / "exact.apng", size=64))
    if path.is_dir():
        found = [frames_of(file)[0] for file in sorted(path.iterdir())]
    elif path.suffix in (".mp4", ".webm"):
        with av.open(str(path)) as film:
            found = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    else:
        found = frames_of(path)
    assert len(found) == 8
    for frame, expected in zip(found, frames_of(exact), strict=True):
        assert np.abs(frame - expected).mean() < 8


def test_the_picture_before_the_sweep_can_stand_beside(
    studio: Studio, plan: TraversalPlan, tmp_path: Path
) -> None:
    beside = frames_of(run(studio, replace(plan, out=tmp_path / "b.apng", beside=True)))
    alone = frames_of(run(studio, replace(plan, out=tmp_path / "a.apng")))
    side = alone[0].shape[0]
    for frame, expected in zip(beside, alone, strict=True):
        assert frame.shape == (side, 2 * side + 8, 3)
        np.testing.assert_array_equal(frame[:, -side:], expected)
        np.testing.assert_array_equal(frame[:, :side], alone[2])


def test_other_models_stand_beside_at_the_same_latent(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    alone = frames_of(run_words(studio, tiny_model, tmp_path / "a.apng"))
    pair = frames_of(run_words(studio, tiny_model, tmp_path / "b.apng", with_model=(str(tiny_model),)))
    side = alone[0].shape[0]
    for frame, expected in zip(pair, alone, strict=True):
        assert frame.shape == (side, 2 * side + 8, 3)
        np.testing.assert_array_equal(frame[:, :side], expected)
        np.testing.assert_array_equal(frame[:, -side:], expected)


def test_a_caption_is_only_there_when_asked_for(studio: Studio, plan: TraversalPlan, tmp_path: Path) -> None:
    plain = frames_of(run(studio, replace(plan, out=tmp_path / "a.apng", size=128)))
    told = frames_of(run(studio, replace(plan, out=tmp_path / "b.apng", size=128, caption=True)))
    np.testing.assert_array_equal(told[0][:100], plain[0][:100])
    assert np.abs(told[0][110:] - plain[0][110:]).mean() > 5


def test_grey_models_make_films_too(studio: Studio, tiny_grey: Path, tmp_path: Path) -> None:
    assert len(frames_of(run_words(studio, tiny_grey, tmp_path / "a.gif"))) == 6


def test_quality_is_passed_on(studio: Studio, plan: TraversalPlan, tmp_path: Path) -> None:
    good = run(studio, plan).read_bytes()
    assert (
        run(studio, replace(plan, settings=FilmSettings(quality="fast"), out=tmp_path / "b.gif")).read_bytes()
        != good
    )


def test_rows_confine_the_sweep(studio: Studio, plan: TraversalPlan, tmp_path: Path) -> None:
    sweep = plan.sweeps[0]
    everywhere = run(studio, plan).read_bytes()
    some = run(studio, replace(plan, sweeps=(replace(sweep, rows=(4, 5)),), out=tmp_path / "b.gif"))
    everything = run(
        studio, replace(plan, sweeps=(replace(sweep, rows=(0, 1, 2, 3, 4, 5)),), out=tmp_path / "c.gif")
    )
    assert np.abs(np.array(frames_of(some)) - np.array(frames_of(everything))).mean() > 1
    np.testing.assert_array_equal(frames_of(everything), frames_of(plan.out))
    assert everywhere != some.read_bytes()


def test_other_edits_stay_and_a_swept_one_is_replaced(
    studio: Studio, plan: TraversalPlan, tmp_path: Path
) -> None:
    first, second = studio.model.directions[:2]
    edited = replace(plan.session, edits=EditStack((Edit(first, 9.0), Edit(second, 5.0))))
    moved = np.array(frames_of(run(studio, replace(plan, session=edited, out=tmp_path / "b.gif"))))
    only_second = replace(plan.session, edits=EditStack((Edit(second, 5.0),)))
    expected = np.array(frames_of(run(studio, replace(plan, session=only_second))))
    assert np.abs(moved - expected).mean() < 8
    assert np.abs(moved - np.array(frames_of(run(studio, replace(plan, out=tmp_path / "c.gif"))))).mean() > 1


def test_several_directions_move_together(studio: Studio, plan: TraversalPlan, tmp_path: Path) -> None:
    first, second = studio.model.directions[:2]
    both = replace(plan, sweeps=(Sweep(first, -2, 2), Sweep(second, 0, 3)), out=tmp_path / "b.gif")
    found = frames_of(run(studio, both))
    edits = EditStack((Edit(first, 2.0), Edit(second, 3.0)))
    far = studio.engine.render_final(RenderRequest.of(replace(plan.session, edits=edits), revision=0))
    assert np.abs(found[4] - far.pixels).mean() < 8


def test_all_active_edits_can_be_swept(studio: Studio, plan: TraversalPlan) -> None:
    first, second, third = studio.model.directions[:3]
    edits = EditStack((Edit(first, 1.0), Edit(second, 2.0, enabled=False), Edit(third, 0.5, rows=(0, 1))))
    session = replace(plan.session, edits=edits)
    assert sweeps_of_edits(session, -1, 2) == (Sweep(first, -1, 2), Sweep(third, -1, 2, (0, 1)))
    in_sigma = sweeps_of_edits(session, -1, 2, in_sigma=True)
    assert [sweep.high for sweep in in_sigma] == [2 * first.sigma, 2 * third.sigma]


def test_a_latent_can_be_the_start(studio: Studio, plan: TraversalPlan) -> None:
    latent = Latent(Space.W, np.zeros(16))
    path = run(studio, replace(plan, session=replace(plan.session, base=latent)))
    base = recipe_in(path)["base"]
    assert isinstance(base, dict)
    assert (base["space"], base["values"]["shape"]) == ("w", [16])


def test_the_recipe_tells_the_sweep_and_no_place(studio: Studio, plan: TraversalPlan, tmp_path: Path) -> None:
    path = run(studio, plan)
    recipe = recipe_in(path)
    sweep = recipe["sweep"]
    assert isinstance(sweep, dict)
    assert sweep["directions"][0]["direction"]["id"] == "sefa:genforce:all:0"
    assert (sweep["directions"][0]["low"], sweep["directions"][0]["high"]) == (-2.0, 2.0)
    assert (sweep["frames"], sweep["fps"], sweep["loop"]) == (8, 25.0, "there-and-back")
    assert str(tmp_path).encode() not in path.read_bytes()


# --- words for directions


def test_sigma_measures_the_range_in_the_models_own_spread(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    sweep = recipe_in(run_words(studio, tiny_model, tmp_path / "a.gif", range=(-1.0, 2.0), sigma=True))[
        "sweep"
    ]
    assert isinstance(sweep, dict)
    sigma = studio.model.directions[0].sigma
    assert (sweep["directions"][0]["low"], sweep["directions"][0]["high"]) == (-sigma, 2 * sigma)


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("sefa:2", "sefa:genforce:all:2"),
        ("sefa:15", "sefa:genforce:all:15"),
        ("sefa:mmgen:1", "sefa:mmgen:all:1"),
        ("sefa:genforce:0-1,3:0", "sefa:genforce:0-1,3:0"),
        ("sefa:rosinality:all:0", "sefa:rosinality:all:0"),
    ],
)
def test_directions_go_by_short_and_whole_names(
    studio: Studio, tiny_model: Path, tmp_path: Path, name: str, id: str
) -> None:
    sweep = recipe_in(run_words(studio, tiny_model, tmp_path / "a.gif", direction=(name,)))["sweep"]
    assert isinstance(sweep, dict)
    assert sweep["directions"][0]["direction"]["id"] == id


@pytest.mark.parametrize(
    "name", ["sefa:16", "sefa:", "sefa:-1", "sefa:x:1", "smile", "", "sefa:genforce:9:0"]
)
def test_unknown_directions_are_refused(studio: Studio, tiny_model: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError):
        run_words(studio, tiny_model, tmp_path / "a.gif", direction=(name,))
    assert list(tmp_path.iterdir()) == []


# --- what goes wrong


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"frames": 0}, "--frames"),
        ({"frames": -3}, "--frames"),
        ({"fps": 0.0}, "--fps"),
        ({"fps": 1000.0}, "--fps"),
        ({"fps": float("nan")}, "--fps"),
        ({"size": 0}, "--size"),
        ({"size": 100_000}, "--size"),
        ({"settings": FilmSettings(quality="ugly")}, "--quality"),  # type: ignore[arg-type]
        ({"settings": FilmSettings(crf=99), "out": Path("film.mp4")}, "--crf"),
        ({"resampling": "blurry"}, "--filter"),
        ({"fps": 60.0}, "--fps"),
        ({"loop": "sideways"}, "--loop"),
        ({"sweeps": ()}, "--direction"),
        ({"out": Path("film.avi")}, "--out"),
        ({"format": "mp4"}, "--out"),
    ],
)
def test_plans_out_of_range_are_refused_by_name(
    studio: Studio, plan: TraversalPlan, change: dict[str, object], flag: str
) -> None:
    with pytest.raises(OptionError) as error:
        run(studio, replace(plan, **change))  # type: ignore[arg-type]
    assert error.value.option == flag
    assert list(plan.out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("low", "high"), [(2, -2), (1, 1), (float("nan"), 1), (0, float("inf")), (float("-inf"), 0)]
)
def test_ranges_that_are_none_are_refused(
    studio: Studio, plan: TraversalPlan, low: float, high: float
) -> None:
    with pytest.raises(OptionError, match="--range"):
        run(studio, replace(plan, sweeps=(replace(plan.sweeps[0], low=low, high=high),)))
    assert list(plan.out.parent.iterdir()) == []


@pytest.mark.parametrize("rows", [(6,), (-1,), ()])
def test_rows_outside_the_model_are_refused(
    studio: Studio, plan: TraversalPlan, rows: tuple[int, ...]
) -> None:
    with pytest.raises(OptionError, match="0-5 for this model"):
        run(studio, replace(plan, sweeps=(replace(plan.sweeps[0], rows=rows),)))
    assert list(plan.out.parent.iterdir()) == []


def test_the_same_direction_twice_is_refused(studio: Studio, plan: TraversalPlan) -> None:
    with pytest.raises(OptionError, match="twice"):
        run(studio, replace(plan, sweeps=plan.sweeps * 2))


def test_a_plan_of_another_model_is_refused(studio: Studio, plan: TraversalPlan) -> None:
    other = replace(plan.session, model=ModelRef("other", "other.pkl", "0" * 64))
    with pytest.raises(ModelError, match="other"):
        run(studio, replace(plan, session=other))


def test_a_folder_that_is_missing_is_found_out_before_the_model_is_read(
    studio: Studio, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match="no folder"):
        run_words(studio, tmp_path / "no model either.pkl", tmp_path / "missing" / "a.gif")


def test_a_folder_in_place_of_the_film_is_refused(studio: Studio, plan: TraversalPlan) -> None:
    plan.out.mkdir()
    with pytest.raises(ExportError, match="is a folder"):
        run(studio, plan)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_leaves_nothing_behind(studio: Studio, plan: TraversalPlan) -> None:
    plan.out.with_name("a.gif.part").symlink_to("/dev/full")
    with pytest.raises(ExportError, match="disk is full"):
        run(studio, plan)
    assert list(plan.out.parent.iterdir()) == []


@pytest.mark.parametrize("after", range(1, 12))
def test_cancel_at_any_frame_leaves_nothing_behind(studio: Studio, plan: TraversalPlan, after: int) -> None:
    recorder = Recorder(cancel_after=after)
    with pytest.raises(Cancelled):
        run_traversal(studio, replace(plan, frames=40), recorder, recorder.token)
    assert list(plan.out.parent.iterdir()) == []


def test_an_error_while_rendering_leaves_nothing_behind(
    studio: Studio, plan: TraversalPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = studio.engine.render_batch

    def break_down(*args: object, **more: object) -> object:
        frames = real(*args, **more)  # type: ignore[arg-type]
        yield next(frames)
        raise ModelError("The network broke.")

    monkeypatch.setattr(studio.engine, "render_batch", break_down)
    with pytest.raises(ModelError, match="broke"):
        run(studio, plan)
    assert list(plan.out.parent.iterdir()) == []


def test_an_older_film_stays_until_the_new_one_is_done(studio: Studio, plan: TraversalPlan) -> None:
    plan.out.write_bytes(b"older")
    recorder = Recorder(cancel_after=3)
    with pytest.raises(Cancelled):
        run_traversal(studio, plan, recorder, recorder.token)
    assert plan.out.read_bytes() == b"older"


def test_amounts_that_the_sweep_replaces_leave_no_trace(
    studio: Studio, plan: TraversalPlan, tmp_path: Path
) -> None:
    bare = run(studio, plan).read_bytes()
    swept, off, held = (studio.model.directions[index] for index in range(3))
    edits = EditStack((Edit(swept, 0.7), Edit(off, 1.0, enabled=False), Edit(held, 0.0)))
    moved = replace(plan, session=replace(plan.session, edits=edits), out=tmp_path / "b.gif")
    assert run(studio, moved).read_bytes() == bare

    kept = replace(plan.session, edits=EditStack((Edit(held, 0.5),)))
    recipe = recipe_in(run(studio, replace(plan, session=kept, out=tmp_path / "c.gif")))
    assert [edit["amount"] for edit in recipe["edits"]] == [0.5]  # type: ignore[attr-defined]
