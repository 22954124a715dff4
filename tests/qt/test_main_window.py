from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QLineEdit, QWidget

from latent_studio.core.errors import OutOfMemoryError
from latent_studio.core.render import Quality
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.docks.sliders import SlidersDock
from latent_studio.ui.event_log import VARIABLE
from latent_studio.ui.main_window import _first_size
from latent_studio.ui.theme import theme
from latent_studio.ui.widgets.edit_list import EditList
from latent_studio.ui.widgets.job_card import JobCard
from latent_studio.ui.widgets.message_bar import MessageBar
from latent_studio.ui.widgets.overlay import Overlay
from latent_studio.ui.widgets.shortcuts_sheet import ShortcutsSheet
from latent_studio.ui.widgets.slider_bank import SliderBank
from tests.helpers.fake_engine import colour_of, pause
from tests.helpers.fake_studio import CONDITIONAL
from tests.qt.conftest import WAIT_MS, wait_until_sharp


def red(window) -> int:
    return int(window.canvas.frame().pixels[0, 0, 0])


def direction(window, name: str):
    return next(d for d in window.context.models.model.directions if d.name == name)


def slider(window, name: str):
    bank = window.findChild(SliderBank, "slider-bank")
    return bank.rowWidget(direction(window, name).id).slider


def drag(qtbot, widget, start: QPoint, end: QPoint, *, steps: int = 8) -> None:
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, steps + 1):
        place = start + (end - start) * step / steps
        qtbot.mouseMove(widget, place)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)


