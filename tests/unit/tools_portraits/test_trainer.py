"""Training: repeatable, resumable, and aimed at the right pictures."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
import torch

from tools.portraits.batches import BatchPlan, make_batch, reconstruction_loss, twin_loss
from tools.portraits.evaluation import held_out_psnr
from tools.portraits.latents import latent_code
from tools.portraits.network import Generator, Shape, w_blocks
from tools.portraits.renderer import Rendering
from tools.portraits.trainer import Phase, Recipe, Trainer

if TYPE_CHECKING:
    from pathlib import Path

    from tools.portraits.trainer import Progress

RECIPE = Recipe(
    shape=Shape(channels=(8, 8, 8), w_dim=80),
    phases=(Phase(16, 6, 5e-3, 1e-3),),
    batch=2,
    processes=1,
    gentle_pose_steps=2,
)


def _ignore(progress: Progress) -> None:
    assert progress.loss > 0


def _weights(trainer: Trainer) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in trainer.average.parameters()])


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "halves").mkdir()
    whole = Trainer(RECIPE, tmp_path / "whole")
    whole.run(_ignore)
    first = Trainer(RECIPE, tmp_path / "halves")
    first.run(_ignore, last_step=3)
    first.save()
    second = Trainer(RECIPE, tmp_path / "halves")
    assert second.step == 3
    second.run(_ignore)
    assert torch.equal(_weights(second), _weights(whole))


def test_training_brings_the_pictures_nearer(tmp_path: Path) -> None:
    code = latent_code()
    recipe = dataclasses.replace(RECIPE, phases=(Phase(16, 60, 1e-2, 2e-3),))
    trainer = Trainer(recipe, tmp_path)
    before = held_out_psnr(trainer.average, code, count=16, resolution=16)
    trainer.run(_ignore)
    assert held_out_psnr(trainer.average, code, count=16, resolution=16) > before + 0.3


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    Trainer(RECIPE, tmp_path).save()
    other = dataclasses.replace(RECIPE, shape=Shape(channels=(8, 8), w_dim=80))
    with pytest.raises(ValueError, match="another shape"):
        Trainer(other, tmp_path)


def test_a_failed_save_leaves_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(RECIPE, tmp_path)
    trainer.save()
    before = trainer.checkpoint.read_bytes()

    def fail(state: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        trainer.save()
    assert trainer.checkpoint.read_bytes() == before


def test_training_keeps_the_groups_apart(tmp_path: Path) -> None:
    trainer = Trainer(RECIPE, tmp_path)
    before = {name: value.detach().clone() for name, value in trainer.network.named_parameters()}
    trainer.run(_ignore)
    for name, value in trainer.network.named_parameters():
        fixed = trainer.network.free(name, value) == 0
        assert torch.equal(value[fixed], before[name][fixed]), name


def test_a_recipe_survives_the_way_through_json() -> None:
    import json

    assert Recipe.from_json(json.dumps(dataclasses.asdict(RECIPE))) == RECIPE


def test_the_rate_falls_within_a_phase_and_starts_again_in_the_next() -> None:
    recipe = dataclasses.replace(RECIPE, phases=(Phase(8, 100, 2e-3, 1e-4), Phase(16, 100, 1e-3, 1e-4)))
    assert recipe.at(60)[1] > recipe.at(90)[1] > 1e-4
    phase, rate = recipe.at(160)
    assert phase.resolution == 16
    assert 1e-4 < rate < 1e-3
    assert recipe.at(500)[1] == 1e-4


def test_twins_are_alike_but_for_one_factor_and_so_are_their_pictures() -> None:
    code, shape = latent_code(), Shape(channels=(8,) * 7)
    torch.manual_seed(0)
    mapping = Generator(shape, code).mapping
    plan = BatchPlan(6, 32, truncated_share=0.0)
    batch = make_batch(mapping, code, plan=plan, num_ws=14, generator=torch.Generator().manual_seed(1))
    assert torch.equal(batch.ws, batch.ws[:, :1].expand_as(batch.ws))
    assert len(batch.ws) == len(batch.target.pictures) == 2 * len(batch.w)
    for person in range(6):
        # A row group's styles follow from its own factors alone, so twins share all but one group.
        before, after = batch.ws[person, 0], batch.ws[person + 6, 0]
        moved = [
            group for group, part in w_blocks(128).items() if (before[part] - after[part]).abs().max() > 0.02
        ]
        assert len(moved) == 1


def test_twins_drawn_alike_lack_their_whole_difference_and_truthful_ones_nothing() -> None:
    random = torch.Generator().manual_seed(1)
    target = torch.rand(4, 3, 32, 32, generator=random) * 2 - 1
    assert twin_loss(target.clone(), target).item() == pytest.approx(0.0, abs=1e-6)
    assert twin_loss(target + 0.5, target).item() == pytest.approx(0.0, abs=1e-5)
    assert twin_loss(target[:2].repeat(2, 1, 1, 1), target).item() == pytest.approx(1.0, abs=0.01)


def test_a_perfect_picture_costs_nothing() -> None:
    target = Rendering(torch.rand(1, 3, 32, 32) * 2 - 1, torch.zeros(1, 1, 32, 32))
    assert reconstruction_loss({32: target.pictures.clone()}, target).item() == pytest.approx(0.0, abs=1e-7)


def test_an_error_on_detail_costs_more_than_the_same_error_elsewhere() -> None:
    detail = torch.zeros(1, 1, 32, 32)
    detail[..., 4:8, 4:8] = 1.0
    target = Rendering(torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)), detail)
    costs = []
    for corner in (4, 20):
        picture = target.pictures.clone()
        picture[..., corner : corner + 4, corner : corner + 4] += 0.5
        costs.append(reconstruction_loss({32: picture}, target).item())
    assert costs[0] > 1.5 * costs[1]
