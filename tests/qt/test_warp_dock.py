from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox, QDockWidget, QWidget
from safetensors.numpy import save_file

from latent_studio.app.attribute_tables import AttributeTable
from latent_studio.app.ranking import rank
from latent_studio.app.tasks.rank import RankResult
from latent_studio.app.traversals import Traversal
from latent_studio.cli.arguments import parse_arguments
from latent_studio.core.directions import DirectionInfo
from latent_studio.core.errors import InputError
from latent_studio.core.jobs import Progress
from latent_studio.core.render import Frame, Quality
from latent_studio.core.spaces import Space
from latent_studio.core.support_sets import SupportSet
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.core.warp_path import WarpPath
from latent_studio.methods.attributes.protocol import AttributeInfo
from latent_studio.methods.warp.settings import WarpSettings
from latent_studio.ui.docks import warp as warp_dock
from latent_studio.ui.docks.warp import WarpDock
from latent_studio.ui.reader_menu import ReaderMenu
from latent_studio.ui.widgets.curve_plot import CurvePlot
from latent_studio.ui.widgets.ranking_table import RankingTable
from tests.qt.conftest import WAIT_MS

AMOUNTS = (-1.0, 0.0, 1.0)


@pytest.fixture
def dock(qtbot, window, tmp_path):
    holder = window.findChild(QDockWidget, "dock-warp")
    holder.show()
    # It shares its place with others, and is made when it is first seen.
    holder.raise_()
    qtbot.waitUntil(lambda: window.findChild(WarpDock) is not None, timeout=WAIT_MS)
    dock = window.findChild(WarpDock)
    dock.findChild(QWidget, "warp-folder").setText(str(tmp_path / "run"))
    return dock


def button(dock, name: str) -> QAbstractButton:
    return dock.findChild(QAbstractButton, name)


def press(qtbot, dock, name: str) -> None:
    qtbot.mouseClick(button(dock, name), Qt.MouseButton.LeftButton)


def paths() -> tuple[WarpPath, ...]:
    rng = np.random.default_rng(0)
    fields = [SupportSet(rng.normal(size=(4, 8)), [1, -1, 1, -1], 0.1) for _ in range(2)]
    info = DirectionInfo("warp")
    return tuple(
        WarpPath(f"warp:{k}", f"Path {k}", Space.W, field, info=info) for k, field in enumerate(fields)
    )


def ranking(folder):
    """Path 0 lowers the light as it goes up, path 1 leaves it alone."""
    traversal = Traversal(folder, "cats", "cats-sha256", (1, 2), paths(), AMOUNTS, 10, SynthesisSettings())
    values = np.zeros((2, 2, 3, 1), np.float32)
    values[0, :, :, 0] = [0.6, 0.5, 0.4]
    info = AttributeInfo("brightness", "Brightness")
    table = AttributeTable((info,), ("tone",), frozenset(), (0, 1), values, np.array([0.1], np.float32))
    return RankResult(rank(traversal, table), ("brightness",), ())


def test_what_is_filled_in_is_what_the_copied_command_says(qtbot, dock, tmp_path):
    dock.findChild(QWidget, "option-support_sets").setValue(7)
    dock.findChild(QWidget, "option-dipoles").setValue(3)
    dock.findChild(QWidget, "option-iterations").setValue(50)
    press(qtbot, dock, "warp-copy-command")
    words = QGuiApplication.clipboard().text().split()
    command = parse_arguments(words[1:])
    assert command.verb.name == "warp train"
    found = command.values
    assert (found["support_sets"], found["dipoles"], found["iterations"]) == (7, 3, 50)
    assert found["out"] == tmp_path / "run"


