"""How fast a frame is, against StyleGAN2 written straight from the paper: ratios of one run.

The same random weights of the official size "config f" in two processes that take turns: the plain synthesis
with the system's allocator settings, and ours with its own. Only ratios can be compared between machines, and
only within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latent_studio.generators.protocol import Features, Generator

#: Ratio that each figure must reach: the plain full frame over ours, by resolution.
FULL_FRAME_TARGETS = {256: 1.5, 512: 2.0}
COARSE_TARGET = 12.0
REFINE_TARGET = 1.05

PLAIN, PLAIN_TUNED, OURS = "plain", "plain, allocator tuned", "ours"


def main() -> None:
    arguments = _arguments()
    if arguments.worker:
        work(arguments)
        return
    for resolution in arguments.resolutions:
        report(resolution, measure(resolution, arguments))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resolutions", type=int, nargs="+", default=[256, 512], metavar="SIDE")
    parser.add_argument("--rounds", type=int, default=7, help="runs each figure is the median of")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--uncalibrated", action="store_true", help="keep the usual form of each layer")
    parser.add_argument("--worker", choices=[PLAIN, PLAIN_TUNED, OURS], help=argparse.SUPPRESS)
    parser.add_argument("--picture", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


# The parent: starts the workers and asks them in turns.


class Worker:
    """A process that renders when asked.

    Args:
        kind: which code in which allocator.
        picture: where it leaves its first frame.
    """

    def __init__(self, kind: str, *, resolution: int, arguments: argparse.Namespace, picture: Path) -> None:
        command = [
            *(sys.executable, __file__, "--worker", kind, "--resolutions", str(resolution)),
            *("--threads", str(arguments.threads), "--picture", str(picture)),
        ]
        if arguments.uncalibrated:
            command.append("--uncalibrated")
        self.kind = kind
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.actions: list[str] = json.loads(self._answer())

    def seconds(self, action: str) -> float:
        """How long one run of an action takes."""
        assert self._process.stdin is not None
        self._process.stdin.write(action + "\n")
        self._process.stdin.flush()
        return float(self._answer())

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the process for {self.kind!r} has ended")
        return line


def measure(resolution: int, arguments: argparse.Namespace) -> dict[tuple[str, str], list[float]]:
    """Seconds of each run, by worker and action."""
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        workers = [
            Worker(kind, resolution=resolution, arguments=arguments, picture=Path(folder) / f"{index}.npy")
            for index, kind in enumerate((PLAIN, PLAIN_TUNED, OURS))
        ]
        pictures = [np.load(path) for path in sorted(Path(folder).glob("*.npy"))]
    span = pictures[0].max() - pictures[0].min()
    error = float(np.abs(pictures[-1] - pictures[0]).max() / span)
    print(f"\n{resolution} px, {arguments.threads} threads; pictures differ by {error:.1e} of their range")
    if error > 1e-4:
        raise SystemExit("the pictures differ, so their times mean nothing")
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(arguments.rounds):
        for worker in workers:
            for action in worker.actions:
                times.setdefault((worker.kind, action), []).append(worker.seconds(action))
    for worker in workers:
        worker.close()
    return times


def report(resolution: int, times: dict[tuple[str, str], list[float]]) -> None:
    """Print a table of milliseconds and of ratios to the plain full frame."""
    full, ours = times[PLAIN, "full frame"], times[OURS, "full frame"]
    print(f"{'':42} {'median ms':>9} {'best ms':>9} {'plain / this':>13} {'of best':>8}")
    for (kind, action), seconds in times.items():
        print(
            f"{f'{kind}: {action}':42} {statistics.median(seconds) * 1e3:9.1f} {min(seconds) * 1e3:9.1f}"
            f" {ratio(full, seconds):13.2f} {min(full) / min(seconds):8.2f}"
        )
    if resolution in FULL_FRAME_TARGETS:
        faster, target = ratio(full, ours), FULL_FRAME_TARGETS[resolution]
        verdict(f"full frame {faster:.2f} times as fast", faster >= target, f">= {target}")
    coarse = ratio(full, times[OURS, "first picture at 32 px"])
    verdict(
        f"first coarse picture {coarse:.1f} times as fast", coarse >= COARSE_TARGET, f">= {COARSE_TARGET}"
    )
    refined = ratio(times[OURS, "64 px, then on to the full frame"], ours)
    verdict(
        f"coarse, then sharp: {refined:.3f} of a direct frame",
        refined <= REFINE_TARGET,
        f"<= {REFINE_TARGET}",
    )


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """The median over the rounds: both of a round ran at nearly the same time, under the same load."""
    return statistics.median(n / d for n, d in zip(numerator, denominator, strict=True))


def verdict(figure: str, reached: bool, target: str) -> None:
    print(f"{'reached' if reached else 'MISSED '}  {figure} ({target})")


# The workers: render when asked.


def work(arguments: argparse.Namespace) -> None:
    """Answer each line of stdin, an action's name, with the seconds it took."""
    from latent_studio.engine.allocator import tune_allocator

    if arguments.worker != PLAIN:
        tune_allocator()

    import numpy as np
    import torch

    torch.set_num_threads(arguments.threads)
    with torch.inference_mode():
        actions = _plain_actions(arguments) if arguments.worker != OURS else _our_actions(arguments)
        for action in actions.values():
            picture = action()
            if not arguments.picture.exists():
                np.save(arguments.picture, picture.numpy())
        print(json.dumps(list(actions)), flush=True)
        for line in sys.stdin:
            action = actions[line.strip()]
            started = time.perf_counter()
            action()
            print(time.perf_counter() - started, flush=True)


