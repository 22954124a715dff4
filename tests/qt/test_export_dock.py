from __future__ import annotations

import itertools
import shlex
from dataclasses import replace

import pytest
from PIL import Image, ImageSequence
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QLabel, QMessageBox, QWidget

from latent_studio.app.beside import BesideModel
from latent_studio.app.tasks.export_plan import subject_of
from latent_studio.app.tasks.render import RenderOptions
from latent_studio.app.tasks.traverse import TraverseOptions
from latent_studio.cli.arguments import parse_arguments
from latent_studio.core.directions import LinearDirection
from latent_studio.core.pose import Pose
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef
from latent_studio.core.timeline import Timeline
from latent_studio.ui.docks.export import ExportDock
from latent_studio.ui.widgets.job_card import JobCard
from latent_studio.ui.widgets.message_bar import MessageBar
from tests.helpers.fake_engine import FakeEngine, colour_of
from tests.helpers.fake_studio import SPEC
from tests.qt.conftest import WAIT_MS


@pytest.fixture
def dock(window, tmp_path):
    window.context.actions["export_gif"].trigger()
    dock = window.findChild(ExportDock)
    field(dock, "export-format").setCurrentIndex(field(dock, "export-format").findData("gif"))
    field(dock, "export-file").setText(str(tmp_path / "film.gif"))
    fill(dock, frames=8, fps=10)
    return dock


def field(dock, name: str):
    return dock.findChild(QWidget, name)


def fill(dock, **values) -> None:
    for name, value in values.items():
        editor = field(dock, f"option-{name}")
        if hasattr(editor, "findData"):
            editor.setCurrentIndex(editor.findData(value))
        else:
            editor.setValue(value)


def plan_of(dock):
    return dock.subject.plan(dock.target_form.target())


def press(qtbot, dock, name: str) -> None:
    qtbot.mouseClick(dock.findChild(QAbstractButton, name), Qt.MouseButton.LeftButton)


def directions(window):
    return window.context.models.model.directions


def test_exporting_sweeps_the_chosen_slider_there_and_back_into_a_gif(qtbot, window, dock, tmp_path):
    choose = field(dock, "export-what")
    choose.setCurrentIndex(choose.findData(directions(window)[2].id))
    field(dock, "export-low").setValue(-2.0)
    field(dock, "export-high").setValue(2.0)

    press(qtbot, dock, "export-start")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    with Image.open(tmp_path / "film.gif") as film:
        reds = [frame.convert("RGB").getpixel((0, 0))[0] for frame in ImageSequence.Iterator(film)]
    # Two sigmas of two units each; the ends come once, the way back shows the same pictures.
    expected = [colour_of(4.0 * place) for place in (-1, -0.5, 0, 0.5, 1, 0.5, 0, -0.5)]
    assert reds == pytest.approx(expected, abs=2)
    card = window.docking["jobs"].findChildren(JobCard)[0]
    assert card.message().startswith("8 frames, 64 × 64 px")
    assert field(dock, "export-file").text() == str(tmp_path / "film-2.gif")


def test_a_running_export_is_cancelled_and_leaves_nothing(qtbot, window, studio, dock, tmp_path):
    studio.engine.stage_s = 0.05
    fill(dock, frames=500)

    press(qtbot, dock, "export-start")
    qtbot.waitUntil(lambda: bool(window.context.jobs.jobs), timeout=WAIT_MS)
    window.context.jobs.cancel(window.context.jobs.jobs[0].id)
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    assert list(tmp_path.iterdir()) == []


def test_an_export_that_cannot_be_written_says_so_on_its_card(qtbot, window, dock, tmp_path):
    (tmp_path / "file").write_text("no folder")
    field(dock, "export-file").setText(str(tmp_path / "file" / "film.gif"))

    press(qtbot, dock, "export-start")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    card = window.docking["jobs"].findChildren(JobCard)[0]
    assert not card.isRunning()
    assert card.message() != ""


