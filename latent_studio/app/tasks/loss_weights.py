"""What counts how much in a search, as words of a command line: ``pixel=2``."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from latent_studio.core.errors import OptionError
from latent_studio.core.options import option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latent_studio.methods.projection.loss_weights import LossWeights

_FLAG = "--weight"


def weights_option() -> Any:
    """What counts how much."""
    return option(
        (),
        help="What a loss counts in our own search, such as pixel=2; again for more. There are pixel (1), "
        "perceptual (0.6), multi-scale (0), identity (0.1, where ArcFace's weights are here), prior (0.002), "
        "rows (0.002) and noise (10).",
        flags=(_FLAG,), repeat=True, metavar="LOSS=NUMBER",
    )  # fmt: skip


def weights_of(words: Iterable[str]) -> LossWeights:
    """The usual weights with those of the words in their places.

    Raises:
        OptionError: no such loss, or no number from 0 on.
    """
    from latent_studio.methods.projection.loss_weights import LossWeights

    known = [field.name for field in fields(LossWeights)]
    changed: dict[str, float] = {}
    for word in words:
        name, _, text = word.partition("=")
        name = name.strip().replace("-", "_")
        if name not in known:
            names = ", ".join(one.replace("_", "-") for one in known)
            raise OptionError(_FLAG, f"{_FLAG} {word}: there is no such loss.", hint=f"There are: {names}.")
        try:
            changed[name] = float(text)
        except ValueError:
            changed[name] = math.nan
        if not (math.isfinite(changed[name]) and changed[name] >= 0):
            raise OptionError(_FLAG, f"{_FLAG} {word}: a weight is a number from 0 on.")
    return replace(LossWeights(), **changed)


def words_of(weights: LossWeights) -> tuple[str, ...]:
    """The words that give these weights; nothing for the usual ones."""
    from latent_studio.methods.projection.loss_weights import LossWeights

    usual = LossWeights()
    return tuple(
        f"{field.name.replace('_', '-')}={getattr(weights, field.name):g}"
        for field in fields(LossWeights)
        if getattr(weights, field.name) != getattr(usual, field.name)
    )
