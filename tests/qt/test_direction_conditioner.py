"""A direction made free of others in the window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton

from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.spaces import Space
from latent_studio.ui.direction_conditioner import ConditionForm
from latent_studio.ui.docks.sliders import SlidersDock
from latent_studio.ui.widgets.form_sheet import FormSheet
from tests.qt.conftest import WAIT_MS

VECTORS = {
    "smile": (1, 0, 0, 0, 0, 0, 0, 0),
    "age": (3, 4, 0, 0, 0, 0, 0, 0),
    "grey": (0, 1, 1, 0, 0, 0, 0, 0),
    "older and greyer": (3, 5, 1, 0, 0, 0, 0, 0),
}


@pytest.fixture
def sheet(window, monkeypatch) -> FormSheet:
    monkeypatch.setattr(
        "latent_studio.app.models.sample_w",
        lambda generator, count: np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32),
    )
    window.context.directions.library.keep(
        [
            LinearDirection(f"b:{name}", name, Space.W, vector, info=DirectionInfo("boundary"))
            for name, vector in VECTORS.items()
        ]
    )
    menu = window.findChild(SlidersDock).make_menu("b:smile")
    next(action for action in menu.actions() if action.objectName() == "slider-condition").trigger()
    return window.findChild(FormSheet)


def tick(sheet: FormSheet, *names: str) -> None:
    found = sheet.findChild(QListWidget, "condition-list")
    for row in range(found.count()):
        item = found.item(row)
        word = item.text().split("   ")[0]
        item.setCheckState(Qt.CheckState.Checked if word in names else Qt.CheckState.Unchecked)


def test_what_is_left_is_a_slider_and_says_how_much_of_it_there_is(qtbot, window, sheet):
    keep = sheet.findChild(QPushButton, "formBegin")
    assert not keep.isEnabled()
    tick(sheet, "age")
    assert "0.80" in sheet.findChild(QLabel, "condition-left").text()
    qtbot.mouseClick(keep, Qt.MouseButton.LeftButton)

    def made() -> list[LinearDirection]:
        bank = window.context.directions.bank("boundaries")
        return [entry.direction for entry in bank if entry.direction.name == "smile without age"]

    qtbot.waitUntil(lambda: bool(made()), timeout=WAIT_MS)
    (direction,) = made()
    assert direction.vector @ np.array(VECTORS["age"]) == pytest.approx(0.0, abs=1e-6)
    assert direction.vector[0] == pytest.approx(0.8)


def test_dependent_conditions_are_refused_in_one_sentence_and_the_bank_stays(window, sheet):
    tick(sheet, "age", "grey", "older and greyer")
    reason = sheet.findChild(QLabel, "formReason").text()
    assert "'older and greyer' depends on the other conditions" in reason
    assert not sheet.findChild(QPushButton, "formBegin").isEnabled()
    assert len(window.context.directions.bank("boundaries")) == len(VECTORS)
    tick(sheet, "age", "grey")
    assert sheet.findChild(QLabel, "formReason").text() == ""
    assert sheet.findChild(QPushButton, "formBegin").isEnabled()


def test_the_filter_leaves_what_is_ticked_in_sight(window, sheet):
    form, found = sheet.findChild(ConditionForm), sheet.findChild(QListWidget, "condition-list")
    tick(sheet, "grey")
    form._filter.setText("AGE")
    shown = [
        found.item(k).text().split("   ")[0] for k in range(found.count()) if not found.item(k).isHidden()
    ]
    assert shown == ["age", "grey"]
