"""What a picture can show of each factor: the truth that an attribute predictor is trained on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tools.portraits.factors import FACTORS, INDEX

_TITLES = {
    "yaw": "Turn of the head",
    "pitch": "Nod of the head",
    "mouth_open": "Mouth open",
    "eye_open": "Eyes open",
    "glasses": "Glasses",
    "beard": "Beard",
    "age": "Age",
    "light_side": "Side of the light",
}
#: Factors that appear in the picture only from one value on and are whole at another, as the renderer has it.
_SHOWN = {
    "glasses": (0.16, 0.30),
    "earrings": (0.28, 0.42),
    "beard": (0.0, 0.45),
    "collar": (-0.5, 0.45),
    "mouth_open": (-0.1, 1.0),
    "hair_wave": (-0.5, 1.0),
    "hair_grey": (0.1, 0.8),
}
#: What must be in the picture for a factor to be told at all, and how much of it, as a share.
_NEEDS = {
    "glasses_shape": ("glasses", 0.5),
    "hair_volume": ("hair_length", 0.2),
    "hair_wave": ("hair_length", 0.25),
    "fringe": ("hair_length", 0.2),
    "parting": ("hair_length", 0.2),
}
#: What people ask for first; in the loss these count this much, what a few pixels decide counts little.
_ASKED_FOR = {
    "smile": 6.0,
    "age": 4.0,
    "mouth_open": 2.0,
    "eye_open": 2.0,
    "glasses": 2.0,
    "yaw": 2.0,
    "pitch": 2.0,
}
_FAINT = (
    "nose_size", "eye_size", "brow_height", "brow_angle", "brow_weight", "blush", "skin_warmth", "parting",
    "glasses_shape", "hair_warmth", "lip_color", "eye_color",
)  # fmt: skip
_FAINT_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Reading:
    """How the visible amount of a factor follows from it.

    Attributes:
        name: of the factor.
        title: what people see.
        shown: the factor's values at which it begins to show and is whole; ``None`` when all its range shows.
        needs: another factor and the visible share of it, 0 to 1, below which this one cannot be seen.
        weight: of its error in training.
    """

    name: str
    title: str
    shown: tuple[float, float] | None
    needs: tuple[str, float] | None
    weight: float

    @property
    def low(self) -> float:
        """The least visible amount: 0 for what can be absent, else -1."""
        return -1.0 if self.shown is None else 0.0


READINGS: tuple[Reading, ...] = tuple(
    Reading(
        factor.name,
        _TITLES.get(factor.name, factor.name.replace("_", " ").capitalize()),
        _SHOWN.get(factor.name),
        _NEEDS.get(factor.name),
        _FAINT_WEIGHT if factor.name in _FAINT else _ASKED_FOR.get(factor.name, 1.0),
    )
    for factor in FACTORS
)


def visible(factors: Tensor) -> tuple[Tensor, Tensor]:
    """The visible amount of every factor, and whether it can be told.

    Args:
        factors: ``(N, COUNT)`` in [-1, 1].

    Returns:
        amounts ``(N, COUNT)``, each scaled to [-1, 1] from its least to its greatest visible amount, and bool
        ``(N, COUNT)``.
    """
    amounts = factors.clone()
    for name, (start, whole) in _SHOWN.items():
        share = ((factors[:, INDEX[name]] - start) / (whole - start)).clamp(0.0, 1.0)
        amounts[:, INDEX[name]] = 2.0 * share - 1.0
    told = torch.ones_like(factors, dtype=torch.bool)
    for name, (other, least) in _NEEDS.items():
        told[:, INDEX[name]] = (amounts[:, INDEX[other]] + 1.0) / 2.0 >= least
    return amounts, told
