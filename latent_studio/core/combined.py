"""Several edits as one direction."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import InputError
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction
    from latent_studio.core.edits import EditStack

#: Slider ends of a combined direction: it is made to stand at one.
_ENDS = (-2.0, 2.0)


def combined_direction(
    edits: EditStack,
    name: str,
    *,
    values: NDArray[np.float32],
    locks: Sequence[Direction] = (),
    ws_samples: NDArray[np.float32] | None = None,
    model_sha256: str = "",
) -> LinearDirection:
    """The direction whose amount of one does what all enabled edits do together.

    Straight edits are summed exactly; a curved one gives its chord from the place it is combined at.

    Args:
        edits: all before the mapping network, or all after it.
        name: of the new direction.
        values: where the picture is without them: ``(z_dim,)`` for z edits, else ``(num_ws, w_dim)`` float32.
        locks: directions that only their own edits may move along.
        ws_samples: ``(n, w_dim)`` float32, w of random seeds, to learn how far latents spread along it.
        model_sha256: the model's hash.

    Raises:
        InputError: there is nothing to combine, edits in z and in w are mixed, or one is a style's channel.
        IncompatibleLatentError: the edits cancel each other out.
    """
    active = [edit for edit in edits if edit.enabled and edit.amount]
    if not active:
        raise InputError("No edit is active, so there is nothing to combine.", hint="Move a slider first.")
    if any(edit.direction.space is Space.S for edit in active):
        raise InputError(
            "Channels of styles do not move the latent, so they cannot be combined into a direction.",
            hint="Switch them off first.",
        )
    in_z = {edit.direction.space is Space.Z for edit in active}
    if len(in_z) > 1:
        raise InputError(
            "Edits before and after the mapping network cannot become one straight direction.",
            hint="Switch off those in z, or those in w.",
        )
    before_mapping = in_z.pop()
    moved = edits.apply(values, before_mapping=before_mapping, locks=locks).astype(np.float64)
    step = np.asarray(moved - values, dtype=np.float32)
    names = " + ".join(edit.direction.name for edit in active)
    digest = hashlib.blake2b(step.tobytes(), digest_size=6).hexdigest()
    return LinearDirection(
        f"combined:{digest}",
        name,
        Space.Z if before_mapping else Space.W_PLUS,
        step,
        sigma=_sigma(step, ws_samples),
        suggested_range=_ENDS,
        info=DirectionInfo("combined", model_sha256, {"of": names}),
    )


def _sigma(step: NDArray[np.float32], ws_samples: NDArray[np.float32] | None) -> float:
    """Standard deviation of the model's latents along the step, in units of it; 1 where it is not known."""
    vector = step.astype(np.float64)
    squared = float(np.square(vector).sum())
    if not squared:
        return 1.0
    if vector.ndim == 1:
        # z is standard normal.
        return 1.0 / float(np.sqrt(squared))
    if ws_samples is None:
        return 1.0
    # All rows of ws are the same w, so the rows of the step act as their sum.
    spread = float(np.std(ws_samples.astype(np.float64) @ vector.sum(axis=0))) / squared
    return spread if spread > 1e-9 else 1.0
