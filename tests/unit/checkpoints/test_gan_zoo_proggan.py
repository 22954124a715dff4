"""ProgGAN in pytorch_GAN_zoo's layout: the pictures of its formula, and what is refused."""

from __future__ import annotations

import math
import sys
import types

import pytest
import torch
import torch.nn.functional as F

from latent_studio.checkpoints.layouts import LAYOUTS
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.core.errors import MissingWeightsError
from latent_studio.generators.catalog import build_generator
from latent_studio.testing import check_generator

WIDTHS = (8, 6, 5)
Z_DIM = 7


def random_state():
    rng = torch.Generator().manual_seed(0)
    state = {
        "formatLayer.weight": torch.randn(16 * WIDTHS[0], Z_DIM, generator=rng),
        "formatLayer.bias": torch.randn(16 * WIDTHS[0], generator=rng),
    }
    below = WIDTHS[0]
    for index, width in enumerate(WIDTHS):
        names = ["groupScale0.0"] if index == 0 else [f"scaleLayers.{index - 1}.{n}" for n in (0, 1)]
        for name in names:
            state[f"{name}.weight"] = torch.randn(width, below, 3, 3, generator=rng)
            state[f"{name}.bias"] = torch.randn(width, generator=rng)
            below = width
        state[f"toRGBLayers.{index}.weight"] = torch.randn(3, width, 1, 1, generator=rng)
        state[f"toRGBLayers.{index}.bias"] = torch.randn(3, generator=rng)
    return state


def opened(state, folder):
    torch.save(state, folder / "model.any")
    return open_checkpoint(folder / "model.any")


def formula(state, z):
    """The picture in float64: every layer's result, bias and all, times He's constant."""
    state = {name: tensor.double() for name, tensor in state.items()}

    def layer(x, name, function, **kwargs):
        weight = state[f"{name}.weight"]
        return function(x, weight, state[f"{name}.bias"], **kwargs) * math.sqrt(2 / weight[0].numel())

    def normalised(x):
        return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()

    x = F.leaky_relu(layer(normalised(z.double()), "formatLayer", F.linear), 0.2)
    x = normalised(x.view(len(z), -1, 4, 4))
    x = normalised(F.leaky_relu(layer(x, "groupScale0.0", F.conv2d, padding=1), 0.2))
    for index in range(len(WIDTHS) - 1):
        x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        for number in (0, 1):
            x = layer(x, f"scaleLayers.{index}.{number}", F.conv2d, padding=1)
            x = normalised(F.leaky_relu(x, 0.2))
    return layer(x, f"toRGBLayers.{len(WIDTHS) - 1}", F.conv2d)


def test_pictures_are_those_of_the_programs_formula(tmp_path):
    state = random_state()
    checkpoint = opened(
        {"config": {"depthScales": [8, 6, 5]}, "netG": {}, "avgG": state, "netD": {}}, tmp_path
    )
    generator = build_generator(checkpoint)
    z = torch.randn(2, Z_DIM, generator=torch.Generator().manual_seed(1))

    picture = generator.synthesize(generator.map(z))

    assert checkpoint.provenance.format == "gan-zoo-proggan"
    torch.testing.assert_close(picture.double(), formula(state, z), atol=1e-4, rtol=0)
    check_generator(generator)


def test_the_averaged_network_is_taken(tmp_path):
    state = random_state()
    other = {name: tensor + 1 for name, tensor in state.items()}

    checkpoint = opened({"netG": other, "avgG": state}, tmp_path)

    assert torch.equal(checkpoint.tensors["layer1.weight"], state["groupScale0.0.weight"])


def test_settings_kept_as_an_object_are_passed_over(tmp_path, monkeypatch):
    module = types.ModuleType("models.utils.config")
    module.BaseConfig = type("BaseConfig", (), {"__module__": module.__name__})
    monkeypatch.setitem(sys.modules, "models", types.ModuleType("models"))
    monkeypatch.setitem(sys.modules, "models.utils", types.ModuleType("models.utils"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings = module.BaseConfig()
    settings.depthScales, settings.lossMode = [8, 6, 5], "WGANGP"

    checkpoint = opened({"config": settings, "netG": random_state()}, tmp_path)

    assert checkpoint.family == "proggan"


def test_a_safetensors_copy_renders_the_same_bits(tmp_path):
    checkpoint = opened(random_state(), tmp_path)
    write_checkpoint(checkpoint, tmp_path / "copy.safetensors")
    generator, again = (
        build_generator(one) for one in (checkpoint, open_checkpoint(tmp_path / "copy.safetensors"))
    )
    ws = generator.map(torch.randn(1, Z_DIM, generator=torch.Generator().manual_seed(1)))

    assert torch.equal(again.synthesize(ws), generator.synthesize(ws))


def test_no_other_layout_fits():
    shapes = {name: tuple(tensor.shape) for name, tensor in random_state().items()}

    assert [layout.name for layout in LAYOUTS if layout.matches(shapes)] == ["gan-zoo-proggan"]


@pytest.mark.parametrize("name", ["formatLayer.bias", "scaleLayers.1.0.weight", "toRGBLayers.1.bias"])
def test_a_missing_tensor_is_named(name, tmp_path):
    state = random_state()
    del state[name]

    with pytest.raises(MissingWeightsError) as raised:
        opened(state, tmp_path)

    assert name in raised.value.title


def test_a_tensor_too_many_is_named(tmp_path):
    with pytest.raises(MissingWeightsError, match=r"scaleLayers\.7\.0\.weight"):
        opened({**random_state(), "scaleLayers.7.0.weight": torch.zeros(2)}, tmp_path)
