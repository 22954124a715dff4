"""Renderer: requests to frames, a coarse one early and then the sharp one that continues from it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.core.pose_blends import NoiseBlend
from latent_studio.core.render import Frame, Quality
from latent_studio.engine.pixels import to_pixels
from latent_studio.engine.resolve import Resolver
from latent_studio.engine.stage_times import coarse_stage
from latent_studio.engine.stage_walk import StageWalk
from latent_studio.engine.views import ViewBook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from latent_studio.core.noise_maps import FoundNoise
    from latent_studio.core.render import RenderRequest
    from latent_studio.engine.cuda_graphs import GraphBook
    from latent_studio.engine.prefix_cache import NoiseKey, PrefixCache
    from latent_studio.engine.views import View
    from latent_studio.generators.protocol import Features, Generator, NoiseMaps

    #: Opens around each piece of computing, never across a frame handed out.
    Step = Callable[[], AbstractContextManager[object]]

#: A hand on a slider feels an answer within this time as immediate.
BUDGET_SECONDS = 0.045
#: A long refinement shows what it has after this time.
IN_BETWEEN_SECONDS = 0.12


def never() -> bool:
    """For renders that nothing supersedes."""
    return False


class Renderer:
    """Renders one generator.

    Args:
        generator: on its device already.
        cache: for interactive renders; belongs to this renderer alone.
        threads: of the CPU pool that steps should run with.
        budget_seconds: the first frame should be there by then.
        last_stage: where interactive pictures end for want of memory; ``None`` is the last of all.
        graphs: recorded CUDA graphs, where they are in use.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        cache: PrefixCache,
        threads: int = 1,
        budget_seconds: float = BUDGET_SECONDS,
        last_stage: int | None = None,
        graphs: GraphBook | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.generator = generator
        self.resolver = Resolver(generator)
        self.cache = cache
        self.threads = threads
        self._views = ViewBook(generator, clock=clock)
        self._budget = budget_seconds
        self._last_stage = last_stage
        self._graphs = graphs
        self._clock = clock
        self._random_noise: tuple[tuple[int, bytes], NoiseMaps] | None = None
        self._own_noise: tuple[tuple[str, bytes], NoiseMaps] | None = None

    @property
    def coarse_resolution(self) -> int:
        """Side in pixels of the first frame of a render from nothing, by what is known now."""
        index = self._coarse_stage(self._views.plain, start=0)
        return self.generator.stages[-1 if index is None else index].resolution

    def frames(
        self,
        request: RenderRequest,
        superseded: Callable[[], bool] = never,
        *,
        step: Step = torch.inference_mode,
    ) -> Iterator[Frame]:
        """Render a request, coarse to sharp.

        The first frame always comes: a newer request may only stop the refinement after it, otherwise a fast
        drag would show nothing.

        Args:
            request: what to render.
            superseded: asked between stages, after the first frame.
            step: opens around each piece of computing.
        """
        started = self._clock()
        walk = self._start(request, self.cache, step)
        if self._last_stage is not None:
            yield self._small(walk, request, step, started)
            return
        coarse = self._coarse_stage(walk.view, start=walk.reached + 1, share=request.preview_share)
        if coarse is None or request.coarse_only:
            pixels = self._replay(walk, request, step, exit_index=coarse)
            if pixels is not None:
                quality = Quality.FINAL if coarse is None else Quality.COARSE
                yield self._replayed_frame(request, pixels, quality, started)
                return
        shown_at: float | None = None
        while True:
            with step():
                walk.advance()
                late = shown_at is not None and self._clock() - shown_at > IN_BETWEEN_SECONDS
                is_due = walk.is_complete or walk.reached == coarse or (late and walk.has_preview)
                pixels = walk.pixels() if is_due else None
            if pixels is not None:
                shown_at = self._clock()
                yield walk.frame(request.revision, pixels, seconds=shown_at - started)
                if walk.is_complete or request.coarse_only:
                    return
            if shown_at is not None and superseded():
                return

    def _small(self, walk: StageWalk, request: RenderRequest, step: Step, started: float) -> Frame:
        """The picture at the last stage that fits into memory, or at the first one that has a picture."""
        pixels = None
        while pixels is None:
            with step():
                walk.advance()
                far = self._last_stage is not None and walk.reached >= self._last_stage
                if walk.is_complete or (far and walk.has_preview):
                    pixels = walk.pixels()
        frame = walk.frame(request.revision, pixels, seconds=self._clock() - started)
        # Nothing sharper is on its way.
        return replace(frame, quality=Quality.FINAL)

    def final(
        self,
        request: RenderRequest,
        *,
        step: Step = torch.inference_mode,
        cache: PrefixCache | None = None,
        between: Callable[[], object] = never,
    ) -> Frame:
        """The sharp frame alone, with the same bytes as the last of ``frames``.

        Args:
            request: what to render.
            step: opens around each piece of computing.
            cache: to use instead of the interactive one.
            between: called before each stage; may raise to stop.
        """
        started = self._clock()
        walk = self._start(request, self.cache if cache is None else cache, step)
        pixels = self._replay(walk, request, step, exit_index=None)
        if pixels is not None:
            return self._replayed_frame(request, pixels, Quality.FINAL, started)
        while pixels is None:
            between()
            with step():
                walk.advance()
                if walk.is_complete:
                    pixels = walk.pixels()
        return walk.frame(request.revision, pixels, seconds=self._clock() - started)

    def together(
        self, requests: Sequence[RenderRequest], *, step: Step, between: Callable[[], object] = never
    ) -> list[Frame] | None:
        """Sharp frames of several requests in one go; ``None`` where they differ in more than their latents.

        A batch adds up in another order than one picture: the last bit of a pixel may differ from ``final``.

        Args:
            requests: at least one.
            step: opens around each piece of computing.
            between: called before each stage; may raise to stop.
        """
        started, first = self._clock(), requests[0]
        with step():
            views = [self._views.view(one.synthesis, one.edits.style_offsets) for one in requests]
            view = views[0]
            if {(one.key, _noise_key(request)) for one, request in zip(views, requests, strict=True)} != {
                (view.key, _noise_key(first))
            }:
                return None
            ws = torch.tensor(
                np.stack([self.resolver.ws(one) for one in requests]), device=view.generator.device
            )
            noise = self._noise(first, view)
        features: Features | None = None
        picture: torch.Tensor | None = None
        for stage in view.generator.stages:
            between()
            with step():
                features = stage.run(features, picture, ws, noise)
                picture = stage.to_rgb(features, ws)
        if picture is None:
            raise RuntimeError("the last stage of a generator gives a picture")
        count = len(view.generator.stages)
        with step():
            pixels = [to_pixels(picture[index : index + 1]) for index in range(len(requests))]
        seconds = (self._clock() - started) / len(requests)
        return [
            Frame(request.revision, Quality.FINAL, one, seconds, count, count)
            for request, one in zip(requests, pixels, strict=True)
        ]

    def _start(self, request: RenderRequest, cache: PrefixCache, step: Step) -> StageWalk:
        with step():
            view = self._views.view(request.synthesis, request.edits.style_offsets)
            return StageWalk(
                view,
                self.resolver.ws(request),
                noise=self._noise(request, view),
                noise_key=_noise_key(request),
                cache=cache,
                # Dozens of thumbnails would push out what the next drag starts from.
                feeds_cache=not request.coarse_only,
            )

    def _coarse_stage(self, view: View, *, start: int, share: float = 1.0) -> int | None:
        budget = share * self._budget
        return coarse_stage(view.generator.stages, view.times, start=start, budget_seconds=budget)

    def _noise(self, request: RenderRequest, view: View) -> NoiseMaps:
        synthesis = request.synthesis
        if request.noise is not None and synthesis.noise_mode == "const":
            return self._found_noise(request.noise, view)
        if synthesis.noise_mode != "random":
            return view.generator.noise_maps(synthesis.noise_mode)
        key = (synthesis.noise_seed, view.key)
        if self._random_noise is None or self._random_noise[0] != key:
            # Drawn on the CPU, so that a seed means the same maps on every device.
            rng = torch.Generator().manual_seed(synthesis.noise_seed)
            self._random_noise = (key, view.generator.noise_maps("random", rng=rng))
        return self._random_noise[1]

    def _found_noise(self, noise: FoundNoise | NoiseBlend, view: View) -> NoiseMaps:
        if self._own_noise is None or self._own_noise[0] != (noise.digest, view.key):
            made = noise_maps_of(noise, view.generator)
            self._own_noise = ((noise.digest, view.key), made)
        return self._own_noise[1]

    def _replay(
        self, walk: StageWalk, request: RenderRequest, step: Step, *, exit_index: int | None
    ) -> NDArray[np.uint8] | None:
        """The picture from a CUDA graph; ``None`` where graphs are not used."""
        # A graph is recorded of the generator as it is.
        if self._graphs is None or walk.view is not self._views.plain or request.noise is not None:
            return None
        with step():
            graph = self._graphs.find(request.synthesis.noise_mode, exit_index=exit_index)
            return None if graph is None else to_pixels(graph.replay(walk.ws))

    def _replayed_frame(
        self, request: RenderRequest, pixels: NDArray[np.uint8], quality: Quality, started: float
    ) -> Frame:
        stages = self.generator.stages
        size_of = self.generator.spec.size_of
        run = next(
            index
            for index, stage in enumerate(stages, start=1)
            if size_of(stage.resolution) == pixels.shape[:2]
        )
        return Frame(
            revision=request.revision,
            quality=quality,
            pixels=pixels,
            seconds=self._clock() - started,
            stages_run=len(stages) if quality is Quality.FINAL else run,
            stages_total=len(stages),
        )


