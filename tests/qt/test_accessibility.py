"""What assistive technology meets in the window: every control has a name and a role."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QKeySequenceEdit,
    QWidget,
)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

_SHEETS = (
    "settings",
    "library",
    "predictors",
    "plugins",
    "notes",
    "shortcuts",
    "command_palette",
    "recover",
    "about",
)
#: The outer widget has the name and speaks for these.
_OUTER = (QAbstractSpinBox, QComboBox, QKeySequenceEdit)
_SAY_NOTHING = (QAccessible.Role.NoRole, QAccessible.Role.Window)


@pytest.fixture
def full_window(open_window):
    """A window with every dock, view and sheet made."""
    window = open_window()
    for toggle in window.docking.toggles():
        if not toggle.isChecked():
            toggle.trigger()
    for view in window.views.actions():
        view.trigger()
    for name in _SHEETS:
        window.context.actions[name].trigger()
    return window


def controls_of(window):
    """Everything Tab reaches, in this window and those it opened."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not _belongs_to_a_field(widget)
    ]


def _belongs_to_a_field(widget):
    """The line in a number field, the list that drops from a choice, the inside of what scrolls."""
    above = widget.parentWidget()
    if isinstance(above, QAbstractScrollArea) and widget is above.viewport():
        return True
    if isinstance(widget, QAbstractItemView) and above is not None:
        above = above.parentWidget()
    return isinstance(above, _OUTER)


def spoken_name(widget):
    """What a screen reader says."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return "" if interface is None else interface.text(QAccessible.Text.Name).strip()


def place_of(widget):
    """Where a control is, for whoever has to mend it."""
    chain = []
    while widget is not None and len(chain) < 4:
        chain.append(f"{type(widget).__name__}#{widget.objectName()}")
        widget = widget.parentWidget()
    return " in ".join(chain)


def test_every_control_of_the_whole_window_has_a_name_and_a_role(full_window):
    controls = controls_of(full_window)
    assert len(controls) > 250
    nameless = sorted({place_of(widget) for widget in controls if not spoken_name(widget)})
    assert nameless == [], "\n".join(nameless)
    roles = {place_of(widget): QAccessible.queryAccessibleInterface(widget).role() for widget in controls}
    assert [place for place, role in roles.items() if role in _SAY_NOTHING] == []
