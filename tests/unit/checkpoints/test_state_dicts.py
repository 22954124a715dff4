"""Which network in a PyTorch file is taken, and what is said when none can be."""

from __future__ import annotations

import argparse
import re

import pytest
import torch

from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.state_dicts import StateDict
from latent_studio.core.errors import MissingWeightsError, UnknownFormatError
from tests.helpers.foreign_stylegan2 import in_rosinality_names, small_skip_network

NETWORK = small_skip_network(resolution=8)


def state(shift=0.0):
    """A generator's state dict that tells by its constant which one it is."""
    tensors = in_rosinality_names(NETWORK)
    tensors["input.input"] = tensors["input.input"] + shift
    return tensors


def open_saved(tree, tmp_path, *, legacy=False):
    path = tmp_path / "network.pt"
    torch.save(tree, path, _use_new_zipfile_serialization=not legacy)
    return open_checkpoint(path)


def shift_of(checkpoint):
    return round(
        float((checkpoint.tensors["synthesis.b4.const"] - NETWORK.tensors["synthesis.b4.const"]).mean()), 3
    )


@pytest.mark.parametrize("legacy", [False, True])
def test_a_bare_state_dict_opens(tmp_path, legacy):
    checkpoint = open_saved(state(), tmp_path, legacy=legacy)

    assert checkpoint.family == "stylegan2"
    assert not any("Took" in note for note in checkpoint.provenance.notes)


@pytest.mark.parametrize("averaged", ["g_ema", "G_ema", "generator_ema", "generator_smooth", "params_ema"])
def test_the_average_is_taken_wherever_it_stands(tmp_path, averaged):
    first = open_saved({"g": state(), averaged: state(1.0)}, tmp_path)
    last = open_saved({averaged: state(1.0), "g": state()}, tmp_path)

    assert shift_of(first) == shift_of(last) == 1.0
    assert f"Took {averaged}; ignored g." in first.provenance.notes


def test_averaged_names_in_one_state_dict_are_told_apart_by_their_first_part(tmp_path):
    tensors = {f"generator.{name}": tensor for name, tensor in state().items()}
    tensors |= {f"generator_ema.{name}": tensor for name, tensor in state(2.0).items()}
    tensors["discriminator.final.bias"] = torch.zeros(3)

    checkpoint = open_saved({"meta": {"epoch": 3}, "state_dict": tensors}, tmp_path)

    assert shift_of(checkpoint) == 2.0
    assert checkpoint.provenance.notes[0] == (
        "Took state_dict.generator_ema; ignored meta, generator, discriminator."
    )


def test_the_prefix_of_distributed_training_is_dropped(tmp_path):
    wrapped = {f"module.{name}": tensor for name, tensor in state(1.0).items()}

    assert shift_of(open_saved({"g_ema": wrapped}, tmp_path)) == 1.0


def test_an_average_inside_a_wrapper_opens(tmp_path):
    tensors = {f"generator_ema.module.{name}": tensor for name, tensor in state(1.0).items()}
    tensors["generator_ema.steps"] = torch.tensor(1000)

    assert shift_of(open_saved({"state_dict": tensors}, tmp_path)) == 1.0


def test_a_generator_inside_an_encoder_opens_with_its_mean(tmp_path):
    tensors = {f"decoder.{name}": tensor for name, tensor in state().items()}
    tensors["encoder.input_layer.0.weight"] = torch.zeros(4, 3, 3, 3)
    mean = torch.arange(12.0)

    checkpoint = open_saved({"state_dict": tensors, "latent_avg": mean.repeat(6, 1)}, tmp_path)

    assert torch.equal(checkpoint.tensors["mapping.w_avg"], mean)


def test_what_else_is_in_a_training_file_is_named_in_the_notes(tmp_path):
    tree = {"g_ema": state(), "d": {"a": torch.zeros(1)}, "args": argparse.Namespace(size=8), "step": 7}

    notes = open_saved(tree, tmp_path).provenance.notes

    assert notes[0] == "Took g_ema; ignored d, args, step."


