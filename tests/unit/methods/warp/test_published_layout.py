"""What the published program does with the folder of a training, written out, against what this program does.

It makes its module from ``args.json``, fills it by ``load_state_dict`` and steps along the field of a set
that a mask picks, without any number of ours.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from latent_studio.app.direction_import import import_directions
from latent_studio.app.tasks.pool_traverse import paths_file
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.methods.warp.runs import WarpRun
from latent_studio.methods.warp.train import train
from latent_studio.methods.warp.trainer import WarpTrainer
from tests.helpers.warp_runs import MODEL, settings, tiny_generator

if TYPE_CHECKING:
    from pathlib import Path

#: The published program's options, as its ``train.py`` writes them all.
OPTIONS = {
    "gan_type", "z_truncation", "biggan_target_classes", "stylegan2_resolution", "shift_in_w_space",
    "num_support_sets", "num_support_dipoles", "learn_alphas", "learn_gammas", "gamma", "support_set_lr",
    "reconstructor_type", "min_shift_magnitude", "max_shift_magnitude", "reconstructor_lr", "max_iter",
    "batch_size", "lambda_cls", "lambda_reg", "log_freq", "ckp_freq", "tensorboard", "cuda",
}  # fmt: skip


class Published(nn.Module):
    """The module that the published program makes of ``args.json``."""

    def __init__(self, args: dict, dim: int) -> None:
        super().__init__()
        sets, vectors = args["num_support_sets"], 2 * args["num_support_dipoles"]
        self.shape, self.learn_gammas = (vectors, dim), args["learn_gammas"]
        self.gamma = 1 / dim if args["gamma"] is None else args["gamma"]
        self.SUPPORT_SETS = nn.Parameter(torch.zeros(sets, vectors * dim))
        self.ALPHAS = nn.Parameter(torch.zeros(sets, vectors))
        self.LOGGAMMA = nn.Parameter(torch.zeros(sets, 1))

    def forward(self, mask: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        vectors = (mask @ self.SUPPORT_SETS).reshape(-1, *self.shape)
        alphas = (mask @ self.ALPHAS)[:, :, None]
        gammas = (mask @ self.LOGGAMMA).exp()[:, :, None] if self.learn_gammas else self.gamma
        off = z[:, None] - vectors
        field = -2 * (alphas * gammas * torch.exp(-gammas * off.square().sum(2, keepdim=True)) * off).sum(1)
        return field / field.norm(dim=1, keepdim=True)


@pytest.mark.parametrize(("gamma", "learned"), [(None, True), (None, False), (0.2, False)])
def test_the_published_program_walks_our_folder_as_this_program_does(
    tmp_path: Path, gamma: float | None, learned: bool
) -> None:
    generator = tiny_generator(tmp_path)
    wanted = settings(gamma=gamma, learn_gammas=learned, learn_alphas=learned)
    trainer, run = WarpTrainer(generator, wanted), WarpRun(tmp_path / "run")
    run.begin(MODEL, wanted, trainer)
    train(trainer, run, progress=ignore_progress, cancel=CancelToken())

    args = json.loads((run.folder / "args.json").read_text())
    assert set(args) >= OPTIONS
    published = Published(args, generator.spec.w_dim)
    state = torch.load(run.folder / "models" / "support_sets.pt", map_location="cpu", weights_only=True)
    published.load_state_dict(state)

    paths = import_directions(paths_file(run.folder), generator.spec).directions
    start = np.random.default_rng(0).normal(size=generator.spec.w_dim).astype(np.float32)
    for k, path in enumerate(paths):
        mask = torch.zeros(1, args["num_support_sets"])
        mask[0, k] = 1
        for step in (path.step_length, -path.step_length):
            # This program takes midpoints where the published one takes the start of a step.
            point = torch.from_numpy(start)[None]
            for _ in range(3):
                halfway = point + step / 2 * published(mask, point).detach()
                point = point + step * published(mask, halfway).detach()
            ours = path.move(np.tile(start, (generator.spec.num_ws, 1)), 3 * step)
            assert np.abs(ours[0] - point.numpy()[0]).max() < 1e-5

    stats = json.loads((run.folder / "stats.json").read_text())
    for entry in stats.values():
        assert all(math.isfinite(entry[name]) for name in ("accuracy", "classification_loss"))
        assert entry["total_loss"] == pytest.approx(
            args["lambda_cls"] * entry["classification_loss"] + args["lambda_reg"] * entry["regression_loss"],
            rel=1e-4,
        )
