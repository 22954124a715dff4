"""An engine without a network: pictures that tell which request they answer, at the pace a test asks for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.render import Frame, Quality
from latent_studio.core.seed_plane import SeedPoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from latent_studio.core.render import RenderRequest


@dataclass(frozen=True, slots=True)
class FakeStats:
    """The figures the status line reads."""

    device: str = "CPU"
    threads: int = 1
    cache_bytes_used: int = 12 << 20
    cache_bytes_limit: int = 512 << 20
    coarse_resolution: int = 16


@dataclass(frozen=True, slots=True)
class FakeSpec:
    """How large its pictures are."""

    resolution: int = 64

    def size_at(self, chosen_scale: int | None) -> tuple[int, int]:
        """Height and width; this fake has one size."""
        return self.resolution, self.resolution


@dataclass(frozen=True, slots=True)
class FakeChoice:
    """Why this device."""

    reason: str = "There is only one."


def colour_of(amount: float) -> int:
    """The red of the picture of an edit amount; green tells the seed, blue the truncation."""
    return int(np.clip(128 + 10 * amount, 0, 255))


@dataclass
class FakeEngine:
    """Answers like the engine: one coarse frame that is never skipped, then stages that can be superseded.

    Attributes:
        coarse_s: time a coarse frame takes.
        stage_s: time of each of the refining stages.
        stages: how many of them there are.
        error: raised by the next renders until it is taken away.
        seen: revisions whose rendering began.
        swapped: generators it was given.
    """

    coarse_s: float = 0.0
    stage_s: float = 0.0
    stages: int = 3
    error: Exception | None = None
    seen: list[int] = field(default_factory=list)
    swapped: list[object] = field(default_factory=list)
    choice: FakeChoice = field(default_factory=FakeChoice)
    spec: FakeSpec = field(default_factory=FakeSpec)

    def render(self, request: RenderRequest, *, superseded: Callable[[], bool]) -> Iterator[Frame]:
        self.seen.append(request.revision)
        if self.error is not None:
            raise self.error
        pause(self.coarse_s)
        yield self._frame(request, Quality.COARSE, 16)
        if request.coarse_only:
            return
        for _ in range(self.stages):
            if superseded():
                return
            pause(self.stage_s)
        yield self._frame(request, Quality.FINAL, 64)

    def render_final(self, request: RenderRequest) -> Frame:
        return self._frame(request, Quality.FINAL, 64)

    def render_batch(
        self, requests: Iterable[RenderRequest], *, check_cancel: Callable[[], None], at_once: int = 1
    ) -> Iterator[Frame]:
        for request in requests:
            for _ in range(self.stages):
                check_cancel()
                pause(self.stage_s / self.stages)
            yield self.render_final(request)

    def stats(self) -> FakeStats:
        return FakeStats()

    def swap(self, generator: object) -> None:
        self.swapped.append(generator)

    def _frame(self, request: RenderRequest, quality: Quality, side: int) -> Frame:
        amount = sum(edit.amount for edit in request.edits if edit.enabled)
        base = request.base
        place = base.seed + base.dx if isinstance(base, SeedPoint) else 0.0
        pixels = np.empty((side, side, 3), dtype=np.uint8)
        pixels[..., 0] = colour_of(amount)
        pixels[..., 1] = int(20 * place) % 256
        pixels[..., 2] = int(np.clip(100 * request.synthesis.truncation_psi, 0, 255))
        pixels.flags.writeable = False
        return Frame(request.revision, quality, pixels, self.coarse_s)


def pause(seconds: float) -> None:
    """Be busy for a while without holding the interpreter."""
    if seconds > 0:
        threading.Event().wait(seconds)
