"""ValueSlider: follows the hand, and tells gestures apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor

from latent_studio.ui.theme import DARK
from latent_studio.ui.widgets.value_slider import ValueSlider
from tests.qt.widgets.hands import (
    CTRL,
    SHIFT,
    click,
    double_click,
    drag,
    key,
    key_down,
    key_up,
    move,
    press,
    release,
    wheel,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

MIDDLE = 10.0


class Log:
    """What the slider said, in order."""

    def __init__(self, slider: ValueSlider) -> None:
        self.said: list[str | float] = []
        slider.valueChanged.connect(self.said.append)
        slider.gestureStarted.connect(lambda: self.said.append("start"))
        slider.gestureFinished.connect(lambda: self.said.append("finish"))

    @property
    def values(self) -> list[float]:
        return [entry for entry in self.said if isinstance(entry, float)]

    @property
    def gestures(self) -> list[str]:
        return [entry for entry in self.said if isinstance(entry, str)]


@pytest.fixture
def slider(qtbot: QtBot) -> ValueSlider:
    """From -5 to 5, 200 px of track and a bit."""
    found = ValueSlider()
    qtbot.addWidget(found)
    found.setRange(-5, 5)
    found.setStep(0.5)
    found.resize(217, 20)
    found.show()
    return found


@pytest.fixture
def log(slider: ValueSlider) -> Log:
    return Log(slider)


def x_of(slider: ValueSlider, value: float) -> float:
    return slider.positionOf(value).x()


def at(slider: ValueSlider, value: float) -> tuple[float, float]:
    return x_of(slider, value), MIDDLE


def test_setters_show_and_stay_silent(slider: ValueSlider, log: Log) -> None:
    slider.setValue(2.5)
    slider.setRange(-3, 8)
    slider.setSafeZone(-1, 1)
    slider.setDefault(1)
    slider.setStep(0.1)
    slider.setRange(-3, 2)
    assert slider.value() == 2
    assert log.said == []


def test_a_click_on_the_track_calls_the_knob(slider: ValueSlider, log: Log) -> None:
    click(slider, at(slider, 3.0))
    assert slider.value() == pytest.approx(3.0)
    assert log.said == ["start", pytest.approx(3.0), "finish"]


def test_taking_the_knob_off_its_centre_does_not_move_it(slider: ValueSlider, log: Log) -> None:
    slider.setValue(2)
    press(slider, (x_of(slider, 2) + 4, MIDDLE))
    assert slider.value() == 2
    release(slider, (x_of(slider, 2) + 4, MIDDLE))
    assert log.said == ["start", "finish"]


def test_every_move_of_a_drag_is_told(slider: ValueSlider, log: Log) -> None:
    start = x_of(slider, 0)
    drag(slider, (start, MIDDLE), *((start + 10 + step, MIDDLE) for step in range(50)))
    assert len(log.values) == 50
    assert log.values == sorted(log.values)
    assert log.gestures == ["start", "finish"]
    assert log.said[0] == "start"
    assert log.said[-1] == "finish"


def test_a_drag_beyond_the_end_comes_back_only_when_the_hand_does(slider: ValueSlider) -> None:
    press(slider, at(slider, 0))
    move(slider, (x_of(slider, 5) + 100, MIDDLE))
    assert slider.value() == 5
    move(slider, (x_of(slider, 5) + 40, MIDDLE))
    assert slider.value() == 5
    move(slider, (x_of(slider, 4), MIDDLE))
    assert slider.value() == pytest.approx(4)
    release(slider, (x_of(slider, 4), MIDDLE))


def test_shift_makes_a_drag_ten_times_finer(slider: ValueSlider) -> None:
    slider.setValue(1)
    start = x_of(slider, 1)
    press(slider, (start, MIDDLE))
    move(slider, (start + 20, MIDDLE), modifiers=SHIFT)
    coarse = slider._value_at(start + 20) - 1
    assert slider.value() - 1 == pytest.approx(coarse / 10)
    release(slider, (start + 20, MIDDLE))


def test_letting_go_of_shift_does_not_jump(slider: ValueSlider) -> None:
    slider.setValue(1)
    start = x_of(slider, 1)
    press(slider, (start, MIDDLE))
    move(slider, (start + 50, MIDDLE), modifiers=SHIFT)
    fine = slider.value()
    move(slider, (start + 50, MIDDLE))
    assert slider.value() == fine
    release(slider, (start + 50, MIDDLE))


def test_coming_near_the_default_snaps_to_it_unless_fine(slider: ValueSlider) -> None:
    slider.setValue(2)
    press(slider, at(slider, 2))
    move(slider, (x_of(slider, 0) + 2, MIDDLE))
    assert slider.value() == 0
    release(slider, (x_of(slider, 0) + 2, MIDDLE))
    slider.setValue(0.04)
    press(slider, at(slider, 0.04))
    move(slider, (x_of(slider, 0.04) + 2, MIDDLE), modifiers=SHIFT)
    assert 0.04 < slider.value() < 0.1
    release(slider, (x_of(slider, 0.04) + 2, MIDDLE))


def test_uneven_ends_put_zero_where_it_belongs(slider: ValueSlider) -> None:
    slider.setRange(-2, 8)
    left, right = x_of(slider, -2), x_of(slider, 8)
    assert x_of(slider, 0) == pytest.approx(left + (right - left) * 0.2)
    click(slider, (right + 5, MIDDLE))
    assert slider.value() == 8
    click(slider, (left - 5, MIDDLE))
    assert slider.value() == -2


def test_escape_brings_back_what_the_drag_began_with(slider: ValueSlider, log: Log) -> None:
    slider.setValue(1)
    press(slider, at(slider, 1))
    move(slider, at(slider, 4))
    key(slider, Qt.Key.Key_Escape)
    assert slider.value() == 1
    assert log.gestures == ["start", "finish"]
    release(slider, at(slider, 4))
    assert log.gestures == ["start", "finish"]


def test_the_hand_wins_over_a_setter_while_it_drags(slider: ValueSlider) -> None:
    press(slider, at(slider, 0))
    move(slider, at(slider, 3))
    slider.setValue(-4)
    assert slider.value() == pytest.approx(3)
    release(slider, at(slider, 3))
    slider.setValue(-4)
    assert slider.value() == -4


def test_a_run_of_wheel_notches_is_one_gesture(slider: ValueSlider, log: Log, qtbot: QtBot) -> None:
    with qtbot.waitSignal(slider.gestureFinished):
        for _ in range(3):
            assert wheel(slider, 1)
    assert log.said == ["start", 0.5, 1.0, 1.5, "finish"]


def test_the_wheel_with_shift_goes_a_tenth(slider: ValueSlider) -> None:
    wheel(slider, -1, modifiers=SHIFT)
    assert slider.value() == pytest.approx(-0.05)


def test_a_press_ends_the_gesture_of_the_wheel(slider: ValueSlider, log: Log) -> None:
    wheel(slider, 1)
    press(slider, at(slider, 0.5))
    release(slider, at(slider, 0.5))
    assert log.gestures == ["start", "finish", "start", "finish"]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (Qt.Key.Key_Right, 1.5),
        (Qt.Key.Key_Up, 1.5),
        (Qt.Key.Key_Left, 0.5),
        (Qt.Key.Key_Down, 0.5),
        (Qt.Key.Key_PageUp, 5.0),
        (Qt.Key.Key_PageDown, -4.0),
        (Qt.Key.Key_Home, -5.0),
        (Qt.Key.Key_End, 5.0),
        (Qt.Key.Key_Delete, 0.0),
    ],
)
def test_each_key_goes_where_it_says(slider: ValueSlider, which: Qt.Key, expected: float) -> None:
    slider.setValue(1)
    key(slider, which)
    assert slider.value() == pytest.approx(expected)


def test_an_arrow_with_shift_goes_a_tenth(slider: ValueSlider) -> None:
    key(slider, Qt.Key.Key_Right, modifiers=SHIFT)
    assert slider.value() == pytest.approx(0.05)


def test_arrows_with_control_are_left_to_others(slider: ValueSlider, log: Log) -> None:
    key(slider, Qt.Key.Key_Right, modifiers=CTRL)
    assert log.said == []


def test_a_held_key_is_one_gesture(slider: ValueSlider, log: Log, qtbot: QtBot) -> None:
    with qtbot.waitSignal(slider.gestureFinished):
        key_down(slider, Qt.Key.Key_Right)
        for _ in range(4):
            key_down(slider, Qt.Key.Key_Right, repeat=True)
        key_up(slider, Qt.Key.Key_Right)
    assert log.gestures == ["start", "finish"]
    assert len(log.values) == 5


def test_losing_the_keyboard_ends_the_gesture_of_the_keys(slider: ValueSlider, log: Log) -> None:
    slider.setFocus()
    key(slider, Qt.Key.Key_Right)
    assert log.gestures == ["start"]
    slider.clearFocus()
    assert log.gestures == ["start", "finish"]


def test_hiding_ends_a_drag(slider: ValueSlider, log: Log) -> None:
    press(slider, at(slider, 2))
    slider.hide()
    assert log.gestures == ["start", "finish"]


def test_double_click_goes_to_the_default(slider: ValueSlider, log: Log) -> None:
    slider.setDefault(1)
    slider.setValue(4)
    double_click(slider, at(slider, 4))
    assert slider.value() == 1
    assert log.values == [1]
    assert log.gestures.count("start") == log.gestures.count("finish")
    assert log.said[-1] == "finish"


def test_change_to_is_one_gesture(slider: ValueSlider, log: Log) -> None:
    slider.changeTo(2.5)
    assert log.said == ["start", 2.5, "finish"]


def test_integer_mode_knows_only_whole_numbers(slider: ValueSlider, log: Log) -> None:
    slider.setIntegerMode(True)
    slider.setRange(0, 14)
    click(slider, at(slider, 6.4))
    assert slider.value() == 6
    key(slider, Qt.Key.Key_Right, modifiers=SHIFT)
    assert slider.value() == 7
    for _ in range(4):
        wheel(slider, 0.25)
    assert slider.value() == 8
    assert slider.valueText() == "8"
    assert all(value == round(value) for value in log.values)


def test_decimals_round_what_the_user_sets(slider: ValueSlider, log: Log) -> None:
    slider.setDecimals(1)
    drag(slider, at(slider, 0), at(slider, 1.234), at(slider, 2.345))
    assert log.values == [1.2, 2.3]


def test_a_value_told_to_those_who_hear_it(slider: ValueSlider) -> None:
    slider.setSuffix("σ")
    slider.setValue(1.4)
    assert slider.accessibleDescription() == "1.40 σ"
    assert slider.accessibleName()


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 1), (float("nan"), 1), (0, float("inf"))])
def test_an_impossible_range_is_refused(slider: ValueSlider, low: float, high: float) -> None:
    with pytest.raises(ValueError, match="not a range"):
        slider.setRange(low, high)


def test_a_value_that_is_no_number_is_not_shown(slider: ValueSlider) -> None:
    slider.setValue(2)
    slider.setValue(float("nan"))
    assert slider.value() == 2


def test_the_accent_runs_from_zero_to_the_knob(slider: ValueSlider) -> None:
    slider.setSafeZone(-2, 4)
    slider.setValue(3)
    seen = slider.grab().toImage()
    accent, safe, track = QColor(DARK.accent), QColor(DARK.safe), QColor(DARK.track)
    middle = seen.height() // 2
    assert seen.pixelColor(round(x_of(slider, 1.5)), middle) == accent
    assert seen.pixelColor(round(x_of(slider, -1)), middle) == safe
    assert seen.pixelColor(round(x_of(slider, -3.5)), middle) == track
    assert seen.pixelColor(round(x_of(slider, 4.5)), middle) == track
    assert seen.pixelColor(round(x_of(slider, 3)), middle) == QColor(DARK.knob)


def test_the_knob_is_muted_at_zero(slider: ValueSlider) -> None:
    seen = slider.grab().toImage()
    assert seen.pixelColor(round(x_of(slider, 0)), seen.height() // 2) == QColor(DARK.muted)
    assert slider.value() == 0


def test_the_ring_shows_for_the_keyboard_and_not_for_the_mouse(slider: ValueSlider) -> None:
    accent = QColor(DARK.accent)

    def ringed() -> bool:
        seen = slider.grab().toImage()
        return seen.pixelColor(seen.width() // 2, 0) == accent

    slider.setFocus(Qt.FocusReason.MouseFocusReason)
    click(slider, at(slider, 2))
    assert not ringed()
    key(slider, Qt.Key.Key_Right)
    assert ringed()


def test_assistive_technology_sees_a_slider_with_its_value(slider: ValueSlider) -> None:
    slider.setAccessibleName("smile")
    slider.setSuffix("σ")
    slider.setValue(-0.8)
    seen = QAccessible.queryAccessibleInterface(slider)
    assert seen.role() == QAccessible.Role.Slider
    assert seen.text(QAccessible.Text.Name) == "smile"
    assert seen.text(QAccessible.Text.Value) == "-0.80 σ"
