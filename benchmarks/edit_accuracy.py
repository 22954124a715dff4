"""How well boundary sliders of the bundled model move what they are named after, and what else they move.

Boundaries are trained as ``boundary train --predictor`` does it, and judged by the same predictor on seeds
that no training has seen. Those of w are judged by what they move; conditional ones in z, where what goes
together in the collection lies together, so that there is something to condition on. Printed as tables for
``docs/editing-accuracy.md``::

    python benchmarks/edit_accuracy.py --samples 200
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.app.attribute_pool import predict_pixels, score_seeds
from latent_studio.app.direction_survey import calibrate_direction
from latent_studio.app.models import sample_w
from latent_studio.app.paths import Paths
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from latent_studio.app.tasks.boundary_condition import conditioned
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.methods.attributes.catalog import find_predictor
from latent_studio.methods.attributes.portraits import PortraitPredictor
from latent_studio.methods.boundary.examples import split_by_scores
from latent_studio.methods.boundary.learn import learn_boundary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.app.attribute_pool import ScoredPool
    from latent_studio.core.directions import LinearDirection
    from latent_studio.methods.attributes.protocol import AttributePredictor

#: Seeds of the judged pictures; those of training begin at 0.
_JUDGED_FROM = 1_000_000
#: A step back by less than this share of the attribute's range counts as none, whatever the predictor reads.
_SLACK = 0.02


@dataclass(frozen=True)
class Bench:
    """What every measurement shares."""

    studio: Studio
    predictor: AttributePredictor
    synthesis: SynthesisSettings
    seeds: tuple[int, ...]

    def scores(self, direction: LinearDirection, amount: float) -> NDArray[np.float32]:
        """Attributes of all judged pictures at an amount, ``(seeds, attributes)``."""
        edits = EditStack((Edit(direction, amount),)) if amount else EditStack()
        requests = (
            RenderRequest(index, SeedPoint(seed), edits=edits, synthesis=self.synthesis)
            for index, seed in enumerate(self.seeds)
        )
        frames = self.studio.engine.render_batch(requests, check_cancel=lambda: None)
        return predict_pixels(self.predictor, [frame.pixels for frame in frames])


def main() -> None:
    """Train, calibrate, judge and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="portraits")
    parser.add_argument("--predictor", default="portraits")
    parser.add_argument("--attributes", nargs="+", default=["yaw", "smile", "glasses", "age", "hair_grey"])
    parser.add_argument("--pool", type=int, default=1500, help="pictures the boundaries are trained on")
    parser.add_argument("--samples", type=int, default=200, help="pictures that are judged")
    parser.add_argument("--steps", type=int, default=5, help="amounts over the calibrated range")
    parser.add_argument("--side-samples", type=int, default=200, help="pictures conditions are judged on")
    parser.add_argument("--psi", type=float, default=0.7)
    parser.add_argument("--profile", type=Path, default=None)
    options = parser.parse_args()
    profile = options.profile or Path(tempfile.mkdtemp(prefix="edit-accuracy-"))
    studio = Studio(Paths.in_profile(profile), Settings(device="cpu"))
    model = studio.open_model(options.model)
    predictor = find_predictor(options.predictor).load(studio.engine.choice.device)
    pool = score_seeds(
        studio,
        predictor,
        predictor_id=options.predictor,
        count=options.pool,
        synthesis=SynthesisSettings(),
        progress=ignore_progress,
        cancel=CancelToken(),
    )
    synthesis = SynthesisSettings(truncation_psi=options.psi)
    seeds = tuple(range(_JUDGED_FROM, _JUDGED_FROM + options.samples))
    bench = Bench(studio, predictor, synthesis, seeds)
    trainer = Trainer(bench, pool, sample_w(model.generator, 2000))
    judge_sliders(trainer, options.attributes, steps=options.steps)
    print()
    judge_conditions(trainer, options.attributes, samples=options.side_samples)


@dataclass(frozen=True)
class Slider:
    """A boundary with its calibrated range and how often it is right on examples left out."""

    direction: LinearDirection
    accuracy: float
    low: float
    high: float