def test_the_film_is_of_the_session_when_it_was_started(qtbot, window, studio, dock):
    studio.engine.stage_s = 0.02
    plan = plan_of(dock)

    window.context.store.set_base(SeedPoint(99), "Go to seed 99")

    assert plan.session.base == SeedPoint(0)


def test_the_choice_follows_the_sliders_that_are_moved(window, dock):
    store = window.context.store
    choose = field(dock, "export-what")

    store.set_amount(directions(window)[3], 1.0)
    assert choose.currentText() == "e3"
    store.set_amount(directions(window)[1], 1.0)
    assert choose.currentText() == "All active edits"
    assert [sweep.direction.name for sweep in plan_of(dock).sweeps] == ["e3", "e1"]


def test_all_edits_without_any_edit_cannot_be_exported(window, dock):
    field(dock, "export-what").setCurrentIndex(0)

    assert not dock.findChild(QAbstractButton, "export-start").isEnabled()
    assert dock.findChild(QLabel, "export-estimate").text() == "Move a slider first, or choose one here."


def test_a_range_that_runs_backwards_cannot_be_exported(window, dock):
    field(dock, "export-low").setValue(3.0)
    field(dock, "export-high").setValue(-3.0)

    assert not dock.findChild(QAbstractButton, "export-start").isEnabled()


def test_the_estimate_says_how_long_the_film_is(dock):
    fill(dock, frames=50, fps=25)

    assert dock.findChild(QLabel, "export-estimate").text().startswith("2.0 s long")


@pytest.mark.qt_log_ignore("propagateSizeHints")
@pytest.mark.parametrize(
    ("answer", "is_written"),
    [(QMessageBox.StandardButton.No, False), (QMessageBox.StandardButton.Yes, True)],
)
def test_a_file_is_replaced_only_when_the_user_says_so(
    qtbot, window, dock, tmp_path, monkeypatch, answer, is_written
):
    (tmp_path / "film.gif").write_text("mine")
    monkeypatch.setattr(QMessageBox, "question", lambda *args: answer)

    press(qtbot, dock, "export-start")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    assert ((tmp_path / "film.gif").read_bytes() != b"mine") == is_written


def test_copy_as_command_gives_the_line_that_does_the_same(qtbot, window, dock, tmp_path):
    window.context.store.set_base(SeedPoint(7), "Go to seed 7")
    field(dock, "export-file").setText(str(tmp_path / "a film.gif"))
    choose = field(dock, "export-what")
    choose.setCurrentIndex(choose.findData(directions(window)[2].id))

    press(qtbot, dock, "export-copy-command")

    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:3] == ["latent-studio", "traverse", "cats.safetensors"]
    given = dict(itertools.pairwise(words))
    assert given["--direction"] == "sefa:2"
    assert given["--seed"] == "7"
    # Minus three to three deviations are the default.
    assert "--sigma" in words
    assert "--range" not in words
    assert given["--out"] == str(tmp_path / "a film.gif")
    assert given["--psi"] == "0.7"


@pytest.mark.parametrize("subject", ["traversal", "picture", "history", "directions", "timeline"])
def test_copy_as_command_keeps_what_no_option_holds_in_a_file(qtbot, window, dock, tmp_path, subject):
    store = window.context.store
    store.set_base(SeedPoint(7, 0.5, 0.0), "Walk")
    pose = Pose.of(store.session)
    timeline = Timeline().with_pose(0, pose).with_pose(1, replace(pose, base=SeedPoint(2)))
    store.replace(replace(store.session, timeline=timeline), "Film")
    dock.choose(subject)
    suffix = ".png" if subject in ("picture", "directions") else ".gif"
    field(dock, "export-file").setText(str(tmp_path / f"a{suffix}"))

    press(qtbot, dock, "export-copy-command")

    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:2] == ["latent-studio", "render"]
    options = RenderOptions(**parse_arguments(words[1:]).values)
    assert options.out == tmp_path / f"a{suffix}"
    assert subject_of(options.source.read_text()) == subject
    bar = window.findChild(MessageBar)
    assert any(options.source.name in label.text() for label in bar.findChildren(QLabel))


