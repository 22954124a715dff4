"""DeviceChoice: where pictures are computed, and why, in words."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from latent_studio.core.errors import DeviceUnavailableError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

Precision = Literal["fp32", "fp16"]

#: Compute capability from which half precision is faster than single (tensor cores).
_FP16_CAPABILITY = (7, 0)
_NICENESS = 5


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device and how to use it.

    Attributes:
        device: where networks live.
        reason: one sentence for the user.
        threads: of torch's pool on the CPU, at most; a small model takes fewer.
        precision: ``fp16`` lets a generator compute its top resolutions in half precision.
    """

    device: torch.device
    reason: str
    threads: int
    precision: Precision = "fp32"


def choose_device(wanted: str = "auto", *, threads: int | None = None) -> DeviceChoice:
    """Choose a device.

    Args:
        wanted: ``"auto"`` (CUDA if it works, else CPU), ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: CPU threads, at least 1; ``None`` decides by the machine.

    Raises:
        DeviceUnavailableError: the device asked for is not there.
        OptionError: that is no name of a device.
    """
    count = max(1, threads) if threads is not None else default_threads()
    if wanted == "cpu":
        return DeviceChoice(torch.device("cpu"), f"The CPU was asked for; it uses {_threads(count)}.", count)
    if wanted != "auto" and not re.fullmatch(r"cuda(:\d+)?", wanted):
        raise OptionError("--device", f"--device is {wanted!r}, but must be auto, cpu, cuda or cuda:N.")
    device = torch.device("cuda:0" if wanted in ("auto", "cuda") else wanted)
    problem = _cuda_problem(device)
    if problem is None:
        name = torch.cuda.get_device_name(device)
        precision: Precision = (
            "fp16" if torch.cuda.get_device_capability(device) >= _FP16_CAPABILITY else "fp32"
        )
        words = "half precision in the top resolutions" if precision == "fp16" else "single precision"
        why = "was found" if wanted == "auto" else "was asked for"
        return DeviceChoice(device, f"The GPU {name} {why}; it uses {words}.", count, precision)
    if wanted == "auto":
        return DeviceChoice(
            torch.device("cpu"), f"{problem} The CPU computes the pictures with {_threads(count)}.", count
        )
    raise DeviceUnavailableError(
        f"{wanted} was asked for, but is not there: {problem[0].lower()}{problem[1:]}",
        hint="Choose cpu or auto, or install a torch build and a driver that fit the GPU.",
    )


def default_threads() -> int:
    """Threads for torch's pool: what ``OMP_NUM_THREADS`` says, else the free cores.

    From four cores on, one is left to the window. With fewer, a thread less costs more than it helps: the
    render thread has a lower priority, so the window gets its share anyway.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    cores = usable_cores()
    return cores - 1 if cores >= 4 else cores


def usable_cores() -> int:
    """Physical cores this process may use; siblings of one core share its arithmetic and count once."""
    if sys.platform != "linux":
        return max(1, os.cpu_count() or 1)
    logical = os.sched_getaffinity(0)
    topology = Path("/sys/devices/system/cpu")
    cores = set()
    for cpu in logical:
        try:
            cores.add((topology / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text().strip())
        except OSError:
            cores.add(str(cpu))
    return max(1, len(cores))


def apply_threads(choice: DeviceChoice) -> None:
    """Size torch's thread pool, for the calling thread and for all that start to compute later.

    A thread that has computed already keeps its number, because OpenMP counts per thread.
    """
    torch.set_num_threads(choice.threads)


@contextmanager
def limited_threads(count: int) -> Iterator[None]:
    """Compute with ``count`` threads in this thread for a while."""
    before = torch.get_num_threads()
    if before == count:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def lower_thread_priority() -> bool:
    """Let the window go before the calling thread, and before the pool threads it starts from now on.

    Returns:
        Whether the system can do so; only Linux gives each thread a priority of its own this way.
    """
    if sys.platform != "linux":
        return False
    try:
        niceness = min(19, os.getpriority(os.PRIO_PROCESS, os.getpid()) + _NICENESS)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
    except OSError as error:
        logger.debug("thread priority not lowered: %s", error)
        return False
    return True


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"up to {count} threads"


def _cuda_problem(device: torch.device) -> str | None:
    """Why a CUDA device cannot be used, as a sentence; ``None`` when it works."""
    # torch warns about drivers that are too old; we say it in words instead.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not torch.cuda.is_available():
            return "No CUDA device was found."
        count = torch.cuda.device_count()
        if (device.index or 0) >= count:
            return f"This machine has {count} CUDA device{'s' if count > 1 else ''}, numbered from 0."
        try:
            torch.zeros(1, device=device).add_(1).item()
        except RuntimeError as error:
            logger.info("CUDA test failed: %s", error)
            return "The CUDA device does not work with this torch build."
    return None
