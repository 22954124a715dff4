"""Columns of a table that several predictors fill: one id for each, whoever else reads the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.methods.attributes.protocol import AttributeInfo


def told_apart(infos: Sequence[AttributeInfo], owners: Sequence[str]) -> tuple[AttributeInfo, ...]:
    """The same attributes; an id that several predictors use says whose it is, as ``hopenet.yaw`` does.

    Two networks measure a yaw in their own ways, so neither can stand for the other.

    Args:
        infos: what predictors read, in the order of the columns.
        owners: id of the predictor of each.
    """
    uses = Counter(info.id for info in infos)
    return tuple(
        info
        if uses[info.id] == 1
        else replace(info, id=f"{owner}.{info.id}", title=f"{info.title} ({owner})")
        for info, owner in zip(infos, owners, strict=True)
    )
