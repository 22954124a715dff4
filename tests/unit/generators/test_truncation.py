"""Truncation."""

from __future__ import annotations

import pytest
import torch

from latent_studio.generators.truncation import truncate

WS = torch.arange(12, dtype=torch.float32).view(1, 3, 4)
W_AVG = torch.full((4,), 2.0)


@pytest.mark.parametrize("psi", [-0.5, 0.0, 0.3, 0.7, 1.3])
def test_rows_are_pulled_by_the_formula(psi):
    torch.testing.assert_close(truncate(WS, W_AVG, psi=psi), W_AVG + psi * (WS - W_AVG))


def test_only_the_first_rows_are_pulled():
    cut = truncate(WS, W_AVG, psi=0.0, cutoff=2)

    assert torch.equal(cut[:, :2], W_AVG.expand(1, 2, 4))
    assert torch.equal(cut[:, 2:], WS[:, 2:])


@pytest.mark.parametrize(("psi", "cutoff"), [(1.0, None), (0.5, 0)])
def test_nothing_to_do_gives_the_argument_itself(psi, cutoff):
    assert truncate(WS, W_AVG, psi=psi, cutoff=cutoff) is WS


def test_a_cutoff_beyond_the_last_row_means_all():
    assert torch.equal(truncate(WS, W_AVG, psi=0.5, cutoff=99), truncate(WS, W_AVG, psi=0.5))


def test_the_argument_is_not_written_to():
    ws = WS.clone()

    truncate(ws, W_AVG, psi=0.5, cutoff=1)

    assert torch.equal(ws, WS)


@pytest.mark.parametrize("cutoff", [None, 2])
def test_numbers_that_say_the_class_are_left_alone(cutoff):
    cut = truncate(WS, W_AVG, psi=0.3, cutoff=cutoff, class_dims=1)

    assert torch.equal(cut[..., 3:], WS[..., 3:])
    assert torch.equal(cut[..., :3], truncate(WS[..., :3], W_AVG[:3], psi=0.3, cutoff=cutoff))