def test_a_training_draws_its_curves_and_samples_and_can_be_paused(qtbot, dock, monkeypatch):
    strip = Frame(1, Quality.FINAL, np.zeros((32, 96, 3), np.uint8), 0.1)
    paused = threading.Event()

    def train(studio, options, progress, cancel):
        metrics = {"iteration": 1.0, "total_loss": 3.0, "accuracy": 0.25, "path_accuracy.0": 0.9}
        progress(Progress(0.1, "Iteration 1", preview=strip, metrics=metrics))
        cancel._event.wait(WAIT_MS / 1000)
        paused.set()
        cancel.check()

    monkeypatch.setattr(warp_dock, "run_warp_train", train)
    press(qtbot, dock, "warp-start")
    qtbot.waitUntil(lambda: dock.findChild(QWidget, "warp-samples").image() is not None, timeout=WAIT_MS)
    curves = dock.findChild(CurvePlot, "warp-loss").curves()
    assert curves[0] == ((1.0,), (3.0,))
    # One curve for each path, then the one for all of them.
    assert dock.findChild(CurvePlot, "warp-accuracy").curves() == (((1.0,), (0.9,)), ((1.0,), (0.25,)))
    assert not button(dock, "warp-start").isEnabled()
    press(qtbot, dock, "warp-pause")
    qtbot.waitUntil(button(dock, "warp-start").isEnabled, timeout=WAIT_MS)
    assert paused.is_set()


def test_a_failed_training_can_be_started_again(qtbot, dock, monkeypatch):
    def train(studio, options, progress, cancel):
        raise InputError("It was begun with other settings.")

    monkeypatch.setattr(warp_dock, "run_warp_train", train)
    press(qtbot, dock, "warp-start")
    qtbot.waitUntil(button(dock, "warp-start").isEnabled, timeout=WAIT_MS)


def test_without_a_training_in_the_folder_there_is_nothing_to_keep_or_rank(dock):
    assert not button(dock, "warp-keep").isEnabled()
    assert not button(dock, "warp-rank").isEnabled()


def test_the_folders_paths_go_into_the_warp_bank(qtbot, window, dock, tmp_path, monkeypatch):
    samples = np.random.default_rng(1).normal(scale=3.0, size=(500, 8)).astype(np.float32)
    monkeypatch.setattr("latent_studio.app.models.sample_w", lambda generator, count: samples)
    sets = {
        "SUPPORT_SETS": np.random.default_rng(0).normal(size=(2, 4 * 8)).astype(np.float32),
        "ALPHAS": np.tile(np.float32([1, -1]), (2, 2)),
        "LOGGAMMA": np.full((2, 1), -2, np.float32),
    }
    (tmp_path / "run" / "models").mkdir(parents=True)
    save_file(sets, tmp_path / "run" / "models" / "support_sets.safetensors")
    # Looked at when the folder is named.
    dock.findChild(QWidget, "warp-folder").clear()
    dock.findChild(QWidget, "warp-folder").setText(str(tmp_path / "run"))
    press(qtbot, dock, "warp-keep")
    qtbot.waitUntil(lambda: len(window.context.directions.bank("warp")) == 2, timeout=WAIT_MS)
    # One sigma is how far w spreads along the path.
    sigma = window.context.directions.bank("warp")[0].direction.sigma
    assert sigma == pytest.approx(3.0, rel=0.15)


def test_the_best_path_becomes_a_slider_that_means_more_upwards(qtbot, window, dock, tmp_path):
    dock._show_ranking(ranking(tmp_path))
    press(qtbot, dock, "warp-bind")
    (entry,) = window.context.directions.bank("warp")
    assert (entry.id, entry.direction.name, entry.mark.starred) == ("warp:0", "Brightness", True)
    # The path darkens as it goes, so its slider is turned round.
    assert entry.mark.flipped


def test_the_chosen_attribute_is_drawn_along_its_best_path(dock, tmp_path):
    dock._show_ranking(ranking(tmp_path))
    table = dock.findChild(RankingTable)
    assert table.item(0, 1).text() == "Path 0"
    assert table.item(0, 2).text() == "-1.00"
    curves = dock.findChild(CurvePlot, "warp-along").curves()
    assert len(curves) == 3
    assert curves[-1][1] == pytest.approx((0.6, 0.5, 0.4))


