"""Bare latents: what an array is that says nothing of itself, guessed by shape, name and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.core.spec import GeneratorSpec

#: What files call their latents, the usual one first: a file may keep one latent in several spaces, and the
#: first of the names is what it was made for.
NAMES = (
    "w", "ws", "wp", "w_plus", "latent", "latents", "latent_code", "latent_codes", "projected_w", "dlatents",
    "z",
)  # fmt: skip
#: num_ws of StyleGANs from 64 to 1024 pixels.
_ROWS = (10, 12, 14, 16, 18)


@dataclass(frozen=True, slots=True)
class BareLatents:
    """An array taken apart.

    Attributes:
        space: of all its latents.
        values: of each, in the shape of that space.
        why: the reason for the guess, as the end of a sentence.
    """

    space: Space
    values: Sequence[NDArray[np.float32]]
    why: str


def bare_latents(
    array: NDArray[np.float32], words: Sequence[str], spec: GeneratorSpec | None, space: Space | None
) -> BareLatents | None:
    """Take an array apart into latents; ``None`` where it holds none.

    Args:
        array: ``(dim,)``, ``(N, dim)``, ``(num_ws, dim)``, ``(N, num_ws, dim)`` or ``(N, 1, num_ws, dim)``.
        words: its name in the file, and the file's without its ending: ``z``, ``w`` or ``wp``, or ending so.
        spec: of the model, which settles most guesses.
        space: where latents of one row live, if the user says so.
    """
    if array.ndim == 4 and array.shape[1] == 1:
        array = array[:, 0]
    if not 1 <= array.ndim <= 3 or array.size == 0:
        return None
    single_rows = spec is not None and spec.num_ws == 1
    if array.ndim == 3 and (array.shape[1] > 1 or single_rows):
        return _whole(array, space)
    if array.ndim == 3:
        singles = list(array[:, 0])
    elif array.ndim == 1:
        singles = [array]
    elif (rows := _rows(array, spec, space)) is not None:
        return rows
    else:
        singles = list(array)
    if space in (Space.Z, Space.W):
        return BareLatents(space, singles, "you said so")
    return BareLatents(*_space_of(array, singles, words, spec))


def _whole(array: NDArray[np.float32], space: Space | None) -> BareLatents:
    """Latents of many rows; those whose rows are all equal are points of w."""
    if space is not Space.W_PLUS and (array == array[:, :1]).all():
        return BareLatents(Space.W, list(array[:, 0]), "all rows of each are the same")
    return BareLatents(Space.W_PLUS, list(array), "three axes are latents, rows and numbers")


def _rows(array: NDArray[np.float32], spec: GeneratorSpec | None, space: Space | None) -> BareLatents | None:
    """Two axes as the rows of one latent; ``None`` where they are latents of one row each."""
    fits = spec is not None and array.shape == (spec.num_ws, spec.w_dim) and spec.num_ws > 1
    if space is Space.W_PLUS:
        return BareLatents(Space.W_PLUS, [array], "you said so")
    if space is not None or not (fits or (spec is None and len(array) in _ROWS)):
        return None
    if (array == array[:1]).all():
        return BareLatents(Space.W, [array[0]], "its rows are all the same")
    why = "the model has as many rows" if fits else "so many rows are usual for w+"
    return BareLatents(Space.W_PLUS, [array], why)


def _space_of(
    array: NDArray[np.float32],
    singles: list[NDArray[np.float32]],
    words: Sequence[str],
    spec: GeneratorSpec | None,
) -> tuple[Space, list[NDArray[np.float32]], str]:
    if spec is not None and not spec.has_mapping:
        return Space.Z, singles, "the model has no w"
    if spec is not None and spec.z_dim != spec.w_dim and array.shape[-1] in (spec.z_dim, spec.w_dim):
        space = Space.Z if array.shape[-1] == spec.z_dim else Space.W
        return space, singles, f"the model's {space.value} has as many numbers"
    for word in words:
        last = word.lower().rpartition("_")[2]
        if last == "z" or word.lower().startswith("z"):
            return Space.Z, singles, f"its name is {word!r}"
        if last in ("w", "wp", "ws") or word.lower() in ("w_plus", "projected_w"):
            return Space.W, singles, f"its name is {word!r}"
    # A z is standard normal: its mean square is near 1. A w has another scale in nearly every model.
    square = float(np.mean(np.square(array)))
    is_normal = abs(square - 1) < min(0.4, 4 * (2 / array.size) ** 0.5) and abs(float(array.mean())) < 0.2
    if is_normal:
        return Space.Z, singles, "its numbers are spread as those of a z; say --space w if it is none"
    return Space.W, singles, "its numbers are not spread as those of a z; say --space z if it is one"
