"""How well boundary sliders of the bundled model move what they are named after, and what else they move.

Boundaries are trained as ``boundary train --predictor`` does it, and judged by the same predictor on seeds
that no training has seen. Printed as tables for ``docs/editing-accuracy.md``::

    python benchmarks/edit_accuracy.py --samples 200
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
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
from latent_studio.methods.boundary.examples import split_by_scores
from latent_studio.methods.boundary.learn import learn_boundary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.core.directions import LinearDirection
    from latent_studio.methods.attributes.protocol import AttributePredictor

#: Seeds of the judged pictures; those of training begin at 0.
_JUDGED_FROM = 1_000_000
#: A step back by less than this share of the attribute's usual range is the predictor's own noise.
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
    parser.add_argument("--attributes", nargs="+", default=["yaw", "glasses", "mouth_open", "hair_grey"])
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
    names = [info.id for info in predictor.attributes]
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
    ws_samples = sample_w(model.generator, 2000)
    spans = np.nanstd(pool.scores, axis=0)
    boundaries = {}
    print("| attribute | accuracy | range | monotone | moved by | most moved beside it |")
    print("| --- | --- | --- | --- | --- | --- |")
    sides: dict[str, NDArray[np.float64]] = {}
    ranges: dict[str, tuple[float, float]] = {}
    for name in options.attributes:
        parts = split_by_scores(pool.latents(Space.W), pool.column(name), chosen=0.3)
        learned = learn_boundary(parts.train, name=name, space=Space.W, shuffles=5, ws_samples=ws_samples)
        direction = boundaries[name] = learned.direction
        found = calibrate_direction(
            studio, direction, synthesis=synthesis, seeds=seeds[:8], with_pictures=False, cancel=CancelToken()
        )
        ranges[name] = (found.low, found.high)
        amounts = np.linspace(found.low, found.high, options.steps)
        values = np.stack([bench.scores(direction, float(amount)) for amount in amounts])
        column = names.index(name)
        info = predictor.attributes[column]
        monotone = float(np.mean(np.all(np.diff(values[:, :, column], axis=0) > -_SLACK * info.span, axis=0)))
        sides[name] = np.nanmean(values[-1] - values[0], axis=0) / spans
        print(
            f"| {name} | {learned.plane.accuracy(parts.validation):.0%} | "
            f"{found.low:+.2f} to {found.high:+.2f} | {monotone:.1%} | {sides[name][column]:+.2f} σ | "
            f"{_beside(sides[name], names, column)} |",
            flush=True,
        )
    print()
    print("| attribute | without | side effect before | after | cut by | own effect kept |")
    print("| --- | --- | --- | --- | --- | --- |")
    few = Bench(studio, predictor, synthesis, seeds[: options.side_samples])
    for name in options.attributes:
        own = names.index(name)
        low, high = ranges[name]
        # The one of the others that it moves most is what a user would want to leave out.
        other = max(
            (one for one in options.attributes if one != name),
            key=lambda one: abs(sides[name][names.index(one)]),
        )
        column = names.index(other)
        direction, _ = conditioned(boundaries[name], [boundaries[other]], ws_samples=ws_samples)
        moved = np.nanmean(few.scores(direction, high) - few.scores(direction, low), axis=0) / spans
        before, after = abs(sides[name][column]), abs(moved[column])
        print(
            f"| {name} | {other} | {before:.2f} σ | {after:.2f} σ | {before / max(after, 1e-3):.1f}x | "
            f"{moved[own] / sides[name][own]:.0%} |",
            flush=True,
        )


def _beside(moved: NDArray[np.float64], names: Sequence[str], own: int, *, shown: int = 3) -> str:
    order = [k for k in np.argsort(-np.abs(np.nan_to_num(moved))) if k != own][:shown]
    return ", ".join(f"{names[k]} {moved[k]:+.2f} σ" for k in order)


if __name__ == "__main__":
    main()
