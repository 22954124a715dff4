from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.ui.widgets.compare_canvas import CompareCanvas
from latent_studio.ui.widgets.picture_grid import PictureGrid
from tests.qt.conftest import WAIT_MS

if TYPE_CHECKING:
    from latent_studio.ui.views.compare import CompareView
    from latent_studio.ui.views.grid import GridView

WHITE, BLACK = np.full((8, 8, 3), 255, np.uint8), np.zeros((8, 8, 3), np.uint8)


@pytest.fixture
def grid(qtbot, window) -> GridView:
    window.resize(1480, 900)
    window.views.bring("grid")
    return window.views.widget("grid")


def pictures(view: PictureGrid, count: int) -> bool:
    return all(view.image(item) is not None for item in range(count))


# The grid


def test_a_picked_variation_is_one_step_and_one_edit_that_goes_on(qtbot, window, grid):
    around = grid.findChild(PictureGrid, "variation-grid")
    qtbot.waitUntil(lambda: pictures(around, 9), timeout=WAIT_MS)
    store = window.context.store
    around.setFocus()
    qtbot.keyClick(around, Qt.Key.Key_Right)
    qtbot.keyClick(around, Qt.Key.Key_Return)

    assert [edit.direction.name for edit in store.session.edits] == ["variation"]
    first = store.session.edits.edits[0].direction.vector
    assert store.history.undo_label == "Variation"
    qtbot.waitUntil(lambda: grid._variations[4] is store.session, timeout=WAIT_MS)
    qtbot.keyClick(around, Qt.Key.Key_Return)
    assert len(store.session.edits) == 1
    assert not np.array_equal(store.session.edits.edits[0].direction.vector, first)
    assert store.history.place == 2


def test_the_middle_is_the_picture_itself(qtbot, window, grid):
    around = grid.findChild(PictureGrid, "variation-grid")
    around.setCurrentItem(4)
    around.setFocus()
    qtbot.keyClick(around, Qt.Key.Key_Return)

    assert window.context.store.history.undo_label is None


def test_nine_variations_make_a_square_where_there_is_room(qtbot):
    grid = PictureGrid()
    qtbot.addWidget(grid)
    grid.setItems(9)
    grid.resize(600, 660)
    grid.show()
    assert grid.columns() == 3
    grid.resize(900, 200)
    assert grid.columns() > 4


def test_a_gallery_seed_is_rated_chosen_taken_and_exported(qtbot, window, grid, tmp_path):
    grid.show_page(1)
    seeds = grid.findChild(PictureGrid, "seed-grid")
    qtbot.waitUntil(lambda: pictures(seeds, 8), timeout=WAIT_MS)
    export = grid.findChild(QPushButton, "seeds-export")
    assert not export.isEnabled()
    seeds.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_4, Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Space):
        qtbot.keyClick(seeds, key)

    assert window.context.document.ratings == {1: 4}
    assert seeds.chosen() == (1, 2)
    assert export.text() == "Export 2 chosen…"
    twins = []
    window.context.jobs.queued.connect(lambda job: twins.append(job.twin))
    grid.export(tmp_path / "out")
    ((verb, same),) = twins
    assert (verb, same.seeds, same.out) == ("generate", (1, 2), tmp_path / "out")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["seed0001.png", "seed0002.png"]

    qtbot.keyClick(seeds, Qt.Key.Key_Return)
    assert window.context.store.session.base == SeedPoint(2)


def test_rated_seeds_come_alone_and_the_best_first(qtbot, window, grid):
    for seed, stars in ((5, 2), (900, 5)):
        window.context.document.rate(seed, stars)
    grid.show_page(1)
    grid._rated_only.click()
    seeds = grid.findChild(PictureGrid, "seed-grid")

    assert seeds.shownItems() == (0, 1)
    assert [grid._seed_name(item) for item in (0, 1)] == ["900", "5"]


def test_scrolling_brings_more_seeds(qtbot, window, grid):
    grid.show_page(1)
    seeds = grid.findChild(PictureGrid, "seed-grid")
    before = seeds._count
    bar = seeds.verticalScrollBar()
    bar.setValue(bar.maximum())

    assert seeds._count > before
    assert bar.maximum() > bar.value()


def test_without_a_model_the_grid_says_what_to_do(open_window):
    window = open_window(model=None)
    window.views.bring("grid")
    texts = [label.text() for label in window.views.widget("grid").findChildren(QLabel) if label.isVisible()]

    assert "Open a model, and its pictures come here." in texts
    window.open_model("bad")
    window.context.jobs.cancel(window.context.jobs.jobs[0].id)


# The comparison


@pytest.fixture
def compare(window) -> CompareView:
    window.resize(1480, 900)
    window.views.bring("compare")
    return window.views.widget("compare")


def test_a_picture_is_kept_beside_what_comes_up_to_four(qtbot, window, compare):
    keep = window.findChild(QPushButton, "compare-keep")
    for seed in range(5):
        window.context.store.set_base(SeedPoint(seed), f"Go to {seed}")
        qtbot.mouseClick(keep, Qt.MouseButton.LeftButton)
    names = [state.name for state in window.context.comparison.states]

    assert names[0] == "now"
    assert len(names) == 4
    assert names[-1].endswith("Go to 4")
    canvas = compare.canvas()
    qtbot.waitUntil(lambda: len(canvas._images) == 4 and None not in canvas._images, timeout=WAIT_MS)
    qtbot.mouseClick(window.findChild(QPushButton, "compare-clear"), Qt.MouseButton.LeftButton)
    assert len(window.context.comparison.states) == 1


