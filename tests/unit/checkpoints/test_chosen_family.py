"""A family chosen by hand is taken where it fits and refused in words where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import safetensors.torch
import torch

from latent_studio.checkpoints import room
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.core.errors import OptionError, OutOfMemoryError, UnknownFormatError
from latent_studio.generators.random_stylegan2 import random_checkpoint
from tests.helpers.foreign_stylegan2 import in_rosinality_names, small_skip_network

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    made = random_checkpoint(8, z_dim=4, w_dim=4, channel_base=32, channel_max=4, mapping_layers=1)
    write_checkpoint(made, tmp_path / "ours")
    return tmp_path / "ours"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    torch.save({"g_ema": in_rosinality_names(small_skip_network())}, tmp_path / "theirs.pt")
    return tmp_path / "theirs.pt"


def test_the_right_family_changes_nothing(ours: Path, theirs: Path) -> None:
    for path in (ours, theirs):
        chosen, found = open_checkpoint(path, family="stylegan2"), open_checkpoint(path)
        assert chosen.family == found.family == "stylegan2"
        assert chosen.provenance == found.provenance


@pytest.mark.parametrize("family", ["proggan", "biggan", "stylegan3", "stylegan", "dcgan", "sngan", "mspie"])
def test_a_wrong_family_is_refused_with_the_right_one(ours: Path, theirs: Path, family: str) -> None:
    for path in (ours, theirs):
        with pytest.raises(UnknownFormatError, match="holds a StyleGAN2 generator, and was to be read as"):
            open_checkpoint(path, family=family)


@pytest.mark.parametrize("family", ["stylegan4", "", "StyleGAN2", "\x1b[31m"])
def test_an_unknown_family_is_answered_with_those_there_are(ours: Path, family: str) -> None:
    with pytest.raises(OptionError) as caught:
        open_checkpoint(ours, family=family)
    assert "stylegan2" in caught.value.hint
    assert "\x1b" not in caught.value.title


def test_a_header_that_names_none_takes_the_one_chosen(tmp_path: Path) -> None:
    made = random_checkpoint(8, z_dim=4, w_dim=4, channel_base=32, channel_max=4, mapping_layers=1)
    safetensors.torch.save_file(dict(made.tensors), tmp_path / "bare")
    found = open_checkpoint(tmp_path / "bare", family="stylegan2")
    assert found.family == "stylegan2"
    assert any("as it was asked for" in note for note in found.provenance.notes)


def test_weights_that_cannot_fit_are_refused_before_they_are_read(
    ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "available_bytes", lambda: 1000)
    with pytest.raises(OutOfMemoryError, match="GB of memory"):
        open_checkpoint(ours)
