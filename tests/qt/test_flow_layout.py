"""Widgets that go on in the next line."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QLabel, QWidget

from latent_studio.ui.widgets.flow_layout import FlowLayout


def test_what_has_no_room_goes_on_in_the_next_line(qtbot):
    outer = QWidget()
    qtbot.addWidget(outer)
    layout = FlowLayout(8, outer)
    labels = [QLabel(parent=outer) for _ in range(4)]
    for label in labels:
        label.setFixedSize(50, 20)
        layout.addWidget(label)
    labels[1].hide()
    layout.setGeometry(QRect(0, 0, 120, 100))
    places = [(one.x(), one.y()) for one in labels if not one.isHidden()]
    assert places == [(0, 0), (58, 0), (0, 28)]
    assert layout.heightForWidth(120) == 48
    assert layout.heightForWidth(500) == 20
    assert layout.minimumSize().width() == 50
