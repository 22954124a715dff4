"""The timeline dock: keys, scrubbing, playing, undo."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QMenu, QToolButton

from latent_studio.app.tasks.export_plan import subject_of
from latent_studio.core.easing import Easing
from latent_studio.core.pose import Pose
from latent_studio.core.render import Quality
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef
from latent_studio.core.timeline_course import course_of
from latent_studio.ui.docks.timeline import TimelineDock
from latent_studio.ui.widgets.easing_editor import EasingEditor
from latent_studio.ui.widgets.timeline_view import TimelineView
from tests.qt.conftest import WAIT_MS, wait_until_sharp

if TYPE_CHECKING:
    from latent_studio.core.timeline import Timeline


@pytest.fixture
def dock(window) -> TimelineDock:
    found = window.findChild(TimelineDock)
    assert found is not None
    return found


def trigger(window, name: str) -> None:
    window.context.actions[f"timeline_{name}"].trigger()


def go(window, seed: int) -> None:
    window.context.store.set_base(SeedPoint(seed), f"Go to {seed}")


def timeline_of(window) -> Timeline:
    return window.context.store.session.timeline


def with_keys(window, *seeds: int) -> None:
    for seed in seeds:
        go(window, seed)
        trigger(window, "key")


def place_of(dock, seconds: float, y: int = 6) -> QPoint:
    return QPoint(round(dock.view.scale().x(seconds)), y)


def press_key(qtbot, dock, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(dock.view, key, modifier)


def shown_place(window) -> float:
    """The green of the picture on the canvas tells the seed's place; blends have none and show 0."""
    frame = window.canvas.frame()
    return float(frame.pixels[0, 0, 1]) / 20


def test_an_empty_timeline_says_how_to_begin(qtbot, window, dock):
    button = dock.findChild(QAbstractButton, "timeline-empty-key")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    assert len(timeline_of(window).keys) == 1
    assert "nothing moves" in dock.findChild(object, "timeline-status").text()
    assert not dock.findChild(QToolButton, "timeline-play").isEnabled()


def test_keys_follow_each_other_and_each_is_one_undo_step(window, dock):
    with_keys(window, 3, 7, 9)
    keys = timeline_of(window).keys
    assert [key.seconds for key in keys] == [0.0, 2.0, 4.0]
    assert [key.name for key in keys] == ["seed 3", "seed 7", "seed 9"]

    window.context.store.undo()
    assert len(timeline_of(window).keys) == 2
    assert window.context.store.session.base == SeedPoint(9)
    window.context.store.redo()
    assert len(timeline_of(window).keys) == 3


def test_a_changed_timeline_asks_for_no_picture_of_the_session(window, dock):
    go(window, 3)
    revision = window.context.renders.revision
    trigger(window, "key")
    assert window.context.renders.revision == revision


def test_scrubbing_shows_the_moment_and_leaves_the_session_alone(qtbot, window, dock):
    with_keys(window, 3, 7)
    session = window.context.store.session
    QTest.mousePress(dock.view, Qt.MouseButton.LeftButton, pos=place_of(dock, 0.0))
    for step in range(1, 21):
        QTest.mouseMove(dock.view, place_of(dock, step / 20))
    QTest.mouseRelease(dock.view, Qt.MouseButton.LeftButton, pos=place_of(dock, 0.0))
    dock.editor.scrub(0.0)

    qtbot.waitUntil(lambda: window.context.renders.is_sharp, timeout=WAIT_MS)
    assert shown_place(window) == 3
    assert window.context.renders.preview == timeline_of(window).keys[0].pose
    assert window.context.store.session is session


def test_a_hand_between_two_frames_sees_the_nearest_at_once_and_the_moment_at_rest(qtbot, window, dock):
    with_keys(window, 3, 7)
    qtbot.waitUntil(lambda: dock.preview.missing() == 0, timeout=WAIT_MS)
    fps = timeline_of(window).fps

    dock.editor.scrub(5.3 / fps)
    frame = window.canvas.frame()
    assert frame.revision == window.context.renders.revision
    assert frame.quality is Quality.COARSE

    wait_for_frame(qtbot, window)
    assert window.context.renders.preview == dock.preview.pose_now()


