"""Objective: how far a picture is from the target, and how unusual its latent is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from latent_studio.methods.projection.synthesis import as_rgb, at_side, clamped

if TYPE_CHECKING:
    from typing import Protocol

    from torch import Tensor

    from latent_studio.methods.projection.loss_weights import LossWeights

    class PictureNet(Protocol):
        """A perceptual network whose features of the target are computed once."""

        @property
        def name(self) -> str:
            """What its distance is called."""

        def features(self, images: Tensor) -> tuple[Tensor, ...]:
            """Look at pictures, ``(N, 3, H, W)`` in [-1, 1]."""

        def distance(self, a: tuple[Tensor, ...], b: tuple[Tensor, ...]) -> Tensor:
            """``(N,)``."""

    class FaceNet(Protocol):
        """A network that tells persons apart."""

        def embed(self, images: Tensor) -> Tensor:
            """``(N, 3, H, W)`` in [-1, 1] to ``(N, E)`` of length one; differentiable."""


#: Pictures are compared at this side at most: nobody sees the difference, and time grows with the square.
LARGEST_COMPARED = 256
#: Below this the perceptual network has too little to look at.
SMALLEST_PERCEPTUAL = 32
#: Below this a face shows no person.
SMALLEST_FACE = 64
#: Likeness of two photographs of one person, usually at least.
_SAME_PERSON = 0.5
#: How often ``multi_scale`` halves the pictures.
_SCALES = 3


@dataclass(frozen=True, slots=True)
class Score:
    """How good a result is, as told to the user.

    Attributes:
        perceptual: distance at up to 256 pixels; smaller is better.
        psnr: in dB at the model's own size; greater is better.
        sigmas: distance of w from the mean; about 1 for a usual sample, and edits fail far beyond it.
        rows: how far the rows of w+ are from each other, in the same unit; 0 in w.
        metric: what the perceptual distance is called.
        identity: likeness of the persons, 1 the same; ``None`` where nothing tells persons.
    """

    perceptual: float
    psnr: float
    sigmas: float
    rows: float = 0.0
    metric: str = ""
    identity: float | None = None

    @property
    def error(self) -> float:
        """One number to compare results of one target by; smaller is better."""
        return self.perceptual + 4 * 10 ** (-self.psnr / 10)

    @property
    def advice(self) -> str:
        """One line: what to do next."""
        if self.psnr < 14 or self.perceptual > 0.45:
            return "Far off: check the crop, or this model cannot draw such a picture."
        if self.sigmas > 1.8 or self.rows > 1.2:
            return "Close, but far from usual latents: edits may break; go back a rung, or raise the prior."
        if self.perceptual > 0.2 or self.psnr < 20:
            # Only rows of w+ differ from each other.
            higher = "tune the model" if self.rows else "climb to w+"
            return f"Recognisable: continue, or {higher} for a closer likeness."
        if self.identity is not None and self.identity < _SAME_PERSON:
            return "Close, but another person: raise the weight of identity, or tune the model."
        return "Close, and near usual latents: edits should work."


@dataclass(slots=True)
class Target:
    """A picture to be found, with everything that is computed from it only once.

    Attributes:
        image: ``(1, 3, R, R)`` in [-1, 1], at the model's resolution.
        net: the perceptual network.
        face_net: tells persons apart; ``None`` without one, and for pictures that show no face.
    """

    image: Tensor
    net: PictureNet
    face_net: FaceNet | None = None
    _person: Tensor | None = None
    _levels: dict[int, tuple[Tensor, tuple[Tensor, ...] | None]] = field(default_factory=dict)

    def at(self, side: int) -> tuple[Tensor, tuple[Tensor, ...] | None]:
        """The target at a side, and what it looks like to the network (``None`` where it is too small)."""
        if side not in self._levels:
            with torch.no_grad():
                image = at_side(self.image, side)
                seen = self.net.features(image) if side >= SMALLEST_PERCEPTUAL else None
            self._levels[side] = (image, seen)
        return self._levels[side]

    def likeness(self, pictures: Tensor) -> Tensor | None:
        """How like the target's person those in pictures ``(N, 3, r, r)`` are: ``(N,)``, 1 the same.

        ``None`` where nothing tells persons, in the target or in these pictures.
        """
        if self.face_net is None or pictures.shape[-1] < SMALLEST_FACE:
            return None
        if self._person is None:
            with torch.no_grad():
                self._person = self.face_net.embed(self.image)
        if not bool(self._person.isfinite().all()):
            return None
        return (self.face_net.embed(pictures) * self._person).sum(1)


def compared_side(side: int) -> int:
    """The side at which pictures of a side are compared."""
    return min(side, LARGEST_COMPARED)


def picture_loss(pictures: Tensor, target: Target, weights: LossWeights) -> tuple[Tensor, dict[str, Tensor]]:
    """How far pictures are from the target.

    Args:
        pictures: ``(N, 3, r, r)``.
        target: brought to the same side.
        weights: of ``pixel``, ``perceptual``, ``multi_scale`` and ``identity``.

    Returns:
        ``(N,)``, and its parts by name, ``(N,)`` each, unweighted.
    """
    side = compared_side(pictures.shape[-1])
    pictures = at_side(pictures, side)
    image, seen = target.at(side)
    parts = {"pixel": (pictures - image).square().mean((1, 2, 3))}
    total = weights.pixel * parts["pixel"]
    if seen is not None and weights.perceptual:
        parts["perceptual"] = target.net.distance(target.net.features(pictures), seen)
        total = total + weights.perceptual * parts["perceptual"]
    if weights.multi_scale:
        parts["multi_scale"] = _scaled_difference(pictures, image)
        total = total + weights.multi_scale * parts["multi_scale"]
    likeness = target.likeness(pictures) if weights.identity else None
    if likeness is not None:
        parts["identity"] = 1 - likeness
        total = total + weights.identity * parts["identity"]
    return total, parts


def _scaled_difference(pictures: Tensor, image: Tensor) -> Tensor:
    """Mean squared difference ``(N,)`` over smaller and smaller versions of the pictures."""
    difference = pictures - image
    scales = []
    for _ in range(_SCALES):
        if min(difference.shape[2:]) < 2:
            break
        difference = functional.avg_pool2d(difference, 2)
        scales.append(difference.square().mean((1, 2, 3)))
    return torch.stack(scales).mean(0)


def score_picture(picture: Tensor, target: Target, *, sigmas: float, rows: float = 0.0) -> Score:
    """The score of a full-size picture ``(1, C, R, R)``."""
    with torch.no_grad():
        shown = clamped(as_rgb(picture))
        mse = float((shown - clamped(target.image)).square().mean())
        side = compared_side(shown.shape[-1])
        small, seen = at_side(shown, side), target.at(side)[1]
        perceptual = 0.0 if seen is None else float(target.net.distance(target.net.features(small), seen))
        likeness = target.likeness(shown)
    psnr = 10 * math.log10(4 / max(mse, 1e-10))
    identity = None if likeness is None else float(likeness)
    if identity is not None and not math.isfinite(identity):
        identity = None
    return Score(perceptual, psnr, sigmas, rows, target.net.name, identity)
