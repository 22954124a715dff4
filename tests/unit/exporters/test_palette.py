"""The palette of a clip and the mapping to it."""

from __future__ import annotations

import numpy as np
import pytest

from latent_studio.exporters.dither import NearestColour, OrderedPairs
from latent_studio.exporters.palette import build_palette, sample_evenly, squared_distances


def noise(seed: int, side: int = 64) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(side, side, 3)).cumsum(axis=0).cumsum(axis=1)
    return np.clip(128 + drawn, 0, 255).astype(np.uint8)


def test_refining_lowers_the_error() -> None:
    frames = [noise(seed) for seed in range(4)]

    def error(refinements: int) -> float:
        palette = build_palette(frames, refinements=refinements)
        places = NearestColour(palette)(frames[0])
        return float(((palette[places].astype(float) - frames[0]) ** 2).mean())

    assert error(8) < 0.8 * error(0)


def test_a_picture_of_few_colours_keeps_them() -> None:
    colours = np.array([[0, 0, 0], [255, 255, 255], [200, 30, 90]], np.uint8)
    frame = colours[np.arange(48).reshape(6, 8) % 3]
    palette = build_palette([frame], refinements=4)
    assert palette.shape == (256, 3)
    for dither in (NearestColour(palette), OrderedPairs(palette, size=(8, 6))):
        np.testing.assert_array_equal(palette[dither(frame)], frame)


def test_palette_looks_at_the_whole_clip() -> None:
    frames = [np.full((32, 32, 3), level, np.uint8) for level in (0, 50, 100, 250)]
    palette = build_palette(frames, refinements=2)
    assert {0, 50, 100, 250} <= set(palette[:, 0].tolist())


def test_nearest_colour_is_the_nearest() -> None:
    palette = np.random.default_rng(3).integers(0, 256, (256, 3), dtype=np.uint8)
    frame = noise(5)
    found = palette[NearestColour(palette)(frame)].astype(float)
    best = np.sqrt(
        squared_distances(frame.reshape(-1, 3).astype(np.float32), palette.astype(np.float32)).min(axis=1)
    )
    # Colours are looked up in cells of four levels, so the nearest may be missed by the cell's half diagonal.
    assert (np.sqrt(((found - frame) ** 2).sum(axis=2)).ravel() - best).max() <= 2 * np.sqrt(3) * 1.5 + 1e-3


def test_dithering_keeps_the_mean_colour() -> None:
    palette = np.repeat(np.linspace(0, 255, 256).astype(np.uint8)[::51, None], 3, axis=1)
    palette = np.resize(palette, (256, 3))
    frame = np.full((64, 64, 3), 70, np.uint8)
    mixed = palette[OrderedPairs(palette, size=(64, 64))(frame)]
    plain = palette[NearestColour(palette)(frame)]
    assert abs(float(plain.mean()) - 70) > 15
    assert abs(float(mixed.mean()) - 70) < 4


def test_what_does_not_change_is_dithered_the_same() -> None:
    palette = build_palette([noise(1), noise(2)], refinements=2)
    dither = OrderedPairs(palette, size=(64, 64))
    first = dither(noise(1))
    changed = noise(1)
    changed[:10] = noise(2)[:10]
    np.testing.assert_array_equal(dither(changed)[10:], first[10:])


@pytest.mark.parametrize(("total", "count", "expected"), [(1, 8, [0]), (5, 3, [0, 2, 4]), (3, 8, [0, 1, 2])])
def test_samples_are_spread_over_the_clip(total: int, count: int, expected: list[int]) -> None:
    frames = [np.full((1, 1, 3), index, np.uint8) for index in range(total)]
    assert [int(frame[0, 0, 0]) for frame in sample_evenly(frames, count)] == expected
