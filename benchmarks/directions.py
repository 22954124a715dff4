"""How long it takes to find directions: SeFa of a large StyleGAN2, components of w, and a round of thumbs.

Plain seconds on this machine, with random weights, which take as long as trained ones; run it in quiet::

    python benchmarks/directions.py
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import _prepare  # noqa: F401 - before anything that imports torch
import numpy as np

from latent_studio.app.models import sample_w
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.random_stylegan2 import random_checkpoint
from latent_studio.methods.boundary.thumbs import learn_from_thumbs, most_uncertain, prepare
from latent_studio.methods.pca import find_pca_directions
from latent_studio.methods.sefa import find_sefa_directions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Seconds that each may take.
TARGETS = {"sefa": 1.0, "pca": 10.0, "thumbs": 0.5}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resolution", type=int, default=1024, help="of the StyleGAN2")
    parser.add_argument("--samples", type=int, default=20_000, help="w that the components are found from")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    generator = build_generator(random_checkpoint(options.resolution))
    samples = sample_w(generator, 4000)
    scales = prepare(samples)
    missed = False
    for name, target, run in (
        (f"SeFa, {options.resolution} px", "sefa", lambda: find_sefa_directions(generator, model_sha256="")),
        (
            f"PCA of {options.samples:,} w",
            "pca",
            lambda: find_pca_directions(generator, model_sha256="", samples=options.samples),
        ),
        ("20 + 20 thumbs to a direction", "thumbs", lambda: _rate(samples, scales, 20)),
        ("100 + 100 thumbs to a direction", "thumbs", lambda: _rate(samples, scales, 100)),
    ):
        seconds = [_timed(run) for _ in range(options.repeats)]
        middle = statistics.median(seconds)
        missed |= middle > TARGETS[target]
        print(f"{name:<32} {middle:6.2f} s  (best {min(seconds):.2f}, at most {TARGETS[target]:g})")
    return int(missed)


def _rate(samples: np.ndarray, scales: np.ndarray, count: int) -> None:
    """A round as the gallery does it: a direction, and what to ask about next."""
    wanted = samples[:, 3] > np.median(samples[:, 3])
    learned = learn_from_thumbs(
        samples[wanted][:count], samples[~wanted][:count], name="it", ws_samples=samples, scales=scales
    )
    most_uncertain(learned.plane, samples[:600])


def _timed(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


if __name__ == "__main__":
    raise SystemExit(main())
