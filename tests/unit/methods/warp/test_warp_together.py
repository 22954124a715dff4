"""Two processes that train together: the same as one with the joined batch, and going on after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from latent_studio.methods.warp.reconstructor import Reconstructor
from tests.helpers.model_files import write_tiny_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[4]
#: Rounding differs: sums over a batch are taken in two parts. A single step moves a number by 1e-4.
TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "small.safetensors", resolution=32)


def command(model: Path, out: Path, *, processes: int, iterations: int = 6) -> list[str]:
    train = [
        *("-m", "latent_studio", "--device", "cpu", "warp", "train", str(model), "--out", str(out)),
        *("-K", "3", "-D", "2", "--reconstructor", "LeNet", "--batch-size", "8", "--learn-gammas"),
        *("--iterations", str(iterations), "--log-every", "2", "--checkpoint-every", "2", "--quiet"),
    ]
    if processes == 1:
        return [sys.executable, *train]
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    return [sys.executable, *launcher, *train]


def environment(profile: Path) -> dict[str, str]:
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "LATENT_STUDIO_PROFILE": str(profile),
    }


def run(words: list[str], profile: Path) -> str:
    done = subprocess.run(
        words, env=environment(profile), cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def learned(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "models" / "checkpoint.safetensors")


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    """The same paths, and reconstructors that answer the same.

    Weights are not compared one by one: a bias before a batch norm has no effect and no gradient but
    rounding, which Adam makes steps of.
    """
    assert set(one) == set(other)
    for name in ("vectors", "log_gammas"):
        assert torch.allclose(one[f"support_sets.{name}"], other[f"support_sets.{name}"], atol=TOLERANCE), (
            name
        )
    answers = []
    for state in (one, other):
        network = Reconstructor("LeNet", 3)
        head = "reconstructor."
        network.load_state_dict({key[len(head) :]: t for key, t in state.items() if key.startswith(head)})
        pictures = torch.randn(2, 8, 3, 32, 32, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            answers.append(network(pictures[0], pictures[1])[0])
    assert torch.allclose(answers[0], answers[1], atol=1e-3)
    assert torch.allclose(one["stats.paths"], other["stats.paths"])
    assert torch.equal(one["rng"], other["rng"])


def test_two_processes_learn_what_one_learns_from_the_joined_batch(model: Path, tmp_path: Path) -> None:
    run(command(model, tmp_path / "one", processes=1), tmp_path / "profile")
    printed = run(command(model, tmp_path / "two", processes=2), tmp_path / "profile")
    assert printed.count("support_sets.safetensors") == 1
    assert_same(learned(tmp_path / "one"), learned(tmp_path / "two"))


def test_a_killed_process_ends_the_crew_and_the_training_goes_on_from_its_checkpoint(
    model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    words = command(model, out, processes=2, iterations=100_000)
    with subprocess.Popen(
        words,
        env=environment(tmp_path / "profile"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as crew:
        try:
            _wait_for_iteration(out, 2, crew)
            os.kill(_a_worker_of(crew.pid), signal.SIGKILL)
            assert crew.wait(timeout=120) != 0
        finally:
            if crew.poll() is None:
                os.killpg(crew.pid, signal.SIGKILL)
    kept = int(learned(out)["iteration"])
    assert kept >= 2
    # Whatever it reached, one process goes on from there to where a whole training would be.
    target = str(kept + 4)
    run(
        [
            sys.executable,
            "-m",
            "latent_studio",
            "--device",
            "cpu",
            "warp",
            "resume",
            str(out),
            "--iterations",
            target,
            "--quiet",
        ],
        tmp_path / "profile",
    )
    whole = command(model, tmp_path / "whole", processes=1, iterations=kept + 4)
    run(whole, tmp_path / "profile")
    assert_same(learned(tmp_path / "whole"), learned(out))


def _wait_for_iteration(out: Path, iteration: int, crew: subprocess.Popen[bytes]) -> None:
    """Until a checkpoint of it is there; a folder is looked at, so there is nothing to be woken by."""
    path = out / "models" / "checkpoint.safetensors"
    for _ in range(2000):
        assert crew.poll() is None, "the crew ended by itself"
        if path.exists() and int(learned(out)["iteration"]) >= iteration:
            return
        try:
            crew.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("no checkpoint came")


def _a_worker_of(launcher: int) -> int:
    import psutil

    workers = [p for p in psutil.Process(launcher).children() if "latent_studio" in " ".join(p.cmdline())]
    return workers[-1].pid
