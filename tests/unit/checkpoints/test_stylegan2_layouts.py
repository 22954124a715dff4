"""StyleGAN2 in other programs' names comes out as it went in, and faults are named in those names."""

from __future__ import annotations

import pytest
import torch

from latent_studio.checkpoints.mean_w import mean_of_w
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.checkpoints.stylegan2_parts import usual_filter
from latent_studio.core.errors import CorruptFileError, MissingWeightsError, UnknownFormatError
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.random_stylegan2 import random_checkpoint
from latent_studio.testing import check_generator
from tests.helpers.foreign_stylegan2 import (
    NETWORK_CLASS,
    in_genforce_names,
    in_mmgeneration_names,
    in_rosinality_names,
    in_tensorflow_names,
    picture_of,
    small_skip_network,
    tensorflow_pickle,
)
from tests.helpers.network_pickles import Call, New, Raw, code, pickled

NETWORK = small_skip_network()


def as_rosinality(tensors, path):
    torch.save({"g_ema": tensors, "latent_avg": NETWORK.tensors["mapping.w_avg"]}, path)


def as_mmgeneration(tensors, path):
    torch.save({"state_dict": {f"generator_ema.{name}": tensor for name, tensor in tensors.items()}}, path)


def as_genforce(tensors, path):
    torch.save({"generator_smooth": tensors}, path)


def as_tensorflow(tensors, path, **settings):
    path.write_bytes(tensorflow_pickle(tensors, **settings))


LAYOUTS = {
    "rosinality": (in_rosinality_names, as_rosinality, "convs.1.conv.weight", "to_rgbs.0.bias"),
    "mmgeneration": (in_mmgeneration_names, as_mmgeneration, "convs.1.conv.weight_orig", "to_rgbs.0.bias"),
    "genforce": (in_genforce_names, as_genforce, "synthesis.layer2.weight", "synthesis.output1.bias"),
    "tensorflow-pickle": (
        in_tensorflow_names,
        as_tensorflow,
        "synthesis/8x8/Conv1/weight",
        "synthesis/8x8/ToRGB/bias",
    ),
}


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return request.param


def written(layout, path, change=None, network=NETWORK):
    rename, write, *_ = LAYOUTS[layout]
    tensors = rename(network)
    if change is not None:
        change(tensors)
    write(tensors, path)
    return path