def test_the_first_picture_follows_the_hand_and_the_kept_one_stays(qtbot, window, compare):
    window.context.comparison.keep_shown()
    window.context.store.set_base(SeedPoint(5), "Go to 5")
    green = 100

    def shown() -> bool:
        images = compare.canvas()._images
        return len(images) == 2 and None not in images and images[0].pixelColor(2, 2).green() == green

    qtbot.waitUntil(shown, timeout=WAIT_MS)
    assert compare.canvas()._images[1].pixelColor(2, 2).green() == 0


def test_states_of_another_model_go_with_it(qtbot, window, compare):
    window.context.comparison.keep_shown()
    window.open_model("dogs")
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs", timeout=WAIT_MS)
    assert len(window.context.comparison.states) == 1


def test_the_modes_are_reached_by_buttons_with_names(qtbot, window, compare):
    for mode in ("flip", "side", "difference", "wipe"):
        button = window.findChild(QToolButton, f"compare-{mode}")
        assert button.accessibleName()
        assert button.toolTip()
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert compare.canvas().mode() == mode


def test_a_state_from_a_photo_has_no_neighbouring_seeds_but_variations(qtbot, window, grid):
    window.context.store.set_base(Latent(Space.W, np.full(8, 0.5)), "Project me.jpg")
    around = grid.findChild(PictureGrid, "variation-grid")
    qtbot.waitUntil(lambda: pictures(around, 9), timeout=WAIT_MS)


@pytest.fixture
def canvas(qtbot) -> CompareCanvas:
    canvas = CompareCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(200, 100)
    canvas.setPictures([("white", WHITE), ("black", BLACK)])
    canvas.show()
    return canvas


def grey(canvas: CompareCanvas, x: int, y: int) -> int:
    return canvas.grab().toImage().pixelColor(x, y).red()


def test_the_wipe_follows_mouse_and_keys(qtbot, canvas):
    canvas.setMode("wipe")
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(75, 80))
    assert canvas.wipe() == pytest.approx(0.25, abs=0.02)
    assert (grey(canvas, 60, 90), grey(canvas, 140, 90)) == (255, 0)
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.wipe() == pytest.approx(0.23, abs=0.02)


def test_flip_shows_b_while_held(qtbot, canvas):
    canvas.setMode("flip")
    assert grey(canvas, 100, 90) == 255
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton)
    assert grey(canvas, 100, 90) == 0
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    assert grey(canvas, 100, 90) == 255


def test_the_difference_is_grey_where_both_are_equal(canvas):
    canvas.setMode("difference")
    canvas.setPictures([("a", WHITE), ("b", WHITE)])
    assert grey(canvas, 100, 90) == 128
    canvas.setPictures([("a", WHITE), ("b", None)])
    assert canvas.differenceImage() is None


def test_side_by_side_has_room_for_four(canvas):
    canvas.setMode("side")
    canvas.setPictures([("a", WHITE), ("b", BLACK), ("c", BLACK), ("d", WHITE)])
    assert grey(canvas, 48, 40) == 255
    assert grey(canvas, 152, 40) == 0
    assert grey(canvas, 152, 95) == 255


def test_another_model_shows_the_same_latent_beside_and_follows_once_the_hand_rests(
    qtbot, window, compare, monkeypatch
):
    from latent_studio.app.beside import BesideModel
    from latent_studio.core.session import ModelRef
    from latent_studio.ui.views import compare as view
    from tests.helpers.fake_engine import FakeEngine
    from tests.helpers.fake_studio import SPEC

    def opened(studio, name, progress, cancel):
        return BesideModel(ModelRef(name, name, f"{name}-sha256"), SPEC, FakeEngine())

    monkeypatch.setattr(view, "open_beside", opened)
    compare.open_beside("dogs")
    canvas, comparison = compare.canvas(), window.context.comparison

    def greens() -> list[int]:
        return [-1 if image is None else image.pixelColor(2, 2).green() for image in canvas._images]

    qtbot.waitUntil(lambda: greens() == [0, 0], timeout=WAIT_MS)
    window.context.store.set_base(SeedPoint(5), "Go to 5")
    qtbot.waitUntil(lambda: greens() == [100, 100], timeout=WAIT_MS)
    assert canvas._pictures[1][0] == "dogs: same z"
    comparison.compare_step(0)
    assert [state.name.split(":")[0] for state in comparison.states] == ["now", "step 0", "dogs"]
    compare.open_beside("cows")
    qtbot.waitUntil(lambda: len(comparison.states) == 4, timeout=WAIT_MS)
    # Another open model: its states go, the models beside stay.
    window.open_model("birds")
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "birds", timeout=WAIT_MS)
    assert [state.name for state in comparison.states] == ["now", "dogs", "cows"]


def test_a_blend_by_rows_is_asked_for_written_and_opened(qtbot, window, tmp_path, monkeypatch):
    from latent_studio.app.tasks.model_blend import ModelBlendResult
    from latent_studio.ui import model_blender

    given = []

    def blend(studio, options, progress, cancel):
        given.append(options)
        return ModelBlendResult(tmp_path / "mixed.safetensors")

    monkeypatch.setattr(model_blender, "run_model_blend", blend)
    window.context.actions["blend_models"].trigger()
    sheet = window.findChild(QWidget, "formSheet")
    assert sheet.findChild(QLineEdit, "option-first").text() == "cats.safetensors"
    begin = sheet.findChild(QPushButton, "formBegin")
    begin.click()
    assert "which model" in sheet.findChild(QLabel, "formReason").text()
    sheet.findChild(QLineEdit, "option-second").setText("dogs")
    sheet.findChild(QLineEdit, "option-rows").setText("0-3")
    begin.click()
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "mixed", timeout=WAIT_MS)
    assert (given[0].second, given[0].rows) == ("dogs", (0, 1, 2, 3))
