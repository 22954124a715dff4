"""BoundaryTrainer: boundaries of attributes as a job, from a predictor, a table of scores, or two sets."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from latent_studio.app.state_code import place_of
from latent_studio.app.tasks.boundary_train import BoundaryTrainOptions, check_sources, learn_boundaries
from latent_studio.core.errors import LatentStudioError
from latent_studio.ui.forms import OptionsForm
from latent_studio.ui.widgets.form_sheet import FormSheet

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.registry import Registry
    from latent_studio.methods.attributes.catalog import PredictorEntry
    from latent_studio.methods.boundary.learn import LearnedBoundary
    from latent_studio.ui.api import DockContext

#: Where examples come from, with the options of each.
_SOURCES = {
    "predictor": ("predictor", "attribute", "samples"),
    "scores": ("latents", "scores", "column"),
    "sets": ("positive", "negative", "name"),
}
_COMMON = ("space", "learner", "chosen", "split", "invalid")
#: Of a scale, but not of two sets.
_OF_SCALES = ("chosen", "split", "invalid")
_LABEL_WIDTH = 116
#: What a job learned: the boundaries, and how good each is in words; then what was not learned, and why.
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
        form = TrainForm(predictors, _usual_predictor(model, predictors))
        sheet = FormSheet(
            self.tr("Train boundaries"),
            self.tr(
                "Each attribute becomes a slider, with its accuracy on examples that were left out. A "
                "predictor's attributes are all learned at once."
            ),
            form,
            button=self.tr("Train"),
            begin=partial(self._begin, form),
            parent=self._owner.window(),
        )
        sheet.dismissed.connect(sheet.deleteLater)
        sheet.openOverlay()

    def _begin(self, form: TrainForm) -> str:
        model, synthesis = self._context.models.model, self._context.store.session.synthesis
        if model is None:
            return self.tr("No model is open.")
        try:
            options = form.options(
                model=place_of(model.ref),
                out=Path("boundaries.safetensors"),
                truncation_psi=synthesis.truncation_psi,
                class_idx=synthesis.class_idx,
            )
            check_sources(options)
        except LatentStudioError as error:
            return str(error)
        self._context.jobs.start(
            self.tr("Train boundaries"),
            partial(_learn, self._context.studio, options, model),
            on_done=partial(self._take, model),
            on_failed=self._context.messages.failure,
            twin=("boundary train", replace(options, keep=True)),
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
        self._context.messages.success(title, hint=notes[0] if len(notes) == 1 else "")
        missed = notes[count:]
        if missed:
            self._context.messages.warning(
                self.tr("Of {count} attributes nothing can be learned.").format(count=len(missed))
                if len(missed) > 1
                else self.tr("Of one attribute nothing can be learned."),
                hint=missed[0],
                details="\n".join(missed),
            )
        self._context.directions.reveal(learned[0].direction.id)


class TrainForm(QWidget):
    """Where the examples come from, and the options of that alone.

    Args:
        predictors: to choose from.
        predictor: id of the one to begin with.
        parent: Qt owner.
    """

    def __init__(
        self, predictors: Registry[PredictorEntry], predictor: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._source = QComboBox(self)
        self._source.setObjectName("train-source")
        self._source.setAccessibleName(self.tr("Examples"))
        self._source.setToolTip(self.tr("Where the examples come from."))
        for text, source in (
            (self.tr("samples, scored by a predictor"), "predictor"),
            (self.tr("latents with a table of scores"), "scores"),
            (self.tr("two folders or files of latents"), "sets"),
        ):
            self._source.addItem(text, source)
        fields = [name for names in _SOURCES.values() for name in names]
        self._form = OptionsForm(BoundaryTrainOptions, fields=(*fields, *_COMMON), parent=self)
        entries = [predictors.get(id) for id in sorted(predictors)]
        self._form.setChoices("predictor", [(entry.title, entry.id) for entry in entries])
        self._form.set_values({"predictor": predictor, "samples": 500})
        for name, label in (
            ("attribute", self.tr("Only attributes")),
            ("samples", self.tr("Seeds to score")),
            ("positive", self.tr("With it")),
            ("negative", self.tr("Without it")),
            ("chosen", self.tr("Of each end")),
            ("split", self.tr("Share to train on")),
            ("invalid", self.tr("Score of nothing")),
        ):
            self._form.setTexts(name, label=label)
        for name in ("latents", "scores"):
            self._form.setBrowse(name, "open")
        for name in ("positive", "negative"):
            self._form.setBrowse(name, "folder")
        top = QFormLayout()
        top.setHorizontalSpacing(12)
        asked = QLabel(self.tr("Examples"), self)
        asked.setProperty("muted", True)
        asked.setBuddy(self._source)
        asked.setFixedWidth(_LABEL_WIDTH)
        self._form.setLabelWidth(_LABEL_WIDTH)
        top.addRow(asked, self._source)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self._form)
        self.setFocusProxy(self._source)
        self._source.currentIndexChanged.connect(self._show_source)
        self._show_source()

    def options(self, **fixed: object) -> BoundaryTrainOptions:
        """The options of the chosen source, as filled in.

        Raises:
            OptionError: one of them is out of range.
        """
        others = {
            name: () if name == "attribute" else None
            for source, names in _SOURCES.items()
            if source != self._source.currentData()
            for name in names
            if name != "samples"
        }
        built = self._form.build(**others, **fixed)
        if not isinstance(built, BoundaryTrainOptions):
            raise TypeError(built)
        return built

    @Slot()
    def _show_source(self) -> None:
        chosen = self._source.currentData()
        for source, names in _SOURCES.items():
            for name in names:
                self._form.setShown(name, source == chosen)
        for name in _OF_SCALES:
            self._form.setShown(name, chosen != "sets")


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
