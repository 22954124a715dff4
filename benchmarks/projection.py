"""Projection against StyleGAN2-ADA's published schedule, on the same model with the same perceptual network.

Targets are the model's own pictures, so that a perfect answer exists. Both searches run in one process; only
the ratios mean something on another machine. "As good after" is the share of the published schedule's time
after which ours is at its final perceptual distance; "shown after" the share after which our first picture is
better than the mean. With ``--table`` the scores of many targets by one preset follow, with quartiles and
failures.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _prepare  # noqa: F401 - first: sets up memory and threads
import numpy as np
import torch

from latent_studio.checkpoints.bundled import DEFAULT_MODEL, find_model
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.projection.ladder import Look, project
from latent_studio.methods.projection.latent_stats import latent_stats
from latent_studio.methods.projection.objective import Target
from latent_studio.methods.projection.perceptual import load_perceptual_net
from latent_studio.methods.projection.published import PublishedSettings, project_published
from latent_studio.methods.projection.settings import PRESETS, preset

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.generators.protocol import Generator
    from latent_studio.methods.projection.latent_stats import LatentStats
    from latent_studio.methods.projection.perceptual import PerceptualNet

STEP = contextlib.nullcontext


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or file")
    parser.add_argument("--targets", type=int, default=1, help="targets of the comparison (1)")
    parser.add_argument("--steps", type=int, default=1000, help="of the published schedule (1000)")
    parser.add_argument("--preset", choices=PRESETS, default="good", help="of ours (good)")
    parser.add_argument("--table", type=int, default=0, metavar="N", help="also score N targets, such as 64")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    generator = build_generator(open_checkpoint(find_model(arguments.model)))
    net = load_perceptual_net()
    stats = latent_stats(generator, step=STEP)
    for index in range(arguments.targets):
        compare(generator, net, stats, index, arguments.steps, arguments.preset)
    if arguments.table:
        table(generator, net, stats, arguments.table, arguments.preset)


def compare(
    generator: Generator, net: PerceptualNet, stats: LatentStats, index: int, steps: int, name: str
) -> None:
    target = Target(sample(generator, 10_000 + index), net)
    published = project_published(generator, target, PublishedSettings(steps=steps), step=STEP, stats=stats)
    theirs = published.best
    seen: list[tuple[float, float]] = []
    began = time.perf_counter()

    def watch(look: Look) -> None:
        if look.picture.shape[-1] == generator.spec.resolution and "perceptual" in look.losses:
            seen.append((time.perf_counter() - began, look.losses["perceptual"]))
        elif not seen:
            seen.append((time.perf_counter() - began, float("inf")))

    ours = project(generator, target, preset(name), step=STEP, stats=stats, report=watch)
    reached = [seconds for seconds, distance in seen if distance <= theirs.score.perceptual]
    print(f"\ntarget {index}: {generator.spec.resolution} px, {steps} published steps against {name!r}")
    print(f"  {'':<22}{'seconds':>9}{'distance':>10}{'PSNR dB':>9}{'sigmas':>8}")
    for label, rung in (("stylegan2-ada", theirs), *((rung.name, rung) for rung in ours.rungs)):
        score = rung.score
        print(f"  {label:<22}{rung.seconds:9.1f}{score.perceptual:10.4f}{score.psnr:9.1f}{score.sigmas:8.2f}")
    if reached:
        share, times = reached[0] / theirs.seconds, theirs.seconds / reached[0]
        print(f"  as good after {share:.1%} of its time: {times:.1f}x")
    else:
        print("  never as good")
    print(f"  shown after {ours.rungs[0].seconds / theirs.seconds:.1%} of its time")


def table(generator: Generator, net: PerceptualNet, stats: LatentStats, count: int, name: str) -> None:
    scores = []
    for index in range(count):
        target = Target(sample(generator, 20_000 + index), net)
        scores.append(project(generator, target, preset(name), step=STEP, stats=stats).best.score)
    psnr = np.array([score.psnr for score in scores])
    distance = np.array([score.perceptual for score in scores])
    print(f"\n{count} targets of the model's own, preset {name!r}")
    for label, values in (("PSNR dB", psnr), ("distance", distance)):
        low, middle, high = np.percentile(values, [25, 50, 75])
        worst = values.min() if values is psnr else values.max()
        print(f"  {label:<10} median {middle:.3f}, quartiles {low:.3f} to {high:.3f}, worst {worst:.3f}")
    failed = [20_000 + index for index, value in enumerate(psnr) if value < 25]
    print(f"  below 25 dB: {failed or 'none'}")


def sample(generator: Generator, seed: int) -> Tensor:
    z = torch.from_numpy(np.random.RandomState(seed).randn(1, generator.spec.z_dim)).float()
    with torch.no_grad():
        return generator.synthesize(generator.map(z)).clamp(-1, 1)[:, :3]


if __name__ == "__main__":
    main()
