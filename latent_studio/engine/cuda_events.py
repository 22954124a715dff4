"""Marks in a CUDA device's queue of work, to take times without making the device wait."""

from __future__ import annotations

import torch


def mark() -> torch.cuda.Event:
    """A mark behind everything queued so far on the current stream."""
    event: torch.cuda.Event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
    event.record()
    return event


def seconds_between(begin: torch.cuda.Event, end: torch.cuda.Event) -> float:
    """The device's time between two marks; waits until it has passed the second."""
    end.synchronize()
    return float(begin.elapsed_time(end)) / 1000
