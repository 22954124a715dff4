"""The style mixing dock, and the boxes for rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton

from latent_studio.core.latent import Latent
from latent_studio.core.pose import Pose
from latent_studio.core.projections import ProjectedPhoto
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.style_mix import StyleMix
from latent_studio.ui.docks.style_mix import StyleMixDock
from latent_studio.ui.widgets.rows_picker import RowsPicker
from tests.helpers.fake_studio import SPEC
from tests.qt.conftest import WAIT_MS


@pytest.fixture
def dock(window) -> StyleMixDock:
    window.docking["style-mix"].show()
    found = window.findChild(StyleMixDock)
    assert found is not None
    return found


def boxes(dock):
    return dock.findChild(RowsPicker, "mix-rows").findChild(object, "rowBoxes")


def click_row(qtbot, dock, row: int) -> None:
    spot = boxes(dock).boxRect(row).center().toPoint()
    qtbot.mouseClick(boxes(dock), Qt.MouseButton.LeftButton, pos=spot)


def test_ticking_rows_mixes_them_and_one_undo_takes_a_drag_back(qtbot, window, dock):
    store = window.context.store
    widget = boxes(dock)
    first, last = (widget.boxRect(row).center().toPoint() for row in (3, 6))

    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=first)
    for step in range(1, 13):
        qtbot.mouseMove(widget, first + (last - first) * step / 12)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=last)

    assert store.session.mix == StyleMix(SeedPoint(1), (3, 4, 5, 6))
    store.undo()
    assert store.session.mix is None
    assert widget.rows() == ()


def test_the_last_tick_taken_away_ends_the_mix(qtbot, window, dock):
    click_row(qtbot, dock, 2)
    assert window.context.store.session.mix.rows == (2,)
    click_row(qtbot, dock, 2)
    assert window.context.store.session.mix is None


def test_a_zone_is_one_click(qtbot, window, dock):
    chip = dock.findChild(object, "rowsChip-features")
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert window.context.store.session.mix.rows == (4, 5, 6, 7)
    assert chip.isChecked()


def test_rows_come_from_a_key_or_a_projected_photo(qtbot, window, dock):
    store = window.context.store
    found = Latent(Space.W, np.full(8, 0.5, dtype=np.float32))
    photo = ProjectedPhoto("me.jpg", "", "ab", (9, 9), (0.0,) * 8, (), found)
    timeline = store.session.timeline.with_pose(
        0, Pose(SeedPoint(7)), name="seed 7", model=store.session.model
    )
    store.replace(replace(store.session, timeline=timeline, projections=(photo,)), "bring places")
    click_row(qtbot, dock, 2)
    menu = dock.findChild(QToolButton, "mix-places").menu()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["seed 7", "me.jpg"]
    menu.actions()[0].trigger()
    assert store.session.mix == StyleMix(SeedPoint(7), (2,))
    menu.aboutToShow.emit()
    menu.actions()[1].trigger()
    assert store.session.mix == StyleMix(found, (2,))
    assert dock.findChild(QLabel, "mix-from").text() == "Rows from me.jpg"


def test_rows_are_ticked_by_keyboard(qtbot, window, dock):
    widget = boxes(dock)
    widget.setFocus()
    for key in (Qt.Key.Key_End, Qt.Key.Key_Space):
        qtbot.keyClick(widget, key)
    qtbot.keyClick(widget, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert window.context.store.session.mix.rows == (8, 9)
    assert "8–9" in widget.accessibleDescription()


def test_the_crossover_ticks_the_rows_from_it_on(qtbot, window, dock):
    slider = dock.findChild(object, "mix-crossover").slider()
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert window.context.store.session.mix.rows == (8, 9)
    assert boxes(dock).rows() == (8, 9)


def test_another_source_is_remembered_before_anything_is_mixed(qtbot, window, dock):
    store = window.context.store
    steps = len(store.history.steps)
    dock.findChild(object, "mix-seed").seedChanged.emit(77)
    assert len(store.history.steps) == steps
    click_row(qtbot, dock, 9)
    assert store.session.mix == StyleMix(SeedPoint(77), (9,))


def test_swap_exchanges_both_places_in_one_step(qtbot, window, dock):
    store = window.context.store
    store.set_base(SeedPoint(5), "Go")
    dock.findChild(object, "mix-seed").seedChanged.emit(77)
    click_row(qtbot, dock, 9)
    qtbot.mouseClick(dock.findChild(object, "mix-swap"), Qt.MouseButton.LeftButton)
    assert (store.session.base, store.session.mix.source) == (SeedPoint(77), SeedPoint(5))
    store.undo()
    assert (store.session.base, store.session.mix.source) == (SeedPoint(5), SeedPoint(77))


def test_the_source_is_seen(qtbot, window, dock):
    dock.findChild(object, "mix-seed").seedChanged.emit(3)
    picture = dock.findChild(object, "mix-picture")
    qtbot.waitUntil(
        lambda: picture.image() is not None and picture.image().pixelColor(0, 0).green() == 60,
        timeout=WAIT_MS,
    )


def test_a_model_with_one_row_says_why_nothing_can_be_mixed(qtbot, open_window, studio):
    studio.spec = replace(SPEC, num_ws=1)
    window = open_window()
    window.docking["style-mix"].show()
    hint = window.findChild(object, "mix-hint")
    assert hint.isVisible()
    assert "no rows to mix" in hint.text()
    assert not window.findChild(object, "mix-crossover").isVisible()
