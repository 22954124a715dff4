"""Projection against StyleGAN2-ADA's published schedule, on the same model with the same perceptual network.

Targets are the model's own pictures, so that a perfect answer exists; with ``--renders`` also portraits of
the drawing program that made the bundled model's training pictures, of people that training never saw, and
with ``--photos`` faces of photographs, which that model cannot draw. Both searches run in one process; only
the ratios mean something on another machine. "As good after" is the share of the published schedule's time
after which ours is at its final perceptual distance; "at equal time" compares with the best distance that
ours has seen by then; "shown after" is the share after which our first picture is there. With ``--table``
the scores of many targets by one preset follow, with quartiles and failures.

What is measured is kept in a folder, one small file per target, so that the work can be done in pieces: a
second call with the same folder measures only what is missing, and ``--minutes`` ends a call early. The
verdicts of everything in the folder are printed at the end of every call.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _prepare  # noqa: F401 - first: sets up memory and threads
import numpy as np
import torch

from latent_studio.checkpoints.bundled import DEFAULT_MODEL, find_model
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.alignment.crop import align, face_quad
from latent_studio.methods.alignment.mtcnn import load_mtcnn
from latent_studio.methods.alignment.photo import read_photo
from latent_studio.methods.projection.ladder import project
from latent_studio.methods.projection.latent_stats import latent_stats
from latent_studio.methods.projection.objective import Target
from latent_studio.methods.projection.perceptual import load_perceptual_net
from latent_studio.methods.projection.published import PublishedSettings, project_published
from latent_studio.methods.projection.rungs import Look, Start
from latent_studio.methods.projection.settings import PRESETS, preset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from latent_studio.generators.protocol import Generator
    from latent_studio.methods.projection.latent_stats import LatentStats
    from latent_studio.methods.projection.perceptual import PerceptualNet
    from latent_studio.methods.projection.settings import PresetName

STEP = contextlib.nullcontext
FAILED_BELOW_DB = 25


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or file")
    parser.add_argument("--targets", type=int, default=1, help="targets of the comparison (1)")
    parser.add_argument("--renders", type=int, default=0, metavar="N", help="drawn portraits besides (0)")
    parser.add_argument("--photos", type=Path, nargs="+", default=[], help="photographs of a face besides")
    parser.add_argument("--steps", type=int, default=1000, help="of the published schedule (1000)")
    parser.add_argument("--preset", choices=PRESETS, default="good", help="of ours (good)")
    parser.add_argument("--table", type=int, default=0, metavar="N", help="also score N targets, such as 64")
    parser.add_argument("--out", type=Path, help="folder of results; what is in it is not measured again")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing after so long")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    checkpoint = open_checkpoint(find_model(arguments.model))
    generator = build_generator(checkpoint)
    net = load_perceptual_net()
    stats = latent_stats(generator, step=STEP)
    results = Results(arguments.out, f"{checkpoint.provenance.sha256[:8]}-{arguments.preset}")
    ends = time.perf_counter() + 60 * arguments.minutes

    comparisons = []
    for name, picture in targets(generator, arguments):
        found = results.get(
            f"against-{arguments.steps}-{name}",
            partial(compare, generator, net, stats, picture, arguments.steps, arguments.preset),
            may_measure=time.perf_counter() < ends,
        )
        if found is not None:
            print_comparison(name, found, arguments)
            comparisons.append(found)
    scores = []
    for index in range(arguments.table):
        found = results.get(
            f"table-{index}",
            partial(score, generator, net, stats, 20_000 + index, arguments.preset),
            may_measure=time.perf_counter() < ends,
        )
        if found is not None:
            scores.append(found)
    if comparisons:
        print_verdicts(comparisons)
    if scores:
        print_table(scores, arguments)


class Results:
    """Results by name, kept in a folder if there is one."""

    def __init__(self, folder: Path | None, prefix: str) -> None:
        self._folder = folder
        self._prefix = prefix
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def get(
        self, name: str, measure: Callable[[], dict[str, Any]], *, may_measure: bool
    ) -> dict[str, Any] | None:
        """What was kept under a name, or what measuring gives; ``None`` where neither may be."""
        path = None if self._folder is None else self._folder / f"{self._prefix}-{name}.json"
        if path is not None and path.is_file():
            kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return kept
        if not may_measure:
            return None
        found = measure()
        if path is not None:
            part = path.with_suffix(".part")
            part.write_text(json.dumps(found, indent=1), encoding="utf-8")
            part.replace(path)
        return found


def targets(
    generator: Generator, arguments: argparse.Namespace
) -> Iterator[tuple[str, Callable[[], Tensor]]]:
    """Names of the comparison's targets, and how each is made."""
    for index in range(arguments.targets):
        yield f"{index}", partial(sample, generator, 10_000 + index)
    for index in range(arguments.renders):
        yield f"render-{index}", partial(drawn, generator, index)
    for path in arguments.photos:
        yield f"photo-{path.stem}", partial(photographed, generator, path)


