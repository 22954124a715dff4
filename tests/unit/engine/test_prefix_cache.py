"""Features are found by the rows they depend on, and never take more than their share."""

from __future__ import annotations

import numpy as np
import torch

from latent_studio.engine.prefix_cache import PrefixCache, PrefixKey, prefix_keys
from latent_studio.generators.protocol import Features
from tests.helpers.fake_generator import FakeGenerator

NOISE = ("const", 0)


def features(size_bytes: int) -> Features:
    return Features(torch.zeros(size_bytes, dtype=torch.uint8), None)


def key(name: str, stage: int = 0) -> PrefixKey:
    return (stage, NOISE, name.encode())


def test_a_row_changes_the_keys_of_the_stages_that_read_it_and_of_those_after() -> None:
    stages = FakeGenerator(32).stages
    ws = np.zeros((8, 8), dtype=np.float32)
    plain = prefix_keys(ws, stages, noise=NOISE)
    # Stage k has run convolutions on rows 0 to 2k.
    for row, first_changed in [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4)]:
        moved = ws.copy()
        moved[row, 3] = 1
        changed = [a != b for a, b in zip(plain, prefix_keys(moved, stages, noise=NOISE), strict=True)]
        assert changed == [index >= first_changed for index in range(4)]


def test_noise_changes_every_key() -> None:
    stages = FakeGenerator(16).stages
    ws = np.zeros((6, 8), dtype=np.float32)
    kinds = [("const", 0), ("none", 0), ("random", 0), ("random", 1)]
    keys = [k for noise in kinds for k in prefix_keys(ws, stages, noise=noise)]
    assert len(set(keys)) == len(kinds) * len(stages)


def test_the_furthest_stage_is_found() -> None:
    cache = PrefixCache(100)
    kept = [features(10) for _ in range(2)]
    cache.put(key("a", 0), kept[0])
    cache.put(key("b", 1), kept[1])
    keys = (key("a", 0), key("b", 1), key("c", 2))
    assert cache.longest(keys) == (1, kept[1])
    assert cache.longest((key("x", 0), key("y", 1))) == (-1, None)


def test_it_stays_below_its_limit_and_drops_the_least_recently_used() -> None:
    cache = PrefixCache(100)
    for name in "abcde":
        cache.put(key(name), features(20))
    cache.longest((key("a"),))
    cache.put(key("f"), features(20))
    assert cache.bytes_used == 100
    assert cache.longest((key("a"),))[1] is not None
    assert cache.longest((key("b"),))[1] is None
    for number in range(100):
        cache.put(key(str(number)), features(1 + number % 50))
        assert cache.bytes_used <= cache.limit_bytes


def test_coarse_stages_outlive_fine_ones_of_the_same_render() -> None:
    cache = PrefixCache(100)
    keys = tuple(key("r", stage) for stage in range(3))
    for k in keys:
        cache.put(k, features(30))
    cache.longest(keys)
    cache.put(key("other"), features(30))
    assert [cache.longest((k,))[1] is not None for k in keys] == [True, True, False]


def test_one_entry_never_pushes_out_most_others() -> None:
    cache = PrefixCache(100)
    cache.put(key("small"), features(10))
    cache.put(key("huge"), features(51))
    assert cache.longest((key("huge"),)) == (-1, None)
    assert cache.bytes_used == 10


def test_putting_twice_counts_once_and_clear_empties() -> None:
    cache = PrefixCache(100)
    cache.put(key("a"), features(10))
    cache.put(key("a"), features(20))
    assert (len(cache), cache.bytes_used) == (1, 20)
    cache.clear()
    assert (len(cache), cache.bytes_used) == (0, 0)


def test_a_view_counts_for_the_whole_storage_it_keeps() -> None:
    cache = PrefixCache(1000)
    whole = torch.zeros(100, dtype=torch.uint8)
    cache.put(key("a"), Features(whole[:5], whole[5:10]))
    assert cache.bytes_used == 100


def test_a_limit_of_zero_keeps_nothing() -> None:
    cache = PrefixCache(0)
    cache.put(key("a"), features(1))
    assert len(cache) == 0


def test_small_features_are_counted_too() -> None:
    cache = PrefixCache(1000, at_most=3)
    for number in range(10):
        cache.longest((key("shared"),))
        cache.put(key(str(number) if number else "shared"), features(1))
    assert len(cache) == 3
    assert cache.longest((key("shared"),))[1] is not None
