"""Examples: scored latents, checked, and the two ends of their scale that a boundary is trained on.

Shen et al., "Interpreting the Latent Space of GANs for Semantic Face Editing", CVPR 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import InputError, OptionError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Fewer cannot be told from chance.
FEWEST = 4


@dataclass(frozen=True, slots=True)
class Examples:
    """Latents with and without an attribute.

    Attributes:
        latents: ``(n, dim)`` float32, those with it first.
        labels: ``(n,)`` bool: with it, or without.
    """

    latents: NDArray[np.float32]
    labels: NDArray[np.bool_]

    @property
    def counts(self) -> tuple[int, int]:
        """How many with it, how many without."""
        return int(self.labels.sum()), int((~self.labels).sum())


@dataclass(frozen=True, slots=True)
class SplitExamples:
    """Examples from both ends of a scale, and everything between.

    Attributes:
        train: what a boundary is trained on.
        validation: both ends too, kept apart; may be empty.
        rest: the middle of the scale, labelled by the mean of the best and the worst score; may be empty.
    """

    train: Examples
    validation: Examples
    rest: Examples


def examples_of(positive: ArrayLike, negative: ArrayLike) -> Examples:
    """Examples of two sets, such as thumbs up and thumbs down.

    Args:
        positive: ``(n, dim)``.
        negative: ``(m, dim)``.

    Raises:
        InputError: a set is empty, together they are fewer than four, or a value is not finite.
    """
    with_it, without = _checked_latents(positive), _checked_latents(negative)
    if not len(with_it) or not len(without):
        which = "with the attribute" if not len(with_it) else "without the attribute"
        raise InputError(
            f"There is no example {which}, so there is nothing to tell apart.",
            hint="A direction needs examples of both kinds, at least two of each.",
        )
    if with_it.shape[1:] != without.shape[1:]:
        raise InputError(
            f"The examples have {with_it.shape[1]} and {without.shape[1]} numbers.",
            hint="Both kinds must come from the same model and space.",
        )
    if len(with_it) + len(without) < FEWEST:
        raise InputError(
            f"There are {len(with_it) + len(without)} examples; a direction needs at least {FEWEST}.",
            hint="Rate some more.",
        )
    labels = np.arange(len(with_it) + len(without)) < len(with_it)
    return Examples(np.concatenate([with_it, without]), labels)


def split_by_scores(
    latents: ArrayLike,
    scores: ArrayLike,
    *,
    chosen: float = 0.02,
    split: float = 0.7,
    invalid: float | None = None,
    seed: int = 0,
) -> SplitExamples:
    """The ends of a scale, shuffled and split as InterFaceGAN's program does.

    Args:
        latents: ``(n, dim)``.
        scores: ``(n,)`` or ``(n, 1)``; NaN counts as invalid.
        chosen: how many of each end: a share of all up to 1, else a number; at most half of all.
        split: share of each end to train on; the rest validates.
        invalid: scores of this value say that there was nothing to score.
        seed: of the shuffle: NumPy's legacy generator, positives first.

    Raises:
        InputError: the shapes disagree, too few are valid, or all scores are equal.
        OptionError: chosen or split is out of range.
    """
    x, s = _checked_latents(latents), np.asarray(scores, dtype=np.float64)
    if s.ndim == 2 and s.shape[1] == 1:
        s = s[:, 0]
    if s.ndim != 1 or len(s) != len(x):
        raise InputError(
            f"There are {len(x)} latents and scores of shape {s.shape}; each latent needs one score.",
            hint="Scores are an array (N,) or (N, 1) in the order of the latents.",
        )
    if not (np.isfinite(chosen) and chosen > 0):
        raise OptionError(
            "--chosen", f"--chosen is {chosen:g}, but must be above 0: a share up to 1, or a number."
        )
    if not 0 < split <= 1:
        raise OptionError("--split", f"--split is {split:g}, but must be above 0 and at most 1.")
    valid = np.isfinite(s) if invalid is None else np.isfinite(s) & (s != invalid)
    x, s = x[valid], s[valid]
    if len(s) < FEWEST:
        raise InputError(
            f"Only {len(s)} of {len(valid)} latents have a valid score; a boundary needs at least {FEWEST}.",
            hint="Score more pictures.",
        )
    if s.min() == s.max():
        raise InputError(
            f"All scores are {s[0]:g}, so there is nothing to tell apart.",
            hint="The predictor sees no difference, or the wrong column was read.",
        )
    order = np.argsort(s)[::-1]
    x, s = x[order], s[order]
    wanted = int(len(s) * chosen) if chosen <= 1 else int(chosen)
    count = max(2, min(wanted, len(s) // 2))
    trained = max(1, int(count * split))
    rng = np.random.RandomState(seed)
    first, last = np.arange(count), np.arange(count)
    rng.shuffle(first)
    rng.shuffle(last)
    best, worst, middle = x[:count][first], x[-count:][last], x[count : len(x) - count]
    border = (s[0] + s[-1]) / 2
    middle_labels = s[count : len(s) - count] > border
    return SplitExamples(
        train=_joined(best[:trained], worst[:trained]),
        validation=_joined(best[trained:], worst[trained:]),
        rest=Examples(middle, middle_labels),
    )


def _joined(positive: NDArray[np.float32], negative: NDArray[np.float32]) -> Examples:
    return Examples(
        np.concatenate([positive, negative]), np.arange(len(positive) + len(negative)) < len(positive)
    )


def _checked_latents(latents: ArrayLike) -> NDArray[np.float32]:
    array = np.asarray(latents, dtype=np.float32)
    if array.ndim == 1 and array.size == 0:
        return array.reshape(0, 0)
    if array.ndim != 2:
        raise InputError(
            f"The latents have shape {array.shape}, but each of them should be one row of numbers.",
            hint="Latents are an array (N, dim).",
        )
    if not np.isfinite(array).all():
        raise InputError("A latent holds values that are not finite.", hint="Leave it out.")
    return array