def test_a_name_without_its_ending_gets_it(qtbot, window, dock, tmp_path):
    field(dock, "export-file").setText(f"  {tmp_path / 'film.mp4'} ")
    assert plan_of(dock).out == tmp_path / "film.mp4.gif"

    press(qtbot, dock, "export-start")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)
    assert (tmp_path / "film.mp4.gif").is_file()


def test_without_a_file_it_asks_for_one(dock):
    field(dock, "export-file").setText(" ")
    assert not field(dock, "export-start").isEnabled()
    assert "Name the file" in field(dock, "export-estimate").text()

    field(dock, "export-file").setText("film.gif")
    assert field(dock, "export-start").isEnabled()


@pytest.mark.parametrize(
    ("format", "ending"),
    [("mp4", ".mp4"), ("webp", ".webp"), ("apng", ".apng"), ("png", ""), ("sheet", ".png")],
)
def test_another_format_is_another_ending_and_is_written(qtbot, window, dock, tmp_path, format, ending):
    choose = field(dock, "export-format")
    choose.setCurrentIndex(choose.findData(format))
    assert field(dock, "export-file").text() == str(tmp_path / f"film{ending}")

    press(qtbot, dock, "export-start")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    assert [path.name for path in tmp_path.iterdir()] == [f"film{ending}"]


def test_who_types_an_ending_means_that_format(qtbot, dock, tmp_path):
    file = field(dock, "export-file")
    file.setText(str(tmp_path / "loop.webm"))
    qtbot.keyClick(file, Qt.Key.Key_Return)

    assert field(dock, "export-format").currentData() == "webm"
    assert plan_of(dock).out == tmp_path / "loop.webm"


@pytest.mark.parametrize(
    ("format", "shown"),
    [
        ("mp4", {"fps", "size", "resampling", "quality", "crf", "keep_part"}),
        ("gif", {"fps", "size", "resampling", "quality", "palette", "keep_part"}),
        ("webp", {"fps", "size", "resampling", "quality", "lossless", "keep_part"}),
        ("sheet", {"size", "resampling", "columns"}),
    ],
)
def test_only_fields_that_concern_the_format_are_shown(dock, format, shown):
    choose = field(dock, "export-format")
    choose.setCurrentIndex(choose.findData(format))
    names = ("fps", "size", "resampling", "quality", "crf", "lossless", "palette", "columns", "keep_part")
    assert {name for name in names if field(dock, f"option-{name}").isVisibleTo(dock)} == shown


def test_a_preset_sets_the_fields(dock):
    preset = field(dock, "export-preset")
    preset.setCurrentIndex(preset.findText("Small GIF"))
    preset.activated.emit(preset.currentIndex())

    plan = plan_of(dock)
    assert (plan.format, plan.size, plan.fps, plan.settings.quality) == ("gif", 128, 15.0, "fast")


def test_the_picture_itself_is_exported(qtbot, window, dock, tmp_path):
    dock.choose("picture")
    assert field(dock, "export-file").text().endswith(".png")
    field(dock, "export-file").setText(str(tmp_path / "face.png"))
    fill(dock, size=100)

    press(qtbot, dock, "export-start")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    with Image.open(tmp_path / "face.png") as picture:
        assert picture.size == (100, 100)


