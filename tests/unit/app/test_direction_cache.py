import numpy as np
import pytest

from latent_studio.app.direction_cache import cache_path, read_directions, write_directions
from latent_studio.app.paths import Paths
from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.spaces import Space

DIRECTIONS = [
    LinearDirection(
        f"sefa:genforce:all:{k}",
        f"e{k}",
        Space.W,
        np.eye(4)[k],
        rows=(0, 1) if k else None,
        sigma=0.5 + k,
        suggested_range=(-1, 2 + k),
        info=DirectionInfo("sefa", "ab", {"eigenvalue": 1.5, "variant": "genforce"}),
    )
    for k in range(3)
]


def test_directions_come_back_whole(tmp_path):
    path = cache_path(Paths.in_profile(tmp_path), "ab" * 32, "sefa")
    write_directions(DIRECTIONS, path)
    found = read_directions(path)
    assert found == DIRECTIONS
    for before, after in zip(DIRECTIONS, found, strict=True):
        assert (after.name, after.sigma, after.suggested_range) == (
            before.name,
            before.sigma,
            before.suggested_range,
        )
        assert after.info == before.info


def test_a_missing_cache_is_no_error(tmp_path):
    assert read_directions(tmp_path / "none.safetensors") is None


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, b"\xff" * 9])
def test_a_damaged_cache_is_found_again(tmp_path, damage):
    path = tmp_path / "cache.safetensors"
    path.write_bytes(damage)
    assert read_directions(path) is None


def test_a_cut_cache_is_found_again(tmp_path):
    path = tmp_path / "cache.safetensors"
    write_directions(DIRECTIONS, path)
    path.write_bytes(path.read_bytes()[:-5])
    assert read_directions(path) is None
