"""MapGroup: what is made of samples chosen on the latent map: a direction, or a truncation centre."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from latent_studio.app.latent_map import chosen_direction, middle_of
from latent_studio.app.state_code import place_of
from latent_studio.core.errors import LatentStudioError
from latent_studio.ui.direction_marks import import_deed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.latent_map import MapSamples
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.methods.boundary.learn import LearnedBoundary
    from latent_studio.methods.boundary.train import Learner
    from latent_studio.ui.api import DockContext


class MapGroup(QObject):
    """Learns from a group of samples, and lets truncation pull towards it.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context

    def learn(self, samples: MapSamples, chosen: NDArray[np.bool_], name: str, learner: str) -> None:
        """A direction from all other samples to the chosen ones, in a job.

        Args:
            samples: of the map.
            chosen: which of them, ``(N,)``.
            name: of the direction.
            learner: ``"svm"``, or the difference of the means.
        """
        library = self._context.directions.library
        if library is None:
            return
        self._context.jobs.start(
            self.tr("Direction to {name}").format(name=name),
            partial(_learn, samples, chosen, name, "svm" if learner == "svm" else "mean"),
            on_done=partial(self._keep, library, name),
            on_failed=self._context.messages.failure,
            quiet=True,
        )

    def _keep(self, library: object, name: str, learned: object) -> None:
        from latent_studio.methods.boundary.learn import LearnedBoundary

        current = self._context.directions.library
        if current is None or current is not library or not isinstance(learned, LearnedBoundary):
            return
        try:
            current.keep((learned.direction,), name=name)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        model = self._context.models.model
        if model is not None:
            place = place_of(model.ref)
            self._context.commands.add(partial(import_deed, place, (learned.direction,)))
        self._context.messages.success(
            self.tr("“{name}” is a slider among the boundaries now.").format(name=name), hint=learned.sentence
        )
        self._context.directions.reveal(learned.direction.id)

    def pull(self, samples: MapSamples, chosen: NDArray[np.bool_]) -> None:
        """Let truncation pull towards the middle of the chosen samples."""
        try:
            centre = middle_of(samples, chosen)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        store = self._context.store
        store.close_gesture()
        store.replace(replace(store.session, centre=centre), self.tr("Truncate towards a group"))
        if store.session.synthesis.truncation_psi == 1:
            self._context.messages.news(
                self.tr("The group counts as soon as ψ is below 1."),
                hint=self.tr("Move the truncation slider of the Latent panel."),
            )


def _learn(
    samples: MapSamples,
    chosen: NDArray[np.bool_],
    name: str,
    learner: Learner,
    progress: ProgressSink,
    cancel: CancelToken,
) -> LearnedBoundary:
    return chosen_direction(
        samples,
        chosen,
        name=name,
        learner=learner,
        progress=progress,
        cancel=cancel,
    )
