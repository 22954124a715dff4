"""SeFa: directions in closed form from a generator's style weights.

Shen and Zhou, "Closed-Form Factorization of Latent Semantics in GANs", CVPR 2021: the unit vectors n that
change the styles A n most are the eigenvectors of A^T A, in the order of their eigenvalues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import MissingWeightsError, OptionError, UnsupportedOperationError
from latent_studio.core.rows import format_rows
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from latent_studio.core.directions import Rows
    from latent_studio.generators.protocol import Generator, StyleWeight

#: The public programs disagree on which layers take part:
#: ``genforce`` (the paper's own) all convolutions and the last toRGB, every style scaled to unit length;
#: ``mmgen`` all convolutions, as stored;
#: ``rosinality`` all convolutions and the *first* toRGB, as stored.
SefaVariant = Literal["genforce", "mmgen", "rosinality"]
SEFA_VARIANTS: tuple[SefaVariant, ...] = ("genforce", "mmgen", "rosinality")


def find_sefa_directions(
    generator: Generator,
    *,
    model_sha256: str,
    variant: SefaVariant = "genforce",
    layers: tuple[int, ...] | None = None,
    count: int | None = 20,
    ws_samples: NDArray[np.float32] | None = None,
) -> list[LinearDirection]:
    """Find the directions that change a generator's styles most, the strongest first.

    They live in W, which for a family without a mapping network is z as the network takes it. Every one is a
    unit vector; since a vector and its opposite serve equally, its largest component is made positive.

    Args:
        generator: any family with style weights.
        model_sha256: written into each direction's ``info``.
        variant: which public program to agree with.
        layers: rows of ws whose layers take part, and which the directions then move; ``None`` means all.
        count: how many at most; a model has ``w_dim`` of them, which is what ``None`` asks for.
        ws_samples: ``(n, w_dim)`` float32, w of random seeds without truncation: gives each direction its
            ``sigma``. Without them sigma is 1.

    Raises:
        OptionError: a layer is outside the model, the count is below 1, or nothing is left to factorise.
        UnsupportedOperationError: the family has no style weights.
    """
    spec = generator.spec
    if variant not in SEFA_VARIANTS:
        raise OptionError(
            "--variant", f"--variant is {variant}, but must be one of {', '.join(SEFA_VARIANTS)}."
        )
    if count is not None and count < 1:
        raise OptionError("--count", f"--count is {count}, but must be at least 1.")
    rows = _checked_rows(layers, num_ws=spec.num_ws)
    weights = _taking_part(generator.style_weights(), variant=variant, num_ws=spec.num_ws)
    if not weights:
        raise UnsupportedOperationError(
            f"SeFa finds nothing in this model: {spec.family} has no style weights.",
            hint="Directions for it have to come from a boundary or a warp path.",
        )
    if rows is not None:
        weights = [weight for weight in weights if weight.row in rows]
    if not weights:
        raise OptionError(
            "--layers",
            f"--layers {format_rows(rows or ())} holds no layer that the {variant} variant factorises.",
            hint="Add a row that a convolution reads.",
        )
    styles = torch.cat([weight.weight.detach().to("cpu", torch.float64) for weight in weights])
    eigenvalues, vectors = factorize(styles, unit_styles=variant == "genforce")

    found = []
    for k in range(spec.w_dim if count is None else min(count, spec.w_dim)):
        sigma = 1.0 if ws_samples is None else float(np.std(ws_samples.astype(np.float64) @ vectors[k]))
        found.append(
            LinearDirection(
                sefa_id(variant, rows, k),
                f"e{k}",
                Space.W,
                vectors[k],
                rows=rows,
                # A direction the mapping never leaves the mean along has no spread to measure by.
                sigma=sigma if sigma > 1e-6 else 1.0,
                info=DirectionInfo(
                    source="sefa",
                    model_sha256=model_sha256,
                    details={"variant": variant, "index": k, "eigenvalue": float(eigenvalues[k])},
                ),
            )
        )
    return found


def sefa_id(variant: SefaVariant, rows: Rows, index: int) -> str:
    """The id of a direction: ``sefa:genforce:all:3``, or ``sefa:genforce:0-3,7:3`` for a subset of rows."""
    return f"sefa:{variant}:{'all' if rows is None else format_rows(rows)}:{index}"


def factorize(styles: Tensor, *, unit_styles: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues and eigenvectors of ``styles.T @ styles``.

    Args:
        styles: ``(number of styles, w_dim)`` float64 on the CPU: each row says how one style follows w.
        unit_styles: scale every row to unit length first, so that no layer is heard for its size alone.

    Returns:
        ``(w_dim,)`` eigenvalues, descending and never negative, and ``(w_dim, w_dim)`` unit eigenvectors as
        *rows* in the same order, each with its component of largest magnitude positive.

    Raises:
        MissingWeightsError: a weight is not finite.
    """
    if not bool(torch.isfinite(styles).all()):
        raise MissingWeightsError(
            "The model's style weights hold values that are not finite, so SeFa cannot factorise them.",
            hint="Training diverged before this file was saved; use an earlier snapshot.",
        )
    if unit_styles:
        lengths = torch.linalg.vector_norm(styles, dim=1, keepdim=True)
        styles = torch.where(lengths > 0, styles / lengths, 0.0)
    # torch's solver rather than numpy's: OpenBLAS needs seconds for 512 x 512 when its threads share a core.
    ascending, columns = torch.linalg.eigh(styles.T @ styles)
    eigenvalues = np.maximum(ascending.flip(0).numpy(), 0.0)
    vectors = columns.T.flip(0).contiguous().numpy()
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1, keepdims=True), axis=1)
    return eigenvalues, vectors * np.where(largest < 0, -1.0, 1.0)


def _checked_rows(layers: tuple[int, ...] | None, *, num_ws: int) -> Rows:
    if layers is None:
        return None
    rows = tuple(sorted(set(layers)))
    if not rows or rows[0] < 0 or rows[-1] >= num_ws:
        shown = ",".join(str(layer) for layer in layers) or "empty"
        raise OptionError("--layers", f"--layers is {shown}, but must lie in 0-{num_ws - 1} for this model.")
    return rows


def _taking_part(weights: Sequence[StyleWeight], *, variant: SefaVariant, num_ws: int) -> list[StyleWeight]:
    lowest = min((weight.resolution for weight in weights), default=0)

    def takes_part(weight: StyleWeight) -> bool:
        if weight.kind == "conv":
            return True
        if variant == "genforce":
            return weight.row == num_ws - 1
        # A network without a toRGB at its lowest resolution has none here.
        return variant == "rosinality" and weight.resolution == lowest

    return [weight for weight in weights if takes_part(weight)]
