"""BoundaryTrainer: boundaries of attributes as a job, from a predictor, a table of scores, or two sets."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from latent_studio.app.tasks.boundary_train import BoundaryTrainOptions, check_sources, learn_boundaries
from latent_studio.core.errors import LatentStudioError
from latent_studio.ui.forms import OptionsForm
from latent_studio.ui.widgets.form_sheet import FormSheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.registry import Registry
    from latent_studio.methods.attributes.catalog import PredictorEntry
    from latent_studio.methods.boundary.learn import LearnedBoundary
    from latent_studio.ui.api import DockContext

_FIELDS = (
    "predictor", "attribute", "samples", "latents", "scores", "column", "positive", "negative", "name",
    "learner",
)  # fmt: skip
#: What a job learned: the boundaries, and how good each is in words.
_Learned = tuple[tuple["LearnedBoundary", ...], tuple[str, ...]]


class BoundaryTrainer(QObject):
    """Asks where examples come from, learns, and keeps what was learned among the boundaries.

    Args:
        context: the window's parts.
        owner: widget the sheet stands over.
    """

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._owner = owner

    def ask(self) -> None:
        """Show the form."""
        model = self._context.models.model
        if model is None:
            return
        predictors = self._context.studio.plugins.predictors()
        known = sorted(predictors)
        form = OptionsForm(BoundaryTrainOptions, fields=_FIELDS)
        form.set_values({"predictor": _usual_predictor(model, predictors), "samples": 500})
        for name, label in (
            ("predictor", self.tr("Predictor")),
            ("attribute", self.tr("Only attributes")),
            ("samples", self.tr("Seeds to score")),
            ("latents", self.tr("Or latents")),
            ("scores", self.tr("  with scores")),
            ("column", self.tr("  of column")),
            ("positive", self.tr("Or latents with it")),
            ("negative", self.tr("  and without it")),
        ):
            form.setTexts(name, label=label)
        sheet = FormSheet(
            self.tr("Train boundaries"),
            self.tr(
                "A predictor ({known}) scores pictures of random seeds, or you bring scored latents or two "
                "sets of them; each attribute becomes a slider with its cross-validated accuracy."
            ).format(known=", ".join(known)),
            form,
            button=self.tr("Train"),
            begin=partial(self._begin, form),
            parent=self._owner.window(),
        )
        sheet.dismissed.connect(sheet.deleteLater)
        sheet.openOverlay()

    def _begin(self, form: OptionsForm) -> str:
        model, synthesis = self._context.models.model, self._context.store.session.synthesis
        if model is None:
            return self.tr("No model is open.")
        try:
            options = form.build(
                model=model.ref.name,
                out=Path("boundaries.safetensors"),
                truncation_psi=synthesis.truncation_psi,
                class_idx=synthesis.class_idx,
            )
            if not isinstance(options, BoundaryTrainOptions):
                raise TypeError(options)
            check_sources(options)
        except LatentStudioError as error:
            return f"{error.title} {error.hint}".strip()
        self._context.jobs.start(
            self.tr("Train boundaries"),
            partial(_learn, self._context.studio, options, model),
            on_done=partial(self._take, model),
            on_failed=self._context.messages.failure,
        )
        return ""

    def _take(self, model: LoadedModel, found: _Learned) -> None:
        library, (learned, notes) = self._context.directions.library, found
        if self._context.models.model is not model or library is None or not learned:
            return
        try:
            library.keep([one.direction for one in learned], name="trained boundaries")
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        count = len(learned)
        title = (
            self.tr("One boundary was learned.")
            if count == 1
            else self.tr("{count} boundaries were learned.").format(count=count)
        )
        self._context.messages.success(title, hint=notes[0] if count == 1 else "")
        self._context.directions.reveal(learned[0].direction.id)


def _usual_predictor(model: LoadedModel, registry: Registry[PredictorEntry]) -> str:
    """The predictor made for the model, else one of the program's that reads pictures of any kind."""
    if model.ref.name in registry:
        return model.ref.name
    return next(
        (id for id in sorted(registry) if registry.get(id).scope == "any" and not registry.get(id).version),
        "",
    )


def _learn(
    studio: Studio,
    options: BoundaryTrainOptions,
    model: LoadedModel,
    progress: ProgressSink,
    cancel: CancelToken,
) -> _Learned:
    return learn_boundaries(studio, options, model, progress, cancel)
