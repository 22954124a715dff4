"""predictor list: who can read attributes off pictures, and what each needs for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.predictor_get import LANDMARKS
from latent_studio.core.options import check_options

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.methods.attributes.published import PublishedWeights

#: Usable at once; after ``predictor get``; or not at all: only its name is known.
PredictorState = Literal["ready", "to fetch", "by name"]


@dataclass(frozen=True, slots=True)
class PredictorListOptions:
    """Nothing to choose."""


@dataclass(frozen=True, slots=True)
class ListedPredictor:
    """One predictor.

    Attributes:
        id: as typed.
        title: what the user sees.
        reads: what it reads off, in a few words.
        state: whether it can be used now.
        scope: the pictures it is made for: any, faces or portraits.
        files: names of the weights of others that it needs; empty without any.
        terms: of those, as far as their authors say.
        page: where they are published.
    """

    id: str
    title: str
    reads: str
    state: PredictorState
    scope: str = "faces"
    files: tuple[str, ...] = ()
    terms: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class PredictorListResult:
    """The table.

    Attributes:
        predictors: by id.
    """

    predictors: tuple[ListedPredictor, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """One a predictor."""
        return tuple(
            f"{one.id:<14} {one.state:<10} " + " · ".join(filter(None, (one.reads, one.terms, one.page)))
            for one in self.predictors
        )


def run_predictor_list(
    studio: Studio, options: PredictorListOptions, progress: ProgressSink, cancel: CancelToken
) -> PredictorListResult:
    """Name, whether it can be used now, what it reads and, for others' weights, the terms and the page."""
    from latent_studio.methods.alignment.fan import FAN_FILES, FAN_PAGE, FAN_TERMS, missing_fan_files
    from latent_studio.methods.attributes.published import PUBLISHED

    check_options(options)
    registry = studio.plugins.predictors()
    found = [_of_published(weights) for weights in PUBLISHED.values()]
    for id in registry:
        entry = registry.get(id)
        listed = ListedPredictor(id, entry.title, entry.summary, "ready", entry.scope)
        if id == LANDMARKS:
            files = tuple(file.name for file in FAN_FILES)
            state: PredictorState = "to fetch" if missing_fan_files() else "ready"
            listed = replace(listed, state=state, files=files, terms=FAN_TERMS, page=FAN_PAGE)
        if id not in PUBLISHED:
            found.append(listed)
    return PredictorListResult(tuple(sorted(found, key=lambda one: one.id)))


def _of_published(weights: PublishedWeights) -> ListedPredictor:
    state: PredictorState = "by name"
    if weights.is_read:
        state = "ready" if weights.is_here else "to fetch"
    return ListedPredictor(
        weights.id,
        weights.title,
        weights.reads,
        state,
        files=(weights.file,),
        terms=weights.terms,
        page=weights.page,
    )