def test_the_history_is_a_film_of_its_steps(qtbot, window, dock, tmp_path):
    dock.choose("history")
    assert "no step" in field(dock, "export-estimate").text()
    for amount in (1.0, 2.0):
        window.context.store.set_amount(directions(window)[0], amount)
    choose = field(dock, "export-format")
    choose.setCurrentIndex(choose.findData("apng"))
    field(dock, "export-file").setText(str(tmp_path / "steps.apng"))

    press(qtbot, dock, "export-start")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    with Image.open(tmp_path / "steps.apng") as film:
        reds = [frame.convert("RGB").getpixel((0, 0))[0] for frame in ImageSequence.Iterator(film)]
    assert reds == [colour_of(0), colour_of(1), colour_of(2)]


def test_a_sheet_shows_the_directions_of_a_bank(qtbot, window, dock, tmp_path):
    dock.choose("directions")
    choose = field(dock, "export-bank")
    choose.setCurrentIndex(choose.findData("pca"))
    assert "no directions" in field(dock, "export-estimate").text()
    choose.setCurrentIndex(choose.findData("sefa"))
    field(dock, "export-file").setText(str(tmp_path / "sheet.png"))
    fill(dock, size=32)
    field(dock, "export-steps").setValue(3)

    press(qtbot, dock, "export-start")
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)

    with Image.open(tmp_path / "sheet.png") as sheet:
        count = len(directions(window))
        assert sheet.size == (3 * 34 - 2, count * 34 - 2)


def test_exports_queue_up(qtbot, window, studio, dock, tmp_path):
    studio.engine.stage_s = 0.05
    press(qtbot, dock, "export-start")
    press(qtbot, dock, "export-start")
    assert len(window.context.jobs.jobs) == 2
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film-2.gif", "film.gif"]


def test_the_estimate_tells_the_size_of_the_file(qtbot, window, dock):
    qtbot.waitUntil(lambda: window.context.renders.frame is not None, timeout=WAIT_MS)
    fill(dock, frames=500)
    assert "kB" in field(dock, "export-estimate").text() or "MB" in field(dock, "export-estimate").text()


@pytest.mark.parametrize("in_sigma", [True, False])
def test_the_copied_command_sweeps_to_the_same_last_digit(qtbot, window, dock, in_sigma):
    for place, sigma in ((1, 0.48750287683429727), (2, 0.44573581487214314)):
        like = directions(window)[place]
        direction = LinearDirection(like.id, like.name, like.space, like.vector, sigma=sigma)
        window.context.store.set_amount(direction, 0.5, gesture=None)
    window.context.actions["sigma_unit"].setChecked(in_sigma)
    choose = field(dock, "export-what")
    choose.setCurrentIndex(choose.findText("All active edits"))
    field(dock, "export-low").setValue(-2.7)
    field(dock, "export-high").setValue(1.1)
    plan = plan_of(dock)

    press(qtbot, dock, "export-copy-command")

    command = parse_arguments(shlex.split(QGuiApplication.clipboard().text())[1:])
    options = TraverseOptions(**command.values)
    low, high = options.range
    ends = []
    for sweep in plan.sweeps:
        unit = sweep.direction.sigma if options.sigma else 1.0
        ends.append((low * unit, high * unit))
    assert ends == [(sweep.low, sweep.high) for sweep in plan.sweeps]


def test_models_of_the_comparison_can_stand_beside_a_traversal(qtbot, window, dock):
    box = dock.findChild(QCheckBox, "export-models-beside")
    assert box.isHidden()
    window.context.comparison.add_model(
        BesideModel(ModelRef("dogs", "dogs.safetensors", "dogs-sha256"), SPEC, FakeEngine())
    )
    assert not box.isHidden()
    assert "dogs" in box.text()
    assert plan_of(dock).with_models == ()
    pictures = dock.subject.extent().pictures
    box.setChecked(True)
    assert plan_of(dock).with_models == ("dogs.safetensors",)
    assert dock.subject.extent().pictures == 2 * pictures
    press(qtbot, dock, "export-copy-command")
    assert "--with-model dogs.safetensors" in QGuiApplication.clipboard().text()
    window.context.comparison.clear()
    assert plan_of(dock).with_models == ()