def test_a_network_comes_out_as_it_went_in(layout, tmp_path):
    checkpoint = open_checkpoint(written(layout, tmp_path / "file"))

    assert checkpoint.provenance.format == layout
    if layout == "mmgeneration":
        # It stores no mean of w.
        checkpoint = type(checkpoint)(
            family=checkpoint.family,
            tensors={**checkpoint.tensors, "mapping.w_avg": NETWORK.tensors["mapping.w_avg"]},
            provenance=checkpoint.provenance,
            options=checkpoint.options,
        )
    for name, tensor in checkpoint.tensors.items():
        torch.testing.assert_close(tensor, NETWORK.tensors[name], rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(picture_of(checkpoint), picture_of(NETWORK), rtol=0, atol=1e-5)


def test_a_missing_tensor_is_named(layout, tmp_path):
    name = LAYOUTS[layout][2]

    with pytest.raises(MissingWeightsError, match=f"has no tensor “{name}”"):
        open_checkpoint(written(layout, tmp_path / "file", lambda tensors: tensors.pop(name)))


def test_a_tensor_too_many_is_named(layout, tmp_path):
    def change(tensors):
        slash = "/" if layout.startswith("tensorflow") else "."
        tensors[f"synthesis{slash}extra"] = torch.zeros(2)

    with pytest.raises(
        MissingWeightsError, match=r"fit nothing in this kind of generator: synthesis[./]extra"
    ):
        open_checkpoint(written(layout, tmp_path / "file", change))


def test_a_tensor_with_turned_axes_is_named_with_both_shapes(layout, tmp_path):
    name = LAYOUTS[layout][2]

    def change(tensors):
        tensors[name] = tensors[name].transpose(1, 3).contiguous()

    with pytest.raises(MissingWeightsError, match=f"“{name}” with shape .* expected "):
        open_checkpoint(written(layout, tmp_path / "file", change))


def test_layers_in_another_order_do_not_open(layout, tmp_path):
    narrow = random_checkpoint(
        32, z_dim=10, w_dim=12, channel_base=128, channel_max=8, mapping_layers=2, seed=1
    )
    first, second = {
        "rosinality": ("convs.3.", "convs.5."),
        "mmgeneration": ("convs.3.", "convs.5."),
        "genforce": ("synthesis.layer4.", "synthesis.layer6."),
        "tensorflow-pickle": ("synthesis/16x16/Conv1/", "synthesis/32x32/Conv1/"),
    }[layout]

    def change(tensors):
        for name in [name for name in tensors if name.startswith(first)]:
            other = second + name.removeprefix(first)
            tensors[name], tensors[other] = tensors[other], tensors[name]

    with pytest.raises(MissingWeightsError, match=first.rstrip("./")):
        open_checkpoint(written(layout, tmp_path / "file", change, network=narrow))


def test_values_that_are_no_numbers_are_named(layout, tmp_path):
    name = LAYOUTS[layout][3]

    with pytest.raises(MissingWeightsError, match=f"3 of 3 in “{name}”"):
        open_checkpoint(written(layout, tmp_path / "file", lambda tensors: tensors[name].fill_(float("nan"))))


@pytest.mark.parametrize("name", ["input.input", "conv1.conv.modulation.weight", "to_rgb1.bias"])
def test_a_file_without_its_signs_is_of_an_unknown_layout(tmp_path, name):
    with pytest.raises(UnknownFormatError, match="a layout this version does not read"):
        open_checkpoint(written("rosinality", tmp_path / "file", lambda tensors: tensors.pop(name)))


def test_old_files_without_noise_maps_get_fixed_ones(tmp_path):
    def change(tensors):
        for name in [name for name in tensors if name.startswith("noises.")]:
            del tensors[name]

    one = open_checkpoint(written("rosinality", tmp_path / "one", change))
    two = open_checkpoint(written("rosinality", tmp_path / "two", change))

    assert torch.equal(picture_of(one), picture_of(two))
    assert "The file stores no noise maps; fixed ones are drawn in their place." in one.provenance.notes


def test_files_without_filters_have_the_usual_one(tmp_path):
    def change(tensors):
        for name in [name for name in tensors if name.endswith(".kernel")]:
            del tensors[name]

    checkpoint = open_checkpoint(written("rosinality", tmp_path / "file", change))

    assert torch.equal(checkpoint.tensors["synthesis.b8.resample_filter"], usual_filter())
    torch.testing.assert_close(usual_filter(), NETWORK.tensors["synthesis.b8.resample_filter"])


def test_a_missing_mean_is_estimated(tmp_path):
    path = tmp_path / "file"
    torch.save({"g_ema": in_rosinality_names(NETWORK)}, path)

    checkpoint = open_checkpoint(path)

    z = torch.randn(20_000, 10, generator=torch.Generator().manual_seed(5))
    ws = build_generator(NETWORK).map(z)[:, 0]
    assert torch.equal(checkpoint.tensors["mapping.w_avg"], mean_of_w(NETWORK.tensors))
    assert float((checkpoint.tensors["mapping.w_avg"] - ws.mean(dim=0)).abs().max()) < 0.1 * float(ws.std())
    assert "The file stores no mean of w; it is estimated from random z." in checkpoint.provenance.notes


def test_a_grey_network_of_mmgeneration_keeps_its_one_channel(tmp_path):
    grey = random_checkpoint(
        8, z_dim=6, w_dim=6, channels=1, channel_base=64, channel_max=8, mapping_layers=1
    )

    checkpoint = open_checkpoint(written("mmgeneration", tmp_path / "file", network=grey))

    assert build_generator(checkpoint).spec.channels == 1
    assert not any("colours" in note for note in checkpoint.provenance.notes)


def test_half_precision_weights_keep_their_values(tmp_path):
    def change(tensors):
        for name, tensor in tensors.items():
            tensors[name] = tensor.half()

    checkpoint = open_checkpoint(written("rosinality", tmp_path / "file", change))

    assert float((picture_of(checkpoint) - picture_of(NETWORK)).abs().max()) < 0.1


class TestSettingsBeside:
    """What genforce's programs keep out of the weights."""

    def open(self, tmp_path, settings):
        path = written("genforce", tmp_path / "file")
        if settings is not None:
            (tmp_path / "arch.json").write_text(settings)
        return open_checkpoint(path)

    def test_a_final_tanh_is_applied_to_the_finished_picture_only(self, tmp_path):
        plain = self.open(tmp_path, None)
        squashed = self.open(tmp_path, '{"gan_type": "stylegan2", "final_tanh": true}')

        assert squashed.options["final_tanh"] is True
        assert any("arch.json" in note for note in squashed.provenance.notes)
        generator = build_generator(squashed)
        check_generator(generator)
        torch.testing.assert_close(picture_of(squashed), picture_of(plain).tanh())
        ws, noise = generator.map(torch.ones(1, 10)), generator.noise_maps("const")
        below = [one.stages[0].run(None, None, ws, noise) for one in (generator, build_generator(plain))]
        pictures = [
            one.stages[0].to_rgb(features, ws)
            for one, features in zip((generator, build_generator(plain)), below, strict=True)
        ]
        assert torch.equal(*pictures)

    def test_a_safetensors_copy_keeps_it(self, tmp_path):
        squashed = self.open(tmp_path, '{"final_tanh": true}')
        write_checkpoint(squashed, tmp_path / "copy.safetensors")

        assert torch.equal(picture_of(open_checkpoint(tmp_path / "copy.safetensors")), picture_of(squashed))

    @pytest.mark.parametrize(
        "settings",
        [
            None,
            "{}",
            '{"final_tanh": false}',
            '{"final_tanh": 1}',
            "not json",
            "[1]",
            "[" * 60_000,
            " " * 70_000,
        ],
    )
    def test_anything_else_changes_nothing(self, tmp_path, settings):
        assert self.open(tmp_path, settings).options["final_tanh"] is False


class TestTensorflow:
    """Pickles of the TensorFlow era."""

    def test_settings_become_options(self, tmp_path):
        path = tmp_path / "file"
        as_tensorflow(
            in_tensorflow_names(NETWORK),
            path,
            mapping_lrmul=0.02,
            conv_clamp=256,
            resample_kernel=[1, 2, 4, 1],
        )

        checkpoint = open_checkpoint(path)

        assert checkpoint.options["mapping_lr_multiplier"] == 0.02
        assert checkpoint.options["conv_clamp"] == 256.0
        taps = torch.tensor([1.0, 2.0, 4.0, 1.0]) / 8
        filters = [value for name, value in checkpoint.tensors.items() if name.endswith("resample_filter")]
        assert filters
        for found in filters:
            torch.testing.assert_close(found, torch.outer(taps, taps))

    @pytest.mark.parametrize(
        "settings", [{"resample_kernel": []}, {"resample_kernel": ["a"]}, {"mapping_lrmul": -1}]
    )
    def test_senseless_settings_are_refused(self, tmp_path, settings):
        path = tmp_path / "file"
        as_tensorflow(in_tensorflow_names(NETWORK), path, **settings)

        with pytest.raises(CorruptFileError, match=next(iter(settings))):
            open_checkpoint(path)

    def test_classes_of_the_first_stylegan2_are_normalised_with_z(self, tmp_path):
        tensors = in_tensorflow_names(NETWORK)
        tensors["mapping/Dense0/weight"] = torch.randn(
            14, *tensors["mapping/Dense0/bias"].shape, generator=torch.Generator().manual_seed(1)
        )
        embedding = torch.randn(3, 4, generator=torch.Generator().manual_seed(2))
        tensors["mapping/LabelConcat/weight"] = embedding
        path = tmp_path / "file"
        as_tensorflow(tensors, path)

        generator = build_generator(open_checkpoint(path))

        assert (generator.spec.z_dim, generator.spec.c_dim) == (10, 3)
        z, label = torch.ones(1, 10), torch.eye(3)[1:2]
        together = torch.cat([z, embedding[1:2]], dim=1)
        together = together / together.square().mean().sqrt()
        first = torch.nn.functional.linear(
            together,
            tensors["mapping/Dense0/weight"].T * 0.01 / 14**0.5,
            tensors["mapping/Dense0/bias"] * 0.01,
        )
        x = torch.nn.functional.leaky_relu(first, 0.2) * 2**0.5
        for index in (1, 2):
            weight, bias = (tensors[f"mapping/Dense{index}/{kind}"] * 0.01 for kind in ("weight", "bias"))
            x = torch.nn.functional.linear(x, weight.T / 12**0.5, bias)
            x = torch.nn.functional.leaky_relu(x, 0.2) * 2**0.5
        torch.testing.assert_close(generator.map(z, label)[:, 0], x, rtol=1e-4, atol=1e-5)

    def test_pictures_numbered_from_the_finest_open(self, tmp_path):
        tensors = in_tensorflow_names(NETWORK)
        for level, side in enumerate((16, 8, 4)):
            for kind in ("weight", "bias", "mod_weight", "mod_bias"):
                tensors[f"synthesis/ToRGB_lod{level}/{kind}"] = tensors.pop(
                    f"synthesis/{side}x{side}/ToRGB/{kind}"
                )
        path = tmp_path / "file"
        as_tensorflow(tensors, path)

        checkpoint = open_checkpoint(path)

        assert checkpoint.options["architecture"] == "orig"
        assert build_generator(checkpoint).spec.resolution == 16

    @pytest.mark.parametrize("count", [1, 2, 4])
    def test_another_number_of_networks_is_refused(self, tmp_path, count):
        path = tmp_path / "file"
        network = New(NETWORK_CLASS, state={"variables": [], "components": {}})
        path.write_bytes(pickled((network,) * count))

        with pytest.raises(UnknownFormatError, match="three networks G, D and Gs"):
            open_checkpoint(path)

    def test_another_architecture_is_refused_with_one_of_its_names(self, tmp_path):
        path = tmp_path / "file"
        as_tensorflow({"synthesis/4x4/Const/const": torch.zeros(1, 4, 4, 4)}, path)

        with pytest.raises(UnknownFormatError, match="no StyleGAN2; one of its variables is"):
            open_checkpoint(path)

    @pytest.mark.parametrize(
        "state",
        [
            None,
            {"variables": 3},
            {"variables": [("a", "text")]},
            {"variables": [("a\n", 1.0)]},
            {"variables": [("a", 1.0), ("a", 2.0)]},
            {"variables": [("a",)]},
            {"variables": [], "components": {"mapping": 3}},
        ],
    )
    def test_networks_out_of_order_are_refused(self, tmp_path, state):
        path = tmp_path / "file"
        path.write_bytes(pickled((New(NETWORK_CLASS, state=state),) * 3))

        with pytest.raises(CorruptFileError, match="is damaged"):
            open_checkpoint(path)

    def test_a_network_that_contains_itself_ends(self, tmp_path):
        path = tmp_path / "file"
        # PUT and GET of the network's own memo entry inside its state.
        loop = (
            code(NETWORK_CLASS) + code(()) + b"\x81q\x01" + b"}(" + code("components") + b"}(" + code("again")
        )
        loop += b"h\x01uub"
        path.write_bytes(pickled((Raw(loop),) * 3))

        with pytest.raises(CorruptFileError, match="nested too deep"):
            open_checkpoint(path)

    def test_program_text_in_a_network_is_never_looked_at(self, tmp_path):
        path = tmp_path / "file"
        marker = tmp_path / "marker"
        program = f"open({str(marker)!r}, 'w')"
        network = New(NETWORK_CLASS, state={"variables": [], "components": {}, "build_module_src": program})
        path.write_bytes(pickled((network,) * 3))

        with pytest.raises(UnknownFormatError):
            open_checkpoint(path)
        assert not marker.exists()

    def test_calling_a_network_is_refused(self, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(pickled((Call(NETWORK_CLASS),) * 3))

        with pytest.raises(Exception, match=r"dnnlib\.tflib\.network\.Network"):
            open_checkpoint(path)