def test_a_hand_that_jumps_sees_a_picture_near_by_at_once_and_the_moment_at_rest(qtbot, window, dock, studio):
    with_keys(window, 3, 7)
    sketched = (0.0, 0.5, 1.0, 1.5)
    qtbot.waitUntil(
        lambda: all(dock.preview.small_picture(seconds) is not None for seconds in sketched), timeout=WAIT_MS
    )
    dock.preview.set_wanted(False)
    studio.engine.stage_s = 0.05
    dock.editor.scrub(0.0)

    dock.editor.scrub(1.0 + 2.3 / 24)
    # Nothing was rendered since: what is shown was kept.
    assert dock.preview.shown_seconds == pytest.approx(1.0, abs=0.13)
    assert abs(dock.preview.shown_seconds - dock.preview.seconds) <= 0.125
    frame = window.canvas.frame()
    assert frame.quality is Quality.COARSE

    wait_for_frame(qtbot, window)
    assert dock.preview.shown_seconds == dock.preview.seconds
    assert window.context.renders.preview == dock.preview.pose_now()


def test_a_picture_on_the_canvas_that_is_nearer_than_any_kept_one_stays(qtbot, window, dock, studio):
    with_keys(window, 3, 7)
    dock.preview.set_wanted(False)
    studio.engine.stage_s = 0.05
    dock.editor.scrub(10 / 24)
    wait_for_frame(qtbot, window)
    dock.editor.scrub(13 / 24)
    wait_for_frame(qtbot, window)
    shown = window.canvas.frame()

    dock.editor.scrub(12.4 / 24)
    assert window.canvas.frame() is shown
    assert dock.preview.shown_seconds == pytest.approx(13 / 24)


@pytest.mark.parametrize("slow", [False, True])
def test_after_rest_the_picture_is_the_one_at_the_playhead(qtbot, window, dock, studio, slow):
    with_keys(window, 0, 12)
    timeline = replace(timeline_of(window), modes=(("base", "hold"),))
    window.context.store.replace(replace(window.context.store.session, timeline=timeline), "Hold")
    studio.engine.stage_s = 0.03 if slow else 0.0
    for seconds in (0.0, 2.0, 0.5, 2.0, 1.0, 2.0, 0.25):
        dock.editor.scrub(seconds)
        qtbot.wait(5)
    qtbot.waitUntil(
        lambda: window.context.renders.is_sharp or not dock.preview._rest.isActive(), timeout=WAIT_MS
    )
    wait_for_frame(qtbot, window)
    assert shown_place(window) == 0
    dock.editor.scrub(2.0)
    wait_for_frame(qtbot, window)
    assert shown_place(window) == 12


def wait_for_frame(qtbot, window) -> None:
    def is_there() -> bool:
        frame = window.canvas.frame()
        renders = window.context.renders
        return frame.revision == renders.revision and frame.quality is Quality.FINAL

    qtbot.waitUntil(is_there, timeout=WAIT_MS)


def test_moving_a_slider_leaves_the_film_for_the_session(qtbot, window, dock):
    with_keys(window, 3, 7)
    dock.editor.scrub(1.0)
    assert window.context.renders.preview is not None
    window.context.store.set_amount(window.context.models.model.directions[0], 1.0)
    assert window.context.renders.preview is None
    wait_until_sharp(qtbot, window)
    assert shown_place(window) == 7


def test_dragging_a_key_moves_it_in_one_step_and_snaps_to_a_second(qtbot, window, dock):
    with_keys(window, 3, 7, 9)
    middle = timeline_of(window).keys[1]
    steps = len(window.context.store.history.steps)
    start = dock.view.keyPlace(middle.id).toPoint()
    end = QPoint(place_of(dock, 3.0).x() + 2, start.y())
    QTest.mousePress(dock.view, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 11):
        QTest.mouseMove(dock.view, start + (end - start) * step / 10)
    QTest.mouseRelease(dock.view, Qt.MouseButton.LeftButton, pos=end)

    assert [key.seconds for key in timeline_of(window).keys] == [0.0, 3.0, 4.0]
    assert len(window.context.store.history.steps) == steps + 1
    window.context.store.undo()
    assert timeline_of(window).keys[1].seconds == 2.0


