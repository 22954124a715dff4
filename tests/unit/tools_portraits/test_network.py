"""The trainable generator is the one the program runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.generators.stylegan2 import build_stylegan2
from tools.portraits.factors import COUNT, GROUP_ROWS, group_mask
from tools.portraits.latents import factors_of, latent_code
from tools.portraits.network import Generator, Shape, w_blocks
from tools.portraits.weights_file import LICENCE, read_weights, write_factors, write_weights

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = Shape(channels=(16, 12, 8, 8), w_dim=80)


def _network(seed: int = 0) -> Generator:
    torch.manual_seed(seed)
    return Generator(SHAPE, latent_code())


def test_the_program_shows_what_the_trainer_trained(tmp_path: Path) -> None:
    network = _network()
    write_weights(network, tmp_path / "portraits.safetensors")
    trained = read_weights(tmp_path / "portraits.safetensors")
    checkpoint = open_checkpoint(tmp_path / "portraits.safetensors")
    shown = build_stylegan2(checkpoint)
    z = torch.randn(3, SHAPE.z_dim, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        w = trained.mapping(z)
        expected = trained.synthesis(w[:, None].expand(-1, SHAPE.num_ws, -1))[SHAPE.resolution]
        ws = shown.map(z)
        picture = shown.synthesize(ws)
    assert torch.allclose(ws[:, 0], w, atol=1e-4)
    assert torch.allclose(picture, expected, atol=1e-3)


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    write_weights(_network(), tmp_path / "portraits.safetensors")
    checkpoint = open_checkpoint(tmp_path / "portraits.safetensors")
    assert checkpoint.family == "stylegan2"
    assert checkpoint.provenance.name == "portraits"
    assert checkpoint.provenance.licence == LICENCE
    assert checkpoint.options["mapping_lr_multiplier"] == 1.0
    assert checkpoint.options["architecture"] == "skip"
    assert {tensor.dtype for tensor in checkpoint.tensors.values()} == {torch.float16}


def test_the_same_network_gives_the_same_file(tmp_path: Path) -> None:
    write_weights(_network(), tmp_path / "first.safetensors")
    write_weights(_network(), tmp_path / "second.safetensors")
    first, second = (tmp_path / name for name in ("first.safetensors", "second.safetensors"))
    assert first.read_bytes() == second.read_bytes()


def test_a_smaller_resolution_leaves_the_blocks_above_out(tmp_path: Path) -> None:
    write_weights(_network(), tmp_path / "small.safetensors", resolution=16)
    assert read_weights(tmp_path / "small.safetensors").shape.channels == SHAPE.channels[:3]


def test_the_full_model_stays_under_eight_megabytes() -> None:
    state = Generator(Shape(), latent_code()).state_dict()
    assert sum(tensor.numel() for tensor in state.values()) * 2 < 8_000_000
    assert Shape().resolution == 256


def test_the_mapping_starts_at_the_factors() -> None:
    code = latent_code()
    network = _network()
    scores = code.sample_scores(256, torch.Generator().manual_seed(2))
    w = network.mapping(code.encode(scores, torch.Generator().manual_seed(3))).detach()
    known = torch.linalg.lstsq(torch.cat([w, torch.ones(256, 1)], dim=1), scores).solution
    guess = torch.cat([w, torch.ones(256, 1)], dim=1) @ known
    assert ((guess - scores).square().mean(dim=0) / scores.var(dim=0)).max() < 0.05


def test_a_row_does_not_see_other_groups_part_of_w() -> None:
    shape = Shape(channels=(8,) * 7)
    torch.manual_seed(1)
    network = Generator(shape, latent_code())
    ws = torch.randn(1, shape.num_ws, shape.w_dim, generator=torch.Generator().manual_seed(6))
    changed = ws.clone()
    for group, (first, last) in GROUP_ROWS.items():
        for other, block in w_blocks(shape.w_dim).items():
            if other != group:
                changed[:, first:last, block] += 1.0
    with torch.no_grad():
        assert torch.equal(network.synthesis(ws)[256], network.synthesis(changed)[256])
        changed[:, 4:8, w_blocks(shape.w_dim)["middle"]] += 1.0
        assert not torch.allclose(network.synthesis(ws)[256], network.synthesis(changed)[256])


def test_a_group_of_factors_moves_only_its_part_of_w() -> None:
    code = latent_code()
    network = _network()
    scores = code.sample_scores(4, torch.Generator().manual_seed(2))
    other = scores + group_mask("fine").float()
    before, after = (
        network.mapping(code.encode(s, torch.Generator().manual_seed(3))) for s in (scores, other)
    )
    moved = (after - before).detach().abs().amax(dim=0)
    blocks = w_blocks(SHAPE.w_dim)
    assert moved[blocks["fine"]].max() > 0.1
    assert moved[blocks["coarse"]].max() < 1e-3
    assert moved[blocks["middle"]].max() < 1e-3


def test_early_outputs_are_those_of_the_full_pass() -> None:
    network = _network()
    ws = torch.randn(2, SHAPE.num_ws, SHAPE.w_dim, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        assert torch.equal(network.synthesis(ws, 16)[16], network.synthesis(ws)[16])
        assert max(network.synthesis(ws, 16)) == 16


def test_the_factors_file_is_enough_to_read_a_z(tmp_path: Path) -> None:
    import json

    code = latent_code()
    write_factors(code, tmp_path / "factors.json", num_ws=14)
    document = json.loads((tmp_path / "factors.json").read_text())
    directions = torch.tensor(document["directions"])
    z = torch.randn(4, document["z_dim"], generator=torch.Generator().manual_seed(5))
    unit = z / z.square().mean(dim=1, keepdim=True).sqrt()
    assert len(document["factors"]) == COUNT
    assert torch.allclose(factors_of(unit @ directions.T), code.factors(z), atol=1e-4)
