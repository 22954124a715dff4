"""Computing: torch, the device with its reason, threads, the allocator, and the speed of a matrix product."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from latent_studio.app.probes.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from latent_studio.app.probes.finding import Examination

_SIDE = 1024
_ROUNDS = 5


def look_at_computing(examination: Examination) -> Iterator[Finding]:
    """Name what computes pictures, and time one matrix product on it.

    Raises:
        DeviceUnavailableError: the device asked for is not there.
    """
    examination.report(0.0, "Starting torch")
    # The engine prepares memory and threads before it imports torch; we must not import it earlier.
    from latent_studio.engine.process import prepare_process

    prepare_process()
    import torch

    from latent_studio.engine.allocator import tune_allocator
    from latent_studio.engine.device import usable_cores

    cuda = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built for the CPU"
    yield Finding("torch", "ok", f"{torch.__version__}, {cuda}, {torch.backends.cpu.get_cpu_capability()}")
    engine = examination.studio.engine
    choice = engine.choice
    yield Finding("device", "ok", f"{choice.device}, {choice.precision}. {choice.reason}")
    yield Finding("threads", "ok", f"at most {choice.threads}; usable cores: {usable_cores()}")
    yield Finding(
        "allocator",
        "ok",
        "keeps freed memory"
        if tune_allocator()
        else "left as the system has it, so large pictures are slower",
    )
    examination.report(0.7, "Timing a matrix product")
    seconds = []
    for _ in range(_ROUNDS + 1):
        examination.cancel.check()
        with engine.gate.background():
            seconds.append(_product_seconds(choice.device, choice.threads))
    # The first product warms the library up.
    median = statistics.median(seconds[1:])
    yield Finding(
        "matrix product",
        "ok",
        f"{_SIDE} x {_SIDE} in {median * 1e3:.1f} ms, {2 * _SIDE**3 / median / 1e9:.0f} GFLOP/s",
    )


def _product_seconds(device: torch.device, threads: int) -> float:
    import torch

    from latent_studio.engine.device import limited_threads

    with torch.inference_mode(), limited_threads(threads):
        matrix = torch.full((_SIDE, _SIDE), 0.5, device=device)
        _wait_for(device)
        started = time.perf_counter()
        torch.mm(matrix, matrix)
        _wait_for(device)
        return time.perf_counter() - started


def _wait_for(device: torch.device) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
