"""The engine: one model, one gate, frames for the window and for jobs."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from latent_studio.core.errors import Cancelled, IncompatibleLatentError, ModelError, OutOfMemoryError
from latent_studio.core.jobs import CancelToken
from latent_studio.core.latent import Latent
from latent_studio.core.mailbox import Mailbox
from latent_studio.core.render import Frame, Quality, RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.engine.device import DeviceChoice
from latent_studio.engine.engine import Engine
from latent_studio.generators.conv_plan import LayerShape
from tests.helpers.fake_generator import FakeGenerator
from tests.helpers.planned_generator import PlannedFake

if TYPE_CHECKING:
    from collections.abc import Callable

CPU = DeviceChoice(torch.device("cpu"), "for tests", threads=1)


def go_on() -> None:
    """A job nobody cancels."""


@pytest.fixture
def generator() -> FakeGenerator:
    return FakeGenerator(64)


@pytest.fixture
def engine(generator: FakeGenerator) -> Engine:
    engine = Engine(CPU)
    engine.swap(generator)
    return engine


def seeds(*numbers: int) -> list[RenderRequest]:
    return [RenderRequest(i, SeedPoint(number)) for i, number in enumerate(numbers)]


class Background:
    """Runs something on a thread and hands its result or exception back."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._result: object = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Callable[[], object]) -> None:
        try:
            self._result = work()
        except BaseException as error:
            self._error = error

    def result(self) -> object:
        self._thread.join(30)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error
        return self._result


def test_interactive_final_and_batch_give_the_same_bytes(engine: Engine, generator: FakeGenerator) -> None:
    wanted = seeds(1, 2, 1)
    shown = [list(engine.render(one))[-1] for one in wanted]
    engine.swap(generator)
    alone = [engine.render_final(one) for one in wanted]
    engine.swap(generator)
    batch = list(engine.render_batch(wanted, check_cancel=go_on))
    for frames in zip(shown, alone, batch, strict=True):
        assert {frame.quality for frame in frames} == {Quality.FINAL}
        assert len({frame.pixels.tobytes() for frame in frames}) == 1
        assert len({frame.revision for frame in frames}) == 1


def test_pictures_that_differ_in_more_than_latents_come_one_at_a_time_and_in_order(engine: Engine) -> None:
    wanted = [*seeds(1, 2), replace(seeds(3)[0], synthesis=SynthesisSettings(noise_mode="none")), *seeds(4)]
    alone = list(engine.render_batch(wanted, check_cancel=go_on))
    for at_once in (2, 3, 4):
        together = list(engine.render_batch(wanted, check_cancel=go_on, at_once=at_once))
        assert [one.revision for one in together] == [one.revision for one in alone]
        for one, other in zip(together, alone, strict=True):
            assert np.abs(one.pixels.astype(int) - other.pixels.astype(int)).max() <= 1


def test_newest_wins_every_request_shows_something_and_the_last_is_sharp(
    engine: Engine, generator: FakeGenerator
) -> None:
    # As the render thread does it, but with a new request arriving at every single stage.
    box: Mailbox[RenderRequest] = Mailbox()
    arriving = iter(seeds(*range(40)))

    def arrive(stage: int) -> None:
        newer = next(arriving, None)
        if newer is not None:
            box.put(newer)

    generator.before_stage = arrive
    box.put(next(arriving))
    shown: list[Frame] = []
    while (request := box.take()) is not None:
        shown += engine.render(request, superseded=lambda: box.is_waiting)

    revisions = [frame.revision for frame in shown]
    assert revisions == sorted(revisions)
    assert shown[-1].revision == 39
    assert [frame.quality for frame in shown[:-1]] == [Quality.COARSE] * (len(shown) - 1)
    assert shown[-1].quality is Quality.FINAL
    assert np.array_equal(shown[-1].pixels, engine.render_final(seeds(*range(40))[39]).pixels)
    assert len(shown) >= 10


def test_an_interactive_frame_overtakes_a_batch_between_two_stages(
    engine: Engine, generator: FakeGenerator
) -> None:
    engine.gate._patience = 1000.0
    generator.brake.on()
    batch = Background(lambda: list(engine.render_batch(seeds(1, 2), check_cancel=go_on)))
    generator.brake.wait_until_held(0)
    generator.brake.let_through()
    generator.brake.wait_until_held(1)

    watching = Background(lambda: list(engine.render(RenderRequest(9, SeedPoint(3)))))
    while engine.gate.waiting[0] == 0:
        threading.Event().wait(0.001)
    # The batch finishes the stage it is in; the frame goes before its next one.
    generator.brake.let_through()
    generator.brake.wait_until_held(0)
    assert generator.runs == [0, 1]
    generator.brake.off()

    frames = watching.result()
    assert isinstance(frames, list)
    assert frames[-1].revision == 9
    assert batch.result()
    assert generator.runs[:7] == [0, 1, 0, 1, 2, 3, 4]


def test_the_gate_is_open_between_two_frames(engine: Engine) -> None:
    for _ in engine.render(seeds(0)[0]):
        engine.render_final(seeds(1)[0])


def test_a_batch_stops_between_stages_when_cancelled(engine: Engine, generator: FakeGenerator) -> None:
    token = CancelToken()
    frames = engine.render_batch(seeds(1, 2, 3), check_cancel=token.check)
    assert next(frames).revision == 0
    generator.before_stage = lambda stage: token.cancel() if stage == 2 else None
    with pytest.raises(Cancelled):
        next(frames)
    assert generator.runs == [0, 1, 2, 3, 4, 0, 1, 2]


