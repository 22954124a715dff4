"""Presets: settings of the published trainings, and one that a processor without CUDA gets through."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings that belong together.

    Attributes:
        summary: what they are for, in a few words.
        values: fields of ``WarpSettings``; those left out keep their defaults.
    """

    summary: str
    values: Mapping[str, object]


def _published(summary: str, **values: object) -> Preset:
    return Preset(summary, MappingProxyType({"learn_gammas": True, **values}))


_PORTRAITS: Mapping[str, object] = {
    "space": "w",
    "support_sets": 24,
    "dipoles": 16,
    "learn_gammas": True,
    "reconstructor": "LeNet",
    "reconstructor_lr": 1e-3,
    "min_shift_magnitude": 1.0,
    "max_shift_magnitude": 3.0,
    "batch_size": 16,
    "iterations": 800,
    "truncation_psi": 0.7,
    "picture_size": 64,
    "start": "independent",
    "code_pool": 512,
    "checkpoint_every": 100,
}

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "portraits": Preset(
            "the bundled model on a processor, ten to twenty minutes",
            MappingProxyType(_PORTRAITS),
        ),
        "portraits-rows": Preset(
            "the same with paths of coarse, middle and fine rows, about ten minutes",
            MappingProxyType(
                {
                    **_PORTRAITS,
                    "support_sets": 30,
                    "iterations": 400,
                    # By about how many components the layers of each group see.
                    "rows": ("0-3=8", "4-7=12", "8-13=10"),
                }
            ),
        ),
        "sngan-mnist": _published(
            "SNGAN of digits",
            space="z",
            support_sets=64,
            dipoles=128,
            reconstructor="LeNet",
            min_shift_magnitude=0.15,
            max_shift_magnitude=0.25,
            batch_size=128,
            iterations=120_000,
        ),
        "sngan-animefaces": _published(
            "SNGAN of anime faces",
            space="z",
            support_sets=64,
            dipoles=128,
            reconstructor="LeNet",
            min_shift_magnitude=0.25,
            max_shift_magnitude=0.35,
            batch_size=128,
            iterations=120_000,
        ),
        "biggan": _published(
            "BigGAN, class 239",
            space="z",
            support_sets=120,
            dipoles=256,
            reconstructor="ResNet",
            min_shift_magnitude=0.1,
            max_shift_magnitude=0.2,
            batch_size=32,
            iterations=150_000,
            classes=(239,),
        ),
        "proggan": _published(
            "ProgGAN of faces",
            space="z",
            support_sets=200,
            dipoles=512,
            reconstructor="ResNet",
            min_shift_magnitude=0.1,
            max_shift_magnitude=0.2,
            batch_size=8,
            iterations=150_000,
        ),
        "stylegan2": _published(
            "StyleGAN2 of faces, in w",
            space="w",
            support_sets=200,
            dipoles=512,
            reconstructor="ResNet",
            min_shift_magnitude=0.1,
            max_shift_magnitude=0.2,
            batch_size=12,
            iterations=150_000,
            z_truncation=0.7,
        ),
    }
)
