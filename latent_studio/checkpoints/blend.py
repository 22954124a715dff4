"""Blending two models of one family by rows: some layers of one, the rest of the other.

Layer swapping of Pinkney and Adler (2020, "Resolution Dependent GAN Interpolation"), with rows of ws for
resolutions: coarse rows decide the form, fine ones the texture. It works where one model was trained on from
the other, so that their layers understand each other.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from latent_studio.core.errors import ModelError, UnsupportedOperationError

if TYPE_CHECKING:
    from collections.abc import Collection

    from latent_studio.checkpoints.checkpoint import Checkpoint

_STYLEGAN2 = re.compile(r"synthesis\.b(\d+)\.(?:(conv0|conv1|torgb|skip)\.|const$)")
_STYLEGAN = re.compile(r"synthesis\.(?:layer(\d+)\.|output(\d+)\.|const$)")


def row_of(family: str, name: str) -> int | None:
    """The row of ws that a tensor's layer listens to; ``None`` for what no row owns, such as the mapping.

    Raises:
        UnsupportedOperationError: layers of this family have no rows of their own.
    """
    if family == "stylegan2":
        match = _STYLEGAN2.match(name)
        if match is None:
            return None
        block = int(match[1]).bit_length() - 3
        first = {"conv0": 2 * block - 1, "skip": 2 * block - 1, "torgb": 2 * block + 1}
        return first.get(match[2] or "", 2 * block)
    if family == "stylegan":
        match = _STYLEGAN.match(name)
        if match is None:
            return None
        if match[1]:
            return int(match[1])
        return 2 * int(match[2]) + 1 if match[2] else 0
    raise UnsupportedOperationError(
        f"Models of the family {family} cannot be blended by rows.", hint="StyleGAN and StyleGAN2 can."
    )


def blend(first: Checkpoint, second: Checkpoint, rows: Collection[int], *, weight: float = 1.0) -> Checkpoint:
    """``first`` with some rows' layers taken from ``second``; what no row owns stays the first's.

    Args:
        first: gives the mapping network, the average and the other rows.
        second: of the same family, sizes and options.
        rows: rows of ws whose layers come from ``second``.
        weight: 1 takes them whole, less mixes the weights of both.

    Raises:
        ModelError: the two do not fit together; says why.
        UnsupportedOperationError: the family has no rows.
    """
    if first.family != second.family:
        raise ModelError(
            f"{first.provenance.name} is a {first.family}, {second.provenance.name} a {second.family}.",
            hint="Only two models of one family can be blended.",
        )
    if dict(first.options) != dict(second.options) or first.tensors.keys() != second.tensors.keys():
        raise ModelError(
            "The two models are built in another way.", hint="Blend a model with one trained on from it."
        )
    tensors = {}
    for name, tensor in first.tensors.items():
        other = second.tensors[name]
        if other.shape != tensor.shape:
            raise ModelError(
                f"{name} is {tuple(tensor.shape)} in one model and {tuple(other.shape)} in the other.",
                hint="Blend a model with one trained on from it.",
            )
        if row_of(first.family, name) in rows:
            mixed = torch.lerp(tensor.float(), other.float(), weight).to(tensor.dtype)
            tensors[name] = other.to(tensor.dtype) if weight == 1 else mixed
        else:
            tensors[name] = tensor
    return replace(first, tensors=tensors)
