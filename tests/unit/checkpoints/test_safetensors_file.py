import dataclasses
import errno
import json
import os
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch

from latent_studio.checkpoints.checkpoint import Checkpoint, Provenance
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import read_safetensors, write_checkpoint
from latent_studio.checkpoints.source import Source
from latent_studio.core.errors import (
    CheckpointError,
    CorruptFileError,
    ExportError,
    UnknownFormatError,
)
from tests.helpers.network_pickles import network_file, small_stylegan2


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "small.pkl"
    path.write_bytes(network_file(small_stylegan2(conv_clamp=256)))
    return open_checkpoint(path)


def raw_file(path, header, data=b"", *, length=None):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(raw) if length is None else length).to_bytes(8, "little") + raw + data)
    return path


def find(path):
    with Source(path) as source:
        return read_safetensors(source)


def test_a_written_checkpoint_opens_again_bit_for_bit(tmp_path, checkpoint):
    path = tmp_path / "small.safetensors"
    write_checkpoint(checkpoint, path)
    again = open_checkpoint(path)
    assert again.family == checkpoint.family
    assert dict(again.options) == dict(checkpoint.options)
    assert set(again.tensors) == set(checkpoint.tensors)
    for name, values in checkpoint.tensors.items():
        assert again.tensors[name].dtype == values.dtype
        assert torch.equal(again.tensors[name], values), name
    assert again.provenance.name == "small"
    assert again.provenance.format == "safetensors"


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path, checkpoint):
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    write_checkpoint(checkpoint, first)
    shuffled = MappingProxyType(dict(sorted(checkpoint.tensors.items(), reverse=True)))
    write_checkpoint(dataclasses.replace(checkpoint, tensors=shuffled), second)
    assert first.read_bytes() == second.read_bytes()


def test_the_formats_own_library_reads_what_is_written(tmp_path, checkpoint):
    path = tmp_path / "small.safetensors"
    mixed = {**checkpoint.tensors, "odd": torch.ones(3, dtype=torch.float16), "flag": torch.tensor(2.0)}
    write_checkpoint(dataclasses.replace(checkpoint, tensors=mixed), path)
    found = safetensors.torch.load_file(path)
    assert set(found) == set(mixed)
    assert all(torch.equal(found[name], values) for name, values in mixed.items())
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata()
    assert metadata["family"] == "stylegan2"
    assert metadata["resolution"] == "8"
    assert metadata["z_dim"] == "5"
    assert metadata["w_dim"] == "6"
    assert metadata["c_dim"] == "0"
    assert metadata["channels"] == "3"
    assert metadata["num_ws"] == "4"
    assert metadata["mapping_layers"] == "2"
    assert metadata["conv_clamp"] == "256.0"
    assert checkpoint.provenance.sha256 in metadata["converted_from"]


def test_what_the_formats_own_library_writes_is_read(tmp_path):
    tensors = {
        "synthesis.w": torch.randn(2, 3, generator=torch.Generator().manual_seed(0)),
        "half": torch.ones(5).half(),
        "wide": torch.full((2,), 0.1, dtype=torch.float64),
        "brain": torch.full((2,), 0.5, dtype=torch.bfloat16),
        "one": torch.tensor(3.0),
        "none": torch.zeros(0, 4),
    }
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file(tensors, path, {"family": "novel", "name": "A model", "licence": "CC0-1.0"})
    found = open_checkpoint(path)
    assert found.family == "novel"
    assert (found.provenance.name, found.provenance.licence) == ("A model", "CC0-1.0")
    assert found.options == {}
    assert torch.equal(found.tensors["synthesis.w"], tensors["synthesis.w"])
    assert found.tensors["half"].dtype == torch.float16
    assert torch.equal(found.tensors["wide"], tensors["wide"].float())
    assert torch.equal(found.tensors["brain"], tensors["brain"].float())
    assert found.tensors["one"].shape == ()
    assert found.tensors["none"].shape == (0, 4)


def test_without_a_family_the_names_decide_and_that_is_noted(tmp_path, checkpoint):
    path = tmp_path / "bare.safetensors"
    safetensors.torch.save_file(dict(checkpoint.tensors), path)
    found = open_checkpoint(path)
    assert found.family == "stylegan2"
    assert found.options["architecture"] == "skip"
    assert found.options["use_noise"] is True
    assert found.options["mapping_lr_multiplier"] == 0.01
    assert "names no family" in found.provenance.notes[0]


