"""StyleGAN2: what is read off the tensors, what is refused, plans, gradients, half precision."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from latent_studio.core.errors import (
    IncompatibleLatentError,
    MissingWeightsError,
    UnknownFormatError,
    UnsupportedOperationError,
)
from latent_studio.generators.conv_plan import ConvPlan
from latent_studio.generators.protocol import HalfPrecisionGenerator, PlannedGenerator
from latent_studio.generators.random_stylegan2 import random_checkpoint
from latent_studio.generators.stylegan2 import build_stylegan2
from latent_studio.testing import check_generator


def small_checkpoint(resolution=16, **kwargs):
    sizes = {"z_dim": 6, "w_dim": 10, "channel_base": 128, "channel_max": 8, "mapping_layers": 2}
    return random_checkpoint(resolution, **{**sizes, **kwargs})


def with_tensors(checkpoint, **changes):
    """The checkpoint with tensors replaced, or left out where None; ``__`` stands for a dot."""
    tensors = dict(checkpoint.tensors)
    for name, tensor in changes.items():
        if tensor is None:
            del tensors[name.replace("__", ".")]
        else:
            tensors[name.replace("__", ".")] = tensor
    return replace(checkpoint, tensors=tensors)


def with_options(checkpoint, **options):
    return replace(checkpoint, options={**checkpoint.options, **options})


def some_ws(generator, batch=1, seed=0):
    z = torch.randn(batch, generator.spec.z_dim, generator=torch.Generator().manual_seed(seed))
    return generator.map(z)


VARIANTS = {
    "skip": {},
    "resnet": {"architecture": "resnet"},
    "orig": {"architecture": "orig"},
    "grey without noise": {"channels": 1, "use_noise": False},
    "transparent with classes": {"channels": 4, "c_dim": 3},
    "deep mapping": {"mapping_layers": 8},
    "shallow mapping": {"mapping_layers": 1},
    "one block": {"resolution": 4},
    "wide enough for winograd": {"resolution": 32, "channel_base": 4096, "channel_max": 96},
    "relu, clamped": {"options": {"activation": "relu", "mapping_activation": "relu", "conv_clamp": 1.5}},
    "not homogeneous": {"options": {"activation": "tanh"}},
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_keeps_the_protocol(variant):
    check_generator(build_stylegan2(small_checkpoint(**variant)))


def test_sizes_are_read_off_the_tensors():
    spec = build_stylegan2(small_checkpoint(32, c_dim=5, channels=4)).spec

    assert (spec.resolution, spec.channels, spec.num_ws) == (32, 4, 8)
    assert (spec.z_dim, spec.w_dim, spec.c_dim) == (6, 10, 5)
    assert spec.stage_resolutions == (4, 8, 16, 32)
    assert (spec.family, spec.variant, spec.has_mapping) == ("stylegan2", "skip", True)


def test_parameters_are_the_trained_numbers_only():
    checkpoint = small_checkpoint()

    buffers = ("w_avg", "noise_const", "resample_filter")
    trained = sum(t.numel() for name, t in checkpoint.tensors.items() if not name.endswith(buffers))
    assert build_stylegan2(checkpoint).spec.num_parameters == trained


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_the_architecture_is_read_off_the_tensors_when_nothing_is_said(architecture):
    checkpoint = replace(small_checkpoint(architecture=architecture), options={})

    assert build_stylegan2(checkpoint).spec.variant == architecture


def test_a_mapping_of_no_layers_is_the_normalised_z():
    generator = build_stylegan2(small_checkpoint(mapping_layers=0))
    z = torch.randn(2, 10)

    ws = generator.map(z)

    assert generator.spec.z_dim == generator.spec.w_dim == 10
    torch.testing.assert_close(ws[:, 0], z / z.square().mean(dim=1, keepdim=True).sqrt())


@pytest.mark.parametrize("lr_multiplier", [0.01, 0.1, 1.0])
def test_the_mapping_is_its_formula(lr_multiplier):
    """Embedded classes of another width than w, hidden layers of another width, another scale, relu."""
    rng = np.random.default_rng(0)
    tensors = {
        "mapping.embed.weight": rng.normal(size=(4, 3)),
        "mapping.embed.bias": rng.normal(size=4),
        "mapping.fc0.weight": rng.normal(size=(7, 6 + 4)) / lr_multiplier,
        "mapping.fc0.bias": rng.normal(size=7) / lr_multiplier,
        "mapping.fc1.weight": rng.normal(size=(10, 7)) / lr_multiplier,
        "mapping.fc1.bias": rng.normal(size=10) / lr_multiplier,
    }
    checkpoint = small_checkpoint(c_dim=3)
    checkpoint = with_tensors(checkpoint, **{n: torch.from_numpy(t).float() for n, t in tensors.items()})
    checkpoint = with_options(checkpoint, mapping_lr_multiplier=lr_multiplier, mapping_activation="relu")
    z, c = rng.normal(size=(2, 6)), np.array([[1.0, 0, 0], [0.2, 0.5, 0.3]])

    got = build_stylegan2(checkpoint).map(torch.from_numpy(z).float(), torch.from_numpy(c).float())

    def normalised(x):
        return x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + 1e-8)

    embedded = c @ tensors["mapping.embed.weight"].T / math.sqrt(3) + tensors["mapping.embed.bias"]
    x = np.concatenate([normalised(z), normalised(embedded)], axis=1)
    for index in range(2):
        weight, bias = tensors[f"mapping.fc{index}.weight"], tensors[f"mapping.fc{index}.bias"]
        x = x @ weight.T * (lr_multiplier / math.sqrt(weight.shape[1])) + bias * lr_multiplier
        x = np.maximum(x, 0) * math.sqrt(2)
    np.testing.assert_allclose(got[:, 0].numpy(), x, atol=1e-4)
    assert torch.equal(got, got[:, :1].expand_as(got))


def test_the_first_layers_noise_is_scaled_by_its_strength():
    checkpoint = small_checkpoint()
    loud = with_tensors(checkpoint, synthesis__b16__conv1__noise_strength=torch.tensor(0.2))
    quiet, loud = build_stylegan2(checkpoint), build_stylegan2(loud)
    ws = some_ws(quiet)
    noise = list(quiet.noise_maps("const"))
    noise[-1] = noise[-1] * 2

    torch.testing.assert_close(loud.synthesize(ws), quiet.synthesize(ws, noise=tuple(noise)))


def test_random_noise_differs_by_seed_and_synthesize_uses_seed_zero():
    generator = build_stylegan2(small_checkpoint())
    ws = some_ws(generator)
    zero = generator.noise_maps("random", rng=torch.Generator().manual_seed(0))
    one = generator.noise_maps("random", rng=torch.Generator().manual_seed(1))

    picture = generator.synthesize(ws, noise_mode="random")

    assert torch.equal(picture, generator.synthesize(ws, noise=zero))
    assert not torch.equal(picture, generator.synthesize(ws, noise=one))


def test_half_precision_files_give_float32_pictures():
    checkpoint = small_checkpoint()
    stored = replace(checkpoint, tensors={name: t.half() for name, t in checkpoint.tensors.items()})

    generator = build_stylegan2(stored)

    rounded = replace(checkpoint, tensors={name: t.half().float() for name, t in checkpoint.tensors.items()})
    ws = some_ws(generator)
    assert generator.w_avg.dtype == torch.float32
    assert torch.equal(generator.synthesize(ws), build_stylegan2(rounded).synthesize(ws))


def test_the_checkpoints_tensors_are_never_written_to():
    checkpoint = small_checkpoint()
    kept = {name: tensor.clone() for name, tensor in checkpoint.tensors.items()}

    generator = build_stylegan2(checkpoint)
    generator.synthesize(some_ws(generator))

    assert all(torch.equal(tensor, kept[name]) for name, tensor in checkpoint.tensors.items())


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_every_missing_tensor_is_named(architecture):
    checkpoint = small_checkpoint(8, architecture=architecture, c_dim=2)
    unused = {"synthesis.b4.resample_filter", "synthesis.b4.conv1.resample_filter"}
    unused |= {"synthesis.b8.conv1.resample_filter"}
    if architecture != "skip":
        unused |= {"synthesis.b8.resample_filter"}
    for name in set(checkpoint.tensors) - unused:
        rest = {other: t for other, t in checkpoint.tensors.items() if other != name}

        with pytest.raises(MissingWeightsError) as caught:
            build_stylegan2(replace(checkpoint, tensors=rest))

        assert repr(name) in caught.value.title
        assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("synthesis.b8.conv0.weight", (8, 7, 3, 3), "(any, 8, 3, 3)"),
        ("synthesis.b8.conv1.bias", (9,), "(8)"),
        ("synthesis.b16.conv1.noise_const", (8, 8), "(16, 16)"),
        ("synthesis.b16.torgb.affine.weight", (8, 11), "(8, 10)"),
        ("mapping.fc1.weight", (9, 10), "(10, 10)"),
        ("mapping.w_avg", (9,), "(10)"),
        ("synthesis.b4.const", (8, 16), "(any, any, any)"),
        ("synthesis.b8.resample_filter", (4, 3), "(4, 4)"),
    ],
)
def test_a_misshaped_tensor_is_named_with_both_shapes(name, shape, expected):
    checkpoint = with_tensors(small_checkpoint(), **{name: torch.zeros(shape)})

    with pytest.raises(MissingWeightsError) as caught:
        build_stylegan2(checkpoint)

    assert repr(name) in caught.value.title
    assert "(" + ", ".join(map(str, shape)) + ")" in caught.value.title
    assert expected in caught.value.title


def test_a_tensor_without_a_place_is_named():
    with pytest.raises(MissingWeightsError, match=r"'synthesis\.b8\.attention\.weight'"):
        build_stylegan2(with_tensors(small_checkpoint(), synthesis__b8__attention__weight=torch.zeros(3)))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_tensor_that_is_not_finite_is_named(value):
    weight = torch.ones(8, 8, 3, 3)
    weight[3, 2, 1, 0] = value

    with pytest.raises(MissingWeightsError, match=r"'synthesis\.b4\.conv1\.weight' .* not finite"):
        build_stylegan2(with_tensors(small_checkpoint(), synthesis__b4__conv1__weight=weight))


def test_a_block_of_a_strange_size_is_refused():
    checkpoint = with_tensors(small_checkpoint(), synthesis__b12__const=torch.zeros(1))

    with pytest.raises(MissingWeightsError, match="12 px"):
        build_stylegan2(checkpoint)


def test_nothing_at_all_is_refused_by_name():
    with pytest.raises(MissingWeightsError, match=r"synthesis\.b4\.const"):
        build_stylegan2(replace(small_checkpoint(), tensors={}))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("architecture", "skipp"),
        ("activation", "gelu"),
        ("mapping_activation", "gelu"),
        ("conv_clamp", -1.0),
        ("conv_clamp", "256"),
        ("mapping_lr_multiplier", math.nan),
        ("use_noise", "yes"),
        ("resample_filter", (1.0, -1.0)),
    ],
)
def test_an_option_we_do_not_know_is_refused(option, value):
    with pytest.raises(UnknownFormatError):
        build_stylegan2(with_options(small_checkpoint(), **{option: value}))


def test_a_filter_that_is_not_stored_comes_from_the_options():
    checkpoint = small_checkpoint()
    without = replace(
        checkpoint,
        tensors={n: t for n, t in checkpoint.tensors.items() if not n.endswith("resample_filter")},
    )
    generator = build_stylegan2(checkpoint)
    ws = some_ws(generator)

    other = build_stylegan2(with_options(without, resample_filter=(1.0, 3.0, 3.0, 1.0)))

    torch.testing.assert_close(other.synthesize(ws), generator.synthesize(ws))


def test_wrong_noise_is_refused():
    generator = build_stylegan2(small_checkpoint())
    ws, noise = some_ws(generator), generator.noise_maps("const")

    with pytest.raises(IncompatibleLatentError, match="4 noise maps; this model has 5"):
        generator.synthesize(ws, noise=noise[:-1])
    with pytest.raises(IncompatibleLatentError, match="Noise map 1"):
        generator.synthesize(ws, noise=(noise[0], noise[0], *noise[2:]))


def test_all_plans_give_the_same_picture():
    generator = build_stylegan2(small_checkpoint(channel_base=1024, channel_max=64))
    ws = some_ws(generator, batch=2)
    plain = generator.with_plan(ConvPlan()).synthesize(ws)
    span = float(plain.max() - plain.min())

    for form in generator.layer_forms("b16.conv1"):
        forms = {name: form for name in generator.layer_names if form in generator.layer_forms(name)}
        planned = generator.with_plan(ConvPlan(forms))

        assert planned.plan.form("b16.conv1") == form
        assert float((planned.synthesize(ws) - plain).abs().max()) <= 1e-5 * span, form


def test_the_default_plan_uses_fast_forms_where_they_pay():
    generator = build_stylegan2(random_checkpoint(32, channel_base=4096, channel_max=128, mapping_layers=1))

    assert generator.plan.form("b32.conv1") == "winograd"
    assert generator.plan.form("b32.conv0") != "plain"
    assert generator.plan.form("b4.conv1") == "activations_channels_last"


def test_another_plan_leaves_the_original_as_it_is():
    generator = build_stylegan2(small_checkpoint())
    before = generator.plan

    generator.with_plan(ConvPlan())

    assert generator.plan is before


def test_a_plan_for_a_layer_or_form_that_is_not_there_is_refused():
    generator = build_stylegan2(small_checkpoint())

    with pytest.raises(UnsupportedOperationError, match=r"no convolution 'b99\.conv0'"):
        generator.with_plan(ConvPlan({"b99.conv0": "plain"}))
    with pytest.raises(UnsupportedOperationError, match=r"'b8\.conv0' cannot take the form 'winograd'"):
        generator.with_plan(ConvPlan({"b8.conv0": "winograd"}))


def test_a_layer_call_runs_its_layer_alone_in_every_form():
    generator = build_stylegan2(small_checkpoint())
    assert isinstance(generator, PlannedGenerator)

    for layer in generator.layer_names:
        results = [generator.layer_call(layer, form)() for form in generator.layer_forms(layer)]
        assert results[0].shape[-1] == int(layer.split(".")[0][1:])
        for result in results[1:]:
            torch.testing.assert_close(result, results[0], atol=1e-4, rtol=1e-4)


def test_forms_prepared_in_inference_mode_serve_autograd_later():
    generator = build_stylegan2(small_checkpoint())
    ws = some_ws(generator).clone()
    with torch.inference_mode():
        moved = generator.with_plan(ConvPlan())
        expected = moved.synthesize(ws)

    followed = ws.clone().requires_grad_()
    picture = moved.synthesize(followed)
    picture.sum().backward()

    torch.testing.assert_close(picture.detach(), expected.clone())
    assert followed.grad is not None


def test_gradients_reach_the_noise():
    generator = build_stylegan2(small_checkpoint())
    noise = tuple(one.clone().requires_grad_() for one in generator.noise_maps("const"))

    generator.synthesize(some_ws(generator), noise=noise).square().sum().backward()

    assert all(one.grad is not None and bool((one.grad != 0).any()) for one in noise)


def test_a_built_generator_wants_no_gradients_of_its_weights():
    generator = build_stylegan2(
        replace(
            small_checkpoint(),
            tensors={n: t.clone().requires_grad_() for n, t in small_checkpoint().tensors.items()},
        )
    )

    assert not generator.synthesize(some_ws(generator)).requires_grad


def test_style_weights_are_the_stored_affine_weights_in_row_order():
    checkpoint = small_checkpoint()
    weights = build_stylegan2(checkpoint).style_weights()

    assert [(one.name, one.row, one.kind) for one in weights] == [
        ("b4.conv1", 0, "conv"),
        ("b4.torgb", 1, "to_rgb"),
        ("b8.conv0", 1, "conv"),
        ("b8.conv1", 2, "conv"),
        ("b8.torgb", 3, "to_rgb"),
        ("b16.conv0", 3, "conv"),
        ("b16.conv1", 4, "conv"),
        ("b16.torgb", 5, "to_rgb"),
    ]
    for one in weights:
        assert torch.equal(one.weight, checkpoint.tensors[f"synthesis.{one.name}.affine.weight"])


def test_stages_name_the_rows_of_their_convolutions():
    stages = build_stylegan2(small_checkpoint(32)).stages

    assert [stage.num_rows for stage in stages] == [1, 3, 5, 7]


@pytest.mark.parametrize(("architecture", "previews"), [("skip", [1, 1, 1]), ("resnet", [0, 0, 1])])
def test_only_the_skip_architecture_has_previews(architecture, previews):
    stages = build_stylegan2(small_checkpoint(architecture=architecture)).stages

    assert [stage.has_preview for stage in stages] == previews


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_half_precision_is_close_to_float32(architecture):
    """The code path of fast GPUs; slow on a CPU, but it runs."""
    checkpoint = small_checkpoint(64, architecture=architecture)
    exact, half = build_stylegan2(checkpoint), build_stylegan2(checkpoint, precision="float16")
    assert isinstance(half, HalfPrecisionGenerator)
    ws = some_ws(exact, batch=2)
    want = exact.synthesize(ws)

    for form in half.layer_forms("b64.conv1"):
        got = half.with_plan(ConvPlan(dict.fromkeys(half.layer_names, form))).synthesize(ws)

        assert got.dtype == torch.float32
        assert 0 < float((got - want).abs().max()) < 0.01 * float(want.max() - want.min()), form
    assert half.precision == "float16"
    assert half.to(torch.device("cpu"), precision="float32").precision == "float32"


def test_half_precision_covers_the_four_highest_resolutions_from_8_up():
    generator = build_stylegan2(small_checkpoint(128), precision="float16")
    features = rgb = None
    kinds = []
    for stage in generator.stages:
        features = stage.run(features, rgb, some_ws(generator), generator.noise_maps("const"))
        rgb = stage.to_rgb(features, some_ws(generator))
        kinds.append((stage.resolution, features.x.dtype, rgb.dtype))

    assert [dtype for _, dtype, _ in kinds] == [torch.float32] * 2 + [torch.float16] * 4
    assert {dtype for _, _, dtype in kinds} == {torch.float32}


def test_half_precision_stands_activations_far_beyond_its_range():
    checkpoint = small_checkpoint(16)
    huge = with_tensors(
        checkpoint,
        synthesis__b8__conv0__weight=checkpoint.tensors["synthesis.b8.conv0.weight"] * 1e5,
        synthesis__b8__conv0__affine__weight=checkpoint.tensors["synthesis.b8.conv0.affine.weight"] * 1e5,
    )

    generator = build_stylegan2(huge, precision="float16")

    assert bool(torch.isfinite(generator.synthesize(some_ws(generator))).all())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_on_cuda_the_picture_is_the_same(precision):
    on_cpu = build_stylegan2(small_checkpoint(64))
    ws = some_ws(on_cpu)
    want = on_cpu.synthesize(ws)

    got = on_cpu.to(torch.device("cuda"), precision=precision).synthesize(ws.cuda()).cpu()

    share = 2e-3 if precision == "float32" else 0.01
    assert float((got - want).abs().max()) < share * float(want.max() - want.min())
