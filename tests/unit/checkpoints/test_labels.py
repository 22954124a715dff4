"""Names of classes and the word about the average stay with a model through its copies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import safetensors.torch
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.generators.random_stylegan2 import random_checkpoint
from tests.helpers.foreign_stylegan2 import in_rosinality_names, small_skip_network

if TYPE_CHECKING:
    from pathlib import Path


def small(**origin: object):  # type: ignore[no-untyped-def]
    made = random_checkpoint(8, z_dim=4, w_dim=4, c_dim=2, channel_base=32, channel_max=4, mapping_layers=1)
    return replace(made, provenance=replace(made.provenance, **origin))  # type: ignore[arg-type]


def test_they_are_read_back_as_written(tmp_path: Path) -> None:
    write_checkpoint(small(labels=("Katze", "Hund, groß"), averaged=True), tmp_path / "a")
    found = open_checkpoint(tmp_path / "a").provenance
    assert (found.labels, found.averaged) == (("Katze", "Hund, groß"), True)


def test_a_file_that_says_nothing_has_none(tmp_path: Path) -> None:
    write_checkpoint(small(), tmp_path / "a")
    found = open_checkpoint(tmp_path / "a").provenance
    assert (found.labels, found.averaged) == ((), None)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("cat\ndog", ("cat", "dog")),
        ('["a\\u001b[31m", "b"]', ("a?[31m", "b")),
        ("[1, 2]", ()),
        ("{}", ()),
        ("[" * 9999, None),
    ],
)
def test_any_text_is_taken_calmly(tmp_path: Path, text: str, labels: tuple[str, ...] | None) -> None:
    made = small()
    tensors = {name: tensor.contiguous() for name, tensor in made.tensors.items()}
    safetensors.torch.save_file(tensors, tmp_path / "a", {"family": "stylegan2", "labels": text})
    found = open_checkpoint(tmp_path / "a").provenance.labels
    assert labels is None or found == labels


@pytest.mark.parametrize(("keys", "averaged"), [(("g_ema",), True), (("g",), None), (("g", "g_ema"), True)])
def test_the_average_is_told_by_the_files_own_names(
    tmp_path: Path, keys: tuple[str, ...], averaged: bool | None
) -> None:
    network = in_rosinality_names(small_skip_network())
    torch.save({key: dict(network) for key in keys}, tmp_path / "a.pt")
    assert open_checkpoint(tmp_path / "a.pt").provenance.averaged is averaged
