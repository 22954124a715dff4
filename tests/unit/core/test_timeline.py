from __future__ import annotations

import math
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.base_blend import BaseBlend
from latent_studio.core.directions import LinearDirection
from latent_studio.core.easing import Easing
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import ModelError, OptionError
from latent_studio.core.latent import Latent
from latent_studio.core.noise_maps import FoundNoise
from latent_studio.core.pose import Pose
from latent_studio.core.pose_blends import CentreBlend
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.spaces import Space
from latent_studio.core.style_mix import StyleMix
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.core.timeline import Marker, PoseKey, Timeline, ValueKey
from latent_studio.core.timeline_course import TimelineCourse, course_of

SMILE = LinearDirection("smile", "smile", Space.W, np.ones(4))
CATS, DOGS = ModelRef("cats", "/a", "aa"), ModelRef("dogs", "/b", "bb")


def pose(seed: int, *, psi: float = 1.0, smile: float | None = None, **synthesis) -> Pose:
    edits = EditStack() if smile is None else EditStack((Edit(SMILE, smile),))
    return Pose(SeedPoint(seed), edits, SynthesisSettings(truncation_psi=psi, **synthesis))


def three(**changes) -> Timeline:
    timeline = (
        Timeline().with_pose(0, pose(1)).with_pose(1, pose(2, psi=0.5, smile=2.0)).with_pose(3, pose(3))
    )
    return replace(timeline, **changes)


timelines = st.builds(
    lambda seeds, gaps, loop, psis: replace(
        Timeline(
            tuple(
                PoseKey(
                    index + 1, sum(gaps[:index]) + index * 0.1, pose(seed, psi=psis[index], smile=psis[index])
                )
                for index, seed in enumerate(seeds)
            )
        ),
        loop=loop,
    ),
    st.lists(st.integers(0, 5), min_size=1, max_size=5),
    st.lists(st.floats(0, 3), min_size=5, max_size=5),
    st.sampled_from(["once", "closed", "ping-pong"]),
    st.lists(st.floats(-2, 2), min_size=5, max_size=5),
)


@given(timelines)
def test_at_a_key_its_own_pose_is_shown(timeline: Timeline):
    course = TimelineCourse(timeline)
    for key in timeline.keys:
        assert course.at(key.seconds) == key.pose


@given(timelines, st.floats(0, 20))
def test_reversed_twice_is_the_same_and_once_is_the_same_course_backwards(timeline: Timeline, seconds: float):
    timeline = replace(timeline, loop="once")
    start, end = timeline.keys[0].seconds, timeline.last_seconds
    moment = min(max(seconds, start), end)
    backwards = timeline.reversed()

    shown = course_of(backwards).at(end - moment).synthesis.truncation_psi
    assert shown == pytest.approx(course_of(timeline).at(moment).synthesis.truncation_psi, abs=1e-4)


@given(timelines)
def test_a_closed_loop_ends_where_it_began(timeline: Timeline):
    timeline = replace(timeline, loop="closed")
    course, first = TimelineCourse(timeline), timeline.keys[0]

    assert course.at(first.seconds + timeline.duration - first.seconds + first.seconds) == course.at(
        first.seconds
    )
    before = course.at(timeline.duration + first.seconds - 1e-6).synthesis.truncation_psi
    assert before == pytest.approx(first.pose.synthesis.truncation_psi, abs=1e-3)


def test_between_keys_there_is_a_blend_and_numbers_are_on_their_way():
    course = TimelineCourse(
        three(modes=(("base", "linear"), ("truncation_psi", "linear"), ("edit:smile", "linear")))
    )
    middle = course.at(0.5)

    assert middle.base == BaseBlend(((SeedPoint(1), 0.5), (SeedPoint(2), 0.5)))
    assert middle.synthesis.truncation_psi == 0.75
    assert middle.edits.find("smile").amount == 1.0


def test_an_edit_that_only_the_next_key_has_grows_from_nothing():
    amounts = [course_of(three()).at(t / 100).edits.find("smile") for t in range(101)]
    assert amounts[0] is None
    assert amounts[1].amount == pytest.approx(0.0, abs=0.05)
    assert amounts[-1].amount == 2.0


def test_an_edit_that_is_switched_off_counts_as_nothing():
    off = Pose(SeedPoint(1), EditStack((Edit(SMILE, 5.0, enabled=False),)))
    timeline = Timeline().with_pose(0, off).with_pose(1, pose(1, smile=2.0)).with_mode("edit:smile", "linear")
    edit = course_of(timeline).at(0.5).edits.find("smile")
    assert (edit.amount, edit.enabled) == (1.0, True)


