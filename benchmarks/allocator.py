"""What keeping freed memory gains: the same frames in two processes that take turns, tuned and as shipped.

Renders on a second thread, as the program does: glibc gives threads heaps of their own. Only the ratios of
one run can be compared between machines.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from latent_studio.engine.allocator import ENVIRONMENT_SWITCH
from latent_studio.engine.process import prepare_process


def main() -> None:
    arguments = _arguments()
    if arguments.worker:
        work(arguments)
        return
    for resolution in arguments.resolutions:
        tuned, default = (Worker(resolution, arguments, switch=switch) for switch in ("", "default"))
        seconds: dict[Worker, list[float]] = {tuned: [], default: []}
        for _ in range(arguments.rounds):
            for worker, taken in seconds.items():
                taken.append(worker.frame())
        medians = {worker: statistics.median(taken) for worker, taken in seconds.items()}
        print(
            f"{resolution:5} px  as shipped {medians[default] * 1000:7.0f} ms"
            f"  tuned {medians[tuned] * 1000:7.0f} ms  ratio {medians[default] / medians[tuned]:.2f}"
            f"  memory {default.end():.2f} -> {tuned.end():.2f} GB"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resolutions", type=int, nargs="+", default=[256, 512, 1024], metavar="SIDE")
    parser.add_argument("--rounds", type=int, default=5, help="frames each figure is the median of")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--worker", type=int, metavar="SIDE", help=argparse.SUPPRESS)
    return parser.parse_args()


class Worker:
    """A process that renders a frame whenever it is asked."""

    def __init__(self, resolution: int, arguments: argparse.Namespace, *, switch: str) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                __file__,
                f"--worker={resolution}",
                f"--threads={arguments.threads}",
            ],
            env={**os.environ, ENVIRONMENT_SWITCH: switch},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # The first frame warms the libraries up.
        self.frame()

    def frame(self) -> float:
        """Seconds of one frame."""
        return float(self._ask("frame"))

    def end(self) -> float:
        """Stop the process; its peak memory in GB."""
        peak = float(self._ask("end"))
        self._process.wait()
        return peak

    def _ask(self, what: str) -> str:
        if self._process.stdin is None or self._process.stdout is None:
            raise SystemExit("the worker has no pipes")
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"the worker ended with code {self._process.wait()}")
        return answer


def work(arguments: argparse.Namespace) -> None:
    """Answer the parent: the seconds of a frame, and in the end the peak of resident memory."""
    prepare_process()
    import resource

    import torch

    from latent_studio.generators.catalog import build_generator
    from latent_studio.generators.random_stylegan2 import random_checkpoint

    generator = build_generator(random_checkpoint(arguments.worker))

    def answer() -> None:
        torch.set_num_threads(arguments.threads)
        ws = generator.w_avg.expand(1, generator.spec.num_ws, -1)
        for line in sys.stdin:
            if line.strip() == "end":
                peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                print(peak_kb / 2**20, flush=True)
                return
            started = time.perf_counter()
            with torch.inference_mode():
                generator.synthesize(ws)
            print(time.perf_counter() - started, flush=True)

    thread = threading.Thread(target=answer)
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
