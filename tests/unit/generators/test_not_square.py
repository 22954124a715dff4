"""Networks whose constant is not 4 x 4: pictures of its shape, from the file to the film."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import MissingWeightsError
from latent_studio.engine.estimate import estimate
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.conv_plan import ConvPlan
from latent_studio.generators.random_stylegan2 import random_checkpoint
from latent_studio.testing import check_generator
from tests.helpers.foreign_stylegan2 import (
    in_genforce_names,
    in_mmgeneration_names,
    in_rosinality_names,
    picture_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.checkpoints.checkpoint import Checkpoint

#: Rows and columns of the constants tried: wide, high, and neither a power of two.
BASES = [(4, 8), (6, 4), (3, 5)]


def network(base: tuple[int, int], **more: str) -> Checkpoint:
    return random_checkpoint(
        16, z_dim=10, w_dim=12, channel_base=128, channel_max=8, mapping_layers=2, base=base, **more
    )


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("architecture", ["skip", "resnet"])
def test_it_keeps_the_protocol(base: tuple[int, int], architecture: str) -> None:
    generator = build_generator(network(base, architecture=architecture))
    check_generator(generator)
    assert generator.spec.picture_size == (4 * base[0], 4 * base[1])


@pytest.mark.parametrize("base", BASES)
def test_every_form_of_a_layer_gives_the_same_picture(base: tuple[int, int]) -> None:
    generator = build_generator(network(base))
    ws = generator.map(torch.randn(1, 10, generator=torch.Generator().manual_seed(0)))
    plain = generator.with_plan(ConvPlan()).synthesize(ws)
    tried = 0
    for layer in generator.layer_names:
        for form in generator.layer_forms(layer)[1:]:
            picture = generator.with_plan(ConvPlan({layer: form})).synthesize(ws)
            torch.testing.assert_close(picture, plain, atol=1e-4, rtol=0)
            assert generator.layer_call(layer, form)().shape[0] == 1
            tried += 1
    assert tried > len(generator.layer_names)


@pytest.mark.parametrize(
    ("names", "wrapped"),
    [
        (in_rosinality_names, lambda tensors: {"g_ema": tensors}),
        (
            in_mmgeneration_names,
            lambda tensors: {"state_dict": {f"generator.{k}": v for k, v in tensors.items()}},
        ),
        (in_genforce_names, lambda tensors: {"generator_smooth": tensors}),
    ],
    ids=["rosinality", "mmgeneration", "genforce"],
)
def test_files_of_other_programs_keep_their_shape(names, wrapped, tmp_path: Path) -> None:
    checkpoint = network((4, 6))
    torch.save(wrapped(names(checkpoint)), tmp_path / "wide.pt")
    opened = open_checkpoint(tmp_path / "wide.pt")
    assert picture_of(opened).shape == (1, 3, 16, 24)
    # Where the file has no mean of w it is estimated; with it the pictures are the same.
    same = replace(opened, tensors={**opened.tensors, "mapping.w_avg": checkpoint.tensors["mapping.w_avg"]})
    torch.testing.assert_close(picture_of(same), picture_of(checkpoint), atol=1e-5, rtol=0)


def test_a_constant_without_end_is_refused() -> None:
    checkpoint = network((4, 4))
    tensors = {**checkpoint.tensors, "synthesis.b4.const": torch.zeros(8, 1, 4096)}
    with pytest.raises(MissingWeightsError, match="1 x 4096"):
        build_generator(replace(checkpoint, tensors=tensors))


def test_its_memory_is_estimated_by_its_area() -> None:
    square, wide = network((4, 4)), network((4, 8))
    one, other = (estimate(each.tensors, build_generator(each).spec) for each in (square, wide))
    assert other.multiply_adds == pytest.approx(2 * one.multiply_adds)
    assert other.stage_bytes == tuple(2 * size for size in one.stage_bytes)
