"""StyleGAN3 in network pickles made up here, with the official sizes and with others."""

import numpy as np
import pytest
import torch

from latent_studio.checkpoints.nvidia import read_nvidia
from latent_studio.checkpoints.source import Source
from latent_studio.checkpoints.stylegan3 import DEFAULTS, describe
from latent_studio.checkpoints.tensors import read_tensors
from latent_studio.core.errors import CorruptFileError, UnknownFormatError
from latent_studio.generators.random_stylegan3 import plan_layers, random_stylegan3
from latent_studio.generators.stylegan3 import build_stylegan3
from tests.helpers.network_pickles import Module, network_file

OFFICIAL = {"num_layers": 4, "channel_base": 64, "channel_max": 6}
UNUSUAL = {
    **OFFICIAL,
    "num_critical": 1,
    "margin": 8,
    "first_cutoff": 3.0,
    "first_stopband": 2.0**2.3,
    "last_stopband_rel": 2.0**0.4,
}


def checkpoint_of(sizes, *, filter_size=6, c_dim=0, radial=False, **options):
    num_critical = sizes.get("num_critical", 2)
    return random_stylegan3(
        16,
        plan=plan_layers(16, **sizes),
        num_critical=num_critical,
        filter_size=filter_size,
        radial=radial,
        z_dim=5,
        w_dim=7,
        c_dim=c_dim,
        options=options,
    )


def as_network(checkpoint, **changes):
    """The network as NVIDIA's code saves it; ``changes`` are attributes by dotted name of the module."""
    options = checkpoint.options
    clamp = options["conv_clamp"]
    attributes = {
        "synthesis": {"output_scale": options.get("output_scale", 0.25), "num_fp16_res": 4},
        "synthesis.input": {
            "sampling_rate": options["input_sampling_rate"],
            "bandwidth": options["input_bandwidth"],
        },
    }
    parts = {name.rpartition(".")[0] for name in checkpoint.tensors}
    for part in parts:
        if part.startswith("mapping.fc"):
            gain = options.get("mapping_lr_multiplier", 0.01)
            attributes[part] = {"activation": "lrelu", "bias_gain": gain}
        elif part == "mapping.embed":
            attributes[part] = {"activation": "linear", "bias_gain": 1}
        elif part.startswith("synthesis.L") and not part.endswith(".affine"):
            attributes[part] = {"conv_clamp": clamp}
            for way in ("up", "down"):
                taps = checkpoint.tensors.get(f"{part}.{way}_filter")
                count = 1 if taps is None else len(taps)
                attributes[part] |= {f"{way}_taps": count, f"{way}_factor": max(1, count // 6)}
                if taps is not None:
                    attributes[part][f"{way}_factor"] = count // options["filter_size"]
    for part, more in changes.items():
        name = part.replace("__", ".")
        attributes[name] = {**attributes.get(name, {}), **more}

    def module(prefix):
        own, children = {}, set()
        for name, tensor in checkpoint.tensors.items():
            if prefix and not name.startswith(prefix + "."):
                continue
            first, dot, _ = name[len(prefix) + bool(prefix) :].partition(".")
            if dot:
                children.add(first)
            else:
                own[first] = tensor.numpy()
        path = f"{prefix}." if prefix else ""
        return Module(
            "Module",
            attributes=attributes.get(prefix, {}),
            buffers=own,
            modules={child: module(path + child) for child in sorted(children)},
        )

    return module("")


@pytest.fixture
def find(tmp_path):
    def run(network):
        path = tmp_path / "network.pkl"
        path.write_bytes(network_file(network))
        with Source(path) as source:
            found = read_nvidia(source)
            return found, read_tensors(found.tensors, source, report=lambda done: None)

    return run


CASES = {
    "t": (OFFICIAL, {}),
    "r": (OFFICIAL, {"radial": True}),
    "with classes": (OFFICIAL, {"c_dim": 3}),
    "unusual": (UNUSUAL, {"filter_size": 4, "output_scale": 0.5, "conv_clamp": 2.0}),
    "without clamp": (OFFICIAL, {"conv_clamp": None, "mapping_lr_multiplier": 0.02}),
}


@pytest.mark.parametrize(("sizes", "unusual"), CASES.values(), ids=CASES)
def test_what_was_saved_is_read_and_renders_the_same(find, sizes, unusual):
    saved = checkpoint_of(sizes, **unusual)

    found, tensors = find(as_network(saved))

    assert found.family == "stylegan3"
    assert found.options == {**DEFAULTS, **saved.options}
    assert set(tensors) == set(saved.tensors)
    again = build_stylegan3(
        type(saved)(family=found.family, tensors=tensors, provenance=saved.provenance, options=found.options)
    )
    original = build_stylegan3(saved)
    c = torch.eye(saved.tensors["mapping.embed.weight"].shape[1])[:1] if original.spec.c_dim else None
    ws = original.map(torch.ones(1, 5), c)
    assert again.spec == original.spec
    assert torch.equal(again.synthesize(ws), original.synthesize(ws))


def test_attributes_that_are_missing_mean_the_official_ones(find):
    saved = checkpoint_of(OFFICIAL)
    network = as_network(saved)

    def bare(module):
        children = {name: bare(child) for name, child in module.modules.items()}
        return Module("Module", buffers=module.buffers, modules=children)

    found, _ = find(bare(network))

    assert found.options == DEFAULTS


@pytest.mark.parametrize(
    ("part", "attributes"),
    [
        ("synthesis", {"output_scale": 0}),
        ("synthesis", {"num_fp16_res": -1}),
        ("synthesis.input", {"bandwidth": float("nan")}),
        ("synthesis.input", {"sampling_rate": "fast"}),
        ("synthesis.L0_36_6", {"conv_clamp": 1.0}),
        ("synthesis.L0_36_6", {"up_taps": 13}),
        ("synthesis.L0_36_6", {"up_taps": 8}),
        ("synthesis.L0_36_6", {"down_factor": 1.5}),
        ("mapping.fc0", {"activation": "no name"}),
    ],
)
def test_attributes_that_make_no_sense_are_refused(find, part, attributes):
    with pytest.raises(CorruptFileError) as caught:
        find(as_network(checkpoint_of(OFFICIAL), **{part.replace(".", "__"): attributes}))
    assert caught.value.hint


def test_other_layers_beside_the_input_are_another_family(find):
    network = as_network(checkpoint_of(OFFICIAL))
    layer = Module("Layer", buffers={"weight": np.zeros(3, np.float32)})
    synthesis = Module("Synthesis", modules={**network.modules["synthesis"].modules, "b4": layer})
    other = Module("Generator", modules={**network.modules, "synthesis": synthesis})

    with pytest.raises(UnknownFormatError, match="Generator"):
        find(other)


def test_a_header_gets_the_facts_that_names_and_shapes_tell():
    assert describe(checkpoint_of(OFFICIAL, c_dim=3).tensors) == {
        "z_dim": 5,
        "w_dim": 7,
        "c_dim": 3,
        "resolution": 16,
        "channels": 3,
        "num_ws": 6,
        "mapping_layers": 2,
    }
    assert describe({}) == {"c_dim": 0, "mapping_layers": 0}
