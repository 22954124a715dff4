"""StyleGAN3: its filtered leaky ReLU against the definition, and a frame against the plain network.

Random weights of the official sizes. Figures are milliseconds and ratios of one run, the calls taking turns;
only the ratios can be compared between machines.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
import torch.nn.functional as F

from latent_studio.engine.allocator import tune_allocator
from latent_studio.generators.filtered_lrelu import FilteredLrelu, plain_filtered_lrelu
from latent_studio.generators.random_stylegan3 import plan_layers, random_stylegan3
from latent_studio.generators.stylegan3 import build_stylegan3

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latent_studio.generators.stylegan3 import StyleGAN3
    from latent_studio.generators.stylegan3_network import LayerStage

#: Ratio that each figure must reach: the plain form's time over ours.
FILTER_TARGET = 2.0
FRAME_TARGET = 2.0


def main() -> None:
    arguments = _arguments()
    tune_allocator()
    torch.set_num_threads(arguments.threads)
    print(f"{arguments.threads} threads, median of {arguments.rounds}")
    for config in arguments.configs:
        generator = official(arguments.resolution, config=config)
        with torch.inference_mode():
            report(generator, name=f"stylegan3-{config} {arguments.resolution}", rounds=arguments.rounds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resolution", type=int, default=256, metavar="SIDE")
    parser.add_argument("--configs", nargs="+", choices=["t", "r"], default=["t", "r"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def official(resolution: int, *, config: str) -> StyleGAN3:
    """A network with the number of channels and layers that the official models have."""
    if config == "t":
        return build_stylegan3(random_stylegan3(resolution))
    plan = plan_layers(resolution, channel_base=65536, channel_max=1024)
    return build_stylegan3(random_stylegan3(resolution, radial=True, plan=plan))


def report(generator: StyleGAN3, *, name: str, rounds: int) -> None:
    """Print the figures of one network."""
    ws = generator.map(torch.randn(1, generator.spec.z_dim, generator=torch.Generator().manual_seed(0)))
    source, *layers = generator.stages
    for stage in layers[:: len(layers) // 4]:
        compare(f"{name} {stage.layer.weights.name} filtered leaky ReLU", *filter_calls(stage), rounds=rounds)
    plain, ours = medians([lambda: plain_frame(generator, ws), lambda: generator.synthesize(ws)], rounds)
    verdict(f"{name} frame", plain, ours, target=FRAME_TARGET)
    input_only, _ = medians([lambda: source.run(None, None, ws, ()), lambda: None], rounds)
    print(f"  {name} input alone: {input_only * 1000:.0f} ms")


def filter_calls(stage: LayerStage) -> tuple[Callable[[], Tensor], Callable[[], Tensor]]:
    """The non-linearity of one layer, plain and fast, on input of its size."""
    weights = stage.layer.weights
    how, channels = weights.how, weights.weight.shape[0]
    side = next(n for n in range(1, 1 << 14) if how.out_size(n) >= int(weights.name.split("_")[1]))
    x = torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(0))
    fast, last = FilteredLrelu(how, channels), x.contiguous(memory_format=torch.channels_last)
    return lambda: plain_filtered_lrelu(x, weights.bias, how), lambda: fast(last, weights.bias)


def plain_frame(generator: StyleGAN3, ws: Tensor) -> Tensor:
    """The network as the paper writes it: weights modulated per sample, then the plain non-linearity."""
    source, *layers = generator.stages
    features = source.run(None, None, ws, ())
    x = features.x.contiguous()
    for stage in layers:
        weights = stage.layer.weights
        styles, scale = weights.scales(ws)
        modulated = weights.weight * torch.outer(scale[0], styles[0])[:, :, None, None]
        x = F.conv2d(x, modulated, padding=modulated.shape[2] - 1)
        x = plain_filtered_lrelu(x, weights.bias, weights.how)
    return layers[-1].torgb(x, ws)


def compare(name: str, plain: Callable[[], Tensor], ours: Callable[[], Tensor], *, rounds: int) -> None:
    """Time two forms and make sure that they agree."""
    difference = float((plain() - ours()).abs().max())
    verdict(f"{name} (differs by {difference:.0e})", *medians([plain, ours], rounds), target=FILTER_TARGET)


def medians(calls: list[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each call; they take turns, after one round that is not counted."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds + 1):
        for call, found in zip(calls, seconds, strict=True):
            started = time.perf_counter()
            call()
            found.append(time.perf_counter() - started)
    return [statistics.median(found[1:]) for found in seconds]


def verdict(name: str, plain: float, ours: float, *, target: float) -> None:
    """One line for people."""
    word = "ok" if plain / ours >= target else f"BELOW {target:g}x"
    print(f"  {name}: plain {plain * 1000:.0f} ms, ours {ours * 1000:.0f} ms, {plain / ours:.1f}x  {word}")


if __name__ == "__main__":
    main()
