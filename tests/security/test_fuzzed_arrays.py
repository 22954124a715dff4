"""Valid files of latents and directions, spoiled at random: each is read or refused in words."""

from __future__ import annotations

import io
import time
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from safetensors.numpy import save as safetensors_bytes

from latent_studio.app.latent_files import read_latents
from latent_studio.app.stored_latents import read_latents as read_stored
from latent_studio.checkpoints.arrays import read_arrays
from latent_studio.core.errors import LatentStudioError, OutOfMemoryError
from latent_studio.core.spec import GeneratorSpec
from tests.helpers.spoiling import at_most, changes

SPEC = GeneratorSpec("stylegan2", 16, 3, 8, 8, 6)
MEMORY_BYTES = 256 << 20
PROCESSOR_S = 5.0
LATENTS = np.random.default_rng(0).standard_normal((2, 6, 8)).astype(np.float32)


def saved(save):
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


def torch_bytes(*, legacy):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = {"a.png": {"latent": torch.from_numpy(LATENTS[0]), "noise": [torch.zeros(1, 1, 4, 4)]}}
        return saved(lambda to: torch.save(tree, to, _use_new_zipfile_serialization=not legacy))


KINDS = {
    "latents.npy": saved(lambda to: np.save(to, LATENTS)),
    "projected_w.npz": saved(lambda to: np.savez(to, w=LATENTS)),
    "packed.npz": saved(lambda to: np.savez_compressed(to, w=LATENTS, z=LATENTS[:, 0])),
    "projection.pt": torch_bytes(legacy=False),
    "old.pt": torch_bytes(legacy=True),
    "latents.safetensors": safetensors_bytes({"w": LATENTS}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spoiled")


@pytest.mark.parametrize("name", KINDS)
def test_each_is_read_while_it_is_whole(folder, name):
    path = folder / name
    path.write_bytes(KINDS[name])
    assert read_latents(path, SPEC)
    assert read_stored(path, SPEC)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("read", [read_arrays, lambda path: read_latents(path, SPEC), read_stored])
@given(spoil=changes())
def test_a_spoiled_file_is_read_or_refused_in_words(folder, name, read, spoil):
    path = folder / name
    path.write_bytes(spoil(KINDS[name]))
    began = time.process_time()
    try:
        with at_most(MEMORY_BYTES):
            read(path)
    except LatentStudioError as error:
        assert not isinstance(error, OutOfMemoryError), "it asked for the memory that the file claims"
        assert error.title.isprintable()
    assert time.process_time() - began < PROCESSOR_S
