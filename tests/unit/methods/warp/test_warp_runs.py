"""The folder of a training: its layout, resuming bit by bit, full disks and losses that are no numbers."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING

import pytest
import tensorboardX
import torch

from latent_studio.checkpoints.training_state import read_torch_state
from latent_studio.core.errors import Cancelled, CheckpointError, ExportError, InputError, ModelError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.methods.warp import runs
from latent_studio.methods.warp.runs import WarpRun, read_args, read_stats, read_support_sets
from latent_studio.methods.warp.train import train
from latent_studio.methods.warp.trainer import WarpTrainer
from tests.helpers.warp_runs import MODEL, settings, tiny_generator

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.core.jobs import Progress
    from latent_studio.generators.protocol import Generator
    from latent_studio.methods.warp.settings import WarpSettings


@pytest.fixture
def generator(tmp_path: Path) -> Generator:
    return tiny_generator(tmp_path)


def begun(generator: Generator, folder: Path, wanted: WarpSettings) -> tuple[WarpTrainer, WarpRun]:
    trainer, run = WarpTrainer(generator, wanted), WarpRun(folder)
    run.begin(MODEL, wanted, trainer)
    return trainer, run


def run_to_end(trainer: WarpTrainer, run: WarpRun, cancel: CancelToken | None = None) -> None:
    train(trainer, run, progress=ignore_progress, cancel=cancel or CancelToken())


def test_the_folder_has_the_published_layout_and_ours(generator: Generator, tmp_path: Path) -> None:
    trainer, run = begun(generator, tmp_path / "run", settings())
    run_to_end(trainer, run)
    names = {str(path.relative_to(run.folder)) for path in run.folder.rglob("*") if path.is_file()}
    assert {
        "args.json",
        "stats.json",
        "models/support_sets_init.pt",
        "models/support_sets.pt",
        "models/support_sets.safetensors",
        "models/reconstructor.pt",
        "models/checkpoint.safetensors",
    } <= names
    assert any(name.startswith("tensorboard/") for name in names)
    args = json.loads((run.folder / "args.json").read_text())
    assert (args["num_support_sets"], args["num_support_dipoles"], args["shift_in_w_space"]) == (3, 2, True)
    stats = read_stats(run.folder)
    assert list(stats) == [2, 4, 6]
    assert set(stats[2]) == {"accuracy", "classification_loss", "regression_loss", "total_loss"}


def test_torch_reads_the_support_sets_as_a_plain_state_dict(generator: Generator, tmp_path: Path) -> None:
    trainer, run = begun(generator, tmp_path / "run", settings())
    run_to_end(trainer, run)
    by_torch = torch.load(run.folder / "models" / "support_sets.pt", weights_only=True)
    ours = read_support_sets(run.folder)
    by_reader = read_torch_state(run.folder / "models" / "support_sets.pt")
    assert {name: tuple(tensor.shape) for name, tensor in by_torch.items()} == {
        "SUPPORT_SETS": (3, 2 * 2 * 16),
        "ALPHAS": (3, 4),
        "LOGGAMMA": (3, 1),
    }
    for name, tensor in by_torch.items():
        assert torch.equal(tensor, ours[name])
        assert torch.equal(tensor, by_reader[name])


def test_a_cancelled_training_goes_on_to_the_same_bits(generator: Generator, tmp_path: Path) -> None:
    straight, straight_run = begun(generator, tmp_path / "straight", settings())
    run_to_end(straight, straight_run)

    trainer, run = begun(generator, tmp_path / "paused", settings())
    cancel = CancelToken()
    real = trainer.step

    def step() -> object:
        stats = real()
        if trainer.iteration == 4:
            cancel.cancel()
        return stats

    trainer.step = step  # type: ignore[method-assign, assignment]
    with pytest.raises(Cancelled):
        run_to_end(trainer, run, cancel)
    assert run.last_iteration == 4
    resumed, again = WarpTrainer(generator, settings()), WarpRun(run.folder)
    again.load(resumed)
    run_to_end(resumed, again)
    one, other = straight.state(), resumed.state()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert read_stats(straight_run.folder) == read_stats(run.folder)


def test_other_arguments_are_refused_by_name(generator: Generator, tmp_path: Path) -> None:
    _, run = begun(generator, tmp_path / "run", settings())
    with pytest.raises(InputError) as caught:
        run.goes_on(MODEL.sha256, settings(batch_size=8, seed=3))
    assert "--batch-size was 4 and is now 8" in caught.value.title
    assert "--seed was 0 and is now 3" in caught.value.title


def test_another_model_is_refused(generator: Generator, tmp_path: Path) -> None:
    _, run = begun(generator, tmp_path / "run", settings())
    with pytest.raises(InputError, match="training of tiny"):
        run.goes_on("f" * 64, settings())


def test_more_iterations_are_welcome_and_remembered(generator: Generator, tmp_path: Path) -> None:
    _, run = begun(generator, tmp_path / "run", settings())
    run.goes_on(MODEL.sha256, settings(iterations=100))
    assert read_args(run.folder)[1].iterations == 100


def test_a_full_disk_leaves_the_last_good_checkpoint(
    generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, run = begun(generator, tmp_path / "run", settings())
    real = runs.write_state

    def full(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
        if metadata["iteration"] == "6":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, tensors, metadata)

    monkeypatch.setattr(runs, "write_state", full)
    with pytest.raises(ExportError, match=r"disk is full.*iteration 3 is still there"):
        run_to_end(trainer, run)
    assert run.last_iteration == 3
    monkeypatch.undo()
    resumed, again = WarpTrainer(generator, settings()), WarpRun(run.folder)
    again.load(resumed)
    run_to_end(resumed, again)
    assert again.last_iteration == 6


def test_scalars_that_find_no_room_do_not_take_the_place_of_what_is_said_about_the_checkpoint(
    generator: Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, run = begun(generator, tmp_path / "run", settings())

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    close = tensorboardX.SummaryWriter.close

    def close_without_room(writer: object) -> None:
        close(writer)
        no_room()

    monkeypatch.setattr(tensorboardX.SummaryWriter, "close", close_without_room)
    monkeypatch.setattr(runs, "write_state", no_room)
    with pytest.raises(ExportError, match="disk is full"):
        run_to_end(trainer, run)


def test_a_loss_that_is_no_number_stops_and_says_what_is_good(generator: Generator, tmp_path: Path) -> None:
    trainer, run = begun(generator, tmp_path / "run", settings())
    real = trainer.step

    def step() -> object:
        if trainer.iteration == 4:
            with torch.no_grad():
                trainer.support_sets.log_gammas.fill_(float("nan"))
        return real()

    trainer.step = step  # type: ignore[method-assign, assignment]
    with pytest.raises(
        ModelError, match=r"iteration 5\. The training stopped; the checkpoint of iteration 3"
    ):
        run_to_end(trainer, run)
    assert run.last_iteration == 3
    assert all(bool(torch.isfinite(tensor).all()) for tensor in read_support_sets(run.folder).values())


def test_weights_that_are_no_numbers_are_never_saved(generator: Generator, tmp_path: Path) -> None:
    trainer, run = begun(generator, tmp_path / "run", settings())
    real = trainer.step

    def step() -> object:
        stats = real()
        if trainer.iteration == 3:
            with torch.no_grad():
                trainer.support_sets.vectors[0, 0, 0] = float("inf")
        return stats

    trainer.step = step  # type: ignore[method-assign, assignment]
    with pytest.raises(ModelError, match="no longer numbers"):
        run_to_end(trainer, run)
    assert run.last_iteration == 0


def test_progress_has_losses_accuracies_time_left_and_a_strip(generator: Generator, tmp_path: Path) -> None:
    trainer, run = begun(generator, tmp_path / "run", settings())
    reports: list[Progress] = []
    train(trainer, run, progress=reports.append, cancel=CancelToken())
    last = reports[-1]
    assert last.fraction == 1.0
    assert "left" in last.message
    assert {"total_loss", "accuracy", "path_accuracy.0", "path_accuracy.2"} <= set(last.metrics)
    strip = next(report.preview for report in reports if report.preview is not None)
    assert strip.pixels.shape == (3 * 32, 7 * 32, 3)


def test_a_damaged_checkpoint_is_named(generator: Generator, tmp_path: Path) -> None:
    _, run = begun(generator, tmp_path / "run", settings())
    run.checkpoint_path.write_bytes(b"nonsense")
    with pytest.raises(CheckpointError, match=r"checkpoint\.safetensors"):
        run.load(WarpTrainer(generator, settings()))


def test_a_folder_that_is_no_training_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder of a training"):
        read_args(tmp_path)
