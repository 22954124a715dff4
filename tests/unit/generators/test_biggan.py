"""BigGAN: how z is shared out, classes and truncation in a row of ws, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from latent_studio.checkpoints.checkpoint import Checkpoint, Provenance
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.spectral_norm import divided_after_one_step, divided_by_stored
from latent_studio.core.errors import IncompatibleLatentError, MissingWeightsError, UnknownFormatError
from latent_studio.generators.biggan import build_biggan
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.sefa import find_sefa_directions
from latent_studio.testing import check_generator

PROVENANCE = Provenance(Path("random"), "random", "0" * 64, 0, "random")


def small_checkpoint(
    widths=(8, 8, 4), *, part=3, classes=5, class_dims=2, first_part=3, steps=1, attention=(), deep=False
):
    """Random weights in our own names.

    Args:
        widths: channels of the first map, then of each block's result.
        part: how many numbers of z each block reads.
        first_part: how many numbers the dense layer reads.
    """
    rng = torch.Generator().manual_seed(0)
    tensors = {}

    def normal(name, *shape, scale=0.3):
        tensors[name] = torch.randn(shape, generator=rng) * scale

    def layer(name, *shape):
        normal(f"{name}.weight", *shape)
        normal(f"{name}.bias", shape[0])

    def norm(name, width, *condition):
        normal(f"{name}.gain", width, *condition)
        normal(f"{name}.bias", width, *condition)
        normal(f"{name}.mean", steps, width)
        tensors[f"{name}.var"] = torch.rand(steps, width, generator=rng) + 0.5

    normal("classes.weight", classes, class_dims, scale=1.0)
    layer("dense", widths[0] * 16, first_part)
    condition = part + class_dims
    for index, width in enumerate(widths[1:]):
        below, name = widths[index], f"block{index}"
        if deep:
            for number, (narrow, wide) in enumerate(((below, 2), (2, 2), (2, 2), (2, width)), start=1):
                norm(f"{name}.norm{number}", narrow, condition)
                kernel = 3 if number in (2, 3) else 1
                layer(f"{name}.conv{number}", wide, narrow, kernel, kernel)
        else:
            norm(f"{name}.norm1", below, condition)
            layer(f"{name}.conv1", width, below, 3, 3)
            norm(f"{name}.norm2", width, condition)
            layer(f"{name}.conv2", width, width, 3, 3)
            layer(f"{name}.bypass", width, below, 1, 1)
    for place in attention:
        width, name = widths[place], f"attention{place}"
        for part_name, shape in (("query", (1, width)), ("key", (1, width)), ("value", (2, width))):
            normal(f"{name}.{part_name}.weight", *shape, 1, 1)
        normal(f"{name}.out.weight", width, 2, 1, 1)
        tensors[f"{name}.gamma"] = torch.tensor(0.7)
    norm("norm", widths[-1])
    layer("to_rgb", 3, widths[-1], 3, 3)
    options = {"norm_eps": 1e-4, "up_every": 2} if deep else {"norm_eps": 1e-5, "up_every": 1}
    return Checkpoint("biggan", tensors, PROVENANCE, options)


DEEP = {"widths": (8, 8, 8, 8, 4), "part": 4, "first_part": 6, "steps": 5, "deep": True, "attention": (2,)}
VARIANTS = {
    "parts of z": {"attention": (1,)},
    "z in the dense layer only": {"part": 0, "first_part": 6},
    "the same z everywhere": {"part": 4, "first_part": 6},
    "deep": DEEP,
    "attention at the end": {"attention": (2,)},
    "statistics per truncation": {"steps": 11},
}


def with_tensors(checkpoint, **changes):
    tensors = {**checkpoint.tensors, **{name.replace("__", "."): tensor for name, tensor in changes.items()}}
    return replace(
        checkpoint, tensors={name: tensor for name, tensor in tensors.items() if tensor is not None}
    )


def one_hot(*labels, classes=5):
    return F.one_hot(torch.tensor(labels), classes).float()


def some_z(generator, batch=1, seed=0):
    return torch.randn(batch, generator.spec.z_dim, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("sizes", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_keeps_the_protocol(sizes):
    check_generator(build_biggan(small_checkpoint(**sizes)))


def test_the_catalogue_builds_it():
    assert build_generator(small_checkpoint()).spec.family == "biggan"


@pytest.mark.parametrize(
    ("sizes", "z_dim", "w_dim", "resolutions"),
    [
        ({}, 9, 11, (4, 8, 16)),
        ({"part": 0, "first_part": 6}, 6, 8, (4, 8, 16)),
        (DEEP, 4, 4 + 1 + 2, (4, 8, 16)),
    ],
)
def test_sizes_are_read_off_tensors(sizes, z_dim, w_dim, resolutions):
    spec = build_biggan(small_checkpoint(**sizes)).spec

    assert (spec.z_dim, spec.w_dim, spec.num_ws, spec.c_dim) == (z_dim, w_dim, 1, 5)
    assert (spec.class_dims, spec.has_mapping, spec.channels) == (2, False, 3)
    assert spec.stage_resolutions == resolutions


def test_a_block_reads_its_own_part_of_z():
    generator = build_biggan(small_checkpoint())
    ws = generator.map(some_z(generator), one_hot(1))
    changed = ws.clone()
    changed[..., 6:9] += 1.0

    def after(stage, ws):
        features = None
        for one in generator.stages[: stage + 1]:
            features = one.run(features, None, ws, ())
        return features.x

    assert torch.equal(after(1, ws), after(1, changed))
    assert not torch.equal(after(2, ws), after(2, changed))


def test_a_blend_of_classes_lies_between_their_vectors():
    generator = build_biggan(small_checkpoint())
    z = some_z(generator)
    first, second = (generator.map(z, one_hot(label)) for label in (1, 3))

    blend = generator.map(z, 0.25 * one_hot(1) + 0.75 * one_hot(3))

    torch.testing.assert_close(blend, first.lerp(second, 0.75))
    assert not torch.equal(generator.synthesize(first), generator.synthesize(second))


def test_truncation_shortens_z_and_keeps_the_class():
    generator = build_biggan(small_checkpoint(steps=11))
    z, c = some_z(generator), one_hot(2)
    whole = generator.map(z, c)

    cut = generator.map(z, c, truncation_psi=0.3)

    torch.testing.assert_close(cut[..., :9], 0.3 * z[:, None])
    torch.testing.assert_close(cut[..., 9], torch.full((1, 1), 0.3))
    assert torch.equal(cut[..., 10:], whole[..., 10:])


@pytest.mark.parametrize(("psi", "weights"), [(0.5, {2: 1.0}), (0.6, {2: 0.6, 3: 0.4}), (1.4, {4: 1.0})])
def test_statistics_are_those_of_the_truncation(psi, weights):
    """Between two steps on the straight line, beyond the last as at the last."""
    checkpoint = small_checkpoint(**{**DEEP, "steps": 5})
    generator = build_biggan(checkpoint)
    ws = generator.map(some_z(generator), one_hot(2), truncation_psi=psi)
    mixed = {
        name: sum(weight * tensor[step] for step, weight in weights.items())[None].repeat(5, 1)
        for name, tensor in checkpoint.tensors.items()
        if name.endswith((".mean", ".var"))
    }
    fixed = build_biggan(replace(checkpoint, tensors={**checkpoint.tensors, **mixed}))

    torch.testing.assert_close(generator.synthesize(ws), fixed.synthesize(ws))


def test_sefa_moves_z_and_leaves_the_class_alone():
    generator = build_biggan(small_checkpoint(steps=11))

    directions = find_sefa_directions(generator, model_sha256="0" * 64, count=9)

    for direction in directions:
        assert abs(direction.vector[9:]).max() < 1e-5
    assert len({style.name for style in generator.style_weights()}) == 1 + 2 * 2 * 2


def test_a_class_is_needed():
    generator = build_biggan(small_checkpoint())

    with pytest.raises(IncompatibleLatentError, match="class"):
        generator.map(some_z(generator))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"block1__conv2__bias": None}, r"block1\.conv2\.bias"),
        ({"block0__norm2__var": -torch.ones(1, 8)}, r"block0\.norm2\.var"),
        ({"block1__norm1__gain": torch.zeros(8, 6)}, r"block1\.norm1\.gain"),
        ({"classes__weight": torch.full((5, 2), torch.inf)}, r"classes\.weight"),
        ({"classes__weight": torch.zeros(5, 0)}, r"classes\.weight"),
        ({"dense__weight": torch.zeros(100, 3)}, r"dense\.weight"),
        ({"dense__weight": torch.zeros(128, 4)}, r"dense\.weight"),
        ({"norm__mean": torch.zeros(2, 4)}, r"mean|var"),
        ({"to_rgb__weight": torch.zeros(5, 4, 3, 3), "to_rgb__bias": torch.zeros(5)}, r"to_rgb"),
        ({"block0__conv9__weight": torch.zeros(1)}, r"block0\.conv9"),
        ({"attention1__key__weight": torch.zeros(3, 8, 1, 1)}, r"attention1\.key"),
    ],
)
def test_a_spoilt_tensor_is_named(changes, name):
    with pytest.raises(MissingWeightsError, match=name) as caught:
        build_biggan(with_tensors(small_checkpoint(attention=(1,)), **changes))
    assert caught.value.hint


def test_a_deep_block_cannot_add_channels():
    with pytest.raises(MissingWeightsError, match=r"block1\.conv4"):
        build_biggan(small_checkpoint(**{**DEEP, "widths": (8, 4, 8, 4, 4)}))


@pytest.mark.parametrize("value", [0, 1.5, True, "two"])
def test_a_wrong_option_is_named(value):
    with pytest.raises(UnknownFormatError, match="up_every"):
        build_biggan(replace(small_checkpoint(), options={"up_every": value}))


def test_spectral_normalisation_is_that_of_pytorch(tmp_path):
    layer = torch.nn.utils.spectral_norm(torch.nn.Conv2d(3, 5, 3))
    layer.train()
    layer(torch.zeros(1, 3, 4, 4))
    layer.eval()
    layer(torch.zeros(1, 3, 4, 4))

    got = divided_by_stored(layer.weight_orig.detach(), layer.weight_u, layer.weight_v, name="conv")

    torch.testing.assert_close(got, layer.weight.detach())


def test_spectral_normalisation_divides_by_the_largest_singular_value():
    weight = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    u, values, v = torch.linalg.svd(weight)

    for got in (
        divided_after_one_step(weight, u[:, :1].T, name="conv"),
        divided_by_stored(weight, u[:, 0], v[0], name="conv"),
        divided_by_stored(weight, u[:, 0], None, name="conv"),
    ):
        torch.testing.assert_close(got, weight / values[0])


@pytest.fixture(params=["original32/G_ema.pth", "deep16/pytorch_model.bin"])
def state(request, repo_root):
    path = repo_root / "tests" / "golden" / "data" / "biggan" / request.param
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("spoil", ["leave out", "cut", "add"])
def test_a_foreign_file_with_spoilt_tensors_names_one(state, spoil, tmp_path):
    names = [name for name in state if name.endswith(("bias", "gamma", ".weight", "weight_orig"))]
    for name in names[:: max(1, len(names) // 6)]:
        changed = dict(state)
        wanted = ""
        if spoil == "leave out":
            del changed[name]
            # Other tensors are needed to know which ones to ask for.
            wanted = name if name.endswith("bias") else ""
        elif spoil == "cut":
            changed[name] = changed[name].reshape(-1)[:-1]
        else:
            # Long names are shortened in their middle.
            changed[f"{name}.twin"] = torch.zeros(2)
            wanted = ".twin"
        torch.save(changed, tmp_path / "model")

        with pytest.raises((MissingWeightsError, UnknownFormatError)) as caught:
            build_generator(open_checkpoint(tmp_path / "model"))
        assert wanted in caught.value.title
        assert caught.value.hint


def test_vectors_of_classes_in_every_layer_are_refused(repo_root, tmp_path):
    path = repo_root / "tests" / "golden" / "data" / "biggan" / "original32" / "G_ema.pth"
    state = torch.load(path, weights_only=True)
    del state["shared.weight"]
    torch.save(state, tmp_path / "model")

    with pytest.raises(UnknownFormatError, match="classes"):
        open_checkpoint(tmp_path / "model")


def test_early_files_without_right_vectors_open(repo_root, tmp_path):
    path = repo_root / "tests" / "golden" / "data" / "biggan" / "deep16" / "pytorch_model.bin"
    state = torch.load(path, weights_only=True)
    torch.save({name: value for name, value in state.items() if not name.endswith("_v")}, tmp_path / "early")

    early, late = (open_checkpoint(one).tensors["dense.weight"] for one in (tmp_path / "early", path))

    torch.testing.assert_close(early, late, rtol=1e-3, atol=1e-4)
