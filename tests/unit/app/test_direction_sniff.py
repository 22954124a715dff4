"""Files of directions are told from those of networks and latents without reading a pickle."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from latent_studio.app.direction_files import write_direction_file
from latent_studio.app.direction_sniff import looks_like_directions
from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.spaces import Space
from tests.helpers.foreign_stylegan2 import in_rosinality_names, small_skip_network

VECTOR = np.ones(8, dtype=np.float32)
TENSOR = torch.ones(3, 8)


def told(path):
    return looks_like_directions(path, path.read_bytes()[:65536])


def saved(tree, path, *, legacy=False):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(tree, path, _use_new_zipfile_serialization=not legacy)
    return path


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("key", ["SUPPORT_SETS", "eigvec", "eigen_vector"])
def test_torch_files_of_directions_are_known_by_their_keys(tmp_path, key, legacy):
    assert told(saved({key: TENSOR, "ckpt": "x.pt"}, tmp_path / "any.pt", legacy=legacy))


def test_numpy_files_of_directions_are_known(tmp_path):
    np.save(tmp_path / "bare.npy", VECTOR)
    np.savez(tmp_path / "boundary.npz", boundary=VECTOR, bias=np.float32(0))
    np.savez_compressed(tmp_path / "ganspace.npz", act_comp=VECTOR, act_stdev=VECTOR, var_ratio=VECTOR)
    assert all(told(tmp_path / name) for name in ("bare.npy", "boundary.npz", "ganspace.npz"))


def test_our_own_file_is_known(tmp_path):
    direction = LinearDirection("a", "a", Space.W, VECTOR, info=DirectionInfo("sefa"))
    write_direction_file([direction], tmp_path / "ours.bin")
    assert told(tmp_path / "ours.bin")


def test_networks_latents_and_anything_else_are_not(tmp_path):
    network = small_skip_network()
    saved({"g_ema": in_rosinality_names(network)}, tmp_path / "network.pt")
    saved({"g_ema": in_rosinality_names(network)}, tmp_path / "old.pt", legacy=True)
    np.savez(tmp_path / "projected_w.npz", w=VECTOR[None, None])
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    for path in tmp_path.iterdir():
        assert not told(path), path.name
