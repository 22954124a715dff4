"""Training a boundary, and how far it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from latent_studio.core.errors import InputError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from latent_studio.methods.boundary.examples import Examples

#: ``svm``: the linear support vector machine of the paper; ``mean``: the difference of the two means, which
#: is simple and needs no tuning.
Learner = Literal["svm", "mean"]
LEARNERS: tuple[Learner, ...] = ("svm", "mean")

#: Checks train again and again; more examples than this tell them nothing new.
_CHECKED_AT_MOST = 1200


@dataclass(frozen=True, slots=True)
class Plane:
    """A boundary: the plane ``normal . x + intercept = 0``.

    Attributes:
        normal: ``(dim,)`` float32, unit length, towards the examples with the attribute.
        intercept: apart, because editing does not need it: an amount of 0 is the picture itself.
    """

    normal: NDArray[np.float32]
    intercept: float

    def distances(self, latents: NDArray[np.floating]) -> NDArray[np.float64]:
        """Signed distances of ``(n, dim)`` latents from the plane, ``(n,)``."""
        return np.asarray(latents.astype(np.float64) @ self.normal.astype(np.float64) + self.intercept)

    def accuracy(self, examples: Examples) -> float:
        """Share of examples on their own side; NaN without examples."""
        if not len(examples.labels):
            return float("nan")
        return float(np.mean((self.distances(examples.latents) > 0) == examples.labels))


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a boundary can be trusted.

    Attributes:
        cross_validated: mean accuracy on examples left out, over the folds, each class counted alike.
        folds: how many there were.
        chance: the same on shuffled labels: what can be had by luck with so few examples in so many
        dimensions. p_value: share of shuffles that did as well, the real labels counted as one of them;
        without shuffles the
            chance that tossed coins do as well.
    """

    cross_validated: float
    folds: int
    chance: float
    p_value: float

    @property
    def words(self) -> str:
        """For people."""
        shown = f"{self.cross_validated:.0%} on examples left out"
        if self.p_value > 0.1:
            return f"{shown}, which luck does as well: more examples are needed"
        return f"{shown}, by luck {self.chance:.0%}"


def train_plane(examples: Examples, *, learner: Learner = "svm") -> Plane:
    """Train a boundary.

    Args:
        examples: of both kinds.
        learner: which way.

    Raises:
        InputError: only one kind is there, or the two kinds have the same mean.
        OptionError: there is no such learner.
    """
    if min(examples.counts) == 0:
        raise InputError(
            "All examples are of one kind, so there is nothing to tell apart.",
            hint="Add some of the other kind.",
        )
    match learner:
        case "svm":
            return _support_vector_plane(examples)
        case "mean":
            return _mean_plane(examples)
    raise OptionError("--learner", f"--learner is {learner}, but must be one of {', '.join(LEARNERS)}.")


def check_plane(
    examples: Examples,
    *,
    learner: Learner = "svm",
    folds: int = 5,
    shuffles: int = 19,
    seed: int = 0,
    check_cancel: Callable[[], None] = lambda: None,
) -> Trust:
    """Cross-validate, on the labels and on shuffled ones.

    Args:
        examples: of both kinds; of many, some are drawn.
        learner: which way.
        folds: parts of which each is left out once; fewer where a kind has fewer examples.
        shuffles: of the labels; 0 computes what tossing coins would do instead, which takes no time.
        seed: of parts and shuffles.
        check_cancel: called between trainings; raises to stop.
    """
    rng = np.random.default_rng(seed)
    examples = _drawn(examples, _CHECKED_AT_MOST, rng)
    folds = max(2, min(folds, *examples.counts))

    def score(labels: NDArray[np.bool_]) -> float:
        hits = []
        for left_out in _folds(labels, folds, rng):
            check_cancel()
            held, kept = labels[left_out], labels[~left_out]
            if not (0 < kept.sum() < len(kept)):
                continue
            trained = train_plane(_subset(examples, ~left_out, labels), learner=learner)
            right = (trained.distances(examples.latents[left_out]) > 0) == held
            # A kind that is rare must count as much as the other: always saying "no" is not 90 % right.
            hits += [float(right[held == kind].mean()) for kind in (True, False) if (held == kind).any()]
        return float(np.mean(hits)) if hits else float("nan")

    real = score(examples.labels)
    if not shuffles:
        return Trust(real, folds, 0.5, _coins(real, len(examples.labels)))
    luck = np.array([score(rng.permutation(examples.labels)) for _ in range(shuffles)])
    luck = luck[np.isfinite(luck)]
    return Trust(
        cross_validated=real,
        folds=folds,
        chance=float(luck.mean()) if len(luck) else 0.5,
        p_value=float((1 + (luck >= real).sum()) / (1 + len(luck))) if len(luck) else float("nan"),
    )


def _coins(accuracy: float, count: int) -> float:
    """Chance that so many tossed coins give at least this share of heads."""
    if not np.isfinite(accuracy):
        return float("nan")
    hits = round(accuracy * count)
    return float(sum(math.comb(count, k) for k in range(hits, count + 1)) / 2**count)


def _support_vector_plane(examples: Examples) -> Plane:
    from sklearn.svm import SVC

    machine = SVC(kernel="linear", C=1.0)
    machine.fit(examples.latents, examples.labels.astype(np.int32))
    return _unit_plane(np.asarray(machine.coef_[0], dtype=np.float64), float(machine.intercept_[0]))


def _mean_plane(examples: Examples) -> Plane:
    x = examples.latents.astype(np.float64)
    positive, negative = x[examples.labels].mean(axis=0), x[~examples.labels].mean(axis=0)
    normal = positive - negative
    return _unit_plane(normal, -float(normal @ (positive + negative)) / 2)


def _unit_plane(normal: NDArray[np.float64], intercept: float) -> Plane:
    length = float(np.linalg.norm(normal))
    if not np.isfinite(length) or length < 1e-12:
        raise InputError(
            "The examples of both kinds are the same, so there is nothing to tell apart.",
            hint="Rate pictures that differ in what you are after.",
        )
    return Plane((normal / length).astype(np.float32), intercept / length)


def _drawn(examples: Examples, at_most: int, rng: np.random.Generator) -> Examples:
    if len(examples.labels) <= at_most:
        return examples
    chosen = np.zeros(len(examples.labels), dtype=bool)
    chosen[rng.permutation(len(chosen))[:at_most]] = True
    if 0 < examples.labels[chosen].sum() < chosen.sum():
        return _subset(examples, chosen, examples.labels)
    return examples


def _folds(labels: NDArray[np.bool_], folds: int, rng: np.random.Generator) -> list[NDArray[np.bool_]]:
    """Masks of the parts; each part has its share of both kinds."""
    part = np.empty(len(labels), dtype=np.intp)
    for kind in (True, False):
        index = rng.permutation(np.flatnonzero(labels == kind))
        part[index] = np.arange(len(index)) % folds
    return [part == k for k in range(folds)]


def _subset(examples: Examples, mask: NDArray[np.bool_], labels: NDArray[np.bool_]) -> Examples:
    return type(examples)(examples.latents[mask], labels[mask])
