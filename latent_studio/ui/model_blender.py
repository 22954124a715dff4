"""ModelBlender: two models of one family in one, by rows, from the window."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from latent_studio.app.tasks.model_blend import ModelBlendOptions, ModelBlendResult, run_model_blend
from latent_studio.core.errors import LatentStudioError
from latent_studio.ui.forms import OptionsForm
from latent_studio.ui.widgets.form_sheet import FormSheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latent_studio.ui.api import DockContext


class ModelBlender(QObject):
    """Asks which models and rows, writes the blend in a job, and opens it.

    Args:
        context: the window's parts.
        window: the sheet stands over it.
    """

    def __init__(self, context: DockContext, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        context.actions["blend_models"].triggered.connect(self.ask)

    @Slot()
    def ask(self) -> None:
        """Show the form of “model blend”, with the open model as the first one."""
        form = OptionsForm(ModelBlendOptions)
        form.setTexts("first", label=self.tr("Mapping and other rows from"))
        form.setTexts("second", label=self.tr("These rows from"))
        model = self._context.models.model
        if model is not None:
            rows = tuple(range(model.spec.num_ws // 2))
            name = Path(model.ref.path).with_name(f"{model.ref.name}-blend.safetensors").name
            form.set_values(
                {"first": model.ref.path or model.ref.name, "rows": rows, "out": Path.home() / name}
            )

        def begin() -> str:
            try:
                options = form.build()
            except LatentStudioError as error:
                return str(error)
            assert isinstance(options, ModelBlendOptions)  # noqa: S101 -- the form's own class
            if not options.second:
                return self.tr("Say which model gives the rows: a name of the library, or a file.")
            self.start(options)
            return ""

        sheet = FormSheet(
            self.tr("Blend two models"),
            self.tr(
                "Coarse rows decide the form, fine ones the texture. It works where one model was trained on "
                "from the other."
            ),
            form,
            button=self.tr("Blend and open"),
            begin=begin,
            parent=self._window,
        )
        sheet.dismissed.connect(sheet.deleteLater)
        sheet.openOverlay()

    def start(self, options: ModelBlendOptions) -> None:
        """Write the blend, then open it."""
        self._context.jobs.start(
            self.tr("Blend into {name}").format(name=options.out.name),
            partial(run_model_blend, self._context.studio, options),
            on_done=self._open,
            on_failed=self._context.messages.failure,
            twin=("model blend", options),
        )

    def _open(self, result: ModelBlendResult) -> None:
        self._context.models.open(str(result.path))
