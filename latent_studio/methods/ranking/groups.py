"""Groups of attributes that are ranked together: one in question, the others its side effects."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CELEBA = ("celeba_bangs", "celeba_eyeglasses", "celeba_beard", "celeba_smiling")
#: The published number for race is a class index, which has no order; here each has its own.
_RACE = ("race_white", "race_black", "race_asian", "race_indian")
_PERSON = ("identity", "gender", "age", *_RACE)

#: The published groups by their published names, then those of the bundled model.
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "DEV": ("au_12_Lip_Corner_Puller", "identity"),
        "Face-W": ("face_width", "identity"),
        "Face-H": ("face_height", "identity"),
        "Face-WH": ("face_width", "face_height", "identity"),
        "Age-FareFace": ("age", "identity", "gender", *_RACE),
        "Age-CelebA": ("celeba_age", "identity", "gender", *_RACE),
        "Gender": ("gender", *_RACE, "age", "celeba_age"),
        "Rotation": ("yaw", "pitch", "roll", "identity", "age", "celeba_age", *_RACE, "gender", *_CELEBA),
        "Smiling-AU12": ("au_12_Lip_Corner_Puller", *_PERSON),
        "Smiling-CelebA": ("celeba_smiling", *_PERSON),
        "Brow-Lowerer-AU4": ("au_4_Brow_Lowerer", *_PERSON),
        "Bangs": ("celeba_bangs", "identity"),
        "Beard": ("celeba_beard", "identity", "gender", "age"),
        "pose": ("yaw", "pitch"),
        "expression": ("smile", "mouth_open", "eye_open"),
        "hair": ("hair_length", "hair_volume", "hair_lightness", "fringe"),
        "tone": ("brightness", "contrast", "saturation", "warmth", "tint", "detail"),
    }
)


def members(group: str, known: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A group's attributes that were measured, by everybody who did, and those that were not.

    Args:
        group: one of ``GROUPS``.
        known: ids that were measured; one that several predictors read stands behind theirs: ``hopenet.yaw``.
    """
    there, missing = [], []
    for wanted in GROUPS[group]:
        found = [id for id in known if wanted in (id, id.partition(".")[2])]
        there += found
        missing += [] if found else [wanted]
    return tuple(there), tuple(missing)