def test_without_a_family_the_architecture_follows_from_the_names(tmp_path, checkpoint):
    kept = {name: values for name, values in checkpoint.tensors.items() if "noise" not in name}
    orig = {name: values for name, values in kept.items() if "b4.torgb" not in name}
    resnet = {**orig, "synthesis.b8.skip.weight": torch.zeros(4, 4, 1, 1)}
    for expected, tensors in (("orig", orig), ("resnet", resnet)):
        path = tmp_path / f"{expected}.safetensors"
        safetensors.torch.save_file(tensors, path)
        options = open_checkpoint(path).options
        assert options["architecture"] == expected
        assert options["use_noise"] is False


def test_a_file_of_unknown_tensors_is_refused(tmp_path):
    path = tmp_path / "language-model.safetensors"
    safetensors.torch.save_file({"lm_head": torch.zeros(2)}, path)
    with pytest.raises(UnknownFormatError, match="which generator family"):
        open_checkpoint(path)


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("mapping_lr_multiplier", "1.0", 1.0),
        ("mapping_lr_multiplier", "1", 1.0),
        ("conv_clamp", "none", None),
        ("conv_clamp", "2.5", 2.5),
        ("use_noise", "false", False),
        ("num_fp16_res", "4", 4),
        ("activation", "relu", "relu"),
    ],
)
def test_options_in_the_header_have_their_own_types(tmp_path, checkpoint, option, text, value):
    path = tmp_path / "options.safetensors"
    safetensors.torch.save_file(dict(checkpoint.tensors), path, {"family": "stylegan2", option: text})
    found = open_checkpoint(path).options[option]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("mapping_lr_multiplier", "fast"),
        ("mapping_lr_multiplier", "nan"),
        ("conv_clamp", "inf"),
        ("conv_clamp", ""),
        ("use_noise", "maybe"),
        ("num_fp16_res", "4.5"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_by_name(tmp_path, checkpoint, option, text):
    path = tmp_path / "options.safetensors"
    safetensors.torch.save_file(dict(checkpoint.tensors), path, {"family": "stylegan2", option: text})
    with pytest.raises(CorruptFileError, match=option):
        open_checkpoint(path)


def entry(start, end, *, shape=(1,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


DAMAGED = {
    "no JSON": (b"{nonsense", 4),
    "no table": (b"[]", 0),
    "not UTF-8": (b'{"\xff": 1}', 0),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), 0),
    "nested without end": (b'{"a":' * 2000 + b"1" + b"}" * 2000, 0),
    "endless number": (b'{"a":' + b"9" * 5000 + b"}", 0),
    "NaN": (b'{"a": NaN}', 0),
    "a name twice": (
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        b'"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        8,
    ),
    "a key twice in an entry": (b'{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', 4),
    "overlap": ({"a": entry(0, 4), "b": entry(0, 4)}, 4),
    "half overlap": ({"a": entry(0, 8, shape=(2,)), "b": entry(4, 12, shape=(2,))}, 12),
    "gap": ({"a": entry(0, 4), "b": entry(8, 12)}, 12),
    "starts late": ({"a": entry(4, 8)}, 8),
    "bytes left over": ({"a": entry(0, 4)}, 8),
    "beyond the end": ({"a": entry(0, 4)}, 2),
    "far beyond the end": ({"a": entry(0, 4 << 40, shape=(1 << 40,))}, 4),
    "shape does not match": ({"a": entry(0, 4, shape=(2,))}, 4),
    "backwards": ({"a": entry(4, 0, shape=(0,))}, 4),
    "negative offset": ({"a": entry(-4, 0)}, 4),
    "negative shape": ({"a": entry(0, 4, shape=(-1, -1))}, 4),
    "fraction in the shape": ({"a": entry(0, 4, shape=(1.0,))}, 4),
    "truth in the shape": ({"a": entry(0, 4, shape=(True,))}, 4),
    "nine dimensions": ({"a": entry(0, 4, shape=(1,) * 9)}, 4),
    "overflowing shape": ({"a": entry(0, 4, shape=(2**63, 2**63))}, 4),
    "three offsets": ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 4]}}, 4),
    "entry is a list": ({"a": [0, 4]}, 4),
    "entry without shape": ({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, 4),
    "entry with more": ({"a": {**entry(0, 4), "code": "x"}}, 4),
    "metadata are a list": ({"__metadata__": [], "a": entry(0, 4)}, 4),
    "metadata hold a number": ({"__metadata__": {"family": 2}, "a": entry(0, 4)}, 4),
    "endless name": ({"a" * 600: entry(0, 4)}, 4),
    "too many tensors": ({f"t{idx}": entry(0, 0, shape=(0,)) for idx in range(20_001)}, 0),
}


