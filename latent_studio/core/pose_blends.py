"""Blends of style mixes, noise and centres of truncation, on the way from one key of a film to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    # Not at run time: a session is made before the first window, and numpy would keep that waiting.
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.core.latent import Latent
    from latent_studio.core.noise_maps import FoundNoise
    from latent_studio.core.style_mix import StyleMix


@dataclass(frozen=True, slots=True)
class MixBlend:
    """Several mixes at once: on the way to a mix that takes other rows, every row goes straight.

    Attributes:
        parts: the mixes; the weights that one row has in all of them add up to at most 1.
    """

    parts: tuple[StyleMix, ...]

    def mixed(self, ws: NDArray[np.float32], sources: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """The mix of all; nothing given is changed.

        Args:
            ws: ``(num_ws, w_dim)`` float32, of the base.
            sources: the same of each part's source.
        """
        mixed = ws.copy()
        for part, source in zip(self.parts, sources, strict=True):
            index = list(part.rows)
            mixed[index] += ws.dtype.type(part.weight) * (source[index] - ws[index])
        return mixed


@dataclass(frozen=True, slots=True)
class NoiseBlend:
    """Noise between two keys.

    Attributes:
        first: where ``share`` is 0; ``None`` for the model's own.
        second: where it is 1; the same.
        share: of the second, between 0 and 1.
    """

    first: FoundNoise | None
    second: FoundNoise | None
    share: float

    @property
    def digest(self) -> str:
        """All there is to it, but for the model."""
        first, second = (one.digest if one is not None else "own" for one in (self.first, self.second))
        return f"{first}>{second}:{self.share!r}"

    @property
    def weights(self) -> tuple[float, float]:
        """Of both ends. Their squares add up to 1: a sum of independent noise keeps its strength."""
        length = math.hypot(1 - self.share, self.share)
        return (1 - self.share) / length, self.share / length


@dataclass(frozen=True, slots=True)
class CentreBlend:
    """The centre of truncation between two keys; it goes straight, in w.

    Attributes:
        first: where ``share`` is 0; ``None`` for the model's average.
        second: where it is 1; the same.
        share: of the second, between 0 and 1.
    """

    first: Latent | None
    second: Latent | None
    share: float


if TYPE_CHECKING:
    #: How rows of a picture are mixed; ``None`` takes all from the base.
    AnyMix: TypeAlias = StyleMix | MixBlend | None
    #: Noise maps of a picture; ``None`` for the model's own.
    AnyNoise: TypeAlias = FoundNoise | NoiseBlend | None
    #: What truncation pulls towards; ``None`` for the model's average.
    AnyCentre: TypeAlias = Latent | CentreBlend | None


def mix_between(first: StyleMix, second: StyleMix, share: float) -> MixBlend:
    """The mix of a moment between two that take different rows.

    Args:
        first: where ``share`` is 0.
        second: where it is 1.
        share: of the second; it is not taken beyond either.
    """
    share = min(1.0, max(0.0, share))
    return MixBlend(
        (
            replace(first, weight=(1 - share) * first.weight),
            replace(second, weight=share * second.weight),
        )
    )


def noise_between(first: FoundNoise | None, second: FoundNoise | None, share: float) -> AnyNoise:
    """The noise of a moment between two keys; what they share stays just that.

    Args:
        first: where ``share`` is 0.
        second: where it is 1.
        share: of the second; it is not taken beyond either.
    """
    if share <= 0 or first == second:
        return first
    return second if share >= 1 else NoiseBlend(first, second, share)


def centre_between(first: Latent | None, second: Latent | None, share: float) -> AnyCentre:
    """The centre of a moment between two keys.

    Args:
        first: where ``share`` is 0.
        second: where it is 1.
        share: of the second; it is not taken beyond either.
    """
    if share <= 0 or first == second:
        return first
    return second if share >= 1 else CentreBlend(first, second, share)
