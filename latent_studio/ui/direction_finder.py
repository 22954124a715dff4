"""DirectionFinder: searches of directions as jobs, with what has to be asked before."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from latent_studio.app.direction_sniff import looks_like_directions
from latent_studio.app.state_code import place_of
from latent_studio.app.tasks.direction_find import twin_of
from latent_studio.app.tasks.direction_rank import DirectionRankOptions
from latent_studio.app.tasks.pca import PcaOptions
from latent_studio.app.tasks.sefa import SefaOptions
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import options_of
from latent_studio.ui.boundary_trainer import BoundaryTrainer
from latent_studio.ui.channel_picker import ChannelPicker
from latent_studio.ui.direction_importer import DirectionImporter
from latent_studio.ui.forms import OptionsForm
from latent_studio.ui.widgets.form_sheet import FormSheet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtWidgets import QWidget

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction, Rows
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.options import OptionsClass
    from latent_studio.core.synthesis import SynthesisSettings
    from latent_studio.methods.sefa import SefaVariant
    from latent_studio.plugin_host.fenced import FencedDirectionSource
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure

#: Directions of a preset; who wants more asks for more.
_SEFA_COUNT = 20


class DirectionFinder(QObject):
    """What the menus of the bank begin.

    Args:
        context: the window's parts.
        owner: widget that dialogs stand on.
    """

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._owner = owner
        self.importer = DirectionImporter(context, owner)
        self._channels = ChannelPicker(context, owner)
        self._trainer = BoundaryTrainer(context, owner)

    def import_files(self) -> None:
        """Choose files of directions."""
        self.importer.ask()

    def take_file(self, path: Path, head: bytes) -> bool:
        """Take a dropped file if it holds directions."""
        if not looks_like_directions(path, head):
            return False
        self.importer.read(path)
        return True

    def rate_samples(self) -> None:
        """Thumbs up and down."""
        self._context.navigation.show_view("rating")

    def show_sheet(self) -> None:
        """What every direction does."""
        self._context.navigation.show_view("sheet")

    def find_pca(self) -> None:
        """The principal components of the model's latents."""
        model = self._context.models.model
        if model is not None:
            self._context.jobs.start(
                self.tr("Find PCA directions"),
                partial(_find_pca, self._context.studio, model),
                on_done=partial(self.take_found, model, "pca"),
                on_failed=self._fail,
                twin=("pca", PcaOptions(place_of(model.ref))),
            )

    def find_by_plugin(self, source: str) -> None:
        """Directions by a plugin, after its options have been asked for."""
        if self._context.models.model is not None:
            self._context.plugins.load_source(source, self._ask_plugin, self._fail)

    def _ask_plugin(self, source: FencedDirectionSource) -> None:
        options = source.options
        self.ask(
            options,
            fields=tuple(info.name for info in options_of(options)),
            title=source.title,
            text=self.tr(
                "A plugin looks for directions of this model; what it finds is kept with the model."
            ),
            begin=partial(self._start_plugin, source),
        )

    def _start_plugin(self, source: FencedDirectionSource, options: OptionsClass) -> None:
        model = self._context.models.model
        if model is None:
            return
        self._context.jobs.start(
            source.title,
            partial(_find_by_plugin, source, model, options),
            on_done=partial(self._keep_found, model, source.title),
            on_failed=self._fail,
            twin=("direction find", twin_of(source.id, options, place_of(model.ref))),
        )

    def _keep_found(self, model: LoadedModel, title: str, directions: Sequence[Direction]) -> None:
        library = self._context.directions.library
        if self._context.models.model is not model or library is None:
            return
        library.keep(directions, name=title)
        self._context.directions.reveal(directions[0].id)

    def train_boundaries(self) -> None:
        """Boundaries of attributes, from what a predictor says or from examples."""
        self._trainer.ask()

    def add_channel(self) -> None:
        """One channel of one layer's style."""
        self._channels.ask()

    def calibrate(self, ids: Sequence[str]) -> None:
        """Find out how far pictures stay usual along some directions, and mark it on their sliders."""
        model, shelf = self._context.models.model, self._context.directions
        entries = [entry for id in ids if (entry := shelf.find(id)) is not None]
        if model is None or not entries:
            return
        synthesis = self._context.store.session.synthesis
        same = DirectionRankOptions(
            place_of(model.ref),
            direction=tuple(entry.id for entry in entries),
            calibrate=True,
            truncation_psi=synthesis.truncation_psi,
            class_idx=None if synthesis.class_blend else synthesis.class_idx,
            class_blend=synthesis.class_blend,
        )
        self._context.jobs.start(
            self.tr("Calibrate {count} sliders").format(count=len(entries)),
            partial(
                _calibrate,
                self._context.studio,
                [entry.direction for entry in entries],
                synthesis,
            ),
            on_done=partial(self._take_calibrated, model),
            on_failed=self._fail,
            twin=("direction rank", same),
        )

    def _take_calibrated(self, model: LoadedModel, zones: dict[str, tuple[float, float]]) -> None:
        library = self._context.directions.library
        if self._context.models.model is not model or library is None:
            return
        for id, (low, high) in zones.items():
            if low < high:
                library.set_safe(id, (low, high))

    def find_sefa(self, rows: Rows) -> None:
        """SeFa of some layers, in the place of the bank's directions."""
        self._start_sefa("genforce", rows, _SEFA_COUNT)

    def ask_sefa(self) -> None:
        """SeFa as the user wants it."""
        self.ask(
            SefaOptions,
            fields=("variant", "layers", "count"),
            title=self.tr("Find SeFa directions"),
            text=self.tr(
                "The directions that the chosen layers react to most strongly, from the weights alone."
            ),
            values={"count": _SEFA_COUNT},
            fixed={"model": "", "out": ""},
            begin=lambda options: self._start_sefa(options.variant, options.layers, options.count),
        )

    def _start_sefa(self, variant: SefaVariant, rows: Rows, count: int | None) -> None:
        model = self._context.models.model
        if model is None:
            return
        self._context.jobs.start(
            self.tr("Find SeFa directions"),
            partial(_find_sefa, self._context.studio, model, variant, rows, count),
            on_done=partial(self.take_found, model, "sefa"),
            on_failed=self._fail,
            twin=("sefa", SefaOptions(place_of(model.ref), Path("sefa.safetensors"), variant, rows, count)),
        )

    def take_found(self, model: LoadedModel, bank: str, directions: Sequence[Direction]) -> None:
        """Put what was found into a bank; starred ones that were there before stay."""
        library = self._context.directions.library
        if self._context.models.model is not model or library is None:
            return
        new = {direction.id for direction in directions}
        starred = [
            entry.found
            for entry in self._context.directions.bank(bank)
            if entry.mark.starred and not entry.is_kept and entry.id not in new
        ]
        if starred:
            library.keep(starred, name=f"starred {bank}")
        library.set_found(bank, directions)
        if directions:
            self._context.directions.reveal(directions[0].id)

    def ask(
        self,
        options: type[OptionsClass],
        *,
        fields: tuple[str, ...],
        title: str,
        text: str,
        begin: Callable[..., object],
        values: dict[str, object] | None = None,
        fixed: dict[str, object] | None = None,
    ) -> FormSheet:
        """Show a verb's options as a form over the window.

        Args:
            options: the verb's options.
            fields: which of them to ask for.
            title: of the sheet.
            text: what will happen.
            begin: called with the options filled in.
            values: what the fields begin with.
            fixed: values of the other options.
        """
        form = OptionsForm(options, fields=fields)
        if values:
            form.set_values(values)

        def press() -> str:
            try:
                filled = form.build(**(fixed or {}))
            except LatentStudioError as error:
                return str(error)
            begin(filled)
            return ""

        sheet = FormSheet(
            title, text, form, button=self.tr("Begin"), begin=press, parent=self._owner.window()
        )
        sheet.dismissed.connect(sheet.deleteLater)
        sheet.openOverlay()
        return sheet

    def _fail(self, failure: Failure) -> None:
        self._context.messages.failure(failure)


