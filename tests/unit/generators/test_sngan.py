"""SNGAN: sizes read off tensors, convolutions that are stored twice, and what is refused."""

from __future__ import annotations

import itertools

import pytest
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import MissingWeightsError
from latent_studio.generators.catalog import build_generator
from latent_studio.testing import check_generator


def state_dict(widths=(8, 6, 6, 4), *, channels=3, side=4, z_dim=5):
    """Random weights in the layout of WarpedGANSpace, each convolution of a block twice."""
    rng = torch.Generator().manual_seed(0)
    state = {}

    def normal(name, *shape):
        state[f"{name}.weight"] = torch.randn(shape, generator=rng) / 4
        state[f"{name}.bias"] = torch.randn(shape[:1], generator=rng) / 4

    def norm(name, width):
        for part in ("weight", "bias", "running_mean"):
            state[f"{name}.{part}"] = torch.randn(width, generator=rng)
        state[f"{name}.running_var"] = torch.rand(width, generator=rng) + 0.5
        state[f"{name}.num_batches_tracked"] = torch.tensor(9)

    normal("model.0", widths[0] * side * side, z_dim)
    for place, (below, width) in enumerate(itertools.pairwise(widths), start=2):
        block = f"model.{place}"
        norm(f"{block}.model.0", below)
        normal(f"{block}.model.3", width, below, 3, 3)
        norm(f"{block}.model.4", width)
        normal(f"{block}.model.6", width, width, 3, 3)
        for name, twin in (("conv1", "model.3"), ("conv2", "model.6")):
            for part in ("weight", "bias"):
                state[f"{block}.{name}.{part}"] = state[f"{block}.{twin}.{part}"]
        if below != width:
            normal(f"{block}.bypass.1", width, below, 3, 3)
    last = len(widths) + 1
    norm(f"model.{last}", widths[-1])
    normal(f"model.{last + 2}", channels, widths[-1], 3, 3)
    return state


@pytest.fixture
def save(tmp_path):
    def save_and_open(content):
        torch.save(content, tmp_path / "generator.bin")
        return open_checkpoint(tmp_path / "generator.bin")

    return save_and_open


def picture(generator):
    z = torch.randn(1, generator.spec.z_dim, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        return generator.synthesize(generator.map(z))


@pytest.mark.parametrize(
    "sizes",
    [{}, {"widths": (6, 6, 6, 6), "channels": 1}, {"widths": (4, 3), "side": 3, "channels": 4}],
    ids=["rgb", "grey", "one block"],
)
def test_every_size_keeps_the_protocol(save, sizes):
    check_generator(build_generator(save(state_dict(**sizes))))


def test_sizes_are_read_off_tensors(save):
    spec = build_generator(save(state_dict((7, 5, 5), channels=1, side=6, z_dim=9))).spec

    assert (spec.z_dim, spec.w_dim, spec.num_ws, spec.c_dim, spec.has_mapping) == (9, 9, 1, 0, False)
    assert (spec.resolution, spec.channels) == (24, 1)
    assert spec.stage_resolutions == (6, 12, 24)


@pytest.mark.parametrize("dropped", ["conv", "model"])
def test_a_file_may_hold_shared_convolutions_once(save, dropped):
    state = state_dict()
    twins = ("conv1", "conv2") if dropped == "conv" else ("model.3", "model.6")
    once = {name: tensor for name, tensor in state.items() if not any(f".{twin}." in name for twin in twins)}

    assert len(once) < len(state)
    assert torch.equal(picture(build_generator(save(once))), picture(build_generator(save(state))))


def test_twins_that_differ_are_read_as_pytorch_does_and_noted(save):
    state = state_dict()
    want = picture(build_generator(save(state)))
    state["model.3.conv2.weight"] = torch.zeros_like(state["model.3.conv2.weight"])
    checkpoint = save(state)

    assert torch.equal(picture(build_generator(checkpoint)), want)
    (note,) = checkpoint.provenance.notes
    assert "model.3.conv2.weight" in note


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("model.3.model.6.bias", None),
        ("model.5.running_mean", None),
        ("model.2.bypass.1.weight", None),
        ("model.7.weight", torch.zeros(3, 5, 3, 3)),
        ("model.3.model.4.weight", torch.zeros(2)),
        ("model.0.weight", torch.full((128, 5), torch.nan)),
    ],
)
def test_a_spoilt_tensor_is_named(save, name, change):
    state = state_dict()
    if change is None:
        del state[name]
    else:
        state[name] = change

    with pytest.raises(MissingWeightsError, match=name) as caught:
        build_generator(save(state))
    assert caught.value.hint


def test_a_block_that_is_missing_is_named(save):
    state = {name: tensor for name, tensor in state_dict().items() if not name.startswith("model.3.")}

    with pytest.raises(MissingWeightsError, match=r"model\.3\."):
        build_generator(save(state))


def test_blocks_in_another_order_are_noticed(save):
    swap = {"model.2.": "model.4.", "model.4.": "model.2."}
    state = {swap.get(name[:8], name[:8]) + name[8:]: tensor for name, tensor in state_dict().items()}

    with pytest.raises(MissingWeightsError):
        build_generator(save(state))


def test_a_tensor_too_many_is_named(save):
    with pytest.raises(MissingWeightsError, match="labels"):
        build_generator(save({**state_dict(), "labels.weight": torch.zeros(3, 3)}))


def test_a_dense_layer_that_fills_no_square_is_refused(save):
    state = {**state_dict(), "model.0.weight": torch.zeros(120, 5), "model.0.bias": torch.zeros(120)}

    with pytest.raises(MissingWeightsError, match=r"dense\.weight"):
        build_generator(save(state))


def test_sefa_gets_the_dense_layer(save):
    state = state_dict()
    (style,) = build_generator(save(state)).style_weights()

    assert torch.equal(style.weight, state["model.0.weight"])
