"""Memory stays flat, however long somebody plays."""

from __future__ import annotations

import gc
import threading

import psutil
import pytest
import torch

from latent_studio.core.mailbox import Mailbox
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.engine.device import DeviceChoice
from latent_studio.engine.engine import Engine
from tests.helpers.fake_generator import FakeGenerator

RENDERS = 10_000
CACHE = 1 << 20


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_memory_stays_flat_over_ten_thousand_renders() -> None:
    engine = Engine(DeviceChoice(torch.device("cpu"), "for tests", threads=1), cache_bytes=CACHE)
    engine.swap(FakeGenerator(16))
    box: Mailbox[RenderRequest] = Mailbox()
    sizes: list[int] = []

    def play(numbers: range) -> None:
        # On a thread of its own, as in the program: such threads have heaps of their own.
        for number in numbers:
            noise = SynthesisSettings(noise_mode="random" if number % 3 else "const", noise_seed=number % 50)
            request = RenderRequest(number, SeedPoint(number % 2000, number % 7 / 8), synthesis=noise)
            for frame in engine.render(request, superseded=lambda: box.is_waiting):
                assert frame.pixels.shape[2] == 3
            if number % 1000 == 0:
                engine.swap(FakeGenerator(16))

    def play_and_weigh() -> None:
        play(range(1, 2000))
        gc.collect()
        sizes.append(psutil.Process().memory_info().rss)
        play(range(2000, 2000 + RENDERS))
        gc.collect()
        sizes.append(psutil.Process().memory_info().rss)

    thread = threading.Thread(target=play_and_weigh)
    thread.start()
    thread.join()

    before, after = sizes
    assert after - before < 8 << 20
    assert engine.stats().cache_bytes_used <= CACHE
