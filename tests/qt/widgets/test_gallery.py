"""The whole set in one window: looks, names, and the way of the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QWidget

from latent_studio.ui.theme import DARK, LIGHT
from latent_studio.ui.widgets.edit_list import EditList
from latent_studio.ui.widgets.latent_canvas import LatentCanvas
from latent_studio.ui.widgets.number_label import NumberLabel
from latent_studio.ui.widgets.value_slider import ValueSlider
from tests.qt.widgets.gallery import Gallery, picture_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtGui import QImage
    from pytestqt.qtbot import QtBot

    from latent_studio.ui.theme import Theme


@pytest.fixture
def gallery(qtbot: QtBot) -> Iterator[Gallery]:
    found = Gallery()
    qtbot.addWidget(found)
    found.show()
    qtbot.waitExposed(found)
    yield found


def share_of(picture: QImage, colour: str) -> float:
    """Which share of a coarse grid of points has this colour."""
    wanted = QColor(colour)
    points = [
        picture.pixelColor(x, y)
        for x in range(3, picture.width(), 29)
        for y in range(3, picture.height(), 19)
    ]
    return sum(point == wanted for point in points) / len(points)


@pytest.mark.parametrize("mode", ["dark", "light"])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_the_gallery_wears_the_theme_on_every_density(
    gallery: Gallery, look: Theme, tmp_path: Path, mode: str, ratio: float
) -> None:
    look.setMode("dark" if mode == "dark" else "light")
    QApplication.processEvents()
    picture = picture_of(gallery, ratio=ratio)
    assert picture.save(str(tmp_path / f"gallery-{mode}-{ratio}.png"))
    mine, other = (DARK, LIGHT) if mode == "dark" else (LIGHT, DARK)
    assert share_of(picture, mine.panel) > 0.2
    assert share_of(picture, mine.ground) > 0.05
    assert share_of(picture, other.panel) < 0.01
    assert share_of(picture, other.ground) < 0.01
    # The toolkit's own greys, dark and light.
    for grey in ("#323232", "#353535", "#efefef", "#f0f0f0"):
        assert share_of(picture, grey) == 0


def test_everything_that_takes_the_keyboard_has_a_name(gallery: Gallery) -> None:
    ours = (ValueSlider, NumberLabel, LatentCanvas, EditList)
    nameless = [
        f"{type(widget).__name__} {widget.objectName()!r}"
        for widget in gallery.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and (isinstance(widget, ours) or _is_part_of_ours(widget))
        and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]
    assert nameless == []


def _is_part_of_ours(widget: QWidget) -> bool:
    """Whether one of our compound widgets made it (the gallery's own bare controls have no names)."""
    place = widget.parentWidget()
    while place is not None:
        if type(place).__module__.startswith("latent_studio."):
            return place.objectName() != "panelBody" and type(place).__name__ != "Panel"
        if type(place) is QWidget and place.objectName() in ("panelBody", "page"):
            return False
        place = place.parentWidget()
    return False


def test_every_button_of_ours_has_a_tooltip_and_an_object_name(gallery: Gallery) -> None:
    bare = [
        f"{type(button).__name__} {button.objectName()!r} in {type(button.parentWidget()).__name__}"
        for button in gallery.findChildren(QAbstractButton)
        if _is_part_of_ours(button) and not (button.toolTip() and button.objectName())
    ]
    assert bare == []


def test_tab_reaches_every_control_in_sight(gallery: Gallery, qtbot: QtBot) -> None:
    gallery.activateWindow()
    gallery.seed.focusSeed()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    reached: set[QWidget] = set()
    told: set[tuple[QWidget, str]] = set()
    for _ in range(600):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        # A row's widget shows another direction after scrolling.
        stop = (focused, focused.accessibleName())
        if stop in told:
            break
        told.add(stop)
        reached.add(focused)
    assert sum(name.startswith("Amount of") for _, name in told) == 38, "all rows of the bank"
    wanted = [
        widget
        for widget in gallery.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and isinstance(
            widget,
            ValueSlider
            | NumberLabel
            | LatentCanvas
            | EditList
            | QAbstractButton
            | QComboBox
            | QAbstractSpinBox
            | QLineEdit,
        )
        and not isinstance(widget.parentWidget(), QComboBox | QAbstractSpinBox)
    ]
    missed = [
        f"{type(widget).__name__} {widget.objectName()!r}" for widget in wanted if widget not in reached
    ]
    # Of a group of radio buttons the arrow keys reach the others.
    assert [name for name in missed if not name.startswith("QRadioButton")] == []


def test_nothing_is_cut_off_in_a_small_window(gallery: Gallery, qtbot: QtBot) -> None:
    for widget in (gallery.psi, gallery.seed, gallery.rows, gallery.bar):
        assert widget.width() >= widget.minimumSizeHint().width()
        assert widget.height() >= widget.minimumSizeHint().height()