def drop(window, path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(20, 20),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    # Qt hands drop events only to the target of its own drag.
    window.canvas.dropEvent(event)


# Opening


def test_a_new_window_says_what_to_do(open_window):
    window = open_window(model=None)

    assert not window.context.actions["save_picture"].isEnabled()
    assert not window.context.actions["undo"].isEnabled()
    window.open_model("bad")
    window.context.jobs.cancel(window.context.jobs.jobs[0].id)


def test_opening_a_model_shows_its_picture_and_its_facts(window):
    texts = [label.text() for label in window.docking["model"].findChildren(QLabel)]

    assert window.canvas.frame().quality is Quality.FINAL
    assert "cats" in texts
    assert "StyleGAN2 · 64 px · 10 rows" in texts
    assert any("read as data, no code run" in text for text in texts)
    assert "cats" in window.windowTitle()
    assert window.context.actions["save_picture"].isEnabled()


def test_a_model_that_cannot_be_opened_says_one_sentence_and_the_old_one_stays(qtbot, window):
    window.open_model("bad-cats")
    qtbot.waitUntil(lambda: window.canvas.messageText() != "", timeout=WAIT_MS)

    assert window.canvas.messageText() == "bad-cats is cut short."
    assert window.context.models.model.ref.name == "cats"
    assert window.context.store.session.model.name == "cats"


def test_without_any_model_the_empty_state_follows_a_failed_opening(qtbot, open_window):
    window = open_window(model=None)

    window.open_model("bad")
    qtbot.waitUntil(lambda: window.canvas.messageText() != "", timeout=WAIT_MS)
    assert not window.canvas.isEmptyStateShown()

    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert window.canvas.messageText() == ""
    assert window.canvas.isEmptyStateShown()


def test_opening_can_be_cancelled(qtbot, open_window, studio):
    studio.load_s = 5.0
    window = open_window(model=None)
    window.open_model("slow")
    qtbot.waitUntil(lambda: window.canvas.busyText() == "Opening slow", timeout=WAIT_MS)

    qtbot.mouseClick(window.findChild(QAbstractButton, "status-cancel"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    assert window.canvas.busyText() == ""
    assert window.context.models.model is None
    assert window.canvas.isEmptyStateShown()


def test_the_newest_of_two_openings_wins(qtbot, window, studio):
    studio.load_s = 0.2
    window.open_model("first")
    window.open_model("second")
    qtbot.waitUntil(lambda: window.context.models.model.ref.name == "second", timeout=WAIT_MS)

    wait_until_sharp(qtbot, window)
    assert [model.ref.name for model in studio.engine.swapped] == ["cats", "second"]


def test_another_model_begins_a_new_document_on_the_same_seed(qtbot, window):
    store = window.context.store
    store.set_base(SeedPoint(7), "Go to seed 7")
    store.set_amount(direction(window, "e1"), 2.0)

    window.open_model("dogs")
    qtbot.waitUntil(lambda: store.session.model.name == "dogs", timeout=WAIT_MS)

    assert store.session.base == SeedPoint(7)
    assert len(store.session.edits) == 0
    assert store.history.undo_label is None


def test_recent_models_are_listed_and_open_again(qtbot, window, tmp_path):
    path = tmp_path / "birds.safetensors"
    path.write_bytes(b"weights")
    # The fake studio does not remember; the opener's own list is read from the profile.
    (window.context.studio.paths.data).mkdir(parents=True, exist_ok=True)
    (window.context.studio.paths.data / "recents.json").write_text(
        json.dumps([{"name": "birds", "path": str(path)}])
    )
    window.context.models.recents_changed.emit()

    action = window.context.model_menus.recent.actions()[0]
    action.trigger()
    qtbot.waitUntil(lambda: window.context.models.model.ref.name == "birds", timeout=WAIT_MS)


# Dragging


def test_dragging_a_slider_changes_the_picture_in_one_undo_step(qtbot, window):
    knob = slider(window, "e1")
    revisions = []
    window.canvas.frameShown.connect(lambda frame: revisions.append(frame.revision))

    drag(qtbot, knob, knob.positionOf(0.0).toPoint(), knob.positionOf(4.0).toPoint())
    wait_until_sharp(qtbot, window)

    edit = window.context.store.session.edits.find(direction(window, "e1").id)
    assert edit.amount == pytest.approx(4.0, abs=0.3)
    assert red(window) == colour_of(edit.amount)
    assert revisions == sorted(revisions)
    assert window.context.store.history.place == 1


def test_undo_and_redo_are_named_and_bring_slider_and_picture_back(qtbot, window):
    knob = slider(window, "e3")
    drag(qtbot, knob, knob.positionOf(0.0).toPoint(), knob.positionOf(3.0).toPoint())
    actions = window.context.actions
    assert actions["undo"].text() == "Undo Move e3"
    moved = knob.value()

    actions["undo"].trigger()
    wait_until_sharp(qtbot, window)
    assert (knob.value(), red(window)) == (0.0, colour_of(0.0))
    assert actions["redo"].text() == "Redo Move e3"

    actions["redo"].trigger()
    wait_until_sharp(qtbot, window)
    assert (knob.value(), red(window)) == (moved, colour_of(moved))


def test_a_slider_brought_back_to_zero_is_no_active_edit(qtbot, window):
    knob = slider(window, "e0")
    drag(qtbot, knob, knob.positionOf(0.0).toPoint(), knob.positionOf(3.0).toPoint())
    drag(qtbot, knob, knob.positionOf(knob.value()).toPoint(), knob.positionOf(0.0).toPoint())

    assert len(window.context.store.session.edits) == 0


def test_a_double_click_resets_a_slider_in_one_step(qtbot, window):
    store = window.context.store
    store.set_amount(direction(window, "e0"), 3.0)
    knob = slider(window, "e0")

    qtbot.mouseDClick(knob, Qt.MouseButton.LeftButton, pos=knob.positionOf(3.0).toPoint())

    assert len(store.session.edits) == 0
    store.undo()
    assert store.session.edits.find(direction(window, "e0").id).amount == 3.0


def test_rows_chosen_in_the_header_count_for_sliders_that_rest(window):
    store = window.context.store
    store.set_amount(direction(window, "e0"), 1.0)
    bank = window.findChild(SliderBank, "slider-bank")

    window.findChild(QWidget, "slider-rows").rowsChanged.emit((0, 1, 2))
    bank.amountChanged.emit(direction(window, "e1").id, 2.0)

    assert store.session.edits.find(direction(window, "e0").id).rows is None
    assert store.session.edits.find(direction(window, "e1").id).rows == (0, 1, 2)
    assert bank.rowState(direction(window, "e0").id).rows_text == "all"
    assert bank.rowState(direction(window, "e2").id).rows_text == "0–2"


def test_the_menu_of_a_slider_switches_it_changes_its_rows_and_resets_it(qtbot, window):
    store = window.context.store
    id = direction(window, "e1").id
    store.set_amount(direction(window, "e1"), 2.0)
    window.findChild(QWidget, "slider-rows").rowsChanged.emit((0, 1))
    dock = window.findChild(SlidersDock)

    def choose(name: str) -> None:
        menu = dock.make_menu(id)
        action = next(one for one in menu.actions() if one.objectName() == f"slider-{name}")
        assert action.isEnabled()
        assert action.toolTip()
        action.trigger()
        menu.deleteLater()

    choose("switch")
    assert not store.session.edits.find(id).enabled
    choose("switch")
    assert store.session.edits.find(id).enabled
    choose("take-rows")
    assert store.session.edits.find(id).rows == (0, 1)
    window.context.directions.library.set_ends(direction(window, "e1").id, (-1.0, 8.0))
    choose("reset-range")
    assert window.context.directions.find(direction(window, "e1").id).ends == (-6.0, 6.0)
    choose("reset")
    assert store.session.edits.find(id) is None


def test_a_hand_on_a_slider_of_the_model_before_does_no_harm(qtbot, window):
    bank = window.findChild(SliderBank, "slider-bank")

    bank.amountChanged.emit("gone", 2.0)
    bank.gestureFinished.emit("gone")

    assert len(window.context.store.session.edits) == 0


def test_uneven_slider_ends_are_remembered_for_the_model(window, open_window):
    bank = window.findChild(SliderBank, "slider-bank")
    bank.rangeChangeRequested.emit(direction(window, "e2").id, -1.0, 9.0)

    again = open_window()
    state = again.findChild(SliderBank, "slider-bank").rowState(direction(again, "e2").id)
    assert (state.low, state.high) == (-1.0, 9.0)


def test_the_thumbnails_of_a_slider_show_its_ends(qtbot, window):
    bank = window.findChild(SliderBank, "slider-bank")
    first = direction(window, "e0")
    low, high = first.suggested_range

    def has_both() -> bool:
        row = bank.rowWidget(first.id)
        return row is not None and None not in row.thumbnails()

    qtbot.waitUntil(has_both, timeout=WAIT_MS)
    pictures = bank.rowWidget(first.id).thumbnails()
    assert [picture.pixelColor(3, 3).red() for picture in pictures] == [colour_of(low), colour_of(high)]


def test_dragging_the_picture_walks_the_seed_plane_in_one_undo_step(qtbot, window):
    store = window.context.store

    drag(qtbot, window.canvas, QPoint(100, 200), QPoint(220, 200))
    wait_until_sharp(qtbot, window)

    point = store.session.base
    assert not point.is_whole
    assert int(window.canvas.frame().pixels[0, 0, 1]) == int(20 * (point.seed + point.dx)) % 256
    assert store.history.place == 1
    assert store.history.undo_label.startswith("Walk to seed")


def test_holding_space_shows_the_picture_before_its_edits(qtbot, window):
    window.context.store.set_amount(direction(window, "e0"), 5.0)
    wait_until_sharp(qtbot, window)

    qtbot.keyPress(window.canvas, Qt.Key.Key_Space)
    wait_until_sharp(qtbot, window)
    assert red(window) == colour_of(0.0)
    assert window.canvas.isComparing()

    qtbot.keyRelease(window.canvas, Qt.Key.Key_Space)
    wait_until_sharp(qtbot, window)
    assert red(window) == colour_of(5.0)
    assert window.context.store.history.place == 1


def test_seed_actions_jump_over_the_seed_plane(window):
    store, actions = window.context.store, window.context.actions
    store.set_base(SeedPoint(10, 0.6, 0.0), "Walk")

    actions["snap_seed"].trigger()
    assert store.session.base == SeedPoint(11)
    actions["next_seed"].trigger()
    actions["next_seed"].trigger()
    actions["previous_seed"].trigger()
    assert store.session.base == SeedPoint(12)
    actions["random_seed"].trigger()
    assert store.session.base != SeedPoint(12)


# Showing without echo


def test_docks_show_a_changed_session_without_changing_it_again(qtbot, window):
    context = window.context
    latent = window.docking["latent"]
    changed = []
    context.bridge.session_changed.connect(lambda old, new: changed.append(new))

    context.store.set_amount(direction(window, "e2"), -1.5)
    context.store.set_synthesis(
        type(context.store.session.synthesis)(
            truncation_psi=0.3, truncation_cutoff=4, noise_mode="random", noise_seed=9
        ),
        "All at once",
    )
    context.store.set_base(SeedPoint(123, 0.25, 0.5), "Walk")
    QApplication.processEvents()

    assert len(changed) == 3
    assert latent.findChild(QWidget, "truncation-psi").value() == pytest.approx(0.3)
    assert latent.findChild(QWidget, "truncation-cutoff").value() == 4
    assert latent.findChild(QWidget, "noise-mode").currentData() == "random"
    assert latent.findChild(QWidget, "noise-seed").value() == 9
    assert latent.findChild(QWidget, "noise-seed").isVisible()
    assert latent.findChild(QWidget, "seed").point() == SeedPoint(123, 0.25, 0.5)
    assert slider(window, "e2").value() == pytest.approx(-1.5)
    items = window.findChild(EditList, "edit-list").items_shown()
    assert [(item.name, item.amount_text) for item in items] == [("e2", "−0.75 σ")]


def test_the_latent_dock_changes_the_session(qtbot, window):
    store = window.context.store
    latent = window.docking["latent"]

    latent.findChild(QWidget, "truncation-psi").valueChanged.emit(0.5)
    latent.findChild(QWidget, "truncation-cutoff").valueChanged.emit(6.0)
    noise = latent.findChild(QWidget, "noise-mode")
    noise.setCurrentIndex(noise.findData("none"))
    latent.findChild(QWidget, "seed").seedChanged.emit(77)

    synthesis = store.session.synthesis
    assert (synthesis.truncation_psi, synthesis.truncation_cutoff, synthesis.noise_mode) == (0.5, 6, "none")
    assert store.session.base == SeedPoint(77)


def test_the_class_is_asked_only_of_conditional_models(open_window, studio):
    plain = open_window()
    assert not plain.findChild(QWidget, "class").isVisible()

    studio.spec = CONDITIONAL
    conditional = open_window("labelled")
    field = conditional.findChild(QWidget, "class")
    assert field.isVisible()
    field.setValue(3)
    assert conditional.context.store.session.synthesis.class_idx == 3


def test_active_edits_can_be_switched_reordered_and_removed(window):
    store = window.context.store
    for name in ("e0", "e1"):
        store.set_amount(direction(window, name), 1.0)
    edits = window.findChild(EditList, "edit-list")
    first, second = direction(window, "e0").id, direction(window, "e1").id

    edits.enabledChanged.emit(first, False)
    assert not store.session.edits.find(first).enabled
    edits.moved.emit(second, 0)
    assert [edit.id for edit in store.session.edits] == [second, first]
    edits.removeRequested.emit(second)
    assert [item.id for item in edits.items_shown()] == [first]


def test_amounts_can_be_read_in_the_directions_own_unit(window):
    window.context.store.set_amount(direction(window, "e0"), 3.0)
    edits = window.findChild(EditList, "edit-list")

    assert edits.items_shown()[0].amount_text == "+1.50 σ"
    window.context.actions["sigma_unit"].trigger()
    assert edits.items_shown()[0].amount_text == "+3.00"


# Failures


def test_a_render_that_raises_says_one_sentence_and_the_next_picture_takes_it_away(qtbot, window, studio):
    studio.engine.error = OutOfMemoryError("There is no room for this picture.", hint="Use the CPU.")
    store = window.context.store
    for amount in (1.0, 2.0, 3.0):
        store.set_amount(direction(window, "e0"), amount, gesture="drag")
    qtbot.waitUntil(lambda: window.canvas.messageText() != "", timeout=WAIT_MS)
    assert window.canvas.messageText() == "There is no room for this picture."

    studio.engine.error = None
    store.set_amount(direction(window, "e0"), 4.0, gesture="drag")
    wait_until_sharp(qtbot, window)

    assert window.canvas.messageText() == ""
    assert red(window) == colour_of(4.0)


@pytest.mark.parametrize("name", ["dogs.pkl", "dogs.JPG", "dogs"])
def test_a_dropped_model_is_opened_whatever_its_suffix(qtbot, window, tmp_path, name):
    drop(window, tmp_path / name)
    qtbot.waitUntil(lambda: window.context.models.model.ref.name == "dogs", timeout=WAIT_MS)


def test_closing_in_the_middle_of_a_picture_and_a_job_ends_all_threads(qtbot, open_window, studio):
    window = open_window()
    studio.engine.coarse_s, studio.engine.stage_s, studio.engine.stages = 0.05, 0.05, 1000

    window.context.store.set_amount(direction(window, "e0"), 1.0)
    window.context.jobs.start(
        "Long", lambda progress, cancel: [pause(0.01) or cancel.check() for _ in range(10_000)]
    )
    pause(0.1)
    window.close()

    assert window.stuck_threads == ()


# Files


def test_the_sharp_picture_is_saved_with_its_recipe(qtbot, window, tmp_path, monkeypatch):
    from PIL import Image

    window.context.store.set_amount(direction(window, "e0"), 2.0)
    path = tmp_path / "picture"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(path), ""))

    window.context.actions["save_picture"].trigger()
    qtbot.waitUntil(lambda: path.with_name("picture.png").exists(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    with Image.open(path.with_name("picture.png")) as image:
        assert image.getpixel((0, 0))[0] == colour_of(2.0)
        assert json.loads(image.text["latent-studio"])["edits"][0]["amount"] == 2.0


def test_a_picture_that_cannot_be_saved_says_so(qtbot, window, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "no" / "x.png"), ""))

    window.context.actions["save_picture"].trigger()
    bar = window.findChild(MessageBar)
    qtbot.waitUntil(bar.isVisible, timeout=WAIT_MS)

    assert bar.findChild(QLabel, "messageTitle").text() != ""


def test_the_sharp_picture_is_copied(qtbot, window):
    window.context.store.set_amount(direction(window, "e0"), 2.0)
    window.context.actions["copy_picture"].trigger()
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    assert QGuiApplication.clipboard().image().pixelColor(5, 5).red() == colour_of(2.0)


# The window itself


def test_the_layout_is_remembered_and_can_be_reset(open_window):
    first = open_window()
    first.docking["edits"].hide()
    first.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first.docking["sliders"])
    first.close()

    second = open_window()
    assert second.docking["edits"].isHidden()
    assert second.dockWidgetArea(second.docking["sliders"]) is Qt.DockWidgetArea.LeftDockWidgetArea

    second.context.actions["reset_layout"].trigger()
    assert not second.docking["edits"].isHidden()
    assert second.dockWidgetArea(second.docking["sliders"]) is Qt.DockWidgetArea.RightDockWidgetArea