def compare(
    generator: Generator,
    net: PerceptualNet,
    stats: LatentStats,
    picture: Callable[[], Tensor],
    steps: int,
    name: PresetName,
) -> dict[str, Any]:
    """Both searches for one target. Ours sees nothing of theirs."""
    image = picture()
    published = project_published(
        generator, Target(image, net), PublishedSettings(steps=steps), step=STEP, stats=stats
    )
    theirs = published.best
    seen: list[tuple[float, float]] = []
    # A target of its own: features that the first search left behind would be a present.
    target = Target(image, net)
    began = time.perf_counter()

    def watch(look: Look) -> None:
        # Distances of smaller pictures are other numbers.
        if look.picture.shape[-1] == generator.spec.resolution and "perceptual" in look.losses:
            seen.append((time.perf_counter() - began, look.losses["perceptual"]))

    rungs = list(project(generator, target, preset(name), step=STEP, stats=stats, report=watch).rungs)
    # Who is not content goes on, as the published schedule does: until as near, or as long.
    while rungs[-1].score.perceptual > theirs.score.perceptual and rungs[-1].seconds < theirs.seconds:
        last, passed = rungs[-1], time.perf_counter() - began
        start = Start(last.space, last.latent, last.noise)
        further = project(generator, target, preset(name), step=STEP, stats=stats, start=start, report=watch)
        rungs.append(replace(further.rungs[-1], seconds=passed + further.rungs[-1].seconds))
    seen += [(rung.seconds, rung.score.perceptual) for rung in rungs]
    reached = [seconds for seconds, distance in seen if distance <= theirs.score.perceptual]
    in_time = [distance for seconds, distance in seen if seconds <= theirs.seconds]
    return {
        "rungs": [row("stylegan2-ada", theirs), *(row(rung.name, rung) for rung in rungs)],
        "reached": min(reached, default=None),
        "at_equal_time": min(in_time, default=None),
    }


def row(name: str, rung: Any) -> dict[str, Any]:
    return {
        "name": name,
        "seconds": rung.seconds,
        "distance": rung.score.perceptual,
        "psnr": rung.score.psnr,
        "sigmas": rung.score.sigmas,
        "error": rung.score.error,
    }


def score(
    generator: Generator, net: PerceptualNet, stats: LatentStats, seed: int, name: PresetName
) -> dict[str, Any]:
    target = Target(sample(generator, seed), net)
    return {"seed": seed, **row("", project(generator, target, preset(name), step=STEP, stats=stats).best)}


