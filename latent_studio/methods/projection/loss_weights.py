"""LossWeights: what counts how much in a search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What counts how much.

    Attributes:
        pixel: mean squared difference of pixels, in [-1, 1].
        perceptual: distance of the perceptual network.
        multi_scale: mean squared difference of the pictures at a half, a quarter and an eighth of the size.
        identity: 1 - likeness of the persons; counts only where a network that tells persons is present.
        prior: how unusual the latent is: mean square of the whitened w, which is 1 for a usual one.
        rows: how far the rows of a w+ are from each other, in the same unit; keeps edits usable.
        noise: correlation left in noise maps that are searched as well (Karras et al. 2020, appendix D).
    """

    pixel: float = 1.0
    perceptual: float = 0.6
    multi_scale: float = 0.0
    identity: float = 0.1
    prior: float = 0.002
    rows: float = 0.002
    noise: float = 10.0
