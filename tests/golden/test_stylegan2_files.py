"""Official network pickles are read whole and right: names, shapes, options, the averaged generator."""

import os
from pathlib import Path

import numpy as np
import pytest

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint

HERE = Path(__file__).resolve().parent / "data"
ELSEWHERE = Path(os.environ.get("LATENT_STUDIO_GOLDEN", HERE.parents[2].parent / "shared" / "golden"))

DEFAULTS = {
    "architecture": "skip",
    "activation": "lrelu",
    "mapping_activation": "lrelu",
    "mapping_lr_multiplier": 0.01,
    "normalize_together": False,
    "conv_clamp": None,
    "use_noise": True,
    "num_fp16_res": 0,
    "final_tanh": False,
}

#: Case to number of tensors, resolution, channels, z_dim, w_dim, mapping layers, unusual options.
CASES = {
    "a_uncond64_skip": (98, 64, 3, 32, 48, 4, {}),
    "b_cond32_c10": (77, 32, 3, 32, 32, 2, {}),
    "c_resnet32": (71, 32, 3, 24, 32, 3, {"architecture": "resnet"}),
    "d_fp16cfg64_clamp256": (106, 64, 3, 64, 64, 8, {"conv_clamp": 256.0, "num_fp16_res": 4}),
    "e_clamp1p5_asymfilter16": (56, 16, 3, 16, 16, 2, {"conv_clamp": 1.5, "num_fp16_res": 2}),
    "f_orig16_gray_nonoise": (36, 16, 1, 16, 20, 1, {"architecture": "orig", "use_noise": False}),
}


def folder_of(family, case):
    for root in (HERE, ELSEWHERE):
        if (root / family / case / "network.pkl").is_file():
            return root / family / case
    pytest.skip(f"golden data {family}/{case} are not here")


@pytest.fixture(params=CASES)
def case(request):
    return request.param


@pytest.fixture
def opened(case):
    folder = folder_of("stylegan2_ada", case)
    with np.load(folder / "expected.npz") as archive:
        return open_checkpoint(folder / "network.pkl"), dict(archive)


def test_shapes_and_options_are_those_of_the_network(case, opened):
    checkpoint, expected = opened
    count, resolution, channels, z_dim, w_dim, layers, unusual = CASES[case]
    tensors = checkpoint.tensors
    assert checkpoint.family == "stylegan2"
    assert len(tensors) == count
    assert dict(checkpoint.options) == DEFAULTS | unusual
    assert tensors["mapping.w_avg"].shape == (w_dim,)
    assert f"mapping.fc{layers - 1}.weight" in tensors
    assert f"mapping.fc{layers}.weight" not in tensors
    embedded = tensors["mapping.embed.weight"].shape[0] if "mapping.embed.weight" in tensors else 0
    assert tensors["mapping.fc0.weight"].shape[1] == z_dim + embedded
    assert tensors[f"synthesis.b{resolution}.torgb.weight"].shape[0] == channels
    assert f"synthesis.b{2 * resolution}.conv1.weight" not in tensors
    assert expected["z"].shape[1] == z_dim


def test_the_averaged_generator_was_taken(opened):
    checkpoint, expected = opened
    assert np.array_equal(checkpoint.tensors["mapping.w_avg"].numpy(), expected["w_avg"])
    assert checkpoint.provenance.notes[0].startswith("Took G_ema; ignored ")


def test_w_of_the_first_layers_is_what_the_official_network_computes(case, opened):
    """The mapping network written out by hand: wrong weights, gains or options cannot give the same w."""
    checkpoint, expected = opened
    tensors = {name: values.numpy().astype(np.float64) for name, values in checkpoint.tensors.items()}
    gain = checkpoint.options["mapping_lr_multiplier"]

    def normalised(x):
        return x / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 1e-8)

    x = normalised(expected["z"].astype(np.float64))
    if "c" in expected:
        weight = tensors["mapping.embed.weight"]
        embedded = expected["c"] @ weight.T / np.sqrt(weight.shape[1]) + tensors["mapping.embed.bias"]
        x = np.concatenate([x, normalised(embedded)], axis=1)
    for idx in range(CASES[case][5]):
        weight = tensors[f"mapping.fc{idx}.weight"]
        x = x @ weight.T * gain / np.sqrt(weight.shape[1]) + tensors[f"mapping.fc{idx}.bias"] * gain
        x = np.where(x < 0, 0.2 * x, x) * np.sqrt(2)
    assert np.abs(x - expected["w"]).max() < 1e-5


def test_conversion_to_safetensors_changes_nothing(opened, tmp_path):
    checkpoint, _expected = opened
    write_checkpoint(checkpoint, tmp_path / "copy.safetensors")
    again = open_checkpoint(tmp_path / "copy.safetensors")
    assert dict(again.options) == dict(checkpoint.options)
    assert set(again.tensors) == set(checkpoint.tensors)
    for name, values in checkpoint.tensors.items():
        assert np.array_equal(again.tensors[name].numpy(), values.numpy()), name


def test_stylegan2_of_the_later_repository_is_read_too():
    folder = folder_of("stylegan3", "stylegan2_from_sg3repo_32")
    checkpoint = open_checkpoint(folder / "network.pkl")
    with np.load(folder / "expected.npz") as expected:
        assert np.array_equal(checkpoint.tensors["mapping.w_avg"].numpy(), expected["w_avg"])
    assert dict(checkpoint.options) == DEFAULTS | {"conv_clamp": 256.0, "num_fp16_res": 3}