def test_a_batch_reuses_what_its_last_frame_left_and_spares_the_interactive_cache(engine: Engine) -> None:
    list(engine.render(seeds(0)[0]))
    before = engine.stats().cache_bytes_used
    frames = list(engine.render_batch(seeds(5, 5, 6), check_cancel=go_on))
    assert [frame.stages_run for frame in frames] == [5, 0, 5]
    assert engine.stats().cache_bytes_used == before
    assert engine.render_final(seeds(0)[0]).stages_run == 0


def test_a_batch_takes_requests_one_by_one(engine: Engine) -> None:
    asked: list[int] = []

    def lazy() -> object:
        for request in seeds(1, 2, 3):
            asked.append(request.revision)
            yield request

    frames = engine.render_batch(lazy(), check_cancel=go_on)  # type: ignore[arg-type]
    next(frames)
    assert asked == [0]


def test_swapping_the_model_clears_the_cache_and_changes_the_picture(engine: Engine) -> None:
    old = engine.render_final(seeds(0)[0])
    assert engine.stats().cache_bytes_used > 0
    engine.swap(FakeGenerator(64, seed=1))
    assert engine.stats().cache_bytes_used == 0
    new = engine.render_final(seeds(0)[0])
    assert new.stages_run == 5
    assert not np.array_equal(new.pixels, old.pixels)


def test_a_render_of_the_old_model_ends_after_the_frame_it_owes(
    engine: Engine, generator: FakeGenerator
) -> None:
    frames = engine.render(seeds(0)[0])
    assert next(frames).quality is Quality.COARSE
    engine.swap(FakeGenerator(64, seed=1))
    assert list(frames) == []
    assert generator.runs == [0, 1, 2, 3]
    assert engine.stats().cache_bytes_used == 0


def test_the_cache_stays_below_its_limit(generator: FakeGenerator) -> None:
    engine = Engine(CPU, cache_bytes=300_000)
    engine.swap(generator)
    used = []
    for request in seeds(*range(30)):
        engine.render_final(request)
        used.append(engine.stats().cache_bytes_used)
    assert max(used) <= 300_000
    assert max(used) > 150_000


def test_without_a_model_everything_says_so() -> None:
    engine = Engine(CPU)
    assert (engine.generator, engine.spec, engine.stats().coarse_resolution) == (None, None, 0)
    for call in (
        lambda: list(engine.render(RenderRequest(1))),
        lambda: engine.render_final(RenderRequest(1)),
        lambda: list(engine.render_batch([RenderRequest(1)], check_cancel=go_on)),
        lambda: engine.resolve_ws(RenderRequest(1)),
    ):
        with pytest.raises(ModelError, match="No model is open"):
            call()


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(RuntimeError("shapes differ"), ModelError), (torch.OutOfMemoryError("full"), OutOfMemoryError)],
)
def test_a_render_that_raises_gives_a_typed_error_and_the_next_one_works(
    engine: Engine, generator: FakeGenerator, raised: Exception, expected: type[Exception]
) -> None:
    def fail(stage: int) -> None:
        if stage == 3:
            raise raised

    generator.before_stage = fail
    for call in (
        lambda: list(engine.render(seeds(0)[0])),
        lambda: engine.render_final(seeds(0)[0]),
        lambda: list(engine.render_batch(seeds(0), check_cancel=go_on)),
    ):
        with pytest.raises(expected):
            call()
    generator.before_stage = None
    assert list(engine.render(seeds(0)[0]))[-1].quality is Quality.FINAL


def test_a_latent_of_another_model_is_refused_by_name(engine: Engine) -> None:
    with pytest.raises(IncompatibleLatentError):
        engine.render_final(RenderRequest(1, Latent(Space.W, np.zeros(99))))


def test_resolve_ws_is_what_is_rendered(engine: Engine, generator: FakeGenerator) -> None:
    ws = engine.resolve_ws(seeds(4)[0])
    assert ws.shape == (10, 8)
    assert not ws.flags.writeable
    frame = engine.render_final(RenderRequest(1, Latent(Space.W_PLUS, ws)))
    assert np.array_equal(frame.pixels, engine.render_final(seeds(4)[0]).pixels)


def test_stats_tell_where_and_how(engine: Engine) -> None:
    stats = engine.stats()
    assert (stats.device, stats.threads, stats.cache_bytes_limit) == ("cpu", 1, 512 << 20)
    assert stats.coarse_resolution == 32


def test_the_engine_sizes_the_thread_pool() -> None:
    before = torch.get_num_threads()
    try:
        Engine(DeviceChoice(torch.device("cpu"), "for tests", threads=before + 1))
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_each_step_runs_with_the_threads_the_model_deserves_and_leaves_no_trace() -> None:
    before = torch.get_num_threads()
    small = PlannedFake(LayerShape("tiny", 16, 8, 8, up=False))
    seen: list[int] = []
    small.before_stage = lambda stage: seen.append(torch.get_num_threads())
    try:
        engine = Engine(DeviceChoice(torch.device("cpu"), "for tests", threads=2))
        engine.swap(small)
        list(engine.render(seeds(0)[0]))
        list(engine.render_batch(seeds(1), check_cancel=go_on))
        assert set(seen) == {1}
        assert torch.get_num_threads() == 2
        assert (engine.choice.threads, engine.stats().threads) == (2, 1)
    finally:
        torch.set_num_threads(before)


def test_weights_a_swap_moves_stay_differentiable(engine: Engine) -> None:
    seen: list[bool] = []

    class Watching(FakeGenerator):
        def to(self, device: torch.device) -> FakeGenerator:
            seen.append(torch.is_inference_mode_enabled())
            return self

    engine.swap(Watching(16))
    assert seen == [False]
