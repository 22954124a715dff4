"""The contact sheet of directions, and rating by thumbs."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QToolButton

from latent_studio.app.ratings import RatingPool
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.methods.boundary.thumbs import prepare
from latent_studio.ui.views.direction_sheet import DirectionSheet
from latent_studio.ui.views.rating import RatingView
from latent_studio.ui.widgets.bank_tabs import BankTabs
from latent_studio.ui.widgets.slider_bank import SliderBank
from tests.helpers.fake_engine import pause
from tests.qt.conftest import WAIT_MS


@pytest.fixture
def sheet(window) -> DirectionSheet:
    window.context.navigation.show_view("sheet")
    return window.findChild(DirectionSheet)


def is_full(sheet) -> bool:
    return all(sheet._grid.hasImage(row.id, place) for row in sheet._grid.rows() for place in range(5))


def test_the_sheet_fills_by_itself_and_says_how_far_it_is(qtbot, window, sheet):
    assert [row.name for row in sheet._grid.rows()] == [f"e{k}" for k in range(6)]
    qtbot.waitUntil(lambda: is_full(sheet), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: sheet.findChild(QLabel, "sheet-progress").text() == "", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: sheet._grid.rows()[0].strength == pytest.approx(1.0), timeout=WAIT_MS)


def test_a_click_on_a_row_goes_to_its_slider(qtbot, window, sheet):
    box = sheet._grid.rowRect(2)
    qtbot.mouseClick(sheet._grid.viewport(), Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    bank = window.findChild(SliderBank, "slider-bank")
    assert bank.rowWidget("sefa:2").slider.hasFocus()


def test_rows_are_chosen_by_keyboard(qtbot, window, sheet):
    sheet._grid.setFocus()
    qtbot.keyClick(sheet._grid, Qt.Key.Key_Down)
    qtbot.keyClick(sheet._grid, Qt.Key.Key_Return)
    bank = window.findChild(SliderBank, "slider-bank")
    assert bank.rowWidget("sefa:1").slider.hasFocus()


def test_the_strongest_change_comes_first(qtbot, window, sheet):
    window.context.directions.library.set_ends("sefa:3", (-1.0, 1.0))
    window.context.directions.library.set_ends("sefa:4", (-9.0, 9.0))
    order = sheet.findChild(QComboBox, "sheet-order")
    order.setCurrentIndex(order.findData("strength"))

    def is_sorted() -> bool:
        ids = [row.id for row in sheet._grid.rows()]
        return is_full(sheet) and ids[0] == "sefa:4" and ids[-1] == "sefa:3"

    qtbot.waitUntil(is_sorted, timeout=WAIT_MS)


def test_the_middle_picture_shows_where_a_direction_changes_it(qtbot, window, sheet):
    qtbot.waitUntil(lambda: sheet._grid.heat("sefa:0") is not None, timeout=WAIT_MS)
    box = sheet._grid.rowRect(0).toRect()
    with_map = sheet._grid.viewport().grab(box).toImage()
    qtbot.mouseClick(sheet.findChild(QToolButton, "sheet-where"), Qt.MouseButton.LeftButton)
    assert sheet._grid.viewport().grab(box).toImage() != with_map


def test_those_that_look_alike_stand_together_and_say_so(qtbot, window, sheet):
    order = sheet.findChild(QComboBox, "sheet-order")
    order.setCurrentIndex(order.findData("alike"))
    # Every direction of the stand-in engine brightens the whole picture.
    qtbot.waitUntil(lambda: sum(row.same.startswith("≈") for row in sheet._grid.rows()) == 5, timeout=WAIT_MS)


def test_other_ends_make_other_pictures_of_that_row_alone(qtbot, window, sheet):
    qtbot.waitUntil(lambda: is_full(sheet), timeout=WAIT_MS)
    before = sheet._pixels["sefa:3", 4], sheet._pixels["sefa:2", 4]
    window.context.directions.library.set_ends("sefa:3", (-1.0, 1.0))
    assert ("sefa:3", 4) not in sheet._pixels
    qtbot.waitUntil(lambda: ("sefa:3", 4) in sheet._pixels, timeout=WAIT_MS)
    assert not np.array_equal(sheet._pixels["sefa:3", 4], before[0])
    assert sheet._pixels["sefa:2", 4] is before[1]


def test_another_base_makes_another_sheet(qtbot, window, sheet):
    qtbot.waitUntil(lambda: is_full(sheet), timeout=WAIT_MS)
    window.context.store.set_base(SeedPoint(4), "Go")
    assert not sheet._grid.hasImage("sefa:0", 0)
    qtbot.waitUntil(lambda: is_full(sheet), timeout=WAIT_MS)


# Rating


@pytest.fixture
def view(qtbot, window, monkeypatch) -> RatingView:
    samples = np.random.default_rng(0).standard_normal((800, 8)).astype(np.float32)

    def make_pool(model, *, first_seed, progress, cancel):
        bases = tuple(SeedPoint(seed) for seed in range(200))
        return RatingPool(bases, samples[:200], Space.W, samples, prepare(samples), "cats")

    monkeypatch.setattr("latent_studio.ui.views.rating.pool_of_samples", make_pool)
    window.context.navigation.show_view("rating")
    found = window.findChild(RatingView)
    qtbot.waitUntil(lambda: found._grid.count() == 10, timeout=WAIT_MS)
    return found


def rate_round(qtbot, view) -> None:
    """Rate a round by what the first number of its latents says."""
    before, latents = view._places, view._ratings.pool.latents
    view._grid.setFocus()
    for place in before:
        key = Qt.Key.Key_Right if latents[place, 0] > 0 else Qt.Key.Key_1
        qtbot.keyClick(view._grid, key)
    qtbot.waitUntil(lambda: view._places != before, timeout=WAIT_MS)


def test_ten_ratings_make_a_direction_with_its_accuracy_and_a_strip(qtbot, window, view):
    says, keep = view.findChild(QLabel, "rating-says"), view.findChild(QPushButton, "rating-keep")
    assert "10 to go" in says.text()
    assert not keep.isEnabled()
    qtbot.waitUntil(lambda: view._grid.image(9) is not None, timeout=WAIT_MS)

    rate_round(qtbot, view)

    assert keep.isEnabled()
    assert "examples" in says.text()
    qtbot.waitUntil(lambda: all(image is not None for image in view._strip.images()), timeout=WAIT_MS)
    assert not set(view._places) & set(view._ratings.rated)


def test_a_rating_is_taken_back_even_from_the_round_before(qtbot, view):
    rate_round(qtbot, view)
    last = view._ratings.rated[-1]
    qtbot.keyClick(view._grid, Qt.Key.Key_Backspace)
    assert view._places[0] == last
    assert view._ratings.of(last) is None
    assert view._grid.current() == 0


def test_a_kept_direction_is_a_slider_among_the_boundaries(qtbot, window, view):
    view._name.setText("big smile")
    rate_round(qtbot, view)
    qtbot.mouseClick(view.findChild(QPushButton, "rating-keep"), Qt.MouseButton.LeftButton)
    (entry,) = window.context.directions.bank("boundaries")
    assert entry.direction.name == "big smile"
    assert window.findChild(BankTabs).current() == "boundaries"


def test_a_click_on_the_right_half_says_yes(qtbot, view):
    box = view._grid.cellRect(3)
    qtbot.mouseClick(view._grid, Qt.MouseButton.LeftButton, pos=(box.center() + box.topRight()).toPoint() / 2)
    assert view._grid.rating(3) is True
    assert view._ratings.counts == (1, 0)


def test_rating_everything_alike_asks_for_both_kinds(qtbot, view):
    before = view._places
    view._grid.setFocus()
    for _ in before:
        qtbot.keyClick(view._grid, Qt.Key.Key_2)
    assert view._places != before
    assert "both kinds" in view.findChild(QLabel, "rating-says").text()


def test_a_dropped_folder_is_rated_to_its_end_and_words_can_be_changed(
    qtbot, window, view, monkeypatch, tmp_path
):
    latents = np.random.default_rng(1).standard_normal((12, 8)).astype(np.float32)
    asked = []

    def pool_of_folders(studio, model, folders, *, progress, cancel):
        asked.append([folder.name for folder in folders])
        bases = tuple(Latent(Space.W, row) for row in latents)
        remarks = ("torn.png: it is cut short.",)
        return RatingPool(
            bases, latents, Space.W, latents, prepare(latents), "cats", is_exact=True, remarks=remarks
        )

    monkeypatch.setattr("latent_studio.ui.views.rating.pool_of_folders", pool_of_folders)
    told = []
    window.context.messages.posted.connect(lambda *words: told.append(words))
    drop_on(view, tmp_path)
    qtbot.waitUntil(
        lambda: view._ratings is not None and len(view._ratings.pool.bases) == 12, timeout=WAIT_MS
    )
    assert asked == [[tmp_path.name]]
    assert told[0][2] == "torn.png: it is cut short."
    assert view.findChild(QToolButton, "rating-source").text() == tmp_path.name

    rate_round(qtbot, view)
    assert view._grid.count() == 2
    rate_round(qtbot, view)
    says = view.findChild(QLabel, "rating-says").text()
    assert "Everything is rated" in says
    assert all(view._grid.rating(k) is not None for k in range(view._grid.count()))
    place, counts = view._places[0], view._ratings.counts
    box = view._grid.cellRect(0)
    said = view._grid.rating(0)
    aside = (box.center() - box.topLeft()) / 2
    spot = box.center() - aside if said else box.center() + aside
    qtbot.mouseClick(view._grid, Qt.MouseButton.LeftButton, pos=spot.toPoint())
    assert view._ratings.of(place) is not said
    assert view._ratings.counts != counts


def drop_on(view, folder) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    spot, buttons, keys = QPointF(10, 10), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(spot.toPoint(), Qt.DropAction.CopyAction, data, buttons, keys)
    view.dragEnterEvent(enter)
    assert enter.isAccepted()
    view.dropEvent(QDropEvent(spot, Qt.DropAction.CopyAction, data, buttons, keys))


def test_a_search_for_latents_can_be_cancelled_and_begun_again(qtbot, window, view, monkeypatch, tmp_path):
    def never(studio, model, folders, *, progress, cancel):
        while True:
            cancel.check()
            pause(0.01)

    monkeypatch.setattr("latent_studio.ui.views.rating.pool_of_folders", never)
    view.rate_folders([tmp_path])
    window.context.jobs.cancel(view._job.id)
    qtbot.waitUntil(lambda: view._job is None, timeout=WAIT_MS)
    assert "nothing to rate" in view.findChild(QLabel, "rating-says").text()
    view.rate_samples()
    qtbot.waitUntil(lambda: view._grid.count() == 10, timeout=WAIT_MS)
