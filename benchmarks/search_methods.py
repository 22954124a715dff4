"""L-BFGS against Adam in the search for a latent: the same objective, the same start, counted in evaluations.

Both minimise what the ladder minimises at full size (pixels, perceptual distance, prior) from the same
start, in w and in w+. Adam is given several learning rates, each with the published ramp down over its
last quarter, and the best of them counts. "Sooner" says how many times fewer evaluations L-BFGS needs
for the loss that Adam ends at; one evaluation is one forward and one backward pass in both. Targets: a
picture of the model's own, and photos given as arguments, cropped at their largest face.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _prepare  # noqa: F401 - first: sets up memory and threads
import numpy as np
import torch

from latent_studio.checkpoints.bundled import DEFAULT_MODEL, find_model
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.alignment.crop import align, face_quad, square_quad
from latent_studio.methods.alignment.finders import make_finder
from latent_studio.methods.alignment.photo import read_photo
from latent_studio.methods.projection.latent_stats import latent_stats
from latent_studio.methods.projection.loss_weights import LossWeights
from latent_studio.methods.projection.objective import Target, picture_loss
from latent_studio.methods.projection.perceptual import load_perceptual_net
from latent_studio.methods.projection.synthesis import as_rgb, ws_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latent_studio.generators.protocol import Generator
    from latent_studio.methods.projection.latent_stats import LatentStats

RATES = (0.02, 0.05, 0.1)
WEIGHTS = LossWeights()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="*", type=Path, help="photos to search for besides the model's own")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or file")
    parser.add_argument("--evaluations", type=int, default=60, help="of each search (60)")
    parser.add_argument("--spaces", nargs="+", choices=("w", "w+"), default=("w", "w+"))
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    generator = build_generator(open_checkpoint(find_model(arguments.model)))
    stats = latent_stats(generator, step=nullcontext)
    net = load_perceptual_net()
    targets = {"the model's own": own(generator)}
    targets |= {path.name: cropped(path, generator.spec.resolution) for path in arguments.photos}
    print(f"{arguments.evaluations} evaluations each, from the mean; loss at the end, seconds")
    for name, image in targets.items():
        target = Target(image, net)
        for space in arguments.spaces:
            compare(name, Search(generator, target, stats, space), arguments.evaluations)


class Search:
    """One objective with its start; both methods get the same."""

    def __init__(self, generator: Generator, target: Target, stats: LatentStats, space: str) -> None:
        self.space = space
        self._generator, self._target, self._stats = generator, target, stats
        rows = generator.spec.num_ws if space == "w+" else 0
        w = stats.mean.expand(rows, -1) if rows else stats.mean
        self.start = stats.to_whitened(w).contiguous()

    def loss(self, free: Tensor) -> Tensor:
        """Of whitened w or rows of w+, ``(w_dim,)`` or ``(num_ws, w_dim)``."""
        ws = ws_of(self._stats.to_w(free), self._generator.spec.num_ws)
        picture = as_rgb(self._generator.synthesize(ws, noise=self._generator.noise_maps("const")))
        loss = picture_loss(picture, self._target, WEIGHTS)[0].sum() + WEIGHTS.prior * free.square().mean()
        if free.ndim == 2:
            loss = loss + WEIGHTS.rows * (free - free.mean(0, keepdim=True)).square().mean()
        return loss


def by_adam(rate: float) -> Callable[[Search, int], list[float]]:
    def run(search: Search, budget: int) -> list[float]:
        free = search.start.clone().requires_grad_()
        optimizer = torch.optim.Adam([free], lr=rate, betas=(0.9, 0.999))
        losses = []
        for index in range(budget):
            left = min(1.0, (1 - index / budget) / 0.25)
            optimizer.param_groups[0]["lr"] = rate * (0.5 - 0.5 * math.cos(left * math.pi))
            optimizer.zero_grad()
            loss = search.loss(free)
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        return losses

    return run


def by_lbfgs(search: Search, budget: int) -> list[float]:
    """As the ladder does it."""
    free = search.start.clone().requires_grad_()
    losses: list[float] = []
    optimizer = torch.optim.LBFGS(
        [free], lr=1, max_iter=budget, max_eval=budget, history_size=20, line_search_fn="strong_wolfe",
        tolerance_grad=0, tolerance_change=0,
    )  # fmt: skip

    def evaluate() -> Tensor:
        optimizer.zero_grad()
        loss = search.loss(free)
        loss.backward()
        losses.append(float(loss.detach()))
        return loss.detach()

    optimizer.step(evaluate)
    return losses[:budget]


def compare(name: str, search: Search, budget: int) -> None:
    print(f"\n{name}, {search.space}")
    ends = {}
    for label, run in ((f"Adam {rate}", by_adam(rate)) for rate in RATES):
        ends[label] = measured(label, run, search, budget)
    losses = measured("L-BFGS", by_lbfgs, search, budget)
    best = min(ends, key=lambda label: min(ends[label]))
    wanted = min(ends[best])
    reached = next((index + 1 for index, loss in enumerate(losses) if loss <= wanted), None)
    needed = ends[best].index(wanted) + 1
    if reached is None:
        print(f"  L-BFGS does not reach {best}'s loss")
    else:
        print(
            f"  L-BFGS at {best}'s best loss after {reached} of its {needed}: {needed / reached:.1f}x sooner"
        )


def measured(
    label: str, run: Callable[[Search, int], list[float]], search: Search, budget: int
) -> list[float]:
    began = time.perf_counter()
    losses = run(search, budget)
    print(f"  {label:<12}{min(losses):9.5f}{time.perf_counter() - began:8.1f} s", flush=True)
    return losses


def own(generator: Generator) -> Tensor:
    z = torch.from_numpy(np.random.RandomState(10_000).randn(1, generator.spec.z_dim)).float()
    with torch.no_grad():
        return generator.synthesize(generator.map(z)).clamp(-1, 1)[:, :3]


def cropped(path: Path, side: int) -> Tensor:
    photo = read_photo(path)
    faces = make_finder("mtcnn").find(photo.flat)
    quad = face_quad(faces[0].marks) if faces else square_quad((photo.width, photo.height))
    pixels = align(photo, quad, output_size=side).pixels
    return torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1


if __name__ == "__main__":
    main()