def test_a_discriminator_is_never_taken(tmp_path):
    with pytest.raises(UnknownFormatError, match="no named tensors"):
        open_saved({"discriminator": state()}, tmp_path)


def test_counters_of_layers_are_no_weights(tmp_path):
    tensors = state()
    tensors["conv1.num_batches_tracked"] = torch.tensor(5)

    assert open_saved(tensors, tmp_path).family == "stylegan2"


def test_unknown_names_are_quoted_from_the_largest_state_dict(tmp_path):
    with pytest.raises(UnknownFormatError) as caught:
        open_saved(
            {"a": {"x": torch.zeros(1)}, "net": {"odd.w": torch.zeros(1), "odd.b": torch.zeros(1)}}, tmp_path
        )

    assert "'odd.w'" in caught.value.title
    assert "dict of a, net" in caught.value.title


def test_a_file_without_named_tensors_says_so(tmp_path):
    with pytest.raises(UnknownFormatError, match="no named tensors"):
        open_saved({"epoch": 3}, tmp_path)


def test_a_dict_that_contains_itself_ends(tmp_path):
    loop = {"w": torch.zeros(2)}
    loop["g_ema"] = loop

    with pytest.raises(UnknownFormatError, match="a layout this version does not read"):
        open_saved(loop, tmp_path)


def test_all_tensors_with_bad_values_are_named(tmp_path):
    tensors = state()
    tensors["conv1.conv.weight"][0, 0, 0] = float("nan")
    tensors["to_rgb1.bias"][0, 1] = float("inf")

    with pytest.raises(MissingWeightsError) as caught:
        open_saved({"g_ema": tensors}, tmp_path)

    assert "9 of 576 in “conv1.conv.weight”, 1 of 3 in “to_rgb1.bias”" in caught.value.title


def test_bad_values_in_a_network_that_is_not_taken_do_no_harm(tmp_path):
    broken = {name: tensor * float("nan") for name, tensor in state().items()}

    assert open_saved({"g": broken, "g_ema": state()}, tmp_path).family == "stylegan2"


class TestStateDict:
    """The tensors of one network, taken one by one."""

    def make(self):
        return StateDict({"a": torch.zeros(2, 3), "b.kernel": torch.ones(4)}, file_name="some.pt")

    def test_a_taken_tensor_keeps_its_shape_on_record(self):
        tensors = self.make()
        tensors.take("a", (2, 3))
        assert tensors.shapes["a"] == (2, 3)

    def test_a_missing_tensor_is_named(self):
        with pytest.raises(MissingWeightsError, match=r"some\.pt has no tensor “c”"):
            self.make().take("c", (1,))

    def test_another_shape_is_told_with_the_expected_one(self):
        with pytest.raises(MissingWeightsError, match=re.escape("“a” with shape 2 × 3; expected 3 × 2")):
            self.make().take("a", (3, 2))

    def test_another_number_of_dimensions_is_told(self):
        with pytest.raises(MissingWeightsError, match="expected 1 dimensions"):
            self.make().shape("a", ndim=1)

    def test_an_empty_tensor_gives_no_sizes(self):
        with pytest.raises(MissingWeightsError, match="“e” with shape 0"):
            StateDict({"e": torch.zeros(0)}, file_name="some.pt").shape("e", ndim=1)

    def test_what_is_left_over_is_named(self):
        tensors = self.make()
        tensors.take("a", (2, 3))
        with pytest.raises(MissingWeightsError, match=r"fit nothing in this kind of generator: b\.kernel"):
            tensors.finish()

    def test_ignored_tensors_are_not_left_over(self):
        tensors = self.make()
        tensors.take("a", (2, 3))
        tensors.ignore(r".*\.kernel")
        tensors.finish()

    def test_only_whole_names_are_ignored(self):
        tensors = self.make()
        tensors.ignore("b")
        with pytest.raises(MissingWeightsError, match=r"b\.kernel"):
            tensors.finish()
