"""Walks: rows of places to put keys at: seeds in order, a random walk, a loop of smooth noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import OptionError
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SEED_LIMIT, SeedPoint
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from latent_studio.core.session import Base

#: Places of one walk.
MOST_PLACES = 10_000
#: Waves around a noise loop; higher ones have no weight at the greatest variety.
_WAVES = 24


def seed_walk(start: int, count: int, *, step: int = 1) -> tuple[SeedPoint, ...]:
    """Seeds in order, each ``step`` further; they wrap at the end of the range.

    Raises:
        OptionError: the count is out of range.
    """
    _check_count(count)
    return tuple(SeedPoint((start + step * index) % SEED_LIMIT) for index in range(count))


def random_walk(seed: int, count: int, *, z_dim: int, stride: float = 1.0) -> tuple[Base, ...]:
    """A walk of z's that never leaves the likely: each is partly the one before and partly new.

    Every place by itself is distributed like a z of any seed (an autoregressive process of standard normals).

    Args:
        seed: of the whole walk; its first place is the picture of this seed.
        count: places.
        z_dim: of the model.
        stride: how new each place is: 0 stays, 1 has nothing of the one before.

    Raises:
        OptionError: count or stride are out of range.
    """
    _check_count(count)
    if not 0 <= stride <= 1:
        raise OptionError("--stride", f"--stride is {stride}, but must be from 0 to 1.")
    # The legacy generator, whose numbers are the same for ever.
    drawn = np.random.RandomState(seed)
    z = drawn.randn(z_dim)
    # As `stride` is the part of variance that is new, its square root is the part of length.
    old, new = math.sqrt(1 - stride), math.sqrt(stride)
    places: list[Base] = [SeedPoint(seed)]
    for _ in range(count - 1):
        z = old * z + new * drawn.randn(z_dim)
        places.append(Latent(Space.Z, z))
    return tuple(places)


def noise_loop(seed: int, count: int, *, z_dim: int, variety: float = 1.0) -> tuple[Latent, ...]:
    """A closed loop of smooth noise: as many places, evenly spaced, that end where they began.

    Each number of z is a sum of waves around the circle with normal amplitudes, so that every place by itself
    is distributed like a z of any seed, and no place stands out as beginning.

    Args:
        seed: of the loop.
        count: places, at least 2.
        z_dim: of the model.
        variety: how many different pictures it passes, roughly; a half is one slow circle.

    Raises:
        OptionError: count or variety are out of range.
    """
    _check_count(count)
    if count < 2 or not (math.isfinite(variety) and 0 < variety <= 8):
        raise OptionError(
            "--variety", f"A noise loop of {count} places and a variety of {variety} is none.",
            hint="Take at least 2 places and a variety from 0.1 to 8.",
        )  # fmt: skip
    drawn = np.random.RandomState(seed)
    waves = np.arange(1, _WAVES + 1)
    # A bell of powers over the waves; what they add up to is 1.
    powers = np.exp(-0.5 * ((waves - 1) / variety) ** 2)
    amplitudes = np.sqrt(powers / powers.sum())
    cosines, sines = drawn.randn(_WAVES, z_dim), drawn.randn(_WAVES, z_dim)
    angles = 2 * np.pi * np.outer(np.arange(count) / count, waves)
    z = (np.cos(angles) * amplitudes) @ cosines + (np.sin(angles) * amplitudes) @ sines
    return tuple(Latent(Space.Z, row) for row in z)


def _check_count(count: int) -> None:
    if not 1 <= count <= MOST_PLACES:
        raise OptionError("--count", f"A walk has from 1 to {MOST_PLACES} places, not {count}.")
