"""SynthesisSettings: how a latent becomes a picture, apart from the latent itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NoiseMode = Literal["const", "random", "none"]
NOISE_MODES: tuple[NoiseMode, ...] = ("const", "random", "none")


@dataclass(frozen=True, slots=True)
class SynthesisSettings:
    """Truncation, noise and class.

    Attributes:
        truncation_psi: 1 leaves w alone, 0 gives the average; usually -1 to 2.
        truncation_cutoff: number of leading rows of ws that are pulled; ``None`` means all.
        noise_mode: ``const`` the stored maps, ``random`` maps drawn from ``noise_seed``, ``none`` no noise.
        noise_seed: which random maps; only read when ``noise_mode`` is ``random``.
        class_idx: label of a conditional model; ``None`` for unconditional ones (0 is used if one is needed).
    """

    truncation_psi: float = 1.0
    truncation_cutoff: int | None = None
    noise_mode: NoiseMode = "const"
    noise_seed: int = 0
    class_idx: int | None = None
