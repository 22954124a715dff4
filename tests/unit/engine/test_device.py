"""The device is chosen with a reason, and a device that is not there is refused in words."""

from __future__ import annotations

import os
import sys
import threading

import pytest
import torch

from latent_studio.core.errors import DeviceUnavailableError, OptionError
from latent_studio.engine import device as device_module
from latent_studio.engine.device import (
    apply_threads,
    choose_device,
    default_threads,
    lower_thread_priority,
    usable_cores,
)


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("no_cuda")
def test_without_cuda_auto_takes_the_cpu_and_says_why() -> None:
    choice = choose_device(threads=2)
    assert choice.device == torch.device("cpu")
    assert choice.precision == "fp32"
    assert choice.reason == "No CUDA device was found. The CPU computes the pictures with up to 2 threads."


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize("wanted", ["cuda", "cuda:1"])
def test_cuda_asked_for_and_absent_is_refused_with_a_hint(wanted: str) -> None:
    with pytest.raises(DeviceUnavailableError, match=f"{wanted} was asked for, but is not there") as caught:
        choose_device(wanted)
    assert "cpu" in caught.value.hint


@pytest.mark.parametrize("wanted", ["tpu", "cuda:", "cuda:x", "cuda:-1", ""])
def test_a_name_that_is_no_device_is_refused(wanted: str) -> None:
    with pytest.raises(OptionError, match="must be auto, cpu, cuda or cuda:N"):
        choose_device(wanted)


@pytest.mark.parametrize(("capability", "precision"), [((7, 0), "fp16"), ((6, 1), "fp32")])
def test_a_gpu_that_works_is_used_in_the_precision_it_is_good_at(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], precision: str
) -> None:
    monkeypatch.setattr(device_module, "_cuda_problem", lambda device: None)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Test 9000")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    choice = choose_device()
    assert (choice.device, choice.precision) == (torch.device("cuda:0"), precision)
    assert "Test 9000" in choice.reason


def test_a_gpu_number_that_is_too_high_says_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(DeviceUnavailableError, match="this machine has 2 CUDA devices"):
        choose_device("cuda:2")


def test_a_gpu_that_fails_its_test_leaves_auto_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no kernel image is available")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch, "zeros", fail)
    choice = choose_device(threads=1)
    assert choice.device.type == "cpu"
    assert "does not work" in choice.reason


@pytest.mark.parametrize(
    ("asked", "threads"), [("3", 3), ("2,1", 2), ("0", None), ("many", None), ("", None)]
)
def test_the_openmp_variable_decides_the_threads_when_it_is_a_number(
    monkeypatch: pytest.MonkeyPatch, asked: str, threads: int | None
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr(device_module, "usable_cores", lambda: 7)
    assert default_threads() == (threads or 6)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (3, 3), (4, 3), (16, 15)])
def test_a_core_is_left_to_the_window_from_four_on(
    monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(device_module, "usable_cores", lambda: cores)
    assert default_threads() == threads


def test_usable_cores_are_at_most_the_processors() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_apply_threads_sizes_the_pool() -> None:
    before = torch.get_num_threads()
    try:
        apply_threads(choose_device("cpu", threads=before + 1))
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_a_thread_lowers_its_own_priority_only_and_once() -> None:
    def measure() -> None:
        lowered = [lower_thread_priority(), lower_thread_priority()]
        own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) if sys.platform == "linux" else 0
        found.append((lowered, own))

    found: list[tuple[list[bool], int]] = []
    before = os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=measure)
    thread.start()
    thread.join(10)

    on_linux = sys.platform == "linux"
    assert found == [([on_linux, on_linux], min(19, before + 5) if on_linux else 0)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