def test_the_ticked_predictors_read_the_pictures_that_are_ranked(qtbot, window, dock, tmp_path, monkeypatch):
    asked = []

    def measure(studio, options, progress, cancel):
        asked.append((options.predictor, options.even))
        return ranking(tmp_path)

    monkeypatch.setattr(warp_dock, "run_warp_rank", measure)
    (tmp_path / "run" / "models").mkdir(parents=True)
    (tmp_path / "run" / "models" / "support_sets.safetensors").touch()
    dock.findChild(QWidget, "warp-folder").clear()
    dock.findChild(QWidget, "warp-folder").setText(str(tmp_path / "run"))
    menu = dock.findChild(ReaderMenu).menu()
    menu.aboutToShow.emit()
    menu.findChild(QAction, "reader-tone").trigger()
    menu.aboutToShow.emit()
    next(one for one in menu.actions() if one.objectName() == "reader-even").trigger()
    press(qtbot, dock, "warp-rank")
    qtbot.waitUntil(button(dock, "warp-bind").isEnabled, timeout=WAIT_MS)
    assert asked == [(("tone",), True)]


def test_any_path_can_be_drawn_and_made_a_slider(qtbot, window, dock, tmp_path):
    dock._show_ranking(ranking(tmp_path))
    chosen = dock.findChild(QComboBox, "warp-path")
    assert [chosen.itemText(i) for i in range(chosen.count())] == ["Path 0 · -1.00", "Path 1 · +0.00"]
    chosen.setFocus()
    qtbot.keyClick(chosen, Qt.Key.Key_Down)
    curves = dock.findChild(CurvePlot, "warp-along").curves()
    assert curves[-1][1] == (0.0, 0.0, 0.0)
    press(qtbot, dock, "warp-bind")
    assert [entry.id for entry in window.context.directions.bank("warp")] == ["warp:1"]


def test_every_control_says_what_it_is(dock):
    for control in dock.findChildren(QAbstractButton):
        if control.objectName().startswith("warp-"):
            assert control.accessibleName()
            assert control.toolTip()


def test_a_model_without_a_preset_of_its_own_begins_with_few_paths_and_no_preset(dock):
    dock.findChild(QWidget, "warp-copy-command").click()
    words = QGuiApplication.clipboard().text()
    assert "--preset" not in words
    assert "--support-sets 32 --dipoles 32" in words


def test_why_a_training_failed_stands_in_the_panel_until_another_folder_is_named(
    qtbot, dock, monkeypatch, tmp_path
):
    def train(studio, options, progress, cancel):
        raise InputError("It was begun with other settings.", hint="Choose another folder.")

    monkeypatch.setattr(warp_dock, "run_warp_train", train)
    press(qtbot, dock, "warp-start")
    qtbot.waitUntil(button(dock, "warp-start").isEnabled, timeout=WAIT_MS)
    status = dock.findChild(QWidget, "warp-status")
    assert status.text() == "It was begun with other settings. Choose another folder."
    dock.findChild(QWidget, "warp-folder").setText(str(tmp_path / "another"))
    assert "other settings" not in status.text()


def test_a_training_that_is_there_goes_on_as_it_began_but_for_what_is_filled_in(qtbot, dock, tmp_path):
    begun = WarpSettings("w", 3, 2, reconstructor="LeNet", batch_size=4, learn_gammas=True, iterations=6)
    (tmp_path / "begun" / "models").mkdir(parents=True)
    (tmp_path / "begun" / "models" / "support_sets.safetensors").touch()
    model = {"name": "cats", "path": "cats.pkl", "sha256": "0", "family": "stylegan2", "resolution": 32}
    record = {"latent_studio": {"model": model, "settings": begun.to_record()}}
    (tmp_path / "begun" / "args.json").write_text(json.dumps(record))
    dock.findChild(QWidget, "warp-folder").setText(str(tmp_path / "begun"))
    paths = dock.findChild(QWidget, "option-support_sets")
    assert (paths.value(), dock.findChild(QWidget, "option-iterations").value()) == (3, 6)
    paths.setValue(5)
    press(qtbot, dock, "warp-copy-command")
    found = parse_arguments(QGuiApplication.clipboard().text().split()[1:]).values
    assert (found["support_sets"], found["dipoles"], found["batch_size"]) == (5, 2, 4)
    assert (found["reconstructor"], found["learn_gammas"]) == ("LeNet", True)
    assert "preset" not in found
    (tmp_path / "begun" / "args.json").write_text("{")
    dock.findChild(QWidget, "warp-folder").setText(f"{tmp_path / 'begun'}/")
    assert "damaged" in dock.findChild(QWidget, "warp-status").text()
