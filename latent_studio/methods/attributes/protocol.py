"""AttributePredictor: pictures in, a few named numbers per picture out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class AttributeInfo:
    """One number a predictor gives, and what it means.

    Attributes:
        id: stable and unique in its predictor, such as ``"smile"``; lower case, digits, ``_`` and ``.``.
        title: what the user sees: ``"Smile"``.
        unit: such as ``"degrees"``; empty for a share or a score without one.
        low: usual lowest value. Not a hard limit: plots and rankings scale by it.
        high: usual highest value; greater than ``low``.
    """

    id: str
    title: str
    unit: str = ""
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what could not be scaled by.

        Raises:
            ValueError: the range is empty, reversed or not finite, or the id is empty.
        """
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"attribute {self.id!r} has the range {self.low:g} to {self.high:g}")
        if not self.id:
            raise ValueError("an attribute needs an id")

    @property
    def span(self) -> float:
        """``high - low``."""
        return self.high - self.low


@runtime_checkable
class AttributePredictor(Protocol):
    """Reads attributes off pictures. The same pictures give the same numbers, one by one or in a batch."""

    @property
    def attributes(self) -> tuple[AttributeInfo, ...]:
        """What ``predict`` gives, in the order of its columns."""

    def predict(self, images: Tensor) -> Tensor:
        """Read them off.

        Args:
            images: ``(N, 3, H, W)`` float32, RGB, nominally in [-1, 1], of any side from 16 pixels on; the
                predictor brings them to the size it needs.

        Returns:
            ``(N, len(attributes))`` float32 on the device of ``images``. NaN where an attribute cannot be
            told, such as the yaw of a picture without a face; never a stand-in value.
        """
        ...


@runtime_checkable
class DifferentiablePredictor(AttributePredictor, Protocol):
    """A predictor whose numbers have a gradient by the picture."""

    @property
    def is_differentiable(self) -> bool:
        """Always True; tells the two kinds apart at run time."""


@runtime_checkable
class KnownPredictor(Protocol):
    """A predictor that says what decides its numbers, so that they need not be read again."""

    @property
    def digest(self) -> str:
        """Other weights or another way to read give another one; never empty."""
        ...


@runtime_checkable
class LikenessPredictor(Protocol):
    """Says how like another picture a picture is: identity, for one. Its numbers need that other picture."""

    @property
    def likeness(self) -> AttributeInfo:
        """The one number it gives: 1 is the same."""

    def embed(self, images: Tensor) -> Tensor:
        """What likeness is measured between.

        Args:
            images: as for ``AttributePredictor.predict``.

        Returns:
            ``(N, E)`` float32, rows of unit length; the likeness of two pictures is their scalar product.
            NaN where there is nothing to compare.
        """
        ...


class PredictorMaker(Protocol):
    """Builds a predictor; what the catalogue names."""

    def __call__(self, *, device: torch.device) -> AttributePredictor:
        """The predictor on a device, read-only from then on.

        Raises:
            LatentStudioError: its weights are missing or damaged.
        """
        ...
