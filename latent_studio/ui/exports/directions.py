"""DirectionsExport: a sheet of a bank's directions, a row of pictures for each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QSpinBox, QWidget

from latent_studio.app.direction_library import BANKS
from latent_studio.app.tasks.direction_sheet import DirectionSheet, SheetRow, draw_direction_sheet
from latent_studio.app.tasks.export_plan import directions_text
from latent_studio.ui.exports.subject import LABEL_WIDTH, Extent, Target, render_options
from latent_studio.ui.picture_names import file_stem
from latent_studio.ui.widgets.fields import with_room

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.app.direction_library import LibraryEntry
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.twin import Deed, Keep, Twin

#: Side of a picture where the panel does not say.
_SIDE = 128


class DirectionsExport(QWidget):
    """See ``ExportSubject``.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    changed = Signal()

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._bank = QComboBox(self)
        self._bank.setObjectName("export-bank")
        self._bank.setAccessibleName(self.tr("Directions"))
        self._bank.setToolTip(
            self.tr("Whose directions are shown, from one end of their sliders to the other.")
        )
        self._bank.addItem(self.tr("All"), "")
        for id, title in BANKS.items():
            self._bank.addItem(title, id)
        self._steps = with_room(QSpinBox(self))
        self._steps.setObjectName("export-steps")
        self._steps.setAccessibleName(self.tr("Pictures in a row"))
        self._steps.setToolTip(self.tr("Pictures in a row."))
        self._steps.setRange(2, 51)
        self._steps.setValue(5)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(8)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field in ((self.tr("Directions"), self._bank), (self.tr("In a row"), self._steps)):
            label = QLabel(text, self)
            label.setProperty("muted", True)
            label.setBuddy(field)
            label.setFixedWidth(LABEL_WIDTH)
            layout.addRow(label, field)
        self.setFocusProxy(self._bank)
        self._bank.currentIndexChanged.connect(self._tell)
        self._steps.valueChanged.connect(self._tell)
        context.models.model_changed.connect(self._tell)

    @property
    def id(self) -> str:
        """See ``ExportSubject``."""
        return "directions"

    @property
    def title(self) -> str:
        """See ``ExportSubject``."""
        return self.tr("Sheet of directions")

    @property
    def is_film(self) -> bool:
        """See ``ExportSubject``."""
        return False

    def widget(self) -> QWidget:
        """See ``ExportSubject``."""
        return self

    def stem(self) -> str:
        """See ``ExportSubject``."""
        return f"{file_stem(self._context.store.session)}-directions"

    def extent(self) -> Extent:
        """See ``ExportSubject``."""
        count = len(self._entries()) * self._steps.value()
        problem = "" if count else self.tr("This bank has no directions yet.")
        return Extent(count, count, problem)

    def job(self, target: Target) -> Callable[[ProgressSink, CancelToken], object]:
        """See ``ExportSubject``."""
        return partial(draw_direction_sheet, self._context.studio, self._sheet(target))

    def twin(self, target: Target) -> Twin:
        """See ``ExportSubject``."""
        return partial(_deed, self._sheet(target), target)

    def _sheet(self, target: Target) -> DirectionSheet:
        return DirectionSheet(
            self._context.store.session,
            tuple(SheetRow(entry.direction, *entry.ends) for entry in self._entries()),
            target.out,
            steps=self._steps.value(),
            size=target.size or _SIDE,
        )

    def _entries(self) -> list[LibraryEntry]:
        model, bank = self._context.models.model, self._bank.currentData()
        if model is None:
            return []
        return [
            entry
            for entry in model.library.entries
            if not entry.mark.hidden
            and (not bank or (entry.mark.starred if bank == "favourites" else entry.bank == bank))
        ]

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()


def _deed(sheet: DirectionSheet, target: Target, keep: Keep) -> Deed:
    options = render_options(keep(directions_text(sheet), stem="directions"), sheet.session, target)
    return "render", replace(options, size=sheet.size, format=None)
