from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication

from latent_studio.app.recipe import recipe_of
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.exporters.formats import FORMATS, make_exporter
from latent_studio.exporters.still import save_png
from latent_studio.ui.widgets.message_bar import MessageBar
from tests.qt.conftest import WAIT_MS

PIXELS = np.zeros((8, 8, 3), np.uint8)


@pytest.fixture
def picture(window, tmp_path):
    """A picture of an earlier state of the window."""
    store = window.context.store
    store.set_base(SeedPoint(8), "Go to 8")
    store.set_amount(window.context.models.model.directions[1], 2.5)
    path = tmp_path / "face.png"
    save_png(path, PIXELS, recipe_of(store.session))
    return path, store.session


def test_a_dropped_picture_brings_its_state_back_as_one_step(qtbot, window, picture):
    path, session = picture
    store = window.context.store
    store.set_base(SeedPoint(100), "Go to 100")
    assert window.context.dropped.offer(str(path))

    qtbot.waitUntil(lambda: store.session == session, timeout=WAIT_MS)
    assert store.history.undo_label == "Restore face.png"
    store.undo()
    assert store.session.base == SeedPoint(100)


def test_a_picture_without_a_recipe_is_left_to_others(window, tmp_path):
    path = tmp_path / "photo.png"
    save_png(path, PIXELS)
    assert not any(
        taker.__self__.__class__.__name__ == "RecipeOpener" and taker(path, path.read_bytes())
        for taker in window.context.dropped._takers
        if hasattr(taker, "__self__")
    )


def test_a_picture_of_a_model_that_is_not_here_says_which(qtbot, window, picture):
    path, _session = picture
    window.open_model("dogs")
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs", timeout=WAIT_MS)
    window.context.dropped.offer(str(path))

    bar = window.findChild(MessageBar)
    qtbot.waitUntil(lambda: any("cats" in message.title for message in bar._queue), timeout=WAIT_MS)
    assert window.context.store.session.model.name == "dogs"


def test_the_picture_shown_is_copied_as_command_and_as_python(window, picture):
    window.context.actions["copy_command"].trigger()
    command = QGuiApplication.clipboard().text()
    assert command.startswith("latent-studio recipe render '{")
    window.context.actions["copy_python"].trigger()
    assert "studio.move('sefa:1', 2.5)" in QGuiApplication.clipboard().text()
    window.context.store.clear_edits()
    window.context.actions["copy_command"].trigger()
    assert "--seeds 8" in QGuiApplication.clipboard().text()


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: one.id)
def test_the_state_comes_back_from_every_exported_format(qtbot, window, tmp_path, format):
    store = window.context.store
    store.set_base(SeedPoint(8), "Go to 8")
    store.set_amount(window.context.models.model.directions[1], 2.5)
    made = store.session
    path = tmp_path / f"film{format.suffix}"
    exporter = make_exporter(format, FilmSettings())
    exporter.open(path, size=(16, 16), fps=10, loop=0, recipe=recipe_of(made))
    for level in (0, 200):
        exporter.add(np.full((16, 16, 3), level, np.uint8))
    exporter.close()
    store.set_base(SeedPoint(100), "Go to 100")
    assert window.context.dropped.offer(str(path))

    qtbot.waitUntil(lambda: store.session == made, timeout=WAIT_MS)


TIMELINE = """{"version": 1, "timeline": {"fps": 12, "keys": [
    {"seconds": 0, "base": {"seed": 3}%s}, {"seconds": 1, "base": {"seed": 9}}]}}"""


def test_a_dropped_timeline_written_by_hand_leaves_the_picture_as_it_is(qtbot, window, tmp_path):
    store = window.context.store
    store.set_base(SeedPoint(8), "Go to 8")
    path = tmp_path / "film.json"
    path.write_text(TIMELINE % "")
    assert window.context.dropped.offer(str(path))
    qtbot.waitUntil(lambda: len(store.session.timeline.keys) == 2, timeout=WAIT_MS)
    assert (store.session.base, store.session.timeline.fps) == (SeedPoint(8), 12)


def test_a_damaged_timeline_is_refused_in_a_sentence_and_changes_nothing(qtbot, window, tmp_path):
    session, bar = window.context.store.session, window.findChild(MessageBar)
    path = tmp_path / "film.json"
    path.write_text(TIMELINE % ', "easing": "bezier:nan,0,1,1"')
    assert window.context.dropped.offer(str(path))
    qtbot.waitUntil(lambda: any("easing" in message.title for message in bar._queue), timeout=WAIT_MS)
    assert window.context.store.session is session
