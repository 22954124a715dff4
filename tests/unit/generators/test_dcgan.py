"""DCGAN: equal to PyTorch's own layers, whatever the widths; what is read off names and what is refused."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from torch import nn

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.core.errors import MissingWeightsError, UnknownFormatError
from latent_studio.generators.catalog import build_generator
from latent_studio.testing import check_generator


class Tutorial(nn.Module):
    """The generator as tutorials write it, with random numbers wherever training leaves some."""

    def __init__(self, widths=(5, 8, 6, 4, 3), *, first_kernel=4, bias=False, kernel=4):
        super().__init__()
        layers = []
        for index, (below, width) in enumerate(itertools.pairwise(widths)):
            if index:
                layers.append(nn.ConvTranspose2d(below, width, kernel, 2, kernel // 2 - 1, bias=bias))
            else:
                layers.append(nn.ConvTranspose2d(below, width, first_kernel, 1, 0, bias=bias))
            if index < len(widths) - 2:
                layers += [nn.BatchNorm2d(width), nn.ReLU(True)]
        self.main = nn.Sequential(*layers, nn.Tanh())
        rng = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for tensor in self.state_dict().values():
                if tensor.is_floating_point():
                    tensor.copy_(torch.rand(tensor.shape, generator=rng) + 0.1 - 0.5 * (tensor.ndim == 4))
        self.eval()

    @torch.no_grad()
    def forward(self, z):
        return self.main(z[:, :, None, None])


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(3, 4, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4, 8, 4, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.LeakyReLU(0.2),
            nn.Conv2d(8, 1, 4, 1, 0, bias=False),
        )


@pytest.fixture
def save(tmp_path):
    def save_and_open(content):
        # A suffix that says something else: the content decides.
        path = tmp_path / "weights.tar"
        torch.save(content, path)
        return open_checkpoint(path)

    return save_and_open


NETWORKS = {
    "rgb": {},
    "grey": {"widths": (5, 6, 4, 1)},
    "two layers": {"widths": (5, 6, 3)},
    "with biases": {"bias": True},
    "from 7 x 7": {"first_kernel": 7},
    "other kernels": {"kernel": 2},
}


@pytest.mark.parametrize("sizes", NETWORKS.values(), ids=NETWORKS)
def test_pictures_are_those_of_pytorchs_layers(save, sizes):
    network = Tutorial(**sizes)
    generator = build_generator(save(network.state_dict()))
    z = torch.randn(3, generator.spec.z_dim, generator=torch.Generator().manual_seed(1))
    want = network(z)

    got = generator.synthesize(generator.map(z))

    assert got.shape[1:] == (generator.spec.channels, generator.spec.resolution, generator.spec.resolution)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-5)
    assert want.std() > 0.01


@pytest.mark.parametrize("sizes", NETWORKS.values(), ids=NETWORKS)
def test_every_size_keeps_the_protocol(save, sizes):
    check_generator(build_generator(save(Tutorial(**sizes).state_dict())))


def test_sizes_are_read_off_tensors(save):
    spec = build_generator(save(Tutorial((7, 9, 5, 1), first_kernel=6).state_dict())).spec

    assert (spec.z_dim, spec.w_dim, spec.num_ws, spec.c_dim) == (7, 7, 1, 0)
    assert (spec.resolution, spec.channels, spec.has_mapping) == (24, 1, False)
    assert spec.stage_resolutions == (6, 12, 24)
    assert spec.num_parameters == 7 * 9 * 36 + 9 * 5 * 16 + 5 * 16 + 2 * (9 + 5)


@pytest.mark.parametrize(
    "prefix", ["", "module.", "netG_state_dict:main.", "G:net.", "state_dict:generator."]
)
def test_the_generator_is_found_under_any_name(save, prefix):
    network = Tutorial()
    key, _, renamed = prefix.rpartition(":")
    state = {name.replace("main.", renamed, 1): tensor for name, tensor in network.state_dict().items()}
    content = state if not key else {"epoch": 3, key: state, "D": Discriminator().state_dict()}
    z = torch.zeros(1, 5)
    generator = build_generator(save(content))

    torch.testing.assert_close(generator.synthesize(generator.map(z)), network(z), rtol=0, atol=1e-5)


def test_a_discriminator_is_no_generator(save):
    with pytest.raises(UnknownFormatError, match="does not read"):
        save(Discriminator().state_dict())


def test_a_safetensors_copy_gives_the_same_bits(save, tmp_path):
    checkpoint = save(Tutorial().state_dict())
    write_checkpoint(checkpoint, tmp_path / "copy.safetensors")
    copy = open_checkpoint(tmp_path / "copy.safetensors")

    assert copy.family == "dcgan"
    assert dict(copy.options) == dict(checkpoint.options)
    assert copy.tensors.keys() == checkpoint.tensors.keys()
    assert all(torch.equal(copy.tensors[name], checkpoint.tensors[name]) for name in copy.tensors)


def test_sefa_gets_the_first_layer_as_a_linear_map(save):
    network = Tutorial()
    (style,) = build_generator(save(network.state_dict())).style_weights()
    z = torch.randn(2, 5, generator=torch.Generator().manual_seed(1))

    first = network.main[0](z[:, :, None, None]).detach()
    torch.testing.assert_close(z @ style.weight.T, first.reshape(2, -1))
    assert (style.row, style.kind) == (0, "conv")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("main.3.weight", None),
        ("main.1.running_var", None),
        ("main.4.bias", torch.zeros(7)),
        ("main.3.weight", torch.zeros(7, 6, 4, 4)),
        ("main.9.weight", torch.full((4, 3, 4, 4), torch.nan)),
        ("main.1.running_mean", torch.full((8,), torch.inf)),
    ],
)
def test_a_spoilt_tensor_is_named(save, name, change):
    state = dict(Tutorial().state_dict())
    if change is None:
        del state[name]
    else:
        state[name] = change

    with pytest.raises(MissingWeightsError, match=name if change is not None else r"main\.\d") as caught:
        build_generator(save(state))
    assert caught.value.hint


def test_layers_in_another_order_are_noticed(save):
    state = dict(Tutorial().state_dict())
    state["main.3.weight"], state["main.6.weight"] = state["main.6.weight"], state["main.3.weight"]

    with pytest.raises(MissingWeightsError, match=r"main\.\d\.weight"):
        build_generator(save(state))


def test_a_tensor_too_many_is_named(save):
    state = {**Tutorial().state_dict(), "main.12.weight": torch.zeros(3)}

    with pytest.raises(MissingWeightsError, match=r"main\.12\.weight"):
        build_generator(save(state))


def test_a_variance_below_zero_is_named(save):
    state = dict(Tutorial().state_dict())
    state["main.4.running_var"] = -state["main.4.running_var"]

    with pytest.raises(MissingWeightsError, match=r"layer1\.norm\.var"):
        build_generator(save(state))


def test_a_kernel_that_leaves_a_choice_is_refused(save):
    state = dict(Tutorial().state_dict())
    state["main.3.weight"] = torch.zeros(8, 6, 3, 3)

    with pytest.raises(UnknownFormatError, match=r"layer1\.weight.*3 x 3"):
        build_generator(save(state))


def test_a_wrong_option_is_named(save):
    checkpoint = save(Tutorial().state_dict())

    with pytest.raises(UnknownFormatError, match="norm_eps"):
        build_generator(replace(checkpoint, options={"norm_eps": -1.0}))


def test_a_network_without_its_end_makes_no_picture(save):
    state = dict(Tutorial().state_dict())
    del state["main.9.weight"]

    with pytest.raises(MissingWeightsError, match=r"layer2\.weight"):
        build_generator(save(state))
