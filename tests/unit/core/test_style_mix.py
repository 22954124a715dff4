"""Style mixing takes rows whole, or blends them."""

from __future__ import annotations

import numpy as np
import pytest

from latent_studio.core.errors import IncompatibleLatentError, OptionError
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spec import GeneratorSpec
from latent_studio.core.style_mix import StyleMix, crossover_of, rows_from

SPEC = GeneratorSpec("stylegan2", 16, 3, 8, 8, 6)
RNG = np.random.default_rng(0)
BASE, SOURCE = RNG.standard_normal((2, 6, 8)).astype(np.float32)


def test_rows_are_the_sources_bit_for_bit_and_the_others_the_bases() -> None:
    mixed = StyleMix(SeedPoint(1), (1, 4)).mixed(BASE, SOURCE)
    assert np.array_equal(mixed[[1, 4]], SOURCE[[1, 4]])
    assert np.array_equal(mixed[[0, 2, 3, 5]], BASE[[0, 2, 3, 5]])


def test_a_weight_blends() -> None:
    mixed = StyleMix(SeedPoint(1), (2,), 0.25).mixed(BASE, SOURCE)
    np.testing.assert_allclose(mixed[2], 0.75 * BASE[2] + 0.25 * SOURCE[2], atol=1e-6)
    assert np.array_equal(StyleMix(SeedPoint(1), (2,), 0.0).mixed(BASE, SOURCE), BASE)


def test_the_inputs_stay_as_they_are() -> None:
    before = BASE.copy()
    StyleMix(SeedPoint(1), (0, 1)).mixed(BASE, SOURCE)
    assert np.array_equal(BASE, before)


def test_a_crossover_is_the_rows_from_it_on() -> None:
    assert rows_from(4, 6) == (4, 5)
    assert rows_from(6, 6) == ()
    for crossover in range(7):
        assert crossover_of(rows_from(crossover, 6), 6) == crossover
    assert crossover_of((1, 2), 6) is None


def test_rows_outside_the_model_and_odd_weights_are_refused() -> None:
    with pytest.raises(IncompatibleLatentError, match=r"5-6.*rows 0 to 5"):
        StyleMix(SeedPoint(1), (5, 6)).check_fits(SPEC)
    for weight in (1.5, -0.1, float("nan")):
        with pytest.raises(OptionError, match="from 0 to 1"):
            StyleMix(SeedPoint(1), (5,), weight).check_fits(SPEC)