def test_the_theme_is_changed_at_once_and_remembered(window, open_window):
    window.context.actions["theme_light"].trigger()
    assert theme().palette.name == "light"

    assert window.context.studio.settings.theme == "light"
    again = open_window()
    assert again.context.actions["theme_light"].isChecked()


@pytest.mark.qt_log_ignore("This plugin does not support")  # the offscreen screen says so of any dialog
def test_every_action_says_what_it_does_and_can_be_triggered(qtbot, window, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: ("", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: ("", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args: ([], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: "")
    window.context.store.set_amount(direction(window, "e0"), 2.0)
    names = set()

    for action in window.context.actions:
        assert action.text()
        assert action.toolTip() != action.text()
        names.add(action.objectName())
        if action.objectName() != "action-quit":
            action.trigger()
            QApplication.processEvents()
        while popup := QApplication.activePopupWidget() or QApplication.activeModalWidget():
            popup.close()
            QApplication.processEvents()
        for overlay in window.findChildren(Overlay):
            overlay.closeOverlay()

    assert len(names) == len(list(window.context.actions))
    wait_until_sharp(qtbot, window)
    window.context.actions["quit"].trigger()
    assert not window.isVisible()


def test_no_two_actions_share_a_key(window):
    keys = [key.toString() for action in window.findChildren(QAction) for key in action.shortcuts()]

    assert {"F4", "Ctrl+Z"} <= set(keys)
    assert sorted(keys) == sorted(set(keys))


def test_the_status_line_says_times_device_and_cache(qtbot, window):
    window.context.store.set_amount(direction(window, "e0"), 2.0)
    wait_until_sharp(qtbot, window)
    status = window.statusBar()
    qtbot.waitUntil(lambda: "cache" in status.figures(), timeout=WAIT_MS)

    assert "coarse 16²" in status.figures()
    assert "sharp 64²" in status.figures()
    assert "CPU, 1 thread" in status.figures()
    assert status.toolTip() == "There is only one."


def test_events_are_written_for_whoever_watches(qtbot, open_window, monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "events.jsonl"))
    window = open_window()
    window.context.store.set_amount(direction(window, "e0"), 2.0)
    wait_until_sharp(qtbot, window)
    window.close()

    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    kinds = {event["event"] for event in events}
    assert {"job_started", "job_done", "model", "session", "frame", "closed"} <= kinds
    last = [event for event in events if event["event"] == "frame"][-1]
    assert last["quality"] == "final"
    sessions = [event for event in events if event["event"] == "session"]
    assert sessions[-1]["edits"] == [["sefa:0", 2.0, True]]


def test_a_job_shows_a_card_with_its_progress_and_can_be_cancelled(qtbot, window):
    from latent_studio.core.jobs import Progress

    def work(progress, cancel):
        while True:
            cancel.check()
            progress(Progress(0.4, "Drawing"))
            pause(0.01)

    window.context.jobs.start("Paint", work)
    qtbot.waitUntil(lambda: bool(window.docking["jobs"].findChildren(JobCard)), timeout=WAIT_MS)
    card = window.docking["jobs"].findChildren(JobCard)[0]
    qtbot.waitUntil(lambda: "Drawing" in card.message(), timeout=WAIT_MS)
    assert "40 %" in window.findChild(QAbstractButton, "status-jobs").text()

    card.cancelRequested.emit()
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)
    assert not card.isRunning()
    card.dismissed.emit()
    QApplication.processEvents()
    assert window.docking["jobs"].findChildren(JobCard) in ([], [card])


def test_escape_in_the_filter_shows_all_sliders_and_down_goes_to_the_first(qtbot, window):
    field = window.findChild(QLineEdit, "slider-filter")
    bank = window.findChild(SliderBank, "slider-bank")
    everything = bank.shownIds()

    window.context.actions["filter_sliders"].trigger()
    qtbot.keyClicks(field, "nothing is called so")
    assert bank.shownIds() == ()
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert bank.shownIds() == everything

    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is bank.rowWidget(everything[0]).slider


def test_the_sheet_tells_what_mouse_and_keys_do_where_they_are(window):
    window.context.actions["shortcuts"].trigger()
    shown = dict(window.findChild(ShortcutsSheet).shortcutsShown())

    assert ("Walk between seeds", "Drag") in shown["On the picture"]
    assert ("See it before the edits", "hold Space") in shown["On the picture"]
    assert ("Back to zero, or double click", "Delete") in shown["On a slider"]
    assert ("Switch off and on", "Space") in shown["In the active edits"]


def test_between_seeds_the_latent_panel_needs_no_bar_at_its_bottom(window):
    window.context.store.set_base(SeedPoint(278797, 0.7, 0.2), "Walk")
    QApplication.processEvents()
    area = window.docking["latent"].widget()

    assert area.widget().minimumSizeHint().width() <= area.viewport().width()


@pytest.mark.parametrize(
    ("screen", "size"),
    [((1280, 720), (1280, 720)), ((2560, 1440), (1480, 900)), ((640, 400), (880, 480))],
)
def test_the_first_window_is_no_larger_than_the_screen(screen, size):
    assert _first_size(QSize(*screen)) == QSize(*size)


@pytest.mark.parametrize("jobs_height", [600, 300])
def test_a_dock_grows_when_a_model_gives_it_a_line_more(qtbot, open_window, studio, jobs_height):
    window = open_window()
    docks = [window.docking[id] for id in ("model", "latent", "jobs")]
    heights = [docks[0].height(), docks[1].height(), jobs_height]
    window.resize(window.width(), window.height() + jobs_height - docks[2].height())
    window.resizeDocks(docks, heights, Qt.Orientation.Vertical)
    QApplication.processEvents()
    area, above = docks[1].widget(), docks[0].height()
    studio.spec = CONDITIONAL
    window.open_model("flowers")

    field = window.findChild(QWidget, "class")
    qtbot.waitUntil(
        lambda: (
            field.isVisible()
            and area.viewport().rect().contains(field.mapTo(area.viewport(), field.rect().bottomLeft()))
        ),
        timeout=WAIT_MS,
    )
    # The jobs give the room, not the neighbour that has none to spare.
    assert docks[0].height() == above


def test_recent_models_of_one_name_are_told_apart_by_their_files(window, tmp_path):
    for folder, name in (("a", "one.pkl"), ("a", "two.pkl"), ("b", "two.pkl"), ("b", "own & others.pkl")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_bytes(b"")
    entries = [
        {"name": "random", "path": str(tmp_path / "a" / "one.pkl")},
        {"name": "random", "path": str(tmp_path / "a" / "two.pkl")},
        {"name": "random", "path": str(tmp_path / "b" / "two.pkl")},
        {"name": "cats & dogs", "path": str(tmp_path / "b" / "own & others.pkl")},
    ]
    (window.context.studio.paths.data / "recents.json").write_text(json.dumps(entries))
    window.context.models.recents_changed.emit()

    shown = [action.text() for action in window.context.model_menus.recent.actions()]
    assert shown == ["random (one.pkl)", "random (a/two.pkl)", "random (b/two.pkl)", "cats && dogs"]


def test_pictures_of_the_old_model_are_gone_from_the_sliders_of_the_new_one(qtbot, window):
    bank = window.findChild(SliderBank, "slider-bank")
    first = window.context.models.model.directions[0].id

    def pictures():
        return bank.rowWidget(first).thumbnails()

    qtbot.waitUntil(lambda: None not in pictures(), timeout=WAIT_MS)
    shown = []
    window.context.models.model_changed.connect(lambda model: shown.append(pictures()))
    window.open_model("dogs")
    qtbot.waitUntil(lambda: shown != [], timeout=WAIT_MS)

    assert window.context.models.model.directions[0].id == first
    assert shown == [(None, None)]