def test_classes_blend_and_never_step():
    timeline = Timeline().with_pose(0, pose(1, class_idx=3)).with_pose(1, pose(1, class_idx=7))
    course = course_of(timeline)

    assert course.at(0).synthesis.class_idx == 3
    assert course.at(0.25).synthesis.class_blend == ((3, 0.75), (7, 0.25))
    assert course.at(1).synthesis.class_idx == 7
    shares = [dict(course.at(t / 50).synthesis.class_weights).get(7, 0.0) for t in range(51)]
    assert max(b - a for a, b in pairwise(shares)) < 0.021


def test_choices_jump_at_their_key_and_classes_do_not_overshoot():
    timeline = (
        Timeline()
        .with_pose(0, pose(1, class_idx=0), easing=Easing("back"))
        .with_pose(1, pose(1, class_idx=1, noise_mode="none", noise_seed=9, truncation_cutoff=4))
    )
    course = course_of(timeline)
    assert course.at(0.999).synthesis.noise_mode == "const"
    assert course.at(0.999).synthesis.truncation_cutoff is None
    assert course.at(1.0).synthesis.noise_mode == "none"
    for t in range(101):
        assert all(0 <= weight <= 1 for _, weight in course.at(t / 100).synthesis.class_weights)


def test_a_parameter_key_says_more_than_the_poses():
    timeline = three().with_value("truncation_psi", 0.5, 0.1).with_value("truncation_psi", 0.0, 0.9)
    assert course_of(timeline).at(0.5).synthesis.truncation_psi == 0.1
    assert course_of(timeline).at(0.0).synthesis.truncation_psi == 0.9
    muted = timeline.with_muted("truncation_psi", True)
    assert course_of(muted).at(0.0).synthesis.truncation_psi == 1.0


def test_a_track_brings_its_own_direction():
    timeline = Timeline().with_pose(0, pose(1))
    timeline = timeline.with_value("edit:smile", 0.0, 1.0, direction=SMILE).with_value("edit:smile", 2.0, 3.0)
    assert course_of(timeline).at(1.0).edits.find("smile").amount == pytest.approx(2.0)
    assert timeline.duration == 2.0


def test_easing_belongs_to_the_way_after_its_key():
    timeline = three(modes=(("truncation_psi", "linear"),)).eased([1], Easing("quad", "in"))
    assert course_of(timeline).at(0.5).synthesis.truncation_psi == pytest.approx(1 - 0.25 * 0.5)
    held = three().with_mode("base", "hold")
    assert course_of(held).at(0.99).base == SeedPoint(1)


def test_style_mixes_of_the_same_rows_blend_and_a_new_one_grows():
    first = replace(pose(1), mix=None)
    second = replace(pose(2), mix=StyleMix(SeedPoint(9), (2, 3)))
    third = replace(pose(2), mix=StyleMix(SeedPoint(5), (2, 3), 0.5))
    course = course_of(Timeline().with_pose(0, first).with_pose(1, second).with_pose(2, third))
    assert course.at(0.25).mix == StyleMix(SeedPoint(9), (2, 3), 0.25)
    assert course.at(1.5).mix.weight == 0.75
    assert course.at(1.5).mix.source == BaseBlend(((SeedPoint(9), 0.5), (SeedPoint(5), 0.5)))
    assert course.at(2).mix == third.mix


def test_on_the_way_to_a_mix_of_other_rows_every_row_goes_straight():
    first = replace(pose(1), mix=StyleMix(SeedPoint(8), (0, 1), 0.8))
    second = replace(pose(1), mix=StyleMix(SeedPoint(9), (1, 2)))
    course = course_of(Timeline().with_pose(0, first).with_pose(1, second))
    base, eight, nine = (np.full((4, 2), value, np.float32) for value in (0, 8, 9))

    assert course.at(0).mix == first.mix
    assert course.at(1).mix == second.mix
    moment = course.at(0.25).mix
    assert [(part.source, part.rows) for part in moment.parts] == [
        (SeedPoint(8), (0, 1)),
        (SeedPoint(9), (1, 2)),
    ]
    from_key, to_key = first.mix.mixed(base, eight), second.mix.mixed(base, nine)
    np.testing.assert_allclose(moment.mixed(base, [eight, nine]), 0.75 * from_key + 0.25 * to_key, rtol=1e-6)


def test_noise_of_a_photo_is_there_at_its_key_and_fades_on_the_way_without_growing_weak():
    found = FoundNoise([np.ones((4, 4))])
    course = course_of(Timeline().with_pose(0, replace(pose(1), noise=found)).with_pose(1, pose(2)))

    assert (course.at(0).noise, course.at(1).noise) == (found, None)
    middle = course.at(0.5).noise
    assert (middle.first, middle.second) == (found, None)
    assert middle.weights == pytest.approx((0.5**0.5, 0.5**0.5))
    assert course.at(0.25).noise.digest != middle.digest
    same = course_of(
        Timeline().with_pose(0, replace(pose(1), noise=found)).with_pose(1, replace(pose(2), noise=found))
    )
    assert same.at(0.5).noise is found


