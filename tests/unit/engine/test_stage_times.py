"""The coarse stage is the largest that is ready in time."""

from __future__ import annotations

import pytest
import torch

from latent_studio.engine.stage_times import StageTimes, coarse_stage
from tests.helpers.fake_generator import FakeGenerator

CPU = torch.device("cpu")


def timed(*milliseconds: float) -> StageTimes:
    times = StageTimes(len(milliseconds), device=CPU)
    for index, value in enumerate(milliseconds):
        times.record(index, value / 1000)
    return times


def choose(generator: FakeGenerator, times: StageTimes, start: int = 0) -> int | None:
    return coarse_stage(generator.stages, times, start=start, budget_seconds=0.045)


# Resolutions of the stages of a 256 px model: 4, 8, 16, 32, 64, 128, 256.
def test_the_largest_preview_within_the_budget_is_chosen() -> None:
    generator = FakeGenerator(256)
    assert choose(generator, timed(1, 1, 2, 5, 20, 60, 100)) == 4
    assert choose(generator, timed(1, 1, 2, 5, 90, 60, 100)) == 3


def test_a_preview_that_can_be_made_out_may_take_twice_the_budget() -> None:
    generator = FakeGenerator(256)
    assert choose(generator, timed(1, 1, 2, 5, 80, 60, 100)) == 4
    assert choose(generator, timed(1, 1, 2, 5, 82, 60, 100)) == 3


def test_a_full_frame_within_the_budget_needs_no_preview() -> None:
    assert choose(FakeGenerator(256), timed(1, 1, 1, 1, 2, 8, 20)) is None


def test_a_slow_model_still_shows_at_least_32_pixels() -> None:
    assert choose(FakeGenerator(256), timed(10, 20, 30, 50, 100, 200, 400)) == 3


def test_before_anything_was_measured_the_first_preview_of_64_pixels_is_chosen() -> None:
    assert choose(FakeGenerator(256), StageTimes(7, device=CPU)) == 4
    assert choose(FakeGenerator(64), StageTimes(5, device=CPU)) == 3
    assert choose(FakeGenerator(16), StageTimes(3, device=CPU)) is None


def test_cached_stages_cost_nothing_so_the_preview_may_be_larger() -> None:
    times = timed(20, 20, 20, 20, 20, 20, 100)
    assert choose(FakeGenerator(256), times, start=0) == 3
    assert choose(FakeGenerator(256), times, start=4) == 5


def test_when_only_the_last_stage_is_left_there_is_no_preview() -> None:
    assert choose(FakeGenerator(256), timed(1, 1, 1, 1, 1, 1, 100), start=6) is None
    assert choose(FakeGenerator(256), timed(1, 1, 1, 1, 1, 1, 100), start=7) is None


def test_a_model_without_previews_has_none() -> None:
    assert choose(FakeGenerator(256, previews=False), timed(10, 10, 10, 10, 20, 20, 100)) is None


def test_a_slow_small_model_shows_what_it_has() -> None:
    assert choose(FakeGenerator(16), timed(20, 20, 100)) == 1


def test_the_mean_forgets_a_slow_first_run() -> None:
    times = StageTimes(1, device=CPU)
    times.record(0, 1.0)
    for _ in range(20):
        times.record(0, 0.01)
    assert times.between(0, 1) == pytest.approx(0.01, rel=0.5)


def test_a_stage_never_run_leaves_the_sum_unknown() -> None:
    times = StageTimes(2, device=CPU)
    times.record(0, 0.5)
    assert times.between(0, 1) == 0.5
    assert times.between(0, 2) is None
    assert times.between(1, 1) == 0


def test_measuring_takes_the_time_from_the_clock() -> None:
    now = [10.0]
    times = StageTimes(1, device=CPU, clock=lambda: now[0])
    with times.measure(0):
        now[0] = 10.25
    assert times.between(0, 1) == 0.25
