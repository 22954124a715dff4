"""Coarse early, sharp last; only what changed is computed, and always the same bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from latent_studio.core.directions import LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.render import Frame, Quality, RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.synthesis import NoiseMode, SynthesisSettings
from latent_studio.engine.pixels import to_pixels
from latent_studio.engine.prefix_cache import PrefixCache
from latent_studio.engine.renderer import Renderer
from tests.helpers.fake_generator import FakeGenerator

# Stages of the 64 px fake: 4, 8, 16, 32, 64.
LAST = 4


class Clock:
    """Seconds that pass only when a stage runs."""

    def __init__(self) -> None:
        self.now = 0.0
        self.stage_seconds = [0.0] * 5

    def __call__(self) -> float:
        return self.now

    def stage(self, index: int) -> None:
        self.now += self.stage_seconds[index]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def generator(clock: Clock) -> FakeGenerator:
    fake = FakeGenerator(64)
    fake.before_stage = clock.stage
    return fake


@pytest.fixture
def renderer(generator: FakeGenerator, clock: Clock) -> Renderer:
    return Renderer(generator, cache=PrefixCache(64 << 20), clock=clock)


def request(
    revision: int = 1, *, row: int | None = None, amount: float = 1.0, **settings: object
) -> RenderRequest:
    edits = EditStack()
    if row is not None:
        rows = tuple(range(row, 10))
        edits = EditStack((Edit(LinearDirection("d", "d", Space.W, np.ones(8), rows=rows), amount),))
    return RenderRequest(revision, SeedPoint(0), edits, SynthesisSettings(**settings))  # type: ignore[arg-type]


def fresh(generator: FakeGenerator, wanted: RenderRequest) -> Frame:
    return Renderer(generator, cache=PrefixCache(0)).final(wanted)


def test_the_first_frame_is_coarse_and_the_last_is_sharp(renderer: Renderer) -> None:
    frames = list(renderer.frames(request(7)))
    assert [(f.revision, f.quality, f.pixels.shape) for f in frames] == [
        (7, Quality.COARSE, (32, 32, 3)),
        (7, Quality.FINAL, (64, 64, 3)),
    ]


def test_the_sharp_frame_is_what_the_generator_synthesizes(
    renderer: Renderer, generator: FakeGenerator
) -> None:
    *_, final = renderer.frames(request(truncation_psi=0.7))
    z = torch.tensor(np.random.RandomState(0).randn(1, 8), dtype=torch.float32)
    image = generator.synthesize(generator.map(z, truncation_psi=0.7))
    assert np.array_equal(final.pixels, to_pixels(image))


def test_coarse_then_sharp_runs_each_stage_once(renderer: Renderer, generator: FakeGenerator) -> None:
    frames = list(renderer.frames(request()))
    assert len(frames) == 2
    assert generator.runs == [0, 1, 2, 3, 4]
    assert [(f.stages_run, f.stages_total) for f in frames] == [(4, 5), (5, 5)]


@pytest.mark.parametrize(
    ("row", "stages"), [(0, 5), (1, 4), (2, 4), (3, 3), (4, 3), (5, 2), (6, 2), (7, 1), (8, 1), (9, 0)]
)
def test_an_edit_from_a_row_runs_only_the_stages_from_there_with_the_same_bytes(
    renderer: Renderer, generator: FakeGenerator, row: int, stages: int
) -> None:
    list(renderer.frames(request()))
    generator.runs.clear()
    *_, final = renderer.frames(request(2, row=row))
    assert final.stages_run == stages
    assert generator.runs == [0, 1, 2, 3, 4][5 - stages :]
    assert np.array_equal(final.pixels, fresh(generator, request(2, row=row)).pixels)
    # Unless nothing was to be seen of the edit, there was nothing to test.
    assert not np.array_equal(final.pixels, fresh(generator, request()).pixels)


def test_the_same_request_again_runs_nothing(renderer: Renderer, generator: FakeGenerator) -> None:
    *_, first = renderer.frames(request())
    generator.runs.clear()
    again = list(renderer.frames(request(2)))
    assert [f.quality for f in again] == [Quality.FINAL]
    assert generator.runs == []
    assert np.array_equal(again[0].pixels, first.pixels)


def test_a_newer_request_never_stops_the_coarse_frame(renderer: Renderer, generator: FakeGenerator) -> None:
    frames = list(renderer.frames(request(), superseded=lambda: True))
    assert [f.quality for f in frames] == [Quality.COARSE]
    assert generator.runs == [0, 1, 2, 3]


def test_a_newer_request_stops_the_refinement_between_stages(clock: Clock) -> None:
    generator = FakeGenerator(256)
    renderer = Renderer(generator, cache=PrefixCache(64 << 20), clock=clock)
    stop_after = 5
    frames = list(renderer.frames(request(), superseded=lambda: generator.runs[-1] >= stop_after))
    assert [f.quality for f in frames] == [Quality.COARSE]
    assert generator.runs == [0, 1, 2, 3, 4, 5]


def test_a_stopped_refinement_is_continued_and_not_repeated(
    renderer: Renderer, generator: FakeGenerator
) -> None:
    list(renderer.frames(request(), superseded=lambda: True))
    *_, final = renderer.frames(request(2))
    assert generator.runs == [0, 1, 2, 3, 4]
    assert np.array_equal(final.pixels, fresh(generator, request()).pixels)


def test_one_frame_that_is_coarse_and_final_at_once_is_never_stopped() -> None:
    generator = FakeGenerator(64, previews=False)
    renderer = Renderer(generator, cache=PrefixCache(0))
    frames = list(renderer.frames(request(), superseded=lambda: True))
    assert [f.quality for f in frames] == [Quality.FINAL]


def test_a_model_that_fits_the_budget_gives_one_sharp_frame(renderer: Renderer, clock: Clock) -> None:
    clock.stage_seconds = [0.005] * 5
    list(renderer.frames(request()))
    frames = list(renderer.frames(request(2, row=0), superseded=lambda: True))
    assert [f.quality for f in frames] == [Quality.FINAL]
    assert renderer.coarse_resolution == 64


def test_a_slow_model_gets_its_coarse_frame_within_the_budget(renderer: Renderer, clock: Clock) -> None:
    clock.stage_seconds = [0.002, 0.004, 0.006, 0.03, 0.2]
    list(renderer.frames(request()))
    frames = list(renderer.frames(request(2, row=0)))
    assert [(f.quality, f.pixels.shape[0]) for f in frames] == [(Quality.COARSE, 32), (Quality.FINAL, 64)]
    assert frames[0].seconds == pytest.approx(0.042)
    assert frames[1].seconds == pytest.approx(0.242)
    assert renderer.coarse_resolution == 32


def test_a_long_refinement_shows_more_on_the_way(clock: Clock) -> None:
    generator = FakeGenerator(512)
    clock.stage_seconds = [0.01, 0.01, 0.01, 0.01, 0.01, 0.1, 0.05, 0.3]
    generator.before_stage = clock.stage
    renderer = Renderer(generator, cache=PrefixCache(64 << 20), clock=clock)
    frames = list(renderer.frames(request()))
    # 128 px comes 100 ms after the first frame, too soon; 256 px 150 ms after it.
    assert [(f.quality, f.pixels.shape[0]) for f in frames] == [
        (Quality.COARSE, 64),
        (Quality.COARSE, 256),
        (Quality.FINAL, 512),
    ]


def test_a_long_refinement_passes_stages_without_a_picture(clock: Clock) -> None:
    generator = FakeGenerator(256)
    clock.stage_seconds = [0.01, 0.01, 0.01, 0.01, 0.05, 0.1, 0.3]
    generator.before_stage = clock.stage
    generator.stages[5].has_preview = False
    renderer = Renderer(generator, cache=PrefixCache(64 << 20), clock=clock)
    assert [frame.pixels.shape[0] for frame in renderer.frames(request())] == [64, 256]


def test_coarse_only_stops_at_the_preview(renderer: Renderer, generator: FakeGenerator) -> None:
    wanted = RenderRequest(1, coarse_only=True)
    frames = list(renderer.frames(wanted))
    assert [(f.quality, f.pixels.shape[0]) for f in frames] == [(Quality.COARSE, 32)]
    assert generator.runs == [0, 1, 2, 3]


def test_a_smaller_share_of_the_time_gives_a_smaller_preview(clock: Clock) -> None:
    generator = FakeGenerator(256)
    clock.stage_seconds = [0.002, 0.002, 0.003, 0.008, 0.03, 0.1, 0.3]
    generator.before_stage = clock.stage
    renderer = Renderer(generator, cache=PrefixCache(64 << 20), clock=clock)
    list(renderer.frames(request()))
    sides = [
        next(renderer.frames(replace(request(2, row=0), coarse_only=True, preview_share=share))).pixels.shape[
            0
        ]
        for share in (1.0, 0.4)
    ]
    assert sides == [64, 32]


def test_a_thumbnail_uses_the_cache_but_does_not_fill_it(
    renderer: Renderer, generator: FakeGenerator
) -> None:
    list(renderer.frames(request()))
    before = renderer.cache.bytes_used
    generator.runs.clear()
    late = replace(request(2, row=3), coarse_only=True)
    list(renderer.frames(late))
    list(renderer.frames(late))
    # Quick enough to be sharp at once.
    assert generator.runs == [2, 3, 4, 2, 3, 4]
    assert renderer.cache.bytes_used == before


def test_the_sharp_frame_alone_has_the_same_bytes(renderer: Renderer, generator: FakeGenerator) -> None:
    *_, shown = renderer.frames(request())
    alone = fresh(generator, request())
    assert alone.quality is Quality.FINAL
    assert np.array_equal(alone.pixels, shown.pixels)


def test_the_sharp_frame_alone_may_be_stopped_between_stages(generator: FakeGenerator) -> None:
    def stop() -> None:
        if generator.runs == [0, 1]:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Renderer(generator, cache=PrefixCache(0)).final(request(), between=stop)
    assert generator.runs == [0, 1]


def test_random_noise_of_a_seed_repeats_is_cached_and_differs_from_other_noise(
    renderer: Renderer, generator: FakeGenerator
) -> None:
    def final(mode: NoiseMode, seed: int) -> np.ndarray:
        *_, frame = renderer.frames(request(noise_mode=mode, noise_seed=seed))
        return frame.pixels

    kinds: list[tuple[NoiseMode, int]] = [("random", 0), ("random", 1), ("const", 0), ("none", 0)]
    pictures = [final(*kind) for kind in kinds]
    for i, picture in enumerate(pictures):
        assert not any(np.array_equal(picture, other) for other in pictures[:i])
    generator.runs.clear()
    assert all(np.array_equal(final(*kind), picture) for kind, picture in zip(kinds, pictures, strict=True))
    assert generator.runs == []
    again = fresh(generator, request(noise_mode="random", noise_seed=1))
    assert np.array_equal(again.pixels, pictures[1])


def test_no_global_random_numbers_are_drawn(renderer: Renderer) -> None:
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()
    list(renderer.frames(request(noise_mode="random")))
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state[1])


def test_a_cache_too_small_for_anything_changes_no_byte(generator: FakeGenerator) -> None:
    tiny = Renderer(generator, cache=PrefixCache(2000))
    large = Renderer(generator, cache=PrefixCache(64 << 20))
    for revision, row in enumerate([None, 0, 5, 9, 3, None, 7]):
        wanted = request(revision, row=row)
        *_, small_frame = tiny.frames(wanted)
        *_, large_frame = large.frames(wanted)
        assert np.array_equal(small_frame.pixels, large_frame.pixels)
        assert tiny.cache.bytes_used <= 2000


def test_inference_mode_does_not_leak_to_the_caller(renderer: Renderer) -> None:
    for _ in renderer.frames(request()):
        assert not torch.is_inference_mode_enabled()