def _find_pca(
    studio: Studio, model: LoadedModel, progress: ProgressSink, cancel: CancelToken
) -> tuple[Direction, ...]:
    from latent_studio.app.models import pca_directions

    return pca_directions(
        model.generator, model.ref.sha256, paths=studio.paths, progress=progress, cancel=cancel
    )


def _find_by_plugin(
    source: FencedDirectionSource,
    model: LoadedModel,
    options: OptionsClass,
    progress: ProgressSink,
    cancel: CancelToken,
) -> tuple[Direction, ...]:
    return source.find(
        model.generator, options, model_sha256=model.ref.sha256, progress=progress, cancel=cancel
    )


def _calibrate(
    studio: Studio,
    directions: Sequence[Direction],
    synthesis: SynthesisSettings,
    progress: ProgressSink,
    cancel: CancelToken,
) -> dict[str, tuple[float, float]]:
    """Safe zones by id, in units of each direction; latents decide, which takes no rendering."""
    from latent_studio.app.direction_survey import calibrate_direction

    zones = {}
    for done, direction in enumerate(directions, start=1):
        found = calibrate_direction(
            studio, direction, synthesis=synthesis, with_pictures=False, cancel=cancel
        )
        zones[direction.id] = (found.low, found.high)
        progress(Progress(done / len(directions), f"Calibrated {done} of {len(directions)}"))
        cancel.check()
    return zones


def _find_sefa(
    studio: Studio,
    model: LoadedModel,
    variant: SefaVariant,
    rows: Rows,
    count: int | None,
    progress: ProgressSink,
    cancel: CancelToken,
) -> tuple[Direction, ...]:
    from latent_studio.app.models import sefa_directions

    cancel.check()
    return sefa_directions(
        model.generator, model.ref.sha256, paths=studio.paths, variant=variant, layers=rows, count=count
    )
