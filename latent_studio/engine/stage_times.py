"""StageTimes: how long each stage of a generator takes here, and which stage can be shown in time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from latent_studio.engine.cuda_events import mark, seconds_between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import torch

    from latent_studio.generators.protocol import Stage

#: A smaller preview shows too little to steer by.
MIN_PREVIEW = 32
#: In a smaller one few models show more than a shape, often in colours that are not the picture's: one that
#: can be made out is worth up to so many times the budget.
READABLE_PREVIEW, READABLE_WORTH = 64, 2.0
#: Share of a new measurement in the running mean; the first ones count more, as the very first is slow.
_SMOOTHING = 0.25


class StageTimes:
    """Running means of stage durations.

    Args:
        count: number of stages.
        device: where they run; on CUDA the time is taken by events, which do not stall the queue.
        clock: seconds that only grow.
    """

    def __init__(
        self, count: int, *, device: torch.device, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._means: list[float | None] = [None] * count
        self._samples = [0] * count
        self._cuda = device.type == "cuda"
        self._clock = clock
        self._pending: list[tuple[int, torch.cuda.Event, torch.cuda.Event]] = []

    @contextmanager
    def measure(self, index: int) -> Iterator[None]:
        """Take the time of one run of a stage."""
        if self._cuda:
            begin = mark()
            yield
            self._pending.append((index, begin, mark()))
        else:
            started = self._clock()
            yield
            self.record(index, self._clock() - started)

    def settle(self) -> None:
        """Read the CUDA events; call it when the device has finished, such as after a copy to the host."""
        for index, begin, end in self._pending:
            self.record(index, seconds_between(begin, end))
        self._pending.clear()

    def record(self, index: int, seconds: float) -> None:
        """Add a measurement of one stage."""
        self._samples[index] += 1
        mean = self._means[index]
        share = max(1 / self._samples[index], _SMOOTHING)
        self._means[index] = seconds if mean is None else mean + share * (seconds - mean)

    def between(self, start: int, stop: int) -> float | None:
        """Expected seconds of the stages ``start`` to ``stop - 1``; ``None`` before each has run once."""
        known = [mean for mean in self._means[start:stop] if mean is not None]
        return sum(known) if len(known) == stop - start else None


def coarse_stage(
    stages: Sequence[Stage], times: StageTimes, *, start: int, budget_seconds: float
) -> int | None:
    """Choose the stage to show first.

    The largest preview that is ready within the budget, or else the smallest worth showing; the
    smallest that can be made out, if that takes little more, and before anything was measured.
    ``None`` means that the first frame is the final one: the model has no previews, all stages left
    fit the budget, or only the last is left.

    Args:
        stages: of a generator, coarse to fine.
        times: what is known about them.
        start: the first stage that has to run; those before it are cached.
        budget_seconds: how long a hand waits for an answer without noticing.
    """
    last = len(stages) - 1
    previews = [index for index in range(start, last) if stages[index].has_preview]
    worth_showing = [index for index in previews if stages[index].resolution >= MIN_PREVIEW]
    readable = next((index for index in previews if stages[index].resolution >= READABLE_PREVIEW), None)
    total = times.between(start, len(stages))
    if total is None:
        return readable or (worth_showing[0] if worth_showing else None)
    if total <= budget_seconds:
        return None
    chosen = None
    for index in worth_showing or previews:
        needed = times.between(start, index + 1)
        if chosen is None or (needed is not None and needed <= budget_seconds):
            chosen = index
    if chosen is not None and readable is not None and readable > chosen:
        needed = times.between(start, readable + 1)
        if needed is not None and needed <= READABLE_WORTH * budget_seconds:
            return readable
    return chosen
