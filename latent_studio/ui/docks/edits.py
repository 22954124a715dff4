"""The edits that are active: their order, switches and removal, what is locked, and how far that moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from latent_studio.core.locks import applying_locks
from latent_studio.ui.amounts import format_amount
from latent_studio.ui.direction_locks import set_locked
from latent_studio.ui.direction_shelf import amount_along
from latent_studio.ui.drift_meter import Drift, DriftMeter
from latent_studio.ui.edit_combiner import EditCombiner
from latent_studio.ui.icons import set_icon
from latent_studio.ui.widgets.drift_gauge import DriftGauge
from latent_studio.ui.widgets.edit_list import EditItem, EditList
from latent_studio.ui.widgets.rows_field import rows_text

if TYPE_CHECKING:
    from latent_studio.core.directions import Direction
    from latent_studio.core.edits import Edit
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext

#: Standard deviations: what nobody sees, and where the gauge ends.
_SAFE_DRIFT, _MOST_DRIFT = 0.25, 2.0
#: The same as a share of an attribute's range.
_SAFE_SHARE, _MOST_SHARE = 0.05, 0.4
#: The same as likeness lost: face networks call two photos of one person about 0.6 alike.
_SAFE_UNLIKE, _MOST_UNLIKE = 0.2, 0.8
#: The same as perceptual distance.
_SAFE_APART, _MOST_APART = 0.1, 0.5


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the gauge shows: a value with its words, and the gauge's scale."""

    value: float | None
    text: str
    safe: float
    most: float


