"""SynthesisSettings: how a latent becomes a picture, apart from the latent itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NoiseMode = Literal["const", "random", "none"]
NOISE_MODES: tuple[NoiseMode, ...] = ("const", "random", "none")

#: Classes with their weights: what ``c`` is made of.
ClassWeights = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class SynthesisSettings:
    """Truncation, noise, class, and how the network draws.

    Attributes:
        truncation_psi: 1 leaves w alone, 0 gives the average; usually -1 to 2.
        truncation_cutoff: number of leading rows of ws that are pulled; ``None`` means all.
        noise_mode: ``const`` the stored maps, ``random`` maps drawn from ``noise_seed``, ``none`` no noise.
        noise_seed: which random maps; only read when ``noise_mode`` is ``random``.
        class_idx: label of a conditional model; ``None`` for unconditional ones (0 is used if one is needed).
        class_blend: classes and their weights, which usually add up to 1, in place of ``class_idx``; empty
            for a single class. A blend lies between the classes' embeddings.
        translate_x: how far the picture moves to the right, in picture widths; only where the input can be
            moved (StyleGAN3).
        translate_y: how far it moves down, in picture heights.
        rotate_degrees: how far it turns about its centre, anticlockwise, before it is moved.
        lod: level of detail of a progressively grown network: how many of its finest resolutions are left
            out; ``None`` keeps what the file says.
        chosen_scale: size of the picture of a network that draws several (MS-PIE): 0 is the smallest, each
            step adds a quarter of that; ``None`` keeps what the file says.
    """

    truncation_psi: float = 1.0
    truncation_cutoff: int | None = None
    noise_mode: NoiseMode = "const"
    noise_seed: int = 0
    class_idx: int | None = None
    class_blend: ClassWeights = ()
    translate_x: float = 0.0
    translate_y: float = 0.0
    rotate_degrees: float = 0.0
    lod: float | None = None
    chosen_scale: int | None = None

    @property
    def class_weights(self) -> ClassWeights:
        """The blend, or the one class with a weight of 1."""
        return self.class_blend or ((self.class_idx or 0, 1.0),)

    @property
    def is_moved(self) -> bool:
        """Whether the picture is moved or turned."""
        return bool(self.translate_x or self.translate_y or self.rotate_degrees)


def blend_of_two(first: int, second: int, share: float) -> ClassWeights:
    """The blend on the way from one class to another.

    Args:
        first: where ``share`` is 0.
        second: where it is 1.
        share: of the second, 0 to 1.
    """
    if first == second:
        return ((first, 1.0),)
    return ((first, 1.0 - share), (second, share))
