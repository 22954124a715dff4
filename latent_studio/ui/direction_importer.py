"""DirectionImporter: files of directions, how they were read, and the corrections before they are kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

from latent_studio.app.state_code import place_of
from latent_studio.app.tasks.direction_convert import DirectionConvertOptions
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.spaces import Space
from latent_studio.ui.widgets.fields import with_room
from latent_studio.ui.widgets.form_sheet import FormSheet
from latent_studio.ui.widgets.rows_field import RowsField

if TYPE_CHECKING:
    from latent_studio.app.direction_import import ImportedDirections, Reading
    from latent_studio.app.models import LoadedModel
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure

_PATTERNS = "*.npy *.npz *.pt *.pth *.safetensors"
#: Latents drawn to learn how far w spreads along an imported direction.
_SPREAD_SAMPLES = 2000
_MOST_COUNT = 4096


class DirectionImporter(QObject):
    """Reads files as jobs, shows how each was read, and keeps what the user accepts.

    Args:
        context: the window's parts.
        owner: widget dialogs stand on.
    """

    #: The id of the bank that new directions went to.
    kept = Signal(str)

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._owner = owner
        self._sheets: list[FormSheet] = []

    @Slot()
    def ask(self) -> None:
        """Choose files."""
        names, _ = QFileDialog.getOpenFileNames(
            self._owner,
            self.tr("Import directions"),
            "",
            self.tr("Directions ({patterns});;All files (*)").format(patterns=_PATTERNS),
        )
        for name in names:
            self.read(Path(name))

    def read(self, path: Path, reading: Reading | None = None, sheet: ImportForm | None = None) -> None:
        """Read a file, and show how."""
        model = self._context.models.model
        if model is None:
            self._context.messages.warning(
                self.tr("Directions need a model to move."),
                hint=self.tr("Open the model they were found on."),
            )
            return
        self._context.jobs.start(
            self.tr("Read {name}").format(name=path.name),
            partial(_read, path, model, reading),
            on_done=partial(self._show, path, model, sheet),
            on_failed=partial(self._fail, sheet),
            quiet=True,
        )

    def _fail(self, form: ImportForm | None, failure: Failure) -> None:
        if form is not None:
            form.say(f"{failure.title} {failure.hint}".strip())
        else:
            self._context.messages.failure(failure)

    def _show(
        self, path: Path, model: LoadedModel, form: ImportForm | None, found: ImportedDirections
    ) -> None:
        if self._context.models.model is not model:
            return
        if form is None:
            form = ImportForm(model.spec.num_ws, self._owner)
            sheet = FormSheet(
                self.tr("Import {name}").format(name=path.name),
                "",
                form,
                button=self.tr("Keep"),
                begin=partial(self._keep, form, path),
                parent=self._owner.window(),
            )
            form.sheet = sheet
            form.changed.connect(lambda reading: self.read(path, reading, form))
            self._sheets.append(sheet)
            sheet.dismissed.connect(sheet.deleteLater)
            sheet.openOverlay()
        form.show_found(found)

    def _keep(self, form: ImportForm, path: Path) -> str:
        library, found = self._context.directions.library, form.found
        if library is None or found is None:
            return self.tr("The file is still being read.")
        try:
            library.keep(found.directions, name=path.stem)
        except LatentStudioError as error:
            return str(error)
        model, reading = self._context.models.model, found.reading
        if model is not None:
            same = DirectionConvertOptions(
                place_of(model.ref), file=path, keep=True, space=_space_word(reading.space),
                rows=reading.rows or None, norm=reading.norm, axis=reading.axis, count=reading.count,
            )  # fmt: skip
            self._context.commands.add(("direction convert", same))
        entry = self._context.directions.find(found.directions[0].id)
        count = len(found.directions)
        self._context.messages.success(
            self.tr("One direction was added.")
            if count == 1
            else self.tr("{count} directions were added.").format(count=count)
        )
        if entry is not None:
            self._context.directions.reveal(entry.id)
            self.kept.emit(entry.bank)
        return ""


class ImportForm(QWidget):
    """How a file was read, as fields that can be changed."""

    #: Another ``Reading`` is wanted.
    changed = Signal(object)

    def __init__(self, num_ws: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.found: ImportedDirections | None = None
        self.sheet: FormSheet | None = None
        #: How many the user asked for; ``None`` leaves it to the file.
        self._wanted: int | None = None
        self._space = self._choice(
            "import-space", self.tr("Space"),
            ((self.tr("z, before the mapping network"), Space.Z), (self.tr("w, one for all rows"), Space.W),
             (self.tr("w+, a vector per row"), Space.W_PLUS)),
        )  # fmt: skip
        self._norm = self._choice(
            "import-norm", self.tr("Length"),
            ((self.tr("as in the file"), "keep"), (self.tr("one"), "unit")),
        )  # fmt: skip
        self._axis = self._choice(
            "import-axis", self.tr("Matrix holds"),
            ((self.tr("a direction per row"), "rows"), (self.tr("a direction per column"), "columns")),
        )  # fmt: skip
        self._rows = RowsField(self)
        self._rows.setObjectName("import-rows")
        self._rows.setNumRows(num_ws)
        self._rows.rowsChanged.connect(self._tell)
        self._count = with_room(QSpinBox(self))
        self._count.setObjectName("import-count")
        self._count.setRange(1, _MOST_COUNT)
        self._count.setKeyboardTracking(False)
        self._count.setAccessibleName(self.tr("How many"))
        self._count.setToolTip(self.tr("How many directions to take, from the first on."))
        self._count.valueChanged.connect(self._choose_count)
        self._warnings = QLabel(self)
        self._warnings.setObjectName("import-warnings")
        self._warnings.setWordWrap(True)
        self._warnings.setProperty("tone", "warn")
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(8)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, field in (
            (self.tr("Space"), self._space),
            (self.tr("Rows"), self._rows),
            (self.tr("Length"), self._norm),
            (self.tr("Matrix holds"), self._axis),
            (self.tr("How many"), self._count),
        ):
            layout.addRow(name, field)
        layout.addRow(self._warnings)
        self.setFocusProxy(self._space)

    def show_found(self, found: ImportedDirections) -> None:
        """Show how the file was read."""
        self.found = found
        reading = found.reading
        blockers = [QSignalBlocker(one) for one in (self._space, self._norm, self._axis, self._count)]
        first = found.directions[0]
        self._space.setCurrentIndex(self._space.findData(reading.space or first.space))
        self._norm.setCurrentIndex(max(0, self._norm.findData(reading.norm or "keep")))
        self._axis.setCurrentIndex(max(0, self._axis.findData(reading.axis or "rows")))
        self._axis.setEnabled(reading.axis is not None)
        self._rows.setRows(reading.rows if reading.rows is not None else first.rows)
        self._count.setValue(len(found.directions))
        for blocker in blockers:
            blocker.unblock()
        self._warnings.setText("\n".join(found.warnings))
        self._warnings.setVisible(bool(found.warnings))
        if self.sheet is not None:
            self.sheet.setText(found.sentence)
            count = len(found.directions)
            self.sheet.setButton(
                self.tr("Keep it") if count == 1 else self.tr("Keep {count}").format(count=count)
            )
            self.sheet.setReason("")

    def say(self, reason: str) -> None:
        """The file cannot be read that way."""
        self.found = None
        if self.sheet is not None:
            self.sheet.setReason(reason)
            self.sheet.setButton(self.tr("Keep"), can_begin=False)

    def _choice(self, name: str, title: str, choices: tuple[tuple[str, object], ...]) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(name)
        box.setAccessibleName(title)
        box.setToolTip(title)
        for text, data in choices:
            box.addItem(text, data)
        box.currentIndexChanged.connect(self._choose_shape)
        return box

    @Slot(int)
    def _choose_count(self, count: int) -> None:
        self._wanted = count
        self._tell()

    @Slot()
    def _choose_shape(self) -> None:
        # An array read another way may hold another number of directions.
        self._wanted = None
        self._tell()

    @Slot()
    def _tell(self) -> None:
        from latent_studio.app.direction_import import Reading

        before = self.found.reading if self.found is not None else Reading()
        rows = self._rows.rows()
        self.changed.emit(
            replace(
                before,
                # Qt hands back the text of an enumeration.
                space=Space(self._space.currentData()),
                # Empty is what "all rows" is called where None leaves it to the file.
                rows=() if rows is None else rows,
                norm=self._norm.currentData(),
                axis=self._axis.currentData() if self._axis.isEnabled() else before.axis,
                count=self._wanted,
            )
        )


def _space_word(space: Space | None) -> Literal["z", "w", "w+"] | None:
    match space:
        case Space.Z:
            return "z"
        case Space.W:
            return "w"
        case Space.W_PLUS:
            return "w+"
        case _:
            return None


def _read(
    path: Path, model: LoadedModel, reading: Reading | None, progress: ProgressSink, cancel: CancelToken
) -> ImportedDirections:
    from latent_studio.app.direction_import import import_directions
    from latent_studio.app.models import sample_w

    cancel.check()
    samples = sample_w(model.generator, _SPREAD_SAMPLES)
    cancel.check()
    return import_directions(
        path, model.spec, reading=reading, model_sha256=model.ref.sha256, ws_samples=samples
    )
