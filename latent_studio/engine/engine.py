"""Engine: owns the generator, the gate and the cache; turns requests into frames."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import ModelError
from latent_studio.engine.cuda_graphs import GraphBook
from latent_studio.engine.device import apply_threads, choose_device, limited_threads
from latent_studio.engine.failures import translated
from latent_studio.engine.gate import PriorityGate
from latent_studio.engine.memory_plan import MemoryPlan
from latent_studio.engine.prefix_cache import PrefixCache
from latent_studio.engine.renderer import BUDGET_SECONDS, Renderer, never
from latent_studio.engine.work import threads_for
from latent_studio.generators.protocol import HalfPrecisionGenerator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.core.latent import Latent
    from latent_studio.core.render import Frame, RenderRequest
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.engine.device import DeviceChoice
    from latent_studio.engine.renderer import Step
    from latent_studio.generators.protocol import Generator

#: Pictures of a job whose features are kept: what pictures share, each of them marks as used, so it stays.
_BATCH_KEPT = 4
#: Latents mapped in one background step.
_MAPPED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class EngineStats:
    """What the status line shows.

    Attributes:
        device: such as ``"cpu"`` or ``"cuda:0"``.
        threads: of the CPU pool that the open model is rendered with.
        cache_bytes_used: by the interactive prefix cache.
        cache_bytes_limit: what it may take.
        coarse_resolution: side in pixels of the first frame of a render; 0 without a model.
    """

    device: str
    threads: int
    cache_bytes_used: int
    cache_bytes_limit: int
    coarse_resolution: int


class Engine:
    """Renders the open model. Safe to use from any thread: the gate lets one step at a time through.

    Args:
        choice: where to compute; ``None`` chooses by itself.
        cache_bytes: limit of the interactive prefix cache; a running export takes up to a quarter more.
        coarse_seconds: how long a preview may take.
        cuda_graphs: record and replay whole renders where that is measured to be faster; CUDA only.
        gate: of another engine on the same device, so that the two take turns; ``None`` makes a new one.
    """

    def __init__(
        self,
        choice: DeviceChoice | None = None,
        *,
        cache_bytes: int = 512 << 20,
        coarse_seconds: float = BUDGET_SECONDS,
        cuda_graphs: bool = True,
        gate: PriorityGate | None = None,
    ) -> None:
        self.choice = choice or choose_device()
        apply_threads(self.choice)
        self.gate = gate or PriorityGate()
        self._cache_bytes = cache_bytes
        self._coarse_seconds = coarse_seconds
        self._cuda_graphs = cuda_graphs and self.choice.device.type == "cuda"
        self._renderer: Renderer | None = None
        self._plan = MemoryPlan(cache_bytes)

    @property
    def cache_bytes(self) -> int:
        """Limit of the cache by the settings."""
        return self._cache_bytes

    @property
    def generator(self) -> Generator | None:
        """The open model on its device; ``None`` before the first."""
        renderer = self._renderer
        return None if renderer is None else renderer.generator

    @property
    def spec(self) -> GeneratorSpec | None:
        """Facts about the open model; ``None`` before the first."""
        generator = self.generator
        return None if generator is None else generator.spec

    def swap(self, generator: Generator, *, plan: MemoryPlan | None = None) -> None:
        """Open another model. Renders of the old one end after the frame they owe.

        Args:
            generator: moved to the engine's device; the one passed stays as it is.
            plan: what to give up for want of memory; ``None`` gives up nothing.
        """
        # Not in inference mode: jobs differentiate through the weights that a move copies.
        with self.gate.interactive(), translated():
            plan = plan or MemoryPlan(self._cache_bytes)
            moved = _moved(generator, self.choice, plan)
            self._plan = plan
            self._renderer = Renderer(
                moved,
                # A new cache and not an emptied one: a render that still runs fills the old one.
                cache=PrefixCache(plan.cache_bytes),
                last_stage=plan.last_stage,
                threads=threads_for(moved, at_most=self.choice.threads),
                budget_seconds=self._coarse_seconds,
                graphs=GraphBook(moved) if self._cuda_graphs else None,
            )

    def render(self, request: RenderRequest, *, superseded: Callable[[], bool] = never) -> Iterator[Frame]:
        """Render for somebody who watches: a coarse frame where the sharp one takes long, then the sharp one.

        Args:
            request: what to render.
            superseded: asked between stages once a frame is out; True ends the iteration.

        Raises:
            LatentStudioError: whatever goes wrong.
        """
        return self._attended_frames(self._require_renderer(), request, superseded)

    def _attended_frames(
        self, renderer: Renderer, request: RenderRequest, superseded: Callable[[], bool]
    ) -> Iterator[Frame]:
        """Frames with no step of a job between their stages; a refused request is told by the first one."""
        with self.gate.attended():
            yield from renderer.frames(
                request,
                lambda: self._renderer is not renderer or superseded(),
                step=self._steps(renderer, self.gate.interactive),
            )

    def render_final(self, request: RenderRequest) -> Frame:
        """The sharp frame, now; the same bytes as the last one of ``render``.

        Raises:
            LatentStudioError: whatever goes wrong.
        """
        renderer = self._require_renderer()
        return renderer.final(request, step=self._steps(renderer, self.gate.interactive))

    def render_batch(
        self, requests: Iterable[RenderRequest], *, check_cancel: Callable[[], None], at_once: int = 1
    ) -> Iterator[Frame]:
        """Sharp frames for a job, in order; what somebody watches overtakes between their stages.

        One at a time unless asked: on a CPU, several at once gain nothing worth giving up equal bytes for.

        Args:
            requests: what to render; may be lazy.
            check_cancel: called between stages; raises to stop.
            at_once: pictures that go through the network together, where they differ in their latents alone.

        Raises:
            LatentStudioError: whatever goes wrong.
        """
        renderer = self._require_renderer()
        # A cache of its own: an export must not push out what the sliders need.
        # Few pictures of it: a film of thousands would fill whatever it may have, and use none of it again.
        cache = PrefixCache(self._plan.cache_bytes // 4, at_most=_BATCH_KEPT * len(renderer.generator.stages))
        step = self._steps(renderer, self.gate.background)
        waiting = iter(requests)
        while some := list(islice(waiting, at_once)):
            together = renderer.together(some, step=step, between=check_cancel) if len(some) > 1 else None
            if together is not None:
                yield from together
                continue
            for request in some:
                yield renderer.final(request, step=step, cache=cache, between=check_cancel)

    def resolve_ws(self, request: RenderRequest) -> NDArray[np.float32]:
        """The ws a request renders, ``(num_ws, w_dim)`` float32, read-only.

        Raises:
            LatentStudioError: the request does not fit the model.
        """
        renderer = self._require_renderer()
        with self._steps(renderer, self.gate.interactive)():
            ws = renderer.resolver.ws(request)
        ws.flags.writeable = False
        return ws

    @contextmanager
    def job_step(self) -> Iterator[None]:
        """Opens around one step of a job that computes by itself, with gradients or without.

        What somebody watches passes between two steps, so keep them short.

        Raises:
            LatentStudioError: whatever goes wrong in it.
        """
        renderer = self._require_renderer()
        with self.gate.background(), translated(), limited_threads(renderer.threads):
            yield

    def resolve_base(self, request: RenderRequest) -> Latent:
        """The place a request starts from as one latent, before truncation: in z where it has one.

        Raises:
            LatentStudioError: the request does not fit the model.
        """
        renderer = self._require_renderer()
        with self._steps(renderer, self.gate.interactive)():
            return renderer.resolver.base(request)

    def resolve_centre(self, request: RenderRequest) -> Latent:
        """What truncation of a request pulls towards, in w.

        Raises:
            LatentStudioError: the request does not fit the model.
        """
        renderer = self._require_renderer()
        with self._steps(renderer, self.gate.interactive)():
            return renderer.resolver.centre(request)

    def stats(self) -> EngineStats:
        """What the status line shows."""
        renderer = self._renderer
        return EngineStats(
            device=str(self.choice.device),
            threads=self.choice.threads if renderer is None else renderer.threads,
            cache_bytes_used=0 if renderer is None else renderer.cache.bytes_used,
            cache_bytes_limit=self._plan.cache_bytes,
            coarse_resolution=0 if renderer is None else renderer.coarse_resolution,
        )

    def _require_renderer(self) -> Renderer:
        renderer = self._renderer
        if renderer is None:
            raise ModelError("No model is open.", hint="Open a model first.")
        return renderer

    def _steps(self, renderer: Renderer, enter: Callable[[], AbstractContextManager[None]]) -> Step:
        """What opens around each piece of computing for a renderer, whichever thread it runs on."""

        @contextmanager
        def step() -> Iterator[None]:
            with enter(), translated(), limited_threads(renderer.threads), torch.inference_mode():
                yield

        return step


def _moved(generator: Generator, choice: DeviceChoice, plan: MemoryPlan) -> Generator:
    """The generator on the chosen device, in half precision where that was chosen and is possible."""
    if (choice.precision == "fp16" or plan.precision == "half") and isinstance(
        generator, HalfPrecisionGenerator
    ):
        return generator.to(choice.device, precision="float16")
    return generator.to(choice.device)
