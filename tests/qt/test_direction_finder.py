"""Searches of directions begun from the bank's menus."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QMenu, QPushButton, QToolButton, QWidget

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import InputError
from latent_studio.core.spaces import Space
from latent_studio.ui.bank_tools import BankTools
from latent_studio.ui.docks.sliders import SlidersDock
from latent_studio.ui.widgets.bank_tabs import BankTabs
from latent_studio.ui.widgets.form_sheet import FormSheet
from latent_studio.ui.widgets.slider_bank import SliderBank
from tests.qt.conftest import WAIT_MS

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def made(source: str, k: int) -> LinearDirection:
    return LinearDirection(
        f"{source}:{k}", f"{source} {k}", Space.W, np.eye(8)[k], info=DirectionInfo(source=source)
    )


@pytest.fixture
def dock(window) -> SlidersDock:
    return window.findChild(SlidersDock)


def choose(dock, button: str, name: str) -> None:
    menu = dock.findChild(QToolButton, button).menu()
    menu.aboutToShow.emit()
    actions = [*menu.actions(), *(one for sub in menu.findChildren(QMenu) for one in sub.actions())]
    next(action for action in actions if action.objectName() == name).trigger()


def test_pca_is_found_as_a_job_and_its_bank_comes_to_the_front(qtbot, dock, monkeypatch):
    monkeypatch.setattr(
        "latent_studio.app.models.pca_directions", lambda *_, **__: tuple(made("pca", k) for k in range(3))
    )
    choose(dock, "bank-add", "add-pca")
    qtbot.waitUntil(lambda: dock.findChild(BankTabs).current() == "pca", timeout=WAIT_MS)
    assert dock.findChild(SliderBank).shownIds() == ("pca:0", "pca:1", "pca:2")


def test_sefa_of_some_rows_takes_the_banks_place_and_starred_ones_stay(qtbot, window, dock, monkeypatch):
    asked = []

    def find(generator, sha, *, paths, variant, layers, count):
        asked.append((variant, layers, count))
        return tuple(made("sefa", k) for k in (6, 7))

    monkeypatch.setattr("latent_studio.app.models.sefa_directions", find)
    window.context.directions.library.star("sefa:1", True)
    choose(dock, "bank-add", "add-sefa-Features")
    bank = dock.findChild(SliderBank)
    qtbot.waitUntil(lambda: "sefa:6" in bank.shownIds(), timeout=WAIT_MS)
    assert asked == [("genforce", (4, 5, 6, 7), 20)]
    assert set(bank.shownIds()) == {"sefa:6", "sefa:7", "sefa:1"}


def test_a_search_that_fails_says_why_and_the_bank_stays(qtbot, window, dock, monkeypatch):
    def fail(*_, **__):
        raise InputError("There is nothing to find.", hint="Try another model.")

    monkeypatch.setattr("latent_studio.app.models.pca_directions", fail)
    posted = []
    window.context.messages.posted.connect(lambda *words: posted.append(words))
    choose(dock, "bank-add", "add-pca")
    qtbot.waitUntil(lambda: bool(posted), timeout=WAIT_MS)
    assert posted[0][1:3] == ("There is nothing to find.", "Try another model.")
    assert len(dock.findChild(SliderBank).shownIds()) == 6


def test_safe_zones_are_calibrated_as_a_job_and_remembered(qtbot, window, dock, monkeypatch):
    def calibrate(studio, direction, *, synthesis, with_pictures, cancel):
        return SimpleNamespace(low=-1.5, high=2.5)

    monkeypatch.setattr("latent_studio.app.direction_survey.calibrate_direction", calibrate)
    choose(dock, "bank-more", "more-calibrate")
    state = dock.findChild(SliderBank).rowState
    qtbot.waitUntil(
        lambda: (state("sefa:5").safe_low, state("sefa:5").safe_high) == (-1.5, 2.5), timeout=WAIT_MS
    )
    assert window.context.directions.find("sefa:0").mark.safe == (-1.5, 2.5)


def test_how_a_file_was_read_is_corrected_in_the_sheet_and_all_rows_are_moved(
    qtbot, window, dock, monkeypatch, tmp_path
):
    monkeypatch.setattr(
        "latent_studio.app.models.sample_w",
        lambda *_, **__: np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32),
    )
    num_ws = window.context.models.model.spec.num_ws
    np.save(tmp_path / "look.npy", np.ones((num_ws, 8), dtype=np.float32))
    dock.findChild(BankTools)._finder.importer.read(tmp_path / "look.npy")
    qtbot.waitUntil(lambda: window.findChild(FormSheet) is not None, timeout=WAIT_MS)
    sheet = window.findChild(FormSheet)
    text, space = sheet.findChild(QLabel, "formText"), sheet.findChild(QComboBox, "import-space")
    assert "one direction of w+" in text.text()
    space.setCurrentIndex(1)
    qtbot.waitUntil(lambda: f"{num_ws} directions in w" in text.text(), timeout=WAIT_MS)
    begin(sheet)
    kept = [entry for entry in window.context.directions.entries if entry.is_kept]
    assert len(kept) == num_ws and kept[0].direction.rows is None


def begin(sheet: FormSheet) -> None:
    sheet.findChild(QPushButton, "formBegin").click()


def test_boundaries_are_trained_and_told_how_good_they_are(qtbot, window, dock, monkeypatch):
    asked = []

    def learn(studio, options, model, progress, cancel):
        asked.append(options)
        one = SimpleNamespace(direction=made("boundary", 2))
        return (one,), ("smile: 200 + 200 examples, right for 97%.",)

    monkeypatch.setattr("latent_studio.ui.boundary_trainer.learn_boundaries", learn)
    posted = []
    window.context.messages.posted.connect(lambda *words: posted.append(words))
    choose(dock, "bank-add", "add-train")
    begin(window.findChild(FormSheet))
    qtbot.waitUntil(lambda: dock.findChild(BankTabs).current() == "boundaries", timeout=WAIT_MS)
    assert asked[0].predictor
    assert asked[0].truncation_psi == 0.7
    assert posted[0][2] == "smile: 200 + 200 examples, right for 97%."


def test_examples_that_are_not_clear_keep_the_form_open(qtbot, window, dock):
    choose(dock, "bank-add", "add-train")
    sheet = window.findChild(FormSheet)
    source = sheet.findChild(QComboBox, "train-source")
    source.setCurrentIndex(source.findData("scores"))
    assert not sheet.findChild(QWidget, "option-predictor").isVisible()
    begin(sheet)
    assert sheet.isVisible()
    assert "examples" in sheet.findChild(QLabel, "formReason").text()
    sheet.findChild(QLineEdit, "option-latents").setText("w.npy")
    begin(sheet)
    assert "belong together" in sheet.findChild(QLabel, "formReason").text()


def test_scores_come_from_a_table_alone_and_attributes_that_teach_nothing_are_named(
    qtbot, window, dock, monkeypatch
):
    asked, posted = [], []

    def learn(studio, options, model, progress, cancel):
        asked.append(options)
        one = SimpleNamespace(direction=made("boundary", 2))
        return (one,), ("smile: right for 97%.", "hat: All scores are equal.")

    monkeypatch.setattr("latent_studio.ui.boundary_trainer.learn_boundaries", learn)
    window.context.messages.posted.connect(lambda *words: posted.append(words))
    choose(dock, "bank-add", "add-train")
    sheet = window.findChild(FormSheet)
    source = sheet.findChild(QComboBox, "train-source")
    source.setCurrentIndex(source.findData("scores"))
    sheet.findChild(QLineEdit, "option-latents").setText("w.npy")
    sheet.findChild(QLineEdit, "option-scores").setText("scores.csv")
    begin(sheet)
    qtbot.waitUntil(lambda: len(posted) == 2, timeout=WAIT_MS)
    assert asked[0].predictor is None and str(asked[0].scores) == "scores.csv"
    assert posted[1][2] == "hat: All scores are equal."
