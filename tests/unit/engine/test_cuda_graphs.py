"""CUDA graphs replay exactly what walking the stages gives, and only where that is faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from latent_studio.core.render import Quality, RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.engine import cuda_graphs
from latent_studio.engine.cuda_graphs import Graph, GraphBook, render_to
from latent_studio.engine.pixels import to_pixels
from latent_studio.engine.prefix_cache import PrefixCache
from latent_studio.engine.renderer import Renderer
from tests.helpers.fake_generator import FakeGenerator

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

needs_cuda = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")]


class FakeGraph:
    """Stands in for a recording where there is no GPU."""

    def __init__(self, render: Callable[[Tensor], Tensor], ws_like: Tensor) -> None:
        self._render = render

    def replay(self, ws: Tensor) -> Tensor:
        return self._render(ws)


def test_walking_without_a_cache_is_what_the_generator_synthesizes() -> None:
    generator = FakeGenerator(32)
    ws = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0))
    noise = generator.noise_maps("const")
    assert torch.equal(render_to(generator, ws, noise=noise, exit_index=3), generator.synthesize(ws))
    assert render_to(generator, ws, noise=noise, exit_index=1).shape == (1, 3, 8, 8)


def test_an_exit_without_a_picture_is_refused() -> None:
    generator = FakeGenerator(32, previews=False)
    ws = torch.zeros(1, 8, 8)
    with pytest.raises(ValueError, match="no picture"):
        render_to(generator, ws, noise=generator.noise_maps("none"), exit_index=1)


@pytest.mark.parametrize(
    ("replayed", "walked", "used"), [(0.001, 0.010, True), (0.0095, 0.010, False), (0.02, 0.01, False)]
)
def test_a_graph_is_used_only_if_it_is_clearly_faster(
    monkeypatch: pytest.MonkeyPatch, replayed: float, walked: float, used: bool
) -> None:
    timings = iter([replayed, walked])
    monkeypatch.setattr(cuda_graphs, "Graph", FakeGraph)
    monkeypatch.setattr(cuda_graphs, "_seconds", lambda run: next(timings))
    book = GraphBook(FakeGenerator(16))
    assert (book.find("const", exit_index=None) is not None) == used
    # Decided once: a second measurement would find the timings used up.
    assert (book.find("const", exit_index=2) is not None) == used


def test_a_device_that_cannot_record_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(cuda_graphs, "Graph", fail)
    assert GraphBook(FakeGenerator(16)).find("const", exit_index=None) is None


def test_random_noise_is_never_recorded() -> None:
    assert GraphBook(FakeGenerator(16)).find("random", exit_index=None) is None


def test_the_renderer_replays_with_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graphs, "Graph", FakeGraph)
    monkeypatch.setattr(cuda_graphs, "_seconds", lambda run: 1.0)
    monkeypatch.setattr(cuda_graphs, "_WORTH_IT", float("inf"))
    generator = FakeGenerator(16)
    replaying = Renderer(generator, cache=PrefixCache(1 << 20), graphs=GraphBook(generator))
    walking = Renderer(FakeGenerator(16), cache=PrefixCache(1 << 20))
    for seed in (1, 2, 1):
        request = RenderRequest(seed, SeedPoint(seed), synthesis=SynthesisSettings(0.7))
        (frame,) = replaying.frames(request)
        assert (frame.quality, frame.stages_run, frame.stages_total) == (Quality.FINAL, 3, 3)
        assert np.array_equal(frame.pixels, walking.final(request).pixels)
        assert np.array_equal(replaying.final(request).pixels, frame.pixels)


class TestOnTheGpu:
    pytestmark = needs_cuda

    def test_a_recorded_render_follows_its_input(self) -> None:
        generator = FakeGenerator(64, device="cuda")
        noise = generator.noise_maps("const")
        with torch.inference_mode():
            ws = torch.randn(2, 1, 10, 8, device="cuda")
            graph = Graph(lambda ws: render_to(generator, ws, noise=noise, exit_index=4), ws[0])
            for one in ws:
                assert np.array_equal(to_pixels(graph.replay(one)), to_pixels(generator.synthesize(one)))

    def test_the_book_records_where_it_pays(self) -> None:
        generator = FakeGenerator(64, device="cuda")
        with torch.inference_mode():
            graph = GraphBook(generator).find("const", exit_index=None)
            if graph is not None:
                ws = torch.randn(1, 10, 8, device="cuda")
                assert torch.equal(graph.replay(ws), generator.synthesize(ws))
