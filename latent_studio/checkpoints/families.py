"""The generator families whose options this version can read and write, one row each."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from latent_studio.checkpoints import biggan, dcgan, mspie, proggan, sngan, stylegan, stylegan2, stylegan3

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from torch import Tensor

    from latent_studio.checkpoints.checkpoint import OptionValue


@dataclass(frozen=True, slots=True)
class Family:
    """What the readers and writers of files must know about a family.

    Attributes:
        name: id in the generator catalogue.
        title: for people.
        defaults: every option, with the value that holds when a file says nothing.
        looks_like: whether tensors with these names are of this family.
        guess_options: the options that names give away.
        describe: facts that shapes tell, for a file's header.
    """

    name: str
    title: str
    defaults: Mapping[str, OptionValue]
    looks_like: Callable[[Collection[str]], bool]
    guess_options: Callable[[Collection[str]], dict[str, OptionValue]]
    describe: Callable[[Mapping[str, Tensor]], dict[str, int]]


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        biggan.FAMILY: Family(
            name=biggan.FAMILY,
            title="BigGAN",
            defaults=biggan.DEFAULTS,
            looks_like=biggan.looks_like,
            guess_options=biggan.guess_options,
            describe=biggan.describe,
        ),
        dcgan.FAMILY: Family(
            name=dcgan.FAMILY,
            title="DCGAN",
            defaults=dcgan.DEFAULTS,
            looks_like=dcgan.looks_like,
            guess_options=dcgan.guess_options,
            describe=dcgan.describe,
        ),
        proggan.FAMILY: Family(
            name=proggan.FAMILY,
            title="ProgGAN",
            defaults=proggan.DEFAULTS,
            looks_like=proggan.looks_like,
            guess_options=proggan.guess_options,
            describe=proggan.describe,
        ),
        sngan.FAMILY: Family(
            name=sngan.FAMILY,
            title="SNGAN",
            defaults=sngan.DEFAULTS,
            looks_like=sngan.looks_like,
            guess_options=sngan.guess_options,
            describe=sngan.describe,
        ),
        stylegan.FAMILY: Family(
            name=stylegan.FAMILY,
            title="StyleGAN",
            defaults=stylegan.DEFAULTS,
            looks_like=stylegan.looks_like,
            guess_options=stylegan.guess_options,
            describe=stylegan.describe,
        ),
        stylegan2.FAMILY: Family(
            name=stylegan2.FAMILY,
            title="StyleGAN2",
            defaults=stylegan2.DEFAULTS,
            looks_like=stylegan2.looks_like,
            guess_options=stylegan2.guess_options,
            describe=stylegan2.describe,
        ),
        mspie.FAMILY: Family(
            name=mspie.FAMILY,
            title="MS-PIE StyleGAN2",
            defaults=mspie.DEFAULTS,
            looks_like=mspie.looks_like,
            guess_options=mspie.guess_options,
            describe=mspie.describe,
        ),
        stylegan3.FAMILY: Family(
            name=stylegan3.FAMILY,
            title="StyleGAN3",
            defaults=stylegan3.DEFAULTS,
            looks_like=stylegan3.looks_like,
            guess_options=stylegan3.guess_options,
            describe=stylegan3.describe,
        ),
    }
)
