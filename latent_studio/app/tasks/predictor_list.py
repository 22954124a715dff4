"""predictor list: who can read attributes off pictures, and what each needs for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.core.options import check_options

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class PredictorListOptions:
    """Nothing to choose."""


@dataclass(frozen=True, slots=True)
class PredictorListResult:
    """The table.

    Attributes:
        lines: one a predictor.
    """

    lines: tuple[str, ...]


def run_predictor_list(
    studio: Studio, options: PredictorListOptions, progress: ProgressSink, cancel: CancelToken
) -> PredictorListResult:
    """Name, whether it can be used now, what it reads and, for others' weights, the terms and the page."""
    from latent_studio.methods.attributes.catalog import bundled_predictors
    from latent_studio.methods.attributes.published import PUBLISHED

    check_options(options)
    registry = bundled_predictors()
    lines = []
    for id in sorted({*registry, *PUBLISHED}):
        weights = PUBLISHED.get(id)
        if weights is None:
            lines.append(f"{id:<14} ready      {registry.get(id).summary}")
            continue
        state = "by name" if not weights.is_read else "ready" if weights.is_here else "to fetch"
        lines.append(f"{id:<14} {state:<10} {weights.reads} · {weights.terms} · {weights.page}")
    return PredictorListResult(tuple(lines))
