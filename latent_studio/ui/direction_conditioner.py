"""DirectionConditioner: a direction free of others, as a new direction of the library."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from latent_studio.app.state_code import place_of
from latent_studio.app.tasks.boundary_condition import BoundaryConditionOptions, conditioned
from latent_studio.core.change import course_of
from latent_studio.core.directions import LinearDirection
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.spaces import Space
from latent_studio.ui.widgets.form_sheet import FormSheet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latent_studio.app.direction_library import LibraryEntry
    from latent_studio.app.models import LoadedModel
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.ui.api import DockContext

_SPREAD_SAMPLES = 2000
_ID = Qt.ItemDataRole.UserRole


class DirectionConditioner(QObject):
    """Asks what a direction should be free of, shows what is left of it, and keeps it.

    Args:
        context: the window's parts.
        owner: widget the sheet stands over.
    """

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._owner = owner

    def ask(self, id: str) -> None:
        """Show the directions that it can be made free of."""
        entry, model = self._context.directions.find(id), self._context.models.model
        if entry is None or model is None:
            return
        first = entry.direction
        if not can_be_conditioned(first):
            self._context.messages.warning(
                self.tr("“{name}” is no straight direction of z or w.").format(name=first.name),
                hint=self.tr("Lock what must stay still instead."),
            )
            return
        form = ConditionForm(first, self._others(entry), partial(_cosine, model))
        sheet = FormSheet(
            self.tr("{name}, free of…").format(name=first.name),
            self.tr(
                "Tick what must stay as it is. What the direction has in common with these is taken "
                "away, and the rest becomes a direction of its own."
            ),
            form,
            button=self.tr("Keep"),
            begin=partial(self._begin, form, first),
            parent=self._owner.window(),
        )
        form.reasonChanged.connect(sheet.setReason)
        form.readyChanged.connect(lambda ready: sheet.setButton(self.tr("Keep"), can_begin=ready))
        sheet.setButton(self.tr("Keep"), can_begin=False)
        sheet.dismissed.connect(sheet.deleteLater)
        sheet.openOverlay()

    def _others(self, entry: LibraryEntry) -> list[tuple[str, LibraryEntry]]:
        """Straight directions of a space that fits, with the title of their bank; boundaries first."""
        first = entry.direction
        spaces = {first.space, Space.W} if first.space is Space.W_PLUS else {first.space}
        banks = [bank for bank in self._context.directions.banks if bank.id != "favourites"]
        banks.sort(key=lambda bank: bank.id != "boundaries")
        return [
            (bank.title, other)
            for bank in banks
            for other in bank.shown
            if other.id != entry.id
            and can_be_conditioned(other.direction)
            and other.direction.space in spaces
        ]

    def _begin(self, form: ConditionForm, first: Direction) -> str:
        model = self._context.models.model
        if model is None:
            return self.tr("No model is open.")
        chosen = form.chosen()
        if not chosen:
            return self.tr("Nothing is ticked.")
        self._context.jobs.start(
            self.tr("Make {name} free of others").format(name=first.name),
            partial(_condition, model, first, chosen, form.name()),
            on_done=partial(self._take, model),
            on_failed=self._context.messages.failure,
            quiet=True,
            twin=(
                "boundary condition",
                BoundaryConditionOptions(
                    place_of(model.ref),
                    Path("free.safetensors"),
                    first.id,
                    tuple(direction.id for direction in chosen),
                    form.name(),
                    keep=True,
                ),
            ),
        )
        return ""

    def _take(self, model: LoadedModel, found: tuple[LinearDirection, float]) -> None:
        library, (direction, cosine) = self._context.directions.library, found
        if self._context.models.model is not model or library is None:
            return
        try:
            library.keep((direction,), name=direction.name)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        self._context.messages.success(
            self.tr("“{name}” is a direction of this model now.").format(name=direction.name),
            hint=self.tr("Cosine {cosine:.2f} with what it was.").format(cosine=cosine),
        )
        self._context.directions.reveal(direction.id)


class ConditionForm(QWidget):
    """A filter, directions to tick with how much they have in common, what is left, and a name.

    Args:
        first: what is to be made free.
        others: titles of banks with their directions.
        cosine: how much two directions have in common, -1 to 1.
        parent: Qt owner.
    """

    #: Why this cannot be; empty when it can.
    reasonChanged = Signal(str)
    #: Whether something is ticked that can be.
    readyChanged = Signal(bool)

    def __init__(
        self,
        first: Direction,
        others: Sequence[tuple[str, LibraryEntry]],
        cosine: Callable[[Direction, Direction], float],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._first = first
        self._directions = {entry.id: entry.direction for _, entry in others}
        self._filter = QLineEdit(self)
        self._filter.setObjectName("condition-filter")
        self._filter.setPlaceholderText(self.tr("Filter {count} directions").format(count=len(others)))
        self._filter.setAccessibleName(self.tr("Filter the directions"))
        self._filter.setToolTip(self.tr("Show only directions whose name holds these letters."))
        self._list = QListWidget(self)
        self._list.setObjectName("condition-list")
        self._list.setAccessibleName(self.tr("What it should be free of"))
        self._list.setToolTip(
            self.tr("Tick with Space. The cosine says how much a direction has in common with this one.")
        )
        self._list.setMinimumHeight(180)
        for title, entry in others:
            text = self.tr("{name}   {bank}, cosine {cosine:+.2f}").format(
                name=entry.direction.name, bank=title, cosine=cosine(first, entry.direction)
            )
            item = QListWidgetItem(text, self._list)
            item.setData(_ID, entry.id)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
        self._name = QLineEdit(self)
        self._name.setObjectName("condition-name")
        self._name.setAccessibleName(self.tr("Name"))
        self._name.setToolTip(self.tr("What to call the new direction."))
        self._left = QLabel(self)
        self._left.setObjectName("condition-left")
        self._left.setProperty("muted", True)
        self._left.setWordWrap(True)
        named = QFormLayout()
        named.setHorizontalSpacing(12)
        label = QLabel(self.tr("Name"), self)
        label.setProperty("muted", True)
        label.setBuddy(self._name)
        named.addRow(label, self._name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._filter)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._left)
        layout.addLayout(named)
        self.setFocusProxy(self._filter)
        self._filter.textChanged.connect(self._show_matching)
        self._list.itemChanged.connect(self._take)
        self._take()

    def chosen(self) -> list[Direction]:
        """What is ticked."""
        items = (self._list.item(row) for row in range(self._list.count()))
        return [
            self._directions[item.data(_ID)] for item in items if item.checkState() == Qt.CheckState.Checked
        ]

    def name(self) -> str | None:
        """The name given; ``None`` for one that lists the conditions."""
        return " ".join(self._name.text().split()) or None

    @Slot(str)
    def _show_matching(self, text: str) -> None:
        for row in range(self._list.count()):
            item = self._list.item(row)
            is_chosen = item.checkState() == Qt.CheckState.Checked
            item.setHidden(not is_chosen and text.casefold() not in item.text().casefold())

    @Slot()
    def _take(self) -> None:
        """Say what is left, or why nothing can be."""
        chosen, reason, left = self.chosen(), "", ""
        if chosen:
            try:
                made, cosine = conditioned(self._first, chosen)
            except LatentStudioError as error:
                reason = str(error)
            else:
                self._name.setPlaceholderText(made.name)
                left = self.tr("Cosine of what is left with {name} as it was: {cosine:.2f}.").format(
                    name=self._first.name, cosine=cosine
                )
        self._left.setText(left if chosen else self.tr("Nothing is ticked yet."))
        self.reasonChanged.emit(reason)
        self.readyChanged.emit(bool(chosen) and not reason)


def can_be_conditioned(direction: Direction) -> bool:
    """Whether it is straight, so that others can be taken away from it."""
    return isinstance(direction, LinearDirection)


def _cosine(model: LoadedModel, first: Direction, second: Direction) -> float:
    """How much two straight directions of one space have in common on the rows they move."""
    if not isinstance(first, LinearDirection) or not isinstance(second, LinearDirection):
        return 0.0
    return float(np.clip(course_of(first, model.spec) @ course_of(second, model.spec), -1, 1))


def _condition(
    model: LoadedModel,
    first: Direction,
    others: Sequence[Direction],
    name: str | None,
    progress: ProgressSink,
    cancel: CancelToken,
) -> tuple[LinearDirection, float]:
    from latent_studio.app.models import sample_w

    cancel.check()
    return conditioned(first, others, name=name, ws_samples=sample_w(model.generator, _SPREAD_SAMPLES))
