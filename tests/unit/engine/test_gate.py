"""The gate lets one through at a time, interactive work first."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from latent_studio.engine.gate import PriorityGate

if TYPE_CHECKING:
    from collections.abc import Callable


class Walker:
    """A thread that goes through the gate once, writes its name down and waits to be let out."""

    def __init__(self, gate: PriorityGate, kind: str, name: str, log: list[str]) -> None:
        self.entered = threading.Event()
        self._may_leave = threading.Event()
        self._thread = threading.Thread(target=self._walk, args=(getattr(gate, kind), name, log))
        self._thread.start()

    def _walk(self, enter: Callable[[], object], name: str, log: list[str]) -> None:
        with enter():  # type: ignore[attr-defined]
            log.append(name)
            self.entered.set()
            assert self._may_leave.wait(20)

    def let_go(self) -> None:
        self._may_leave.set()

    def leave(self) -> None:
        self.let_go()
        self._thread.join(20)
        assert not self._thread.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    """Spin until another thread has come to where it blocks; there is no event for "now blocked"."""
    tick = threading.Event()
    for _ in range(10_000):
        if condition():
            return
        tick.wait(0.001)
    raise AssertionError("it never happened")


def test_interactive_work_overtakes_background_work_that_waited_longer() -> None:
    gate = PriorityGate(patience_seconds=60)
    log: list[str] = []
    first = Walker(gate, "background", "job 1", log)
    assert first.entered.wait(20)
    # Several, so that the frame does not win by luck.
    others = [Walker(gate, "background", f"job {number}", log) for number in range(2, 9)]
    wait_for(lambda: gate.waiting == (0, 7))
    frame = Walker(gate, "interactive", "frame", log)
    wait_for(lambda: gate.waiting == (1, 7))

    first.leave()
    assert frame.entered.wait(20)
    assert not any(other.entered.is_set() for other in others)
    frame.leave()
    for other in others:
        other.let_go()
    for other in others:
        other.leave()

    assert log[:2] == ["job 1", "frame"]
    assert len(log) == 9


def test_background_work_holds_back_while_interactive_work_waits_even_at_an_open_gate() -> None:
    gate = PriorityGate(patience_seconds=60)
    log: list[str] = []
    # As in the moment between one thread leaving and the frame waking up, which is too short to meet.
    gate._interactive_waiting = 1
    job = Walker(gate, "background", "job", log)
    wait_for(lambda: gate.waiting == (1, 1))
    assert not job.entered.is_set()
    with gate._condition:
        gate._interactive_waiting = 0
        gate._condition.notify_all()
    assert job.entered.wait(20)
    job.leave()


def test_no_background_step_slips_in_between_the_steps_of_a_frame() -> None:
    gate = PriorityGate(patience_seconds=60)
    log: list[str] = []
    with gate.attended():
        job = Walker(gate, "background", "job", log)
        wait_for(lambda: gate.waiting == (0, 1))
        for stage in ("stage 1", "stage 2"):
            with gate.interactive():
                log.append(stage)
            # Time for the job to take the open gate, if it might.
            assert not job.entered.wait(0.02)
    assert job.entered.wait(20)
    job.leave()
    assert log == ["stage 1", "stage 2", "job"]


def test_only_one_thread_is_inside() -> None:
    gate = PriorityGate()
    log: list[str] = []
    first = Walker(gate, "interactive", "first", log)
    assert first.entered.wait(20)
    others = [Walker(gate, kind, kind, log) for kind in ("interactive", "background")]
    wait_for(lambda: gate.waiting == (1, 1))
    assert log == ["first"]
    first.leave()
    for other in others:
        assert other.entered.wait(20)
        other.leave()
    assert log == ["first", "interactive", "background"]


def test_a_background_step_that_waited_too_long_goes_next() -> None:
    gate = PriorityGate(patience_seconds=0)
    log: list[str] = []
    watching = Walker(gate, "interactive", "frame 1", log)
    assert watching.entered.wait(20)
    job = Walker(gate, "background", "job", log)
    wait_for(lambda: gate.waiting == (0, 1))
    # Its patience of zero is over as soon as it has looked at the clock once more.
    wait_for(lambda: gate._overdue == 1)
    more = Walker(gate, "interactive", "frame 2", log)
    wait_for(lambda: gate.waiting == (1, 1))

    watching.leave()
    assert job.entered.wait(20)
    assert not more.entered.is_set()
    job.leave()
    assert more.entered.wait(20)
    more.leave()

    assert log == ["frame 1", "job", "frame 2"]


@pytest.mark.parametrize("outer", ["interactive", "background"])
@pytest.mark.parametrize("inner", ["interactive", "background"])
def test_entering_twice_is_an_error_instead_of_a_deadlock(outer: str, inner: str) -> None:
    gate = PriorityGate()
    with getattr(gate, outer)(), pytest.raises(RuntimeError, match="already"), getattr(gate, inner)():
        pass


def test_an_exception_inside_opens_the_gate_again() -> None:
    gate = PriorityGate()
    with pytest.raises(ValueError, match="broken"), gate.interactive():
        raise ValueError("broken")
    with gate.background():
        pass
