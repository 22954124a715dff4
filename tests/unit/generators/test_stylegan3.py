"""StyleGAN3: what is read off names and tensors, what is refused, the moved input, gradients, fast layers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from latent_studio.core.errors import (
    IncompatibleLatentError,
    MissingWeightsError,
    OptionError,
    UnknownFormatError,
)
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.filtered_lrelu import Resampling, plain_filtered_lrelu
from latent_studio.generators.input_transform import input_transform
from latent_studio.generators.protocol import MovableGenerator, StyledGenerator
from latent_studio.generators.random_stylegan3 import plan_layers, random_stylegan3
from latent_studio.generators.stylegan3 import build_stylegan3
from latent_studio.testing import check_generator


def small_plan(resolution=16, **kwargs):
    sizes = {"channel_base": 64, "channel_max": 6, "num_layers": 5}
    return plan_layers(resolution, **{**sizes, **kwargs})


def small_checkpoint(resolution=16, *, plan=None, **kwargs):
    sizes = {"z_dim": 6, "w_dim": 10}
    return random_stylegan3(resolution, plan=plan or small_plan(resolution), **{**sizes, **kwargs})


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
    "t": {},
    "r": {"radial": True},
    "with classes": {"c_dim": 3},
    "grey": {"plan": small_plan(channels=1)},
    "no margin": {"plan": small_plan(margin=0)},
    "short filters": {"filter_size": 4},
    "one critical layer": {"plan": small_plan(num_critical=1), "num_critical": 1},
    "clamped": {"options": {"conv_clamp": 0.4}},
    "wide enough for winograd": {"plan": small_plan(channel_base=4096, channel_max=72)},
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_every_variant_keeps_the_protocol(variant):
    check_generator(build_stylegan3(small_checkpoint(**variant)))


def test_the_catalogue_builds_it():
    assert build_generator(small_checkpoint()).spec.family == "stylegan3"


def test_sizes_are_read_off_names_and_tensors():
    plan = small_plan(32, channels=4)
    spec = build_stylegan3(small_checkpoint(32, plan=plan, c_dim=5)).spec

    assert (spec.resolution, spec.channels, spec.num_ws) == (32, 4, 7)
    assert (spec.z_dim, spec.w_dim, spec.c_dim) == (6, 10, 5)
    assert (spec.variant, spec.has_mapping) == ("t", True)
    # The input, then every layer but the one that makes the picture.
    assert spec.stage_resolutions == (plan[0].rate, *(layer.rate for layer in plan[:-1]))


def test_radial_filters_make_it_configuration_r():
    assert build_stylegan3(small_checkpoint(radial=True)).spec.variant == "r"


def test_parameters_are_the_trained_numbers_only():
    checkpoint = small_checkpoint()

    buffers = ("w_avg", "magnitude_ema", "_filter", "freqs", "phases", "transform")
    trained = sum(t.numel() for name, t in checkpoint.tensors.items() if not name.endswith(buffers))
    assert build_stylegan3(checkpoint).spec.num_parameters == trained


def test_each_layer_is_a_stage_that_reads_one_more_row():
    stages = build_stylegan3(small_checkpoint()).stages

    assert [stage.num_rows for stage in stages] == [1, 2, 3, 4, 5, 6]
    assert [stage.has_preview for stage in stages] == [False] * 5 + [True]


def formula(checkpoint, ws):
    """The network in float64, every layer as the paper has it, by the plain filtered leaky ReLU."""
    tensors = {name: tensor.double() for name, tensor in checkpoint.tensors.items()}
    ws = ws.double()
    names = sorted(
        {name.split(".")[1] for name in tensors if name.startswith("synthesis.L")},
        key=lambda name: int(name[1:].split("_")[0]),
    )
    sides = [int(name.split("_")[1]) for name in names]

    def affine(name, w):
        weight = tensors[f"{name}.affine.weight"]
        return w @ weight.T / math.sqrt(weight.shape[1]) + tensors[f"{name}.affine.bias"]

    t = affine("synthesis.input", ws[:, 0])
    t = t / t[:, :2].square().sum(dim=1, keepdim=True).sqrt()
    rate, bandwidth = checkpoint.options["input_sampling_rate"], checkpoint.options["input_bandwidth"]
    pictures = []
    for cos, sin, x, y in t.tolist():
        turn = torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)
        centres = (torch.arange(sides[0]) + 0.5 - sides[0] / 2).double() / rate
        place = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), dim=-1)
        there = (place - torch.tensor([x, y], dtype=torch.float64)) @ turn.T
        freqs = tensors["synthesis.input.freqs"]
        waves = torch.sin(2 * math.pi * (there @ freqs.T + tensors["synthesis.input.phases"]))
        fading = (freqs.norm(dim=1) - bandwidth) / (rate / 2 - bandwidth)
        weight = tensors["synthesis.input.weight"]
        mixed = (waves * (1 - fading).clamp(0, 1)) @ weight.T / math.sqrt(weight.shape[1])
        pictures.append(mixed.permute(2, 0, 1))
    x = torch.stack(pictures)
    for index, layer in enumerate(names):
        name, last = f"synthesis.{layer}", index == len(names) - 1
        styles, weight = affine(name, ws[:, index + 1]), tensors[f"{name}.weight"]
        weight = weight[None] * styles[:, None, :, None, None]
        if last:
            weight = weight / math.sqrt(styles.shape[1])
        else:
            weight = weight / weight.square().sum(dim=(2, 3, 4), keepdim=True).sqrt()
        weight = weight / tensors[f"{name}.magnitude_ema"].sqrt()
        kernel = weight.shape[-1]
        x = torch.cat([F.conv2d(x[i : i + 1], weight[i], padding=kernel - 1) for i in range(len(x))])
        bias, clamp = tensors[f"{name}.bias"], checkpoint.options["conv_clamp"]
        if last:
            return (x + bias[:, None, None]).clamp(-clamp, clamp) / 4
        up_taps, down_taps = tensors[f"{name}.up_filter"], tensors[f"{name}.down_filter"]
        up, down = len(up_taps) // 6, len(down_taps) // 6
        total = (sides[index] - 1) * down + 1 - x.shape[-1] * up + len(up_taps) + len(down_taps) - 2
        padding = ((total + up) // 2, total - (total + up) // 2)
        x = plain_filtered_lrelu(x, bias, Resampling(up, down, up_taps, down_taps, padding, clamp=clamp))
    raise AssertionError("a network has layers")


@pytest.mark.parametrize("name", ["t", "r", "clamped", "wide enough for winograd"])
def test_pictures_are_those_of_the_formula(name):
    checkpoint = small_checkpoint(**VARIANTS[name])
    generator = build_stylegan3(checkpoint)
    ws = some_ws(generator, batch=2)
    ws = ws + 0.3 * torch.randn(ws.shape, generator=torch.Generator().manual_seed(1))

    want = formula(checkpoint, ws)

    torch.testing.assert_close(generator.synthesize(ws).double(), want, atol=1e-4, rtol=0)


def test_fast_layers_are_used_where_they_should_be():
    wide = build_stylegan3(small_checkpoint(**VARIANTS["wide enough for winograd"]))
    narrow = build_stylegan3(small_checkpoint())

    assert wide.stages[1].layer._winograd is not None
    assert narrow.stages[1].layer._winograd is None


def test_a_picture_does_not_depend_on_the_others_of_its_batch():
    generator = build_stylegan3(small_checkpoint())
    ws = some_ws(generator, batch=2)
    other = torch.cat([ws[:1], 100 * ws[1:]])

    assert torch.equal(generator.synthesize(ws)[0], generator.synthesize(other)[0])


def still(checkpoint):
    """The same network with an input that w neither moves nor turns."""
    return with_tensors(checkpoint, synthesis__input__affine__weight=torch.zeros(4, 10))


def waves_of(generator):
    features = generator.stages[0].run(None, None, some_ws(generator), ())
    return features.x


def test_a_shift_by_one_sample_moves_the_input_right_and_down_by_one():
    generator = build_stylegan3(still(small_checkpoint()))
    sample = 1 / generator.stages[0].sampling_rate

    right = waves_of(generator.with_input_transform(input_transform(translate_x=sample)))
    down = waves_of(generator.with_input_transform(input_transform(translate_y=sample)))

    before = waves_of(generator)
    torch.testing.assert_close(right[:, :, :, 1:], before[:, :, :, :-1], atol=1e-4, rtol=0)
    torch.testing.assert_close(down[:, :, 1:], before[:, :, :-1], atol=1e-4, rtol=0)


def test_a_quarter_turn_is_anticlockwise():
    generator = build_stylegan3(still(small_checkpoint()))

    turned = waves_of(generator.with_input_transform(input_transform(rotate_degrees=90)))

    wanted = torch.rot90(waves_of(generator), 1, (2, 3))
    torch.testing.assert_close(turned, wanted, atol=1e-4, rtol=0)


def test_turning_comes_before_moving():
    generator = build_stylegan3(still(small_checkpoint()))
    sample = 1 / generator.stages[0].sampling_rate

    both = waves_of(generator.with_input_transform(input_transform(translate_x=sample, rotate_degrees=180)))

    wanted = torch.rot90(waves_of(generator), 2, (2, 3))
    torch.testing.assert_close(both[:, :, :, 1:], wanted[:, :, :, :-1], atol=1e-4, rtol=0)


def test_a_moved_generator_leaves_the_original_as_it_is_and_shares_its_weights():
    generator = build_stylegan3(small_checkpoint())
    ws = some_ws(generator)
    before = generator.synthesize(ws)
    matrix = input_transform(translate_x=0.2, rotate_degrees=30)

    moved = generator.with_input_transform(matrix)

    assert isinstance(generator, MovableGenerator)
    assert isinstance(moved, MovableGenerator)
    assert not torch.allclose(moved.synthesize(ws), before, atol=1e-2)
    assert torch.equal(generator.synthesize(ws), before)
    assert torch.equal(generator.input_transform, torch.eye(3))
    torch.testing.assert_close(moved.input_transform, matrix.float())
    assert moved.stages[1] is generator.stages[1]
    assert torch.equal(moved.with_input_transform(torch.eye(3)).synthesize(ws), before)


def test_the_moved_generator_keeps_the_protocol():
    generator = build_stylegan3(small_checkpoint())
    check_generator(generator.with_input_transform(input_transform(translate_y=-0.1, rotate_degrees=-10)))


def test_the_matrix_given_may_be_changed_afterwards():
    generator = build_stylegan3(small_checkpoint())
    matrix = torch.eye(3)
    moved = generator.with_input_transform(matrix)
    ws = some_ws(generator)
    before = moved.synthesize(ws)

    matrix[0, 2] = 0.5

    assert torch.equal(moved.synthesize(ws), before)


def test_a_stored_transform_is_kept():
    matrix = input_transform(translate_x=0.3).float()
    checkpoint = with_tensors(small_checkpoint(), synthesis__input__transform=matrix)
    plain = build_stylegan3(small_checkpoint())
    ws = some_ws(plain)

    stored = build_stylegan3(checkpoint)

    assert torch.equal(stored.synthesize(ws), plain.with_input_transform(matrix).synthesize(ws))


def test_a_missing_transform_means_none():
    plain = build_stylegan3(small_checkpoint())
    without = build_stylegan3(with_tensors(small_checkpoint(), synthesis__input__transform=None))
    ws = some_ws(plain)

    assert torch.equal(without.synthesize(ws), plain.synthesize(ws))


@pytest.mark.parametrize(
    "matrix",
    [
        torch.eye(2),
        torch.eye(3)[None],
        torch.full((3, 3), math.nan),
        torch.tensor([[1.0, 0, math.inf], [0, 1, 0], [0, 0, 1]]),
        torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0.1, 1]]),
        torch.tensor([[1.0, 0, 1e6], [0, 1, 0], [0, 0, 1]]),
    ],
    ids=["too small", "a batch", "no numbers", "infinite", "in perspective", "far out"],
)
def test_what_is_no_transform_is_refused(matrix):
    with pytest.raises(OptionError, match="3 × 3") as caught:
        build_stylegan3(small_checkpoint()).with_input_transform(matrix)
    assert caught.value.hint


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e9])
def test_a_shift_out_of_range_is_refused(value):
    with pytest.raises(OptionError):
        input_transform(translate_x=value)


def test_an_angle_that_is_no_number_is_refused():
    with pytest.raises(OptionError):
        input_transform(rotate_degrees=math.inf)


def test_style_weights_name_every_layer_with_its_row():
    checkpoint = small_checkpoint()
    weights = build_stylegan3(checkpoint).style_weights()

    assert [one.row for one in weights] == [1, 2, 3, 4, 5, 6]
    assert [one.kind for one in weights] == ["conv"] * 5 + ["to_rgb"]
    assert weights[0].name == "L0_36_6"
    for one in weights:
        assert torch.equal(one.weight, checkpoint.tensors[f"synthesis.{one.name}.affine.weight"])


def test_the_official_options_hold_when_a_file_says_nothing():
    checkpoint = small_checkpoint()
    bare = replace(checkpoint, options={})
    generator = build_stylegan3(bare)

    said = build_stylegan3(with_options(checkpoint, conv_clamp=None))
    ws = some_ws(said)
    assert torch.equal(generator.synthesize(ws), said.synthesize(ws))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("filter_size", 0),
        ("filter_size", 2.5),
        ("output_scale", -1.0),
        ("conv_clamp", "much"),
        ("input_bandwidth", math.inf),
        ("input_sampling_rate", True),
        ("mapping_activation", "magic"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(option, value):
    with pytest.raises(UnknownFormatError) as caught:
        build_stylegan3(with_options(small_checkpoint(), **{option: value}))
    assert caught.value.hint


@pytest.mark.parametrize(("option", "value"), [("output_scale", 1.0), ("input_bandwidth", 0.5)])
def test_every_option_matters(option, value):
    checkpoint = small_checkpoint()
    other = with_options(checkpoint, **{option: value})
    generator = build_stylegan3(checkpoint)
    ws = some_ws(generator)

    assert not torch.allclose(build_stylegan3(other).synthesize(ws), generator.synthesize(ws), atol=1e-3)


def test_every_missing_tensor_is_named():
    checkpoint = small_checkpoint(c_dim=2)
    filters = {name for name in checkpoint.tensors if name.endswith("_filter")}
    for name in set(checkpoint.tensors) - filters - {"synthesis.input.transform"}:
        rest = {other: t for other, t in checkpoint.tensors.items() if other != name}

        with pytest.raises(MissingWeightsError) as caught:
            build_stylegan3(replace(checkpoint, tensors=rest))

        assert repr(name) in caught.value.title
        assert caught.value.hint


def test_a_missing_filter_is_noticed():
    checkpoint = small_checkpoint()
    for name in [name for name in checkpoint.tensors if name.endswith("_filter")]:
        rest = {other: t for other, t in checkpoint.tensors.items() if other != name}

        with pytest.raises(MissingWeightsError, match=r"filters of 'L\d_"):
            build_stylegan3(replace(checkpoint, tensors=rest))


def test_a_layer_that_lost_both_filters_is_noticed():
    checkpoint = small_checkpoint()
    rest = {n: t for n, t in checkpoint.tensors.items() if not (".L1_" in n and n.endswith("_filter"))}

    with pytest.raises(MissingWeightsError, match="filters of 'L1_"):
        build_stylegan3(replace(checkpoint, tensors=rest))


def test_a_wrong_sampling_rate_is_noticed():
    with pytest.raises(MissingWeightsError, match="samples per picture width"):
        build_stylegan3(with_options(small_checkpoint(), input_sampling_rate=8.0))


def test_a_missing_layer_is_named():
    checkpoint = small_checkpoint()
    rest = {name: t for name, t in checkpoint.tensors.items() if ".L2_" not in name}

    with pytest.raises(MissingWeightsError, match="no layer L2"):
        build_stylegan3(replace(checkpoint, tensors=rest))


def test_two_layers_of_one_number_are_refused():
    checkpoint = with_tensors(small_checkpoint(), synthesis__L1_52_6__weight=torch.zeros(6, 6, 3, 3))

    with pytest.raises(MissingWeightsError, match="two layers number 1"):
        build_stylegan3(checkpoint)


def test_layers_in_another_order_are_refused():
    checkpoint = small_checkpoint(32, plan=small_plan(32))
    names = sorted({name.split(".")[1] for name in checkpoint.tensors if name.startswith("synthesis.L")})
    first, second = names[0], names[3]
    swapped = {}
    for name, tensor in checkpoint.tensors.items():
        one = name.replace(first, f"L0_{second.split('_', 1)[1]}")
        swapped[one.replace(second, f"L3_{first.split('_', 1)[1]}") if one == name else one] = tensor

    with pytest.raises(MissingWeightsError):
        build_stylegan3(replace(checkpoint, tensors=swapped))


def test_tensors_left_over_are_named():
    checkpoint = with_tensors(small_checkpoint(), synthesis__extra=torch.zeros(1))

    with pytest.raises(MissingWeightsError, match=r"synthesis\.extra"):
        build_stylegan3(checkpoint)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_magnitude_that_is_not_positive_is_refused(value):
    checkpoint = with_tensors(small_checkpoint(), synthesis__L0_36_6__magnitude_ema=torch.tensor(value))

    with pytest.raises(MissingWeightsError, match="magnitude_ema"):
        build_stylegan3(checkpoint)


def test_a_filter_of_a_strange_length_is_refused():
    checkpoint = with_tensors(small_checkpoint(), synthesis__L0_36_6__up_filter=torch.ones(13) / 13)

    with pytest.raises(MissingWeightsError, match="13 taps"):
        build_stylegan3(checkpoint)


@pytest.mark.parametrize("name", ["mapping.w_avg", "synthesis.input.freqs", "synthesis.L1_36_6.weight"])
def test_an_empty_tensor_is_named(name):
    checkpoint = small_checkpoint()
    empty = checkpoint.tensors[name][:0]

    with pytest.raises(MissingWeightsError, match="is empty"):
        build_stylegan3(with_tensors(checkpoint, **{name.replace(".", "__"): empty}))


@pytest.mark.parametrize("rate", [1e-300, 1e308])
def test_an_absurd_sampling_rate_is_noticed(rate):
    with pytest.raises(MissingWeightsError, match="samples per picture width"):
        build_stylegan3(with_options(small_checkpoint(32), input_sampling_rate=rate))


def test_values_that_are_not_finite_are_refused():
    checkpoint = with_tensors(small_checkpoint(), synthesis__L0_36_6__bias=torch.full((6,), math.nan))

    with pytest.raises(MissingWeightsError, match="not finite"):
        build_stylegan3(checkpoint)


def test_noise_maps_are_refused_because_there_is_no_noise():
    generator = build_stylegan3(small_checkpoint())
    ws = some_ws(generator)

    assert generator.noise_maps("const") == generator.noise_maps("random") == ()
    with pytest.raises(IncompatibleLatentError, match="noise"):
        generator.synthesize(ws, noise=(torch.zeros(1, 1, 16, 16),))


def test_half_precision_files_give_float32_pictures():
    checkpoint = small_checkpoint()
    stored = replace(checkpoint, tensors={name: t.half() for name, t in checkpoint.tensors.items()})
    generator = build_stylegan3(stored)

    assert generator.w_avg.dtype == torch.float32
    assert generator.synthesize(some_ws(generator)).dtype == torch.float32


def test_the_checkpoints_tensors_are_never_written_to():
    checkpoint = small_checkpoint()
    kept = {name: tensor.clone() for name, tensor in checkpoint.tensors.items()}

    generator = build_stylegan3(checkpoint)
    generator.synthesize(some_ws(generator))

    assert all(torch.equal(tensor, kept[name]) for name, tensor in checkpoint.tensors.items())


def test_what_inference_mode_prepared_serves_autograd_later():
    generator = build_stylegan3(small_checkpoint(**VARIANTS["wide enough for winograd"]))
    ws = some_ws(generator)
    with torch.inference_mode():
        before = generator.synthesize(ws)

    wanted = ws.clone().requires_grad_(True)
    picture = generator.synthesize(wanted)
    (gradient,) = torch.autograd.grad(picture.sum(), wanted)

    torch.testing.assert_close(picture.detach(), before.clone(), atol=1e-4, rtol=0)
    assert bool((gradient != 0).any())


@pytest.mark.gpu
def test_pictures_on_cuda_are_those_of_the_cpu():
    if not torch.cuda.is_available():
        pytest.skip("needs CUDA")
    generator = build_stylegan3(small_checkpoint()).with_input_transform(input_transform(translate_x=0.1))
    ws = some_ws(generator)
    there = generator.to(torch.device("cuda"))

    picture = there.synthesize(ws.to("cuda")).cpu()

    torch.testing.assert_close(picture, generator.synthesize(ws), atol=2e-3, rtol=0)


@pytest.mark.parametrize("place", [0, 2, -1])
def test_a_channel_of_style_space_moves_alone_and_the_original_stays(place):
    generator = build_generator(small_checkpoint())
    assert isinstance(generator, StyledGenerator)
    layer, ws = generator.style_layers[place], some_ws(generator, batch=2)
    plain = generator.synthesize(ws)
    moved = generator.with_style_offsets(((layer.name, 1, 0.75), (layer.name, 1, 0.25)))
    before, after = generator.styles(ws), moved.styles(ws)
    assert before[layer.name].shape == (2, layer.channels)
    difference = after[layer.name] - before[layer.name]
    assert torch.allclose(difference[:, 1], torch.ones(2), atol=1e-5)
    assert not difference[:, 0].any()
    assert all(torch.equal(before[name], after[name]) for name in before if name != layer.name)
    assert not torch.equal(moved.synthesize(ws), plain)
    assert torch.equal(generator.synthesize(ws), plain)