class EditsDock(QWidget):
    """Shows the edit stack in the order it is applied, and the locks below it.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._list = EditList(self)
        self._list.setObjectName("edit-list")
        self._list.setAccessibleName(self.tr("Active edits, in the order they are applied"))
        self._combiner = EditCombiner(context, self)
        self._combine = QPushButton(self.tr("Combine…"), self)
        self._combine.setObjectName("edits-combine")
        self._combine.setToolTip(self.tr("Make one direction of all active edits, under a name of your own."))
        self._combine.setProperty("quiet", True)
        self._locks_button = QToolButton(self)
        self._locks_button.setObjectName("edits-locks")
        self._locks_button.setAccessibleName(self.tr("Locks"))
        self._locks_button.setToolTip(self.tr("Directions that other sliders must not move along."))
        self._locks_button.setProperty("quiet", True)
        self._locks_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._locks_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(self._locks_button, "lock")
        self._locks_menu = QMenu(self._locks_button)
        self._locks_menu.setObjectName("edits-locks-menu")
        self._locks_menu.setToolTipsVisible(True)
        self._locks_menu.aboutToShow.connect(self._fill_locks)
        self._locks_button.setMenu(self._locks_menu)
        self._drift_label = QLabel(self.tr("drift"), self)
        self._drift_label.setProperty("muted", True)
        self._gauge = DriftGauge(self)
        self._gauge.setObjectName("drift-gauge")
        self._gauge.setScale(_SAFE_DRIFT, _MOST_DRIFT)
        self._meter = DriftMeter(context, self)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._locks_button)
        foot.addWidget(self._drift_label)
        foot.addWidget(self._gauge, 1)
        foot.addStretch(0)
        foot.addWidget(self._combine)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._list, 1)
        layout.addLayout(foot)
        self._list.enabledChanged.connect(self._switch)
        self._list.moved.connect(context.store.move_edit)
        self._list.removeRequested.connect(context.store.reset_amount)
        self._list.lockToggled.connect(self._toggle_lock)
        self._list.menuRequested.connect(self._show_menu)
        self._combine.clicked.connect(self._combiner.ask)
        self._meter.measured.connect(self._show_drift)
        context.actions["sigma_unit"].toggled.connect(self._show)
        context.directions.changed.connect(self._show)
        context.bridge.session_changed.connect(self.show_session)
        self._show()
        self._show_drift(None)

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Show the stack if it changed."""
        held = (old.model, old.locks, old.watches_person) == (new.model, new.locks, new.watches_person)
        if old.edits is not new.edits or not held:
            self._show()

    @Slot()
    def _show(self) -> None:
        session = self._context.store.session
        self._list.setItems([self._item_of(edit, session) for edit in session.edits])
        self._combine.setEnabled(any(edit.enabled and edit.amount for edit in session.edits))
        names = [self._context.directions.name_of(lock) for lock in session.locks]
        if session.watches_person:
            names.append(self.tr("person"))
        text = ", ".join(names) if len(names) <= 2 else self.tr("{count} watched").format(count=len(names))
        self._locks_button.setText(text or self.tr("Lock"))

    def _item_of(self, edit: Edit, session: Session) -> EditItem:
        entry = self._context.directions.find(edit.id)
        direction = edit.direction if entry is None else entry.direction
        rows = edit.rows if edit.rows is not None else direction.rows
        held = applying_locks(edit.direction, session.locks)
        kind = "" if entry is None else _kind(entry.bank)
        notes = [
            kind,
            "" if rows is None else rows_text(rows),
            self.tr("{names} locked").format(
                names=", ".join(self._context.directions.name_of(lock) for lock in held)
            )
            if held
            else "",
        ]
        note = ", ".join(part for part in notes if part)
        in_sigma = self._context.actions["sigma_unit"].isChecked()
        return EditItem(
            id=edit.id,
            name=direction.name,
            amount_text=format_amount(amount_along(direction, edit), direction, in_sigma=in_sigma),
            enabled=edit.enabled,
            note=f"({note})" if note else "",
            locked=any(lock.id == edit.id for lock in session.locks),
        )

    @Slot(object)
    def _show_drift(self, drift: Drift | None) -> None:
        for part in (self._drift_label, self._gauge):
            part.setVisible(drift is not None)
        if drift is None:
            return
        # An edit of a locked direction is meant; what others do to it is drift.
        own = {edit.id for edit in self._context.store.session.edits if edit.enabled}
        moved = {id: abs(value) for id, value in drift.moved.items() if id not in own}
        lines = [
            self.tr("{name} moved by {value:+.2f} σ").format(name=self._name(id), value=value)
            for id, value in drift.moved.items()
        ]
        worst = max(moved.values(), default=0.0)
        shown = _Shown(worst, f"{worst:.2f} σ", _SAFE_DRIFT, _MOST_DRIFT)
        seen = drift.seen
        if seen is not None:
            # What is seen counts more than what the latent says.
            lines += [
                self.tr("{name}: {value:+.0%} of its range, as a predictor sees it").format(
                    name=name, value=share
                )
                for name, share in seen.moved.items()
            ]
            measures = [
                _Shown(abs(share), f"{abs(share):.0%}", _SAFE_SHARE, _MOST_SHARE)
                for share in seen.moved.values()
            ]
            if seen.likeness is not None:
                lines.append(self.tr("likeness of the person {value:.0%}").format(value=seen.likeness))
                lost = 1.0 - seen.likeness
                measures.append(_Shown(lost, f"{seen.likeness:.0%}", _SAFE_UNLIKE, _MOST_UNLIKE))
            elif seen.distance is not None:
                lines.append(
                    self.tr(
                        "the pictures look {value:.2f} apart (perceptual distance, for nothing here tells "
                        "persons; different people are about 0.5 apart)"
                    ).format(value=seen.distance)
                )
                measures.append(_Shown(seen.distance, f"{seen.distance:.2f}", _SAFE_APART, _MOST_APART))
            shown = max(measures, key=lambda one: (one.value or 0.0) / one.safe, default=shown)
        elif not drift.moved:
            # Only the person is watched, and nobody has looked yet.
            shown = _Shown(None, "…", _SAFE_APART, _MOST_APART)
        self._gauge.setScale(shown.safe, shown.most)
        self._gauge.setValue(shown.value, shown.text)
        self._gauge.setToolTip("\n".join(lines))

    def _name(self, id: str) -> str:
        entry = self._context.directions.find(id)
        return id if entry is None else entry.direction.name

    @Slot(str, bool)
    def _switch(self, edit_id: str, enabled: bool) -> None:
        store = self._context.store
        edit = store.session.edits.find(edit_id)
        if edit is not None:
            word = self.tr("Switch on") if enabled else self.tr("Switch off")
            store.set_edit(replace(edit, enabled=enabled), f"{word} {edit.direction.name}")

    @Slot(str)
    def _toggle_lock(self, edit_id: str) -> None:
        session = self._context.store.session
        edit = session.edits.find(edit_id)
        if edit is not None:
            is_locked = any(lock.id == edit_id for lock in session.locks)
            set_locked(self._context, edit.direction, not is_locked)

    @Slot(str, QPoint)
    def _show_menu(self, edit_id: str, place: QPoint) -> None:
        self.make_menu(edit_id).popup(place)

    def make_menu(self, edit_id: str) -> QMenu:
        """What can be done with one edit; the menu goes when it is closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        shelf = self._context.directions
        for name, text, tooltip, do in (
            ("show", self.tr("Show slider"), self.tr("Go to its slider."), partial(shelf.reveal, edit_id)),
            (
                "lock",
                self.tr("Lock or unlock"),
                self.tr("Whether other sliders may move along it."),
                partial(self._toggle_lock, edit_id),
            ),
            (
                "copy",
                self.tr("Copy as command"),
                self.tr("The command line that makes this edit, on the clipboard."),
                partial(self._combiner.copy_command, edit_id),
            ),
            (
                "remove",
                self.tr("Remove"),
                self.tr("Back to zero."),
                partial(self._context.store.reset_amount, edit_id),
            ),
        ):
            action = menu.addAction(text)
            action.setObjectName(f"edit-{name}")
            action.setToolTip(tooltip)
            action.triggered.connect(partial(_call, do))
        return menu

    @Slot()
    def _fill_locks(self) -> None:
        """Locked directions first, then those one might lock: favourites, boundaries, active edits."""
        self._locks_menu.clear()
        session, shelf = self._context.store.session, self._context.directions
        locked = {lock.id: lock for lock in session.locks}
        offered: dict[str, Direction] = dict(locked)
        offered |= {edit.id: edit.direction for edit in session.edits}
        for bank in ("favourites", "boundaries"):
            offered |= {entry.id: entry.direction for entry in shelf.bank(bank) if not entry.mark.hidden}
        for id, direction in offered.items():
            action = self._locks_menu.addAction(shelf.name_of(direction))
            action.setObjectName(f"lock-{id}")
            action.setToolTip(self.tr("Whether other sliders may move along it."))
            action.setCheckable(True)
            action.setChecked(id in locked)
            action.triggered.connect(partial(set_locked, self._context, direction))
        self._locks_menu.addSeparator()
        watch = self._locks_menu.addAction(self.tr("Watch the person"))
        watch.setObjectName("watch-identity")
        watch.setToolTip(self.tr("The gauge also tells how much edits change who it is."))
        watch.setCheckable(True)
        watch.setChecked(session.watches_person)
        watch.toggled.connect(self._watch_person)
        if not offered:
            hint = self._locks_menu.addAction(self.tr("Star a direction or train boundaries to lock them"))
            hint.setEnabled(False)

    @Slot(bool)
    def _watch_person(self, watched: bool) -> None:
        store = self._context.store
        text = self.tr("Watch the person") if watched else self.tr("Watch the person no longer")
        store.replace(replace(store.session, watches_person=watched), text)


def _kind(bank: str) -> str:
    """The kind of a direction in one word; nothing for the usual one."""
    return {"boundaries": "boundary", "warp": "warp", "pca": "PCA", "channels": "channel"}.get(bank, "")


def _call(do: object, _checked: bool = False) -> None:
    if callable(do):
        do()