def test_the_keyboard_does_it_all(qtbot, window, dock):
    with_keys(window, 3, 7)
    dock.view.setFocus()
    press_key(qtbot, dock, Qt.Key.Key_Home)
    assert dock.preview.seconds == 0
    press_key(qtbot, dock, Qt.Key.Key_Right)
    assert dock.preview.seconds == pytest.approx(1 / 24)
    press_key(qtbot, dock, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert dock.preview.seconds == pytest.approx(1 + 1 / 24)
    press_key(qtbot, dock, Qt.Key.Key_PageDown)
    assert dock.preview.seconds == 2
    press_key(qtbot, dock, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    press_key(qtbot, dock, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert len(timeline_of(window).keys) == 4
    assert len(dock.view.selected()) == 2
    press_key(qtbot, dock, Qt.Key.Key_Delete)
    assert len(timeline_of(window).keys) == 2
    press_key(qtbot, dock, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    press_key(qtbot, dock, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert timeline_of(window).keys[0].seconds == pytest.approx(1 / 24)
    press_key(qtbot, dock, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    dock.editor.scrub(6.0)
    press_key(qtbot, dock, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert [round(key.seconds, 2) for key in timeline_of(window).keys] == [0.04, 2.04, 6.0, 8.0]


def test_a_double_click_brings_a_key_to_the_sliders(qtbot, window, dock):
    with_keys(window, 3, 7)
    first = timeline_of(window).keys[0]
    spot = dock.view.keyPlace(first.id).toPoint()
    qtbot.mouseDClick(dock.view, Qt.MouseButton.LeftButton, pos=spot)
    assert window.context.store.session.base == SeedPoint(3)
    wait_until_sharp(qtbot, window)
    assert window.context.renders.preview is None


def test_a_key_is_replaced_by_the_picture_on_the_sliders(window, dock):
    with_keys(window, 3, 7)
    dock.view.setSelected({timeline_of(window).keys[0].id})
    go(window, 11)
    trigger(window, "replace")
    assert [key.name for key in timeline_of(window).keys] == ["seed 11", "seed 7"]


def test_one_parameter_gets_keys_of_its_own(window, dock):
    with_keys(window, 3, 7)
    store = window.context.store
    store.set_amount(window.context.models.model.directions[1], 2.5)
    dock.preview.put(1.0)
    dock.editor.add_parameter_key("edit:sefa:1")
    dock.editor.add_parameter_key("truncation_psi")

    timeline = timeline_of(window)
    assert [track.parameter for track in timeline.tracks] == ["edit:sefa:1", "truncation_psi"]
    assert course_of(timeline).at(1.0).edits.find("sefa:1").amount == 2.5
    assert dock.view.keyPlace(timeline.tracks[1].keys[0].id) is not None

    # How it goes from key to key is its own, and one step of the history.
    menu = dock.menus.key_menu(timeline.tracks[1].keys[0].id, 1.0)
    inner = next(action.menu() for action in menu.actions() if action.text().startswith("Way"))
    assert [action.isChecked() for action in inner.actions()] == [True, False, False]
    inner.actions()[2].trigger()
    assert timeline_of(window).modes == (("truncation_psi", "hold"),)


def test_frames_are_made_ahead_and_play_from_the_cache(qtbot, window, dock):
    with_keys(window, 3, 7)
    qtbot.waitUntil(lambda: dock.preview.missing() == 0, timeout=WAIT_MS)
    assert dock.preview.ready_spans() == ((0.0, pytest.approx(49 / 24)),)
    dock.editor.scrub(0.0)
    trigger(window, "play")
    assert dock.preview.player.is_playing
    qtbot.waitUntil(lambda: not dock.preview.player.is_playing, timeout=WAIT_MS)

    count = dock.preview.player.count
    assert count.missing == 0
    assert count.total == 49
    assert dock.preview.seconds == pytest.approx(2.0)


def test_frames_without_a_picture_are_counted_and_told(qtbot, window, dock, studio):
    with_keys(window, 3, 7)
    dock.preview.set_wanted(False)
    dock.preview.proxies.clear()
    studio.engine.coarse_s = 0.2
    dock.preview._is_wanted = False
    trigger(window, "play")
    qtbot.waitUntil(lambda: dock.preview.player.count.missing > 3, timeout=WAIT_MS)
    assert "dropped" in dock.findChild(object, "timeline-status").text()
    studio.engine.coarse_s = 0.0
    trigger(window, "play")
    assert not dock.preview.player.is_playing


def test_the_cache_forgets_the_oldest_when_it_is_full(qtbot, window, dock):
    from latent_studio.core.render import Frame
    from latent_studio.ui.proxies import ProxyCache

    frame = Frame(1, Quality.FINAL, np.zeros((16, 16, 3), np.uint8), 0.0)
    one = ProxyCache()
    one.put(Pose(SeedPoint(0)), frame)
    cache = ProxyCache(3 * one.bytes_used)
    for seed in range(5):
        cache.put(Pose(SeedPoint(seed)), frame)
        cache.get(Pose(SeedPoint(0)))
    assert cache.bytes_used <= 3 * one.bytes_used
    assert Pose(SeedPoint(0)) in cache
    assert Pose(SeedPoint(1)) not in cache
    cache.put(Pose(SeedPoint(0)), replace(frame, quality=Quality.COARSE))
    assert not cache.is_coarse(Pose(SeedPoint(0)))


def test_small_previews_beside_large_pictures_make_no_room_for_more_of_these(qtbot, window, dock):
    """A film is rendered ahead as far as its large pictures fit: beyond, they would push each other out."""
    from latent_studio.core.render import Frame
    from latent_studio.ui.proxies import ProxyCache

    small = Frame(1, Quality.COARSE, np.zeros((16, 16, 3), np.uint8), 0.0)
    large = Frame(1, Quality.FINAL, np.zeros((256, 256, 3), np.uint8), 0.0)
    one = ProxyCache()
    one.put(Pose(SeedPoint(0)), large)
    cache = ProxyCache(10 * one.bytes_used)
    assert cache.room == 0
    for seed in range(60):
        cache.put(Pose(SeedPoint(seed)), small)
    cache.put(Pose(SeedPoint(99)), large)
    assert cache.room == 10


def test_a_moment_between_keys_is_taken_to_the_sliders(qtbot, window, dock):
    with_keys(window, 3, 7)
    asked = []

    def resolve_base(request):
        from latent_studio.core.latent import Latent
        from latent_studio.core.spaces import Space

        asked.append(request)
        return Latent(Space.W, np.ones(8))

    window.context.studio.engine.resolve_base = resolve_base
    dock.editor.scrub(1.0)
    trigger(window, "take")
    qtbot.waitUntil(lambda: bool(asked) and window.context.renders.preview is None, timeout=WAIT_MS)
    assert window.context.store.session.base.values.tolist() == [1.0] * 8
    # A key here, while the film is shown, stands at the playhead.
    dock.editor.scrub(0.5)
    trigger(window, "key")
    qtbot.waitUntil(lambda: len(timeline_of(window).keys) == 3, timeout=WAIT_MS)
    assert timeline_of(window).keys[1].seconds == 0.5
    assert timeline_of(window).keys[1].name == "latent"


def test_keys_of_another_model_are_named_and_can_be_rekeyed(qtbot, window, dock, open_window):
    with_keys(window, 3, 7)
    window.open_model("dogs")
    qtbot.waitUntil(lambda: window.context.store.session.model.name == "dogs", timeout=WAIT_MS)

    assert "cats" in dock.findChild(object, "timeline-status").text()
    assert not dock.preview.can_show
    button = dock.findChild(QAbstractButton, "timeline-rekey")
    assert button.isVisibleTo(dock)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert {key.model for key in timeline_of(window).keys} == {ModelRef("dogs", "", "dogs-sha256")}
    assert dock.preview.can_show
    assert not button.isVisibleTo(dock)


def test_in_out_markers_reverse_and_loops(window, dock):
    with_keys(window, 3, 7, 9)
    dock.preview.put(1.0)
    trigger(window, "in")
    dock.preview.put(3.0)
    trigger(window, "out")
    trigger(window, "marker")
    timeline = timeline_of(window)
    assert (timeline.work, [m.seconds for m in timeline.markers]) == ((1.0, 3.0), [3.0])
    trigger(window, "marker")
    assert timeline_of(window).markers == ()
    trigger(window, "reverse")
    assert [key.name for key in timeline_of(window).keys] == ["seed 9", "seed 7", "seed 3"]
    dock.menus.loop.actions()[1].trigger()
    assert (timeline_of(window).loop, timeline_of(window).duration) == ("closed", 6.0)


def test_easings_from_the_menu_and_from_the_curve(qtbot, window, dock):
    with_keys(window, 3, 7)
    dock.view.setSelected({timeline_of(window).keys[0].id})
    dock.editor.set_easing(Easing("back", "out"))
    assert [key.easing.name for key in timeline_of(window).keys] == ["back out", "linear"]
    steps = len(window.context.store.history.steps)

    editor = EasingEditor()
    qtbot.addWidget(editor)
    editor.easingChanged.connect(dock.editor.bend)
    editor.gestureFinished.connect(dock.editor.finish_bend)
    editor.show()
    start = editor.handlePlace(0).toPoint()
    QTest.mousePress(editor, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(editor, start + QPoint(4 * step, -3 * step))
    QTest.mouseRelease(editor, Qt.MouseButton.LeftButton, pos=start)
    assert timeline_of(window).keys[0].easing.shape == "bezier"
    assert len(window.context.store.history.steps) == steps + 1


def test_keys_of_a_walk_and_of_the_history(window, dock):
    from latent_studio.app.walk_keys import WalkOptions, poses_of

    model = window.context.models.model
    places = poses_of(
        WalkOptions(walk="noise-loop", count=5), Pose.of(window.context.store.session), model.spec
    )
    dock.editor.add_places(places, 0.5, True)
    assert [key.seconds for key in timeline_of(window).keys] == [0, 0.5, 1.0, 1.5, 2.0]
    assert timeline_of(window).duration == 2.5

    go(window, 41)
    menu = QMenu()
    dock.sources.fill(menu)
    history = menu.findChild(QMenu, "timeline-history")
    assert any("seed 41" in action.text() for action in history.actions())


def test_keys_of_a_latent_file_and_a_saved_timeline(qtbot, window, dock, tmp_path):
    np.save(tmp_path / "pool.npy", np.ones((3, 8), np.float32))
    window.context.studio.model.spec  # noqa: B018 -- a fake studio has one
    dock.sources.take_latents(tmp_path / "pool.npy")
    qtbot.waitUntil(lambda: len(timeline_of(window).keys) == 3, timeout=WAIT_MS)
    dock.editor.save(tmp_path / "film.json")
    qtbot.waitUntil(lambda: (tmp_path / "film.json").exists(), timeout=WAIT_MS)
    assert '"timeline"' in (tmp_path / "film.json").read_text()


def test_the_menus_open_with_their_entries(window, dock):
    with_keys(window, 3, 7)
    dock.menus.keys.aboutToShow.emit()
    dock.menus.more.aboutToShow.emit()
    dock.menus.ease.aboutToShow.emit()
    assert len(dock.menus.keys.actions()) >= 5
    texts = [action.text() for action in dock.menus.more.actions()]
    assert "Clear timeline" in texts
    assert "Frames per second" in texts


def test_everything_on_the_dock_has_a_name_and_a_tip(window, dock):
    for button in dock.findChildren(QToolButton):
        if button.objectName().startswith("timeline"):
            assert button.accessibleName()
            assert button.toolTip()
    assert dock.findChild(TimelineView).accessibleName()


def test_closing_the_window_while_it_plays_ends_all_threads(window, dock):
    with_keys(window, 3, 7)
    trigger(window, "play")
    window.close()
    assert window.stuck_threads == ()


def test_the_timeline_is_exported_from_the_window_as_from_the_command_line(qtbot, window, dock, tmp_path):
    from latent_studio.app.timeline_film import TimelinePlan, write_timeline_film
    from latent_studio.core.jobs import CancelToken, ignore_progress
    from latent_studio.ui.exports.subject import Target
    from latent_studio.ui.exports.timeline import TimelineExport

    subject = TimelineExport(window.context, window)
    assert "no keys" in subject.extent().problem
    with_keys(window, 3, 7)
    window.context.studio.adopt(window.context.models.model)
    assert subject.extent().frames == 49
    subject.job(Target(tmp_path / "a.gif", "gif"))(ignore_progress, CancelToken())
    plan = TimelinePlan(window.context.store.session, tmp_path / "b.gif")
    write_timeline_film(window.context.studio, plan, ignore_progress, CancelToken())
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_the_film_is_copied_as_a_command_with_its_keys_in_a_file(window, dock):
    with_keys(window, 3, 7)
    dock.menus.more.aboutToShow.emit()
    next(action for action in dock.menus.more.actions() if "command" in action.text()).trigger()
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:2] == ["latent-studio", "render"]
    assert words[words.index("--out") + 1] == "film.mp4"
    assert subject_of(Path(words[2]).read_text()) == "timeline"
