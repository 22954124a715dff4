"""The factors a portrait is drawn from, the generator rows that carry them, and how they correlate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Group = Literal["coarse", "middle", "fine"]

#: Rows of w+ that carry each group at 256 px (14 rows); a smaller network has the first rows of these.
GROUP_ROWS: dict[Group, tuple[int, int]] = {"coarse": (0, 4), "middle": (4, 8), "fine": (8, 14)}


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing about a portrait that can be changed, in [-1, 1].

    Attributes:
        name: identifier, also used in files.
        group: which rows of w+ carry it.
        low: what -1 looks like.
        high: what +1 looks like.
    """

    name: str
    group: Group
    low: str
    high: str


FACTORS: tuple[Factor, ...] = (
    Factor("yaw", "coarse", "turned left", "turned right"),
    Factor("pitch", "coarse", "looking up", "looking down"),
    Factor("face_width", "coarse", "narrow face", "wide face"),
    Factor("jaw", "coarse", "square jaw", "pointed chin"),
    Factor("hair_length", "coarse", "bald", "long hair"),
    Factor("hair_volume", "coarse", "flat hair", "big hair"),
    Factor("hair_wave", "coarse", "straight hair", "curly hair"),
    Factor("smile", "middle", "frown", "smile"),
    Factor("mouth_open", "middle", "closed mouth", "open mouth"),
    Factor("eye_open", "middle", "sleepy eyes", "wide open eyes"),
    Factor("eye_size", "middle", "small eyes", "big eyes"),
    Factor("brow_height", "middle", "low brows", "high brows"),
    Factor("brow_angle", "middle", "worried brows", "stern brows"),
    Factor("brow_weight", "middle", "thin brows", "thick brows"),
    Factor("nose_size", "middle", "small nose", "big nose"),
    Factor("glasses", "middle", "no glasses", "glasses"),
    Factor("glasses_shape", "middle", "round glasses", "square glasses"),
    Factor("beard", "middle", "shaven", "full beard"),
    Factor("age", "middle", "young", "old"),
    Factor("fringe", "middle", "high forehead", "long fringe"),
    Factor("parting", "middle", "parted on the left", "parted on the right"),
    Factor("collar", "middle", "round neck", "shirt collar"),
    Factor("earrings", "middle", "no earrings", "earrings"),
    Factor("skin_tone", "fine", "dark skin", "fair skin"),
    Factor("skin_warmth", "fine", "cool skin", "warm skin"),
    Factor("hair_lightness", "fine", "black hair", "blond hair"),
    Factor("hair_warmth", "fine", "ash hair", "red hair"),
    Factor("hair_grey", "fine", "no grey", "grey hair"),
    Factor("eye_color", "fine", "brown eyes", "blue eyes"),
    Factor("lip_color", "fine", "natural lips", "red lips"),
    Factor("blush", "fine", "pale cheeks", "rosy cheeks"),
    Factor("background_hue", "fine", "coral background", "lilac background"),
    Factor("background_light", "fine", "dark background", "bright background"),
    Factor("light_side", "fine", "light from the left", "light from the right"),
    Factor("cloth_hue", "fine", "blue clothes", "red clothes"),
    Factor("cloth_light", "fine", "dark clothes", "light clothes"),
)

NAMES: tuple[str, ...] = tuple(factor.name for factor in FACTORS)
COUNT = len(FACTORS)
INDEX: dict[str, int] = {name: index for index, name in enumerate(NAMES)}

#: Correlations of the normal scores behind the factors. They are what a portrait collection has too, and what
#: a boundary trained on one attribute must be conditioned against.
CORRELATIONS: dict[tuple[str, str], float] = {
    ("age", "hair_grey"): 0.65,
    ("age", "glasses"): 0.45,
    ("age", "hair_volume"): -0.25,
    ("age", "mouth_open"): -0.15,
    ("glasses", "hair_grey"): 0.25,
    ("beard", "hair_length"): -0.50,
    ("beard", "earrings"): -0.40,
    ("beard", "lip_color"): -0.40,
    ("beard", "brow_weight"): 0.35,
    ("beard", "blush"): -0.20,
    ("beard", "jaw"): -0.25,
    ("hair_length", "earrings"): 0.40,
    ("hair_length", "lip_color"): 0.35,
    ("earrings", "lip_color"): 0.35,
    ("smile", "mouth_open"): 0.30,
    ("smile", "blush"): 0.20,
    ("skin_tone", "hair_lightness"): 0.45,
    ("skin_tone", "eye_color"): 0.40,
    ("hair_lightness", "eye_color"): 0.35,
    ("skin_tone", "hair_wave"): -0.25,
    ("eye_open", "brow_height"): 0.25,
}


def group_mask(group: Group) -> Tensor:
    """Which factors belong to ``group``: ``(COUNT,)`` bool."""
    return torch.tensor([factor.group == group for factor in FACTORS])


def correlation() -> Tensor:
    """The correlation matrix of the normal scores, ``(COUNT, COUNT)`` float64, positive definite."""
    matrix = torch.eye(COUNT, dtype=torch.float64)
    for (first, second), value in CORRELATIONS.items():
        matrix[INDEX[first], INDEX[second]] = matrix[INDEX[second], INDEX[first]] = value
    return matrix


def neutral(count: int = 1) -> Tensor:
    """``count`` rows of factors at a plain middle: no glasses, beard or earrings, medium hair.

    Returns:
        ``(count, COUNT)`` float32 in [-1, 1].
    """
    row = torch.zeros(COUNT)
    for name in ("glasses", "beard", "earrings", "hair_grey", "age"):
        row[INDEX[name]] = -0.8
    return row.repeat(count, 1)