def test_the_centre_of_truncation_goes_from_key_to_key():
    one, other = (Latent(Space.W, np.full(4, value, dtype=np.float32)) for value in (1, 2))
    first, second = replace(pose(1), centre=one), replace(pose(2), centre=other)
    course = course_of(Timeline().with_pose(0, first).with_pose(1, second).with_pose(2, pose(3)))

    assert (course.at(0).centre, course.at(1).centre, course.at(2).centre) == (one, other, None)
    assert course.at(0.5).centre == CentreBlend(one, other, 0.5)
    assert course.at(1.5).centre == CentreBlend(other, None, 0.5)
    assert not course.at(1.5).is_settled


def test_the_same_place_at_two_keys_stays_a_plain_place():
    timeline = Timeline().with_pose(0, pose(1)).with_pose(1, pose(1, psi=0.3))
    assert course_of(timeline).at(0.4).base == SeedPoint(1)


def test_a_timeline_without_keys_shows_nothing_and_says_what_to_do():
    with pytest.raises(OptionError) as caught:
        TimelineCourse(Timeline())
    assert "Add a key" in caught.value.hint


@given(timelines, st.floats(-5, 5), st.sets(st.integers(1, 5)))
def test_moved_keys_keep_their_order_and_none_is_lost(timeline: Timeline, by: float, chosen):
    moved = timeline.moved(chosen, by)
    assert sorted(key.id for key in moved.keys) == sorted(key.id for key in timeline.keys)
    assert all(key.seconds >= 0 for key in moved.keys)


@given(timelines, st.floats(0, 5))
def test_copies_get_numbers_of_their_own(timeline: Timeline, by: float):
    copied, made = timeline.copied([key.id for key in timeline.keys], by)
    assert len(copied.keys) == 2 * len(timeline.keys)
    assert len(made) == len(timeline.keys)
    assert timeline.without(made) == timeline
    assert copied.without(made) == timeline


def test_a_key_at_the_time_of_another_replaces_it_and_keeps_its_number():
    timeline = three().with_pose(1.0004, pose(9), name="nine")
    assert [key.id for key in timeline.keys] == [1, 2, 3]
    assert timeline.keys[1].pose == pose(9)


def test_deleting_the_last_key_of_a_track_deletes_the_track():
    timeline = three().with_value("truncation_psi", 0.5, 0.1)
    key = timeline.tracks[0].keys[0]
    assert isinstance(timeline.find(key.id), ValueKey)
    assert timeline.without([key.id]).tracks == ()


def test_keys_at_the_same_time_are_refused():
    with pytest.raises(OptionError, match="the same time"):
        Timeline((PoseKey(1, 1.0), PoseKey(2, 1.0)))
    with pytest.raises(OptionError, match="out of order"):
        Timeline((PoseKey(1, 1.0), PoseKey(2, 0.5)))
    with pytest.raises(OptionError, match="number"):
        Timeline((PoseKey(1, 0.0), PoseKey(1, 0.5)))


@pytest.mark.parametrize(
    "changes",
    [
        {"fps": 0.0},
        {"fps": 1000.0},
        {"fps": math.nan},
        {"closing_seconds": 0.0},
        {"work": (2.0, 2.0)},
        {"work": (-1.0, 2.0)},
        {"markers": (Marker(math.inf),)},
        {"keys": (PoseKey(1, math.nan),)},
        {"keys": (PoseKey(1, -1.0),)},
    ],
)
def test_numbers_out_of_range_are_refused(changes):
    with pytest.raises(OptionError):
        replace(Timeline(), **changes)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("nonsense", 1.0), ("truncation_psi", math.nan), ("truncation_psi", "much"), ("classes", 3)],
)
def test_values_that_are_none_are_refused(parameter, value):
    with pytest.raises(OptionError):
        Timeline().with_value(parameter, 0.0, value)


def test_keys_of_another_model_are_named_and_can_be_rekeyed():
    timeline = Timeline().with_pose(0, pose(1), name="seed 1", model=CATS).with_pose(1, pose(2), model=DOGS)
    with pytest.raises(ModelError, match=r"dogs.*seed 1 at 0 s \(cats\)"):
        timeline.check_model(DOGS)
    timeline.rekeyed(DOGS).check_model(DOGS)
    assert all(key.model.path == "" for key in timeline.keys)


def test_the_span_stays_within_the_film():
    assert three(work=(2.0, 9.0)).span == (2.0, 3.0)
    assert three(loop="closed", closing_seconds=2.0).duration == 5.0
    assert Timeline().span == (0.0, 0.0)


def test_a_pose_holds_everything_of_a_session_that_a_picture_depends_on():
    """Who adds a field to ``Session`` that changes the picture adds it to ``Pose`` too, or keys lose it."""
    held = [field.name for field in fields(Pose)]
    others = ("model", "timeline", "projections", "watches_person")
    assert [field.name for field in fields(Session) if field.name not in others] == held
    session = Session(model=CATS, timeline=three())
    assert Pose.of(session).on(session) == session