def print_comparison(name: str, found: dict[str, Any], arguments: argparse.Namespace) -> None:
    theirs, *ours = found["rungs"]
    print(f"\ntarget {name}: {arguments.steps} published steps against {arguments.preset!r}")
    print(f"  {'':<22}{'seconds':>9}{'distance':>10}{'PSNR dB':>9}{'sigmas':>8}")
    for one in found["rungs"]:
        print(
            f"  {one['name']:<22}{one['seconds']:9.1f}{one['distance']:10.4f}"
            f"{one['psnr']:9.1f}{one['sigmas']:8.2f}"
        )
    if found["reached"] is None:
        print("  never as good")
    else:
        share, times = found["reached"] / theirs["seconds"], theirs["seconds"] / found["reached"]
        print(f"  as good after {share:.1%} of its time: {times:.1f}x")
    print(f"  shown after {ours[0]['seconds'] / theirs['seconds']:.1%} of its time", flush=True)


def print_verdicts(comparisons: list[dict[str, Any]]) -> None:
    """What must be reached: the median of ratios, and every target where it is an order."""
    speed, shown, closer, w_plus, climbs = [], [], [], [], []
    for found in comparisons:
        theirs, *ours = found["rungs"]
        speed.append(0.0 if found["reached"] is None else theirs["seconds"] / found["reached"])
        shown.append(ours[0]["seconds"] / theirs["seconds"])
        closer.append((found["at_equal_time"] or np.inf) < theirs["distance"])
        errors = {one["name"]: one["error"] for one in ours}
        w_plus.append(errors.get("w+", np.inf) < errors.get("w", np.inf))
        # The ladder carries the last rung over where the next is worse by more than its tolerance of 1e-4.
        climbs.append(all(b["error"] <= a["error"] * 1.0002 for a, b in itertools.pairwise(ours)))
    count = len(comparisons)
    print(f"\nverdicts over {count} targets")
    verdicts = (
        ("as good at least 4x sooner", np.median(speed) >= 4, f"median {np.median(speed):.1f}x"),
        ("better at equal time", all(closer), f"{sum(closer)} of {count}"),
        ("shown within 2 %", np.median(shown) <= 0.02, f"median {np.median(shown):.2%}"),
        ("w+ beats w", all(w_plus), f"{sum(w_plus)} of {count}"),
        ("no rung is worse", all(climbs), f"{sum(climbs)} of {count}"),
    )
    for name, holds, figure in verdicts:
        print(f"  {name:<28}{'yes' if holds else 'NO':<5}{figure}")


def print_table(scores: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    psnr = np.array([one["psnr"] for one in scores])
    distance = np.array([one["distance"] for one in scores])
    print(f"\n{len(scores)} of {arguments.table} targets of the model's own, preset {arguments.preset!r}")
    for label, values in (("PSNR dB", psnr), ("distance", distance)):
        low, middle, high = np.percentile(values, [25, 50, 75])
        worst = values.min() if values is psnr else values.max()
        print(f"  {label:<10} median {middle:.3f}, quartiles {low:.3f} to {high:.3f}, worst {worst:.3f}")
    failed = [one["seed"] for one in scores if one["psnr"] < FAILED_BELOW_DB]
    print(f"  below {FAILED_BELOW_DB} dB: {failed or 'none'}")
    print(f"  seconds each: median {np.median([one['seconds'] for one in scores]):.1f}")


def sample(generator: Generator, seed: int) -> Tensor:
    z = torch.from_numpy(np.random.RandomState(seed).randn(1, generator.spec.z_dim)).float()
    with torch.no_grad():
        return generator.synthesize(generator.map(z)).clamp(-1, 1)[:, :3]


def drawn(generator: Generator, index: int) -> Tensor:
    """A portrait by the drawing program, of somebody that no training saw."""
    from tools.portraits.evaluation import held_out
    from tools.portraits.latents import latent_code
    from tools.portraits.renderer import render

    _, factors = held_out(latent_code(), index + 1)
    return render(factors[index:], generator.spec.resolution).pictures


def photographed(generator: Generator, path: Path) -> Tensor:
    """The surest face of a photograph, cut as published."""
    photo = read_photo(path)
    face = load_mtcnn().find(photo.flat)[0]
    pixels = align(photo, face_quad(face.marks), output_size=generator.spec.resolution).pixels
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1


if __name__ == "__main__":
    main()
