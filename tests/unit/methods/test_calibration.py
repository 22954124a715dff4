"""Slider ends, on latents and pictures that are plain to see."""

from __future__ import annotations

import numpy as np
import pytest

from latent_studio.core.directions import LinearDirection
from latent_studio.core.spaces import Space
from latent_studio.core.style_channels import StyleChannel
from latent_studio.methods.calibration import FURTHEST_SIGMAS, LatentRegion, calibrated

RNG = np.random.default_rng(0)
SAMPLES = RNG.normal(size=(2000, 6)).astype(np.float32) * np.array([4, 1, 1, 1, 1, 1], dtype=np.float32)
REGION = LatentRegion(SAMPLES)
CENTRE = np.zeros((4, 3, 6), dtype=np.float32)


def along(axis: int, sigma: float) -> LinearDirection:
    return LinearDirection("a", "a", Space.W, np.eye(6)[axis], sigma=sigma)


def test_wide_directions_may_go_further_than_narrow_ones():
    wide, narrow = (calibrated(along(k, sigma), CENTRE, REGION) for k, sigma in ((0, 4.0), (1, 1.0)))
    assert wide.high > 2.5 * narrow.high > 0 and wide.low < 2.5 * narrow.low < 0
    assert (wide.low_reason, wide.high_reason) == ("unusual", "unusual")


def test_ends_are_uneven_where_the_starts_lie_to_one_side():
    starts = CENTRE.copy()
    starts[..., 1] = 1.5
    found = calibrated(along(1, 1.0), starts, REGION)
    assert found.high == pytest.approx(-found.low - 3.0, abs=0.5)


def test_starts_that_are_unusual_already_leave_no_room():
    found = calibrated(along(1, 1.0), CENTRE + 50, REGION)
    assert (found.low, found.high) == (0.0, 0.0)


def test_pictures_that_stop_changing_end_the_slider_earlier():
    def render(amount: float) -> np.ndarray:
        return np.full((4, 8, 8), min(max(amount, -9.0), 1.0))

    found = calibrated(along(0, 4.0), CENTRE, REGION, render=render)
    plain = calibrated(along(0, 4.0), CENTRE, REGION)
    assert found.high_reason == "stopped" and found.high < 0.5 * plain.high and found.high >= 1.0
    assert found.low == max(plain.low, found.low)


def test_style_channels_move_no_latent_and_are_judged_by_pictures():
    channel = StyleChannel("b8.conv0", 0, row=1, unit=0.3)
    found = calibrated(channel, CENTRE, REGION)
    assert (found.low, found.high) == (-FURTHEST_SIGMAS, FURTHEST_SIGMAS)
    assert found.high_reason == "furthest"
