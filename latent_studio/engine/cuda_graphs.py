"""GraphBook: whole renders recorded as CUDA graphs, used where they are measured to be faster.

A small picture is some 150 kernel launches, and launching takes longer than computing. A graph launches them
all at once. It needs inputs and outputs at fixed places, and it repeats the stages from the first on, so it
stands beside the prefix cache: a render is either replayed or walked.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch

from latent_studio.engine.cuda_events import mark, seconds_between

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latent_studio.core.synthesis import NoiseMode
    from latent_studio.generators.protocol import Generator, NoiseMaps

logger = logging.getLogger(__name__)

_WARM_UP_RUNS = 3
_TIMED_RUNS = 5
#: A graph pins its memory, so it must be clearly faster.
_WORTH_IT = 0.9


class Graph:
    """One recorded render from the first stage to an exit.

    Args:
        render: ``(1, num_ws, w_dim)`` to a picture, always the same kernels.
        ws_like: a ws on the device, for its shape.
    """

    def __init__(self, render: Callable[[Tensor], Tensor], ws_like: Tensor) -> None:
        self._ws = ws_like.clone()
        stream: torch.cuda.Stream = torch.cuda.Stream(ws_like.device)  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream(ws_like.device))
        # Libraries set themselves up at first use, which must not be recorded.
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP_RUNS):
                render(self._ws)
        torch.cuda.current_stream(ws_like.device).wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        # Other threads may use the device meanwhile, such as a job between two of its steps.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._picture = render(self._ws)

    def replay(self, ws: Tensor) -> Tensor:
        """The picture of a ws ``(1, num_ws, w_dim)``; the next replay writes over it."""
        self._ws.copy_(ws)
        self._graph.replay()
        return self._picture


class GraphBook:
    """Graphs of one generator by noise mode and exit, recorded and measured at first use.

    Args:
        generator: on a CUDA device.
    """

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._graphs: dict[tuple[NoiseMode, int], Graph | None] = {}

    def find(self, noise_mode: NoiseMode, *, exit_index: int | None) -> Graph | None:
        """The graph that ends with the picture of a stage.

        Args:
            noise_mode: random noise changes from seed to seed and is never recorded.
            exit_index: the stage; ``None`` means the last.

        Returns:
            ``None`` where walking the stages is as fast, or not exactly the same.
        """
        if noise_mode == "random":
            return None
        key = (noise_mode, len(self._generator.stages) - 1 if exit_index is None else exit_index)
        if key not in self._graphs:
            self._graphs[key] = self._record(*key)
        return self._graphs[key]

    def _record(self, noise_mode: NoiseMode, exit_index: int) -> Graph | None:
        generator = self._generator
        noise = generator.noise_maps(noise_mode)

        def render(ws: Tensor) -> Tensor:
            return render_to(generator, ws, noise=noise, exit_index=exit_index)

        spec = generator.spec
        ws = generator.w_avg.float().expand(1, spec.num_ws, spec.w_dim).contiguous()
        try:
            graph = Graph(render, ws)
            same = torch.equal(graph.replay(ws), render(ws))
            replayed, walked = _seconds(lambda: graph.replay(ws)), _seconds(lambda: render(ws))
        except RuntimeError as error:
            logger.info("no CUDA graph for stage %d: %s", exit_index, error)
            return None
        logger.debug(
            "CUDA graph to stage %d: %.2g s, walked %.2g s, same=%s", exit_index, replayed, walked, same
        )
        return graph if same and replayed < _WORTH_IT * walked else None


def render_to(generator: Generator, ws: Tensor, *, noise: NoiseMaps, exit_index: int) -> Tensor:
    """Walk the stages without a cache.

    Args:
        generator: whose stages are run.
        ws: ``(1, num_ws, w_dim)`` float32.
        noise: maps for all stages.
        exit_index: the stage whose picture is wanted; it has one.

    Returns:
        ``(1, channels, resolution, resolution)`` of that stage.
    """
    features, picture = None, None
    for stage in generator.stages[: exit_index + 1]:
        features = stage.run(features, picture, ws, noise)
        picture = stage.to_rgb(features, ws)
    if picture is None:
        raise ValueError(f"stage {exit_index} gives no picture")
    return picture


def _seconds(run: Callable[[], Tensor]) -> float:
    """Best of a few runs, by the device's own clock."""
    times = []
    for _ in range(_TIMED_RUNS):
        begin = mark()
        run()
        times.append(seconds_between(begin, mark()))
    return min(times)