def _ws(generator: Generator) -> Tensor:
    import torch

    return generator.map(torch.randn(1, 512, generator=torch.Generator().manual_seed(1)))


def _plain_actions(arguments: argparse.Namespace) -> dict[str, Callable[[], Tensor]]:
    from _plain_stylegan2 import synthesize

    from latent_studio.generators.catalog import build_generator
    from latent_studio.generators.random_stylegan2 import random_checkpoint

    checkpoint = random_checkpoint(arguments.resolutions[0])
    ws = _ws(build_generator(checkpoint))
    return {"full frame": lambda: synthesize(checkpoint.tensors, ws)}


def _our_actions(arguments: argparse.Namespace) -> dict[str, Callable[[], Tensor]]:
    from latent_studio.engine.calibrate import calibrate
    from latent_studio.generators.catalog import build_generator
    from latent_studio.generators.random_stylegan2 import random_checkpoint

    generator = build_generator(random_checkpoint(arguments.resolutions[0]))
    if not arguments.uncalibrated:
        generator, _ = calibrate(generator)
    ws, noise = _ws(generator), generator.noise_maps("const")
    stages = generator.stages
    states: list[tuple[Features | None, Tensor | None]] = [(None, None)]

    def run(first: int, last: int) -> Tensor:
        """Run stages from what was kept before the first one; keep nothing."""
        features, rgb = states[first]
        for stage in stages[first : last + 1]:
            features = stage.run(features, rgb, ws, noise)
            rgb = stage.to_rgb(features, ws)
        assert rgb is not None
        return rgb

    for stage in stages:
        features = stage.run(*states[-1], ws, noise)
        states.append((features, stage.to_rgb(features, ws)))
    index = {stage.resolution: number for number, stage in enumerate(stages)}
    last = len(stages) - 1

    def coarse_then_sharp() -> Tensor:
        features = rgb = None
        for stage in stages:
            features = stage.run(features, rgb, ws, noise)
            rgb = stage.to_rgb(features, ws)
            if stage.resolution == 64:
                # What a window would show meanwhile.
                (rgb[0].clamp(-1, 1) * 127.5 + 128).byte()
        assert rgb is not None
        return rgb

    actions: dict[str, Callable[[], Tensor]] = {
        "full frame": lambda: generator.synthesize(ws),
        "64 px, then on to the full frame": coarse_then_sharp,
        "first picture at 32 px": lambda: run(0, index[32]),
        "first picture at 64 px": lambda: run(0, index[64]),
    }
    for side, number in index.items():
        if side >= 32:
            actions[f"again from the {side} px block on"] = lambda number=number: run(number, last)
    return actions


if __name__ == "__main__":
    main()
