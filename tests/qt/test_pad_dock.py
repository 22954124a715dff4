"""The 2-D pad, and style channels."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget

from latent_studio.core.seed_plane import SeedPoint
from latent_studio.generators.protocol import StyleLayer
from latent_studio.ui.channel_picker import ChannelForm
from latent_studio.ui.docks.pad import PadDock
from latent_studio.ui.widgets.pad import Pad


@pytest.fixture
def dock(window) -> PadDock:
    window.docking.bring("pad")
    return window.findChild(PadDock)


@pytest.fixture
def pad(dock) -> Pad:
    return dock.findChild(Pad, "pad")


def drag(qtbot, pad: Pad, start: tuple[float, float], end: tuple[float, float]) -> None:
    spots = [pad.spotOf(*where).toPoint() for where in (start, end)]
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=spots[0])
    for step in range(1, 6):
        qtbot.mouseMove(pad, spots[0] + (spots[1] - spots[0]) * step / 5)
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=spots[1])


def test_a_drag_moves_both_directions_in_one_step(qtbot, window, pad):
    store = window.context.store
    drag(qtbot, pad, (0, 0), (3, -2))
    amounts = {edit.id: edit.amount for edit in store.session.edits}
    assert amounts == {"sefa:0": pytest.approx(3, abs=0.2), "sefa:1": pytest.approx(-2, abs=0.2)}
    assert store.history.steps[-1].label == "Move e0 and e1"
    store.undo()
    assert len(store.session.edits) == 0
    assert pad.values() == (0.0, 0.0)


def test_the_pad_follows_the_sliders(window, pad):
    window.context.store.set_amount(window.context.directions.find("sefa:1").direction, 4.0)
    assert pad.values() == (0.0, 4.0)


def test_any_two_directions_can_be_chosen(qtbot, window, dock, pad):
    box = dock.findChild(QComboBox, "pad-axis-1")
    box.setCurrentIndex(box.findData("sefa:4"))
    box.activated.emit(box.currentIndex())
    drag(qtbot, pad, (0, 0), (0, 3))
    assert window.context.store.session.edits.find("sefa:4").amount == pytest.approx(3, abs=0.2)
    assert pad.axes()[1].name == "e4"


def test_the_pad_is_used_by_keyboard(qtbot, window, pad):
    pad.setFocus()
    qtbot.keyClick(pad, Qt.Key.Key_Right)
    qtbot.keyClick(pad, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    edits = window.context.store.session.edits
    assert edits.find("sefa:0").amount == pytest.approx(12 / 40)
    assert edits.find("sefa:1").amount == pytest.approx(12 / 200)
    qtbot.keyClick(pad, Qt.Key.Key_Delete)
    assert len(window.context.store.session.edits) == 0


def test_the_picture_itself_becomes_the_pad(qtbot, window, dock):
    store = window.context.store
    dock.findChild(QWidget, "pad-on-picture").setChecked(True)
    window.canvas.walked.emit(0.5, -0.25)
    window.canvas.walkFinished.emit()
    assert store.session.base == SeedPoint(0)
    assert store.session.edits.find("sefa:0").amount == pytest.approx(3.0)
    assert store.session.edits.find("sefa:1").amount == pytest.approx(1.5)
    dock.findChild(QWidget, "pad-on-picture").setChecked(False)
    window.canvas.walked.emit(0.5, 0.0)
    assert store.session.base == SeedPoint(0, 0.5)


def test_a_layer_and_a_channel_are_chosen(qtbot):
    layers = (StyleLayer("b4.conv1", 0, "conv", 4, 16), StyleLayer("b8.rgb", 3, "to_rgb", 8, 7))
    form = ChannelForm(layers)
    qtbot.addWidget(form)
    form.findChild(QWidget, "channel-number").setValue(12)
    assert form.choice() == ("b4.conv1", 12)
    form.findChild(QComboBox, "channel-layer").setCurrentIndex(1)
    assert form.choice() == ("b8.rgb", 6)