class Trainer:
    """Trains boundaries from the scored pool and finds their ranges."""

    def __init__(self, bench: Bench, pool: ScoredPool, ws_samples: NDArray[np.float32]) -> None:
        self.bench = bench
        self.pool = pool
        self.ws_samples = ws_samples
        self.names = [info.id for info in bench.predictor.attributes]
        #: Standard deviation of every attribute in the pool: what one sigma of a table is.
        self.sigmas = np.nanstd(pool.scores, axis=0)

    def slider(self, name: str, space: Space) -> Slider:
        """Learn the boundary of an attribute in a space and calibrate it."""
        parts = split_by_scores(self.pool.latents(space), self.pool.column(name), chosen=0.3)
        learned = learn_boundary(
            parts.train, name=name, space=space, shuffles=5,
            ws_samples=None if space is Space.Z else self.ws_samples,
        )  # fmt: skip
        found = calibrate_direction(
            self.bench.studio, learned.direction, synthesis=self.bench.synthesis,
            seeds=self.bench.seeds[:8], with_pictures=False, cancel=CancelToken(),
        )  # fmt: skip
        return Slider(learned.direction, learned.plane.accuracy(parts.validation), found.low, found.high)

    def moved(self, direction: LinearDirection, low: float, high: float) -> NDArray[np.float64]:
        """Mean change of every attribute between two amounts, in sigmas."""
        change = self.bench.scores(direction, high) - self.bench.scores(direction, low)
        moved: NDArray[np.float64] = np.nanmean(change, axis=0) / self.sigmas
        return moved


def judge_sliders(trainer: Trainer, attributes: Sequence[str], *, steps: int) -> None:
    """Print what the boundary sliders of w move."""
    names, bench = trainer.names, trainer.bench
    print("| attribute | accuracy | range | monotone | within 2 % | moved by | most moved beside it |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in attributes:
        slider = trainer.slider(name, Space.W)
        amounts = np.linspace(slider.low, slider.high, steps)
        values = np.stack([bench.scores(slider.direction, float(amount)) for amount in amounts])
        column = names.index(name)
        steps_back = -np.diff(values[:, :, column], axis=0) / bench.predictor.attributes[column].span
        error = reading_error(bench.predictor, name) or _SLACK
        monotone, strictly = (float(np.mean(np.all(steps_back < slack, axis=0))) for slack in (error, _SLACK))
        moved = np.nanmean(values[-1] - values[0], axis=0) / trainer.sigmas
        ends = f"{slider.low:+.2f} to {slider.high:+.2f}"
        print(
            f"| {name} | {slider.accuracy:.0%} | {ends} | {monotone:.1%} ({error:.1%}) | {strictly:.1%} | "
            f"{moved[column]:+.2f} σ | {_beside(moved, names, column)} |",
            flush=True,
        )


def reading_error(predictor: AttributePredictor, name: str) -> float | None:
    """The predictor's own error as a share of the attribute's range, where it says how well it reads.

    From R2 on held-out pictures of factors that are evenly spread: their standard deviation is 1 / sqrt(12)
    of the range, and the error's is sqrt(1 - R2) of that.
    """
    if not isinstance(predictor, PortraitPredictor):
        return None
    quality = next(one.quality for one in predictor.described if one.info.id == name)
    return math.sqrt(max(0.0, 1.0 - quality) / 12.0)


def judge_conditions(trainer: Trainer, attributes: Sequence[str], *, samples: int) -> None:
    """Print what conditioning takes out of the boundaries of z, and what it leaves."""
    names = trainer.names
    few = Trainer(
        replace(trainer.bench, seeds=trainer.bench.seeds[:samples]), trainer.pool, trainer.ws_samples
    )
    sliders = {name: trainer.slider(name, Space.Z) for name in attributes}
    print("| attribute | without | side effect before | after | cut by | own effect kept |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, slider in sliders.items():
        before = few.moved(slider.direction, slider.low, slider.high)
        # The one of the others that it moves most is what a user would want to leave out.
        other = max((one for one in attributes if one != name), key=lambda one: abs(before[names.index(one)]))
        own, column = names.index(name), names.index(other)
        direction, _ = conditioned(slider.direction, [sliders[other].direction])
        after = few.moved(direction, slider.low, slider.high)
        cut = abs(before[column]) / max(abs(after[column]), 1e-3)
        print(
            f"| {name} | {other} | {before[column]:+.2f} σ | {after[column]:+.2f} σ | {cut:.1f}x | "
            f"{after[own] / before[own]:.0%} |",
            flush=True,
        )


def _beside(moved: NDArray[np.float64], names: Sequence[str], own: int, *, shown: int = 3) -> str:
    order = [k for k in np.argsort(-np.abs(np.nan_to_num(moved))) if k != own][:shown]
    return ", ".join(f"{names[k]} {moved[k]:+.2f} σ" for k in order)


if __name__ == "__main__":
    main()
