"""What a hand on a slider feels: the first frame, the sharp one, re-runs from each stage, a drag.

Figures of one run, as milliseconds and as shares of the full frame; only the shares can be compared between
machines. ``--random 256`` takes random weights of the official size "config f" instead of the bundled model.
"""

from __future__ import annotations

import _prepare  # noqa: F401 - before anything that imports torch

# isort: split
import argparse
import statistics
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.checkpoints.bundled import DEFAULT_MODEL, find_model
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.directions import LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.mailbox import Mailbox
from latent_studio.core.render import Frame, Quality, RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.engine.calibrate import calibrate
from latent_studio.engine.device import apply_threads, choose_device, lower_thread_priority
from latent_studio.engine.engine import Engine
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.random_stylegan2 import random_checkpoint

if TYPE_CHECKING:
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.generators.protocol import Generator

EVENTS_PER_SECOND = 60


def main() -> None:
    arguments = _arguments()
    engine = Engine(choose_device(arguments.device, threads=arguments.threads))
    if arguments.random:
        checkpoint, name = random_checkpoint(arguments.random), f"random config f at {arguments.random} px"
    else:
        checkpoint, name = open_checkpoint(find_model(arguments.model)), arguments.model
    generator = build_generator(checkpoint)
    if not arguments.uncalibrated:
        generator, _ = calibrate(generator)
    engine.swap(generator)
    print(f"{name}; {engine.choice.reason} This model takes {engine.stats().threads}.")
    bench = Bench(engine, generator, rounds=arguments.rounds)
    full = bench.full()
    bench.coarse_to_sharp(full)
    bench.from_each_stage(full)
    for row in (0, generator.stages[-2].num_rows):
        drag(engine, generator.spec, row=row, seconds=arguments.seconds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a file or a bundled model")
    parser.add_argument(
        "--random", type=int, metavar="SIDE", help="random weights at this resolution instead"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--rounds", type=int, default=10, help="runs each figure is the median of")
    parser.add_argument("--seconds", type=float, default=5, help="length of each drag")
    parser.add_argument("--uncalibrated", action="store_true", help="keep the usual form of each layer")
    return parser.parse_args()


class Bench:
    """Times single requests. Each has a seed of its own, so that nothing comes from the cache unasked."""

    def __init__(self, engine: Engine, generator: Generator, *, rounds: int) -> None:
        self._engine = engine
        self._generator = generator
        self._rounds = rounds
        self._seed = 0
        # The first renders warm the libraries up and tell the engine how long its stages take.
        for _ in range(5):
            list(engine.render(self._fresh()))

    def full(self) -> float:
        """Seconds of a sharp frame from nothing."""
        times = [self._final(self._fresh()) for _ in range(self._rounds)]
        full = statistics.median(times)
        _row("sharp frame, direct", full, full)
        return full

    def coarse_to_sharp(self, full: float) -> None:
        """The first frame, and what showing it costs the sharp one; alternating with direct frames."""
        first, last, direct, sides = [], [], [], []
        for _ in range(self._rounds):
            direct.append(self._final(self._fresh()))
            frames = list(self._engine.render(self._fresh()))
            first.append(frames[0].seconds)
            last.append(frames[-1].seconds)
            sides.append(frames[0].pixels.shape[0])
        _row(f"first frame ({statistics.mode(sides)} px)", statistics.median(first), full)
        _row("first, then sharp", statistics.median(last), full)
        print(f"  first-then-sharp / direct, same moment: {_ratio(last, direct):.3f}")

    def from_each_stage(self, full: float) -> None:
        """A sharp frame after an edit that starts at each stage's first row."""
        stages, row = self._generator.stages, 0
        for index, stage in enumerate(stages):
            times = []
            for _ in range(self._rounds):
                plain = self._fresh()
                self._engine.render_final(plain)
                edited = replace(plain, edits=_edit(self._generator.spec, row, 1.0))
                times.append(self._final(edited, stages_run=len(stages) - index))
            _row(f"edit from row {row} ({stage.resolution} px)", statistics.median(times), full)
            row = stage.num_rows

    def _fresh(self) -> RenderRequest:
        self._seed += 1
        return RenderRequest(self._seed, SeedPoint(100_000 + self._seed))

    def _final(self, request: RenderRequest, *, stages_run: int | None = None) -> float:
        frame = self._engine.render_final(request)
        if stages_run is not None and frame.stages_run != stages_run:
            raise SystemExit(f"{frame.stages_run} stages were run instead of {stages_run}")
        return frame.seconds


def drag(engine: Engine, spec: GeneratorSpec, *, row: int, seconds: float) -> None:
    """Move a slider at 60 events per second while a second thread renders, newest request first."""
    box: Mailbox[RenderRequest] = Mailbox()
    wake, over = threading.Event(), threading.Event()
    shown: list[tuple[float, Frame]] = []

    def render() -> None:
        apply_threads(engine.choice)
        lower_thread_priority()
        while True:
            request = box.take()
            if request is None:
                if over.is_set() and not box.is_waiting:
                    return
                wake.wait()
                wake.clear()
                continue
            for frame in engine.render(request, superseded=lambda: box.is_waiting):
                shown.append((time.perf_counter(), frame))

    worker = threading.Thread(target=render)
    worker.start()
    events = max(2, round(seconds * EVENTS_PER_SECOND))
    started = time.perf_counter()
    late = []
    for event in range(events):
        due = started + event / EVENTS_PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        late.append(time.perf_counter() - due)
        amount = 3 * np.sin(event / EVENTS_PER_SECOND * 2)
        box.put(RenderRequest(event, SeedPoint(1), _edit(spec, row, float(amount))))
        wake.set()
    over.set()
    wake.set()
    worker.join()

    moments = [moment for moment, _ in shown]
    gaps = np.diff(moments)
    frames = [frame for _, frame in shown]
    sharp = sum(frame.quality is Quality.FINAL for frame in frames)
    last = frames[-1]
    right = last.quality is Quality.FINAL and last.revision == events - 1
    print(f"drag of row {row} and up, {events} events in {moments[-1] - started:.1f} s:")
    print(f"  {len(frames) / (moments[-1] - started):.1f} frames/s ({sharp} of {len(frames)} sharp)")
    print(
        f"  gap between frames: median {np.median(gaps) * 1000:.0f} ms,"
        f" p99 {np.quantile(gaps, 0.99) * 1000:.0f} ms"
    )
    print(f"  lateness of the sending thread: p99 {np.quantile(late, 0.99) * 1000:.1f} ms")
    print(f"  the last frame is {'sharp and of the last event' if right else 'WRONG'}")


def _edit(spec: GeneratorSpec, row: int, amount: float) -> EditStack:
    """Move all rows from ``row`` on along the same unit vector."""
    vector = np.full(spec.w_dim, spec.w_dim**-0.5)
    rows = tuple(range(row, spec.num_ws))
    return EditStack((Edit(LinearDirection("drag", "drag", Space.W, vector, rows=rows), amount),))


def _row(name: str, seconds: float, full: float) -> None:
    print(f"  {name:<34}{seconds * 1000:9.1f} ms {seconds / full:8.2f} of a sharp frame")


def _ratio(a: list[float], b: list[float]) -> float:
    return statistics.median(a) / statistics.median(b)


if __name__ == "__main__":
    main()
