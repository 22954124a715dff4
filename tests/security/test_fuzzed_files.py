"""Valid files, spoiled at random: each opens or is refused in words; nothing else may happen."""

import random
import time
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.checkpoints.checkpoint import Checkpoint
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.checkpoints.safetensors_file import write_checkpoint
from latent_studio.core.errors import CheckpointError, LatentStudioError, OutOfMemoryError
from latent_studio.generators.random_stylegan2 import random_checkpoint
from tests.helpers.foreign_stylegan2 import in_rosinality_names, in_tensorflow_names, tensorflow_pickle
from tests.helpers.network_pickles import network_file, small_stylegan2
from tests.helpers.spoiling import at_most, changes

#: What opening a file of some kilobytes may take at most: far more than it does, far less than a bomb wants.
MEMORY_BYTES = 256 << 20
PROCESSOR_S = 5.0


def make_pickle(folder):
    return network_file(small_stylegan2(channels=2, resolution=4, mapping_layers=1))


def make_safetensors(folder):
    source, path = folder / "source.pkl", folder / "source.safetensors"
    source.write_bytes(make_pickle(folder))
    write_checkpoint(open_checkpoint(source), path)
    return path.read_bytes()


def make_torch(folder, *, legacy):
    path = folder / "source.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = {"w": torch.arange(6.0).reshape(2, 3), "step": np.float64(0.5)}
        torch.save({"g_ema": state, "n": 3}, path, _use_new_zipfile_serialization=not legacy)
    return path.read_bytes()


def tiny_network():
    return random_checkpoint(4, z_dim=3, w_dim=3, channel_base=8, channel_max=2, mapping_layers=1)


def make_rosinality(folder, *, legacy):
    path = folder / "rosinality.pt"
    tree = {"g_ema": in_rosinality_names(tiny_network()), "latent_avg": torch.zeros(3)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(tree, path, _use_new_zipfile_serialization=not legacy)
    return path.read_bytes()


MAKERS = {
    "pickle": make_pickle,
    "safetensors": make_safetensors,
    "torch zip": lambda folder: make_torch(folder, legacy=False),
    "torch stream": lambda folder: make_torch(folder, legacy=True),
    "rosinality zip": lambda folder: make_rosinality(folder, legacy=False),
    "rosinality stream": lambda folder: make_rosinality(folder, legacy=True),
    "TensorFlow": lambda folder: tensorflow_pickle(in_tensorflow_names(tiny_network())),
}


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    return {kind: make(tmp_path_factory.mktemp("originals")) for kind, make in MAKERS.items()}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("spoiled") / "spoiled.bin"


def outcome(path, content):
    """Open a spoiled file; anything but a checkpoint or an error in words fails the test."""
    path.write_bytes(content)
    began = time.process_time()
    try:
        with at_most(MEMORY_BYTES):
            found = open_checkpoint(path)
    except LatentStudioError as error:
        assert time.process_time() - began < PROCESSOR_S
        assert isinstance(error, CheckpointError)
        assert not isinstance(error, OutOfMemoryError), "it asked for the memory that the file claims"
        assert error.title.isprintable()
        assert "makes no sense" not in error.title, "a reader tripped instead of noticing"
        return None
    assert time.process_time() - began < PROCESSOR_S
    assert isinstance(found, Checkpoint)
    assert all(torch.isfinite(values).all() for values in found.tensors.values())
    return found


@pytest.mark.parametrize("kind", MAKERS)
@given(spoil=changes())
def test_a_spoiled_file_opens_or_is_refused_in_words(originals, scratch, kind, spoil):
    outcome(scratch, spoil(originals[kind]))


@pytest.mark.parametrize("kind", MAKERS)
def test_one_wrong_byte_anywhere_opens_or_is_refused_in_words(originals, scratch, kind):
    rng = random.Random(kind)
    original = originals[kind]
    for _ in range(300):
        spoiled = bytearray(original)
        spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
        outcome(scratch, bytes(spoiled))


@pytest.mark.parametrize("kind", MAKERS)
def test_a_file_cut_anywhere_is_refused(originals, scratch, kind):
    original = originals[kind]
    step = max(1, len(original) // 150)
    for length in range(0, len(original) - 1, step):
        assert outcome(scratch, original[:length]) is None, f"cut after {length} bytes"


def test_the_unspoiled_originals_do_open(originals, scratch):
    assert outcome(scratch, originals["pickle"]).family == "stylegan2"
    assert outcome(scratch, originals["safetensors"]).family == "stylegan2"
    assert outcome(scratch, originals["torch zip"]) is None
    assert outcome(scratch, originals["rosinality zip"]).family == "stylegan2"
    assert outcome(scratch, originals["rosinality stream"]).family == "stylegan2"
    assert outcome(scratch, originals["TensorFlow"]).family == "stylegan2"


@given(
    content=st.binary(max_size=200), start=st.sampled_from([b"", b"\x80\x02", b"\x80\x04\x95", b"PK\x03\x04"])
)
def test_noise_is_refused_in_words(scratch, content, start):
    assert outcome(scratch, start + content) is None