def noise_maps_of(noise: FoundNoise | NoiseBlend | None, generator: Generator) -> NoiseMaps:
    """Maps that came with a latent; what belongs to another size of picture is left to the model.

    Args:
        noise: ``None`` gives the model's own.
        generator: whose noise inputs they are for.
    """
    if isinstance(noise, NoiseBlend):
        ends = noise_maps_of(noise.first, generator), noise_maps_of(noise.second, generator)
        a, b = noise.weights
        return tuple(
            None if first is None or second is None else a * first + b * second
            for first, second in zip(*ends, strict=True)
        )
    own = generator.noise_maps("const")
    if noise is None:
        return own
    maps = [torch.from_numpy(np.array(one))[None, None].to(generator.device) for one in noise.maps]
    fits = len(maps) == len(own) and all(
        stored is None or stored.shape[-2:] == found.shape[-2:]
        for stored, found in zip(own, maps, strict=True)
    )
    if not fits:
        return own
    return tuple(None if a is None else b for a, b in zip(own, maps, strict=True))


def _noise_key(request: RenderRequest) -> NoiseKey:
    synthesis = request.synthesis
    if request.noise is not None and synthesis.noise_mode == "const":
        return request.noise.digest, 0
    seed = synthesis.noise_seed if synthesis.noise_mode == "random" else 0
    return synthesis.noise_mode, seed
