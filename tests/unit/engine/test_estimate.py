"""What a model takes is told from shapes alone, near enough to plan with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from latent_studio.core.errors import OutOfMemoryError
from latent_studio.core.spec import GeneratorSpec
from latent_studio.engine.estimate import Estimate, estimate, measured_speed
from latent_studio.engine.memory_plan import plan_memory
from latent_studio.engine.work import picture_work
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.random_grown import random_proggan
from latent_studio.generators.random_stylegan2 import random_checkpoint

MB = 1_000_000
SPEC = GeneratorSpec("stylegan2", 64, 3, 8, 8, 10, stage_resolutions=(16, 32, 64))
WANTED = Estimate(100 * MB, (10 * MB, 40 * MB, 160 * MB), 1e9, 6)


def test_the_work_of_a_stylegan2_is_exact() -> None:
    made = random_checkpoint(32, z_dim=8, w_dim=8, channel_base=128, channel_max=16)
    generator = build_generator(made)
    assert estimate(made.tensors, generator.spec).multiply_adds == picture_work(generator)


def test_layers_count_from_nine_to_ten() -> None:
    made = random_proggan(256, w_dim=8, channel_base=256, channel_max=8)
    spec = build_generator(made).spec
    found = estimate(made.tensors, spec)
    assert len(found.stage_bytes) == len(spec.stage_resolutions)
    assert found.frame_bytes == found.stage_bytes[-1]
    assert found.weights_bytes >= 4 * spec.num_parameters


def test_more_work_takes_longer_and_speed_is_measured() -> None:
    assert measured_speed() > 0
    assert replace(WANTED, multiply_adds=2e9).seconds(1e9) > WANTED.seconds(1e9) > 0


@pytest.mark.parametrize("available", [None, 100_000 * MB])
def test_with_enough_memory_nothing_is_given_up(available: int | None) -> None:
    plan = plan_memory(WANTED, SPEC, available=available, cache_bytes=512 * MB)
    assert (plan.cache_bytes, plan.last_stage, plan.precision, plan.note) == (512 * MB, None, "as chosen", "")


def test_first_the_cache_gives_way() -> None:
    plan = plan_memory(WANTED, SPEC, available=(268 + 100 + 160 + 50) * MB + 1_000_000, cache_bytes=512 * MB)
    assert 0 < plan.cache_bytes < 60 * MB
    assert plan.last_stage is None
    assert "Memory is short" in plan.note


def test_then_precision_where_that_is_possible() -> None:
    plan = plan_memory(WANTED, SPEC, available=(269 + 100 + 100) * MB, cache_bytes=MB, can_halve=True)
    assert plan.precision == "half"
    assert "half precision" in plan.note


def test_then_size() -> None:
    plan = plan_memory(WANTED, SPEC, available=(269 + 100 + 60) * MB, cache_bytes=MB)
    assert plan.last_stage == 1
    assert "32 px" in plan.note


def test_what_cannot_fit_is_refused_with_both_numbers() -> None:
    with pytest.raises(OutOfMemoryError, match=r"about 260 MB, and 300 MB"):
        plan_memory(WANTED, SPEC, available=300 * MB, cache_bytes=MB)