@pytest.mark.parametrize(("header", "size"), DAMAGED.values(), ids=DAMAGED)
def test_a_header_that_contradicts_itself_is_refused(tmp_path, header, size):
    with pytest.raises(CorruptFileError, match=r"bad\.safetensors"):
        find(raw_file(tmp_path / "bad.safetensors", header, bytes(size)))


def test_the_honest_version_of_those_headers_passes(tmp_path):
    header = {"__metadata__": {"family": "x"}, "a": entry(0, 4), "b": entry(4, 12, shape=(2,))}
    assert set(find(raw_file(tmp_path / "good.safetensors", header, bytes(12))).tensors) == {"a", "b"}


@pytest.mark.parametrize("length", [2**62, 2**32, 3, 0])
def test_a_wrong_header_length_is_refused_without_taking_memory(tmp_path, length):
    with pytest.raises(CheckpointError):
        find(raw_file(tmp_path / "bad.safetensors", {"a": entry(0, 4)}, bytes(4), length=length))


def test_a_huge_header_is_refused_before_it_is_parsed(tmp_path):
    path = raw_file(tmp_path / "bad.safetensors", b"{" + b" " * (5 << 20) + b"}")
    with pytest.raises(CorruptFileError, match="header claims"):
        find(path)


@pytest.mark.parametrize("dtype", ["F8_E4M3", "C64", "x" * 1000, 7, ["F32"]])
def test_an_unknown_kind_of_number_is_refused_by_name(tmp_path, dtype):
    path = raw_file(tmp_path / "odd.safetensors", {"strange": entry(0, 4, dtype=dtype)}, bytes(4))
    with pytest.raises(UnknownFormatError, match="strange"):
        find(path)


def test_whole_numbers_are_refused_by_the_tensors_name(tmp_path):
    path = tmp_path / "steps.safetensors"
    safetensors.torch.save_file({"steps": torch.tensor([3])}, path, {"family": "stylegan2"})
    with pytest.raises(UnknownFormatError, match=r"steps.*int64"):
        open_checkpoint(path)


def test_a_missing_folder_is_made(tmp_path, checkpoint):
    write_checkpoint(checkpoint, tmp_path / "new" / "small.safetensors")
    assert open_checkpoint(tmp_path / "new" / "small.safetensors").family == checkpoint.family


def test_a_folder_that_cannot_be_is_an_error_in_words(tmp_path, checkpoint):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match=r"small\.safetensors could not be written"):
        write_checkpoint(checkpoint, tmp_path / "file" / "small.safetensors")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_the_old_file_and_no_scraps(tmp_path, checkpoint, monkeypatch, code):
    path = tmp_path / "small.safetensors"
    path.write_bytes(b"the old file")

    def fail(_descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ExportError) as caught:
        write_checkpoint(checkpoint, path)
    assert os.strerror(code) in caught.value.title
    assert path.read_bytes() == b"the old file"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["small.pkl", "small.safetensors"]


def test_only_the_finished_file_is_left(tmp_path, checkpoint):
    write_checkpoint(checkpoint, tmp_path / "new.safetensors")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["new.safetensors", "small.pkl"]


def test_tensors_in_any_memory_order_are_written_as_they_look(tmp_path):
    values = torch.arange(24.0).reshape(2, 3, 4).transpose(0, 2)
    origin = Provenance(Path("x"), "safetensors", "0" * 64, 1, "x")
    path = tmp_path / "t.safetensors"
    write_checkpoint(Checkpoint("other", {"w": values}, origin), path)
    assert np.array_equal(open_checkpoint(path).tensors["w"].numpy(), values.numpy())
