"""The recipe of docs/how-to/warp-paths.md from its first step to its table.

Do paths move what they should?

Trains, unless the folder holds a finished training, walks all paths and the strongest SeFa directions equally
far from pictures that training never saw, and prints the best path of every attribute beside the best SeFa
direction, as Markdown: first in steps of equal amounts, then in steps even to the eye. ``--start-too`` also
walks the paths as they were before the first step, which says how much of it is the start.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import _prepare  # noqa: F401 - before anything that imports torch

from latent_studio.app.attribute_tables import read_attribute_table
from latent_studio.app.ranking import rank
from latent_studio.app.studio import Studio
from latent_studio.app.tasks.attributes import AttributesOptions, run_attributes
from latent_studio.app.tasks.pool_traverse import PoolTraverseOptions, run_pool_traverse
from latent_studio.app.tasks.warp_rank import WarpRankOptions, run_warp_rank
from latent_studio.app.tasks.warp_train import WarpTrainOptions, run_warp_train
from latent_studio.app.traversals import read_traversal
from latent_studio.core.jobs import CancelToken, Progress
from latent_studio.methods.warp.runs import read_stats

if TYPE_CHECKING:
    from latent_studio.app.ranking import RankedPath, Ranking

#: What the best path must follow, and how closely.
MUST = ("yaw", "smile", "glasses", "hair_length")
LEAST = 0.9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of the training; made if it is missing")
    parser.add_argument("--model", default="portraits")
    parser.add_argument("--iterations", type=int, help="the preset's when not given")
    parser.add_argument("--pictures", type=int, default=12, help="held-out pictures to walk from")
    parser.add_argument("--preset", default="portraits", help="of the training: portraits or portraits-rows")
    parser.add_argument("--reach", type=float, default=1.5, help="how far to walk each way, in sigma")
    parser.add_argument("--first-seed", type=int, default=5000, help="of those pictures")
    parser.add_argument("--sefa", type=int, default=20, help="SeFa directions to compare with")
    parser.add_argument("--start-too", action="store_true", help="also measure the paths before training")
    arguments = parser.parse_args()
    studio, cancel = Studio(), CancelToken()
    begin, used = time.monotonic(), time.process_time()
    train = WarpTrainOptions(
        arguments.model, arguments.run, preset=arguments.preset, iterations=arguments.iterations
    )
    trained = run_warp_train(studio, train, Teller(), cancel)
    minutes, processor = (time.monotonic() - begin) / 60, (time.process_time() - used) / 60
    out = arguments.run / "results" / f"iteration{trained.end.iteration:06d}"
    if (arguments.first_seed, arguments.reach) != (5000, 1.5):
        out = out.with_name(f"{out.name}-from-{arguments.first_seed}-reach-{arguments.reach:g}")
    wanted = WarpRankOptions(
        arguments.run,
        arguments.model,
        seeds=tuple(range(arguments.first_seed, arguments.first_seed + arguments.pictures)),
        sefa=arguments.sefa,
        reach=arguments.reach,
        out=out,
    )
    evenly = run_warp_rank(studio, replace(wanted, even=True), Teller(), cancel).ranking
    ranking = run_warp_rank(studio, wanted, Teller(), cancel).ranking
    whole = (time.monotonic() - begin) / 60
    start = _start(studio, arguments, ranking, out, cancel) if arguments.start_too else None
    print(
        f"\nTraining: {trained.end.iteration} steps; this run took {minutes:.1f} min ({processor:.1f} min of"
    )
    print(f"processor time) for training and {whole:.1f} min with the ranking. Last steps: ", end="")
    stats = read_stats(arguments.run)
    print(f"{stats[max(stats)]['accuracy']:.0%} of paths told.\n")
    amounts = ranking.traversal.amounts
    print(
        f"From {arguments.pictures} pictures, {len(amounts)} amounts, "
        f"{amounts[0]:g} to {amounts[-1]:g} sigma.\n"
    )
    print("In steps of equal amounts:\n")
    print_table(ranking, start)
    print("\nIn steps even to the eye:\n")
    print_table(evenly, None)


def _start(
    studio: Studio, arguments: argparse.Namespace, like: Ranking, out: Path, cancel: CancelToken
) -> Ranking:
    """The paths before the first step, walked from the same pictures."""
    walked = out / "start"
    amounts = like.traversal.amounts
    options = PoolTraverseOptions(
        arguments.model,
        out / "pool",
        walked,
        paths=arguments.run / "models" / "support_sets_init.pt",
        shift_steps=len(amounts) // 2,
        eps=amounts[-1] / (len(amounts) // 2),
        sigma=like.traversal.in_sigma,
    )
    run_pool_traverse(studio, options, Teller(), cancel)
    run_attributes(studio, AttributesOptions(arguments.model, walked), Teller(), cancel)
    return rank(read_traversal(walked), read_attribute_table(walked))


def print_table(ranking: Ranking, start: Ranking | None) -> None:
    """The best path and the best SeFa direction of every attribute, and what that says."""
    groups = ["path", "SeFa"] + (["start"] if start else [])
    cells = [
        f"{group}: {name}"
        for group in groups
        for name in ("r", "mean curve", "effect", "selectivity", "score")
    ]
    print("| attribute | " + " | ".join(cells) + " |\n|" + " --- |" * (len(cells) + 1))
    ahead, ahead_in_r, follows = [], [], {}
    for info in ranking.attributes:
        rows = ranking.by_attribute(info.id)
        path = _best(ranking, rows, sefa=False)
        sefa = _best(ranking, rows, sefa=True)
        found = [path, sefa] + ([start.by_attribute(info.id)[0]] if start else [])
        print(f"| {info.id} | " + " | ".join(_cells(one) for one in found) + " |")
        if sefa is None or path.score > sefa.score:
            ahead.append(info.id)
        if sefa is None or abs(path.pearson) > abs(sefa.pearson):
            ahead_in_r.append(info.id)
        follows[info.id] = abs(path.pearson)
    count = len(ranking.attributes)
    missed = [name for name in MUST if follows.get(name, 0.0) < LEAST]
    print(f"\nThe best path has the better score for {len(ahead)} of {count} attributes ", end="")
    print(f"({len(ahead_in_r)} by |r| alone): {'reached' if 2 * len(ahead) >= count else 'MISSED'}.")
    print(f"|r| of {LEAST} and more for {', '.join(MUST)}: ", end="")
    print("reached." if not missed else f"MISSED for {', '.join(missed)}.")


def _best(ranking: Ranking, rows: tuple[RankedPath, ...], *, sefa: bool) -> RankedPath | None:
    directions = ranking.traversal.directions
    return next((row for row in rows if directions[row.path_idx].id.startswith("sefa:") == sefa), None)


def _cells(row: RankedPath | None) -> str:
    if row is None:
        return "| | | |"
    follows = f"{abs(row.pearson):.2f} | {abs(row.curve):.2f}"
    return f"{follows} | {abs(row.effect):.1f} | {row.selectivity:.0%} | {row.score:.2f}"


class Teller:
    """Says a job's last word every twenty seconds, on the error stream."""

    def __init__(self) -> None:
        self._said_at = 0.0

    def __call__(self, progress: Progress) -> None:  # noqa: D102
        if progress.message and time.monotonic() - self._said_at > 20:
            self._said_at = time.monotonic()
            print(progress.message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
