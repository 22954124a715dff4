"""Panel, PanelDock and ElidedLabel: cards, titles, and lines that end in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QEnterEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLabel,
    QMainWindow,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.ui.theme import DARK
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.panel import PADDING_X, Panel, PanelTitle
from latent_studio.ui.widgets.panel_dock import PanelDock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def panel(qtbot: QtBot) -> Panel:
    found = Panel("Latent")
    qtbot.addWidget(found)
    found.contentLayout().addWidget(QLabel("content"))
    found.resize(200, 120)
    found.show()
    return found


def test_a_title_is_painted_in_capitals_and_spoken_as_written(panel: Panel) -> None:
    title = panel.findChild(PanelTitle)
    assert title.text() == "LATENT"
    assert title.accessibleName() == "Latent"
    assert panel.titleText() == "Latent"
    panel.setTitle("Model")
    assert title.text() == "MODEL"
    assert panel.accessibleName() == "Model"


def test_a_panel_is_a_rounded_card_with_a_border(panel: Panel) -> None:
    seen = panel.grab().toImage()
    assert seen.pixelColor(100, 100) == QColor(DARK.panel)
    assert seen.pixelColor(100, 0) == QColor(DARK.line)
    assert seen.pixelColor(0, 0) != QColor(DARK.line), "the corner is cut"


def test_a_panel_without_a_title_has_no_header_until_it_gets_one(qtbot: QtBot) -> None:
    panel = Panel()
    qtbot.addWidget(panel)
    header = panel.findChild(QWidget, "panelHeader")
    assert header.isHidden()
    panel.addHeaderWidget(QLabel("Z → W"))
    assert not header.isHidden()


def test_folding_by_the_user_is_told_and_by_a_setter_is_not(panel: Panel, qtbot: QtBot) -> None:
    panel.setCollapsible(True)
    body, fold = panel.findChild(QWidget, "panelBody"), panel.findChild(QToolButton, "panelFold")
    with qtbot.waitSignal(panel.collapsedChanged) as told:
        fold.click()
    assert told.args == [True]
    assert body.isHidden()
    with qtbot.assertNotEmitted(panel.collapsedChanged):
        panel.setCollapsed(False)
    assert not body.isHidden()


def test_what_cannot_be_folded_any_more_is_unfolded(panel: Panel) -> None:
    panel.setCollapsible(True)
    panel.setCollapsed(True)
    panel.setCollapsible(False)
    assert not panel.isCollapsed()


@pytest.fixture
def dock(qtbot: QtBot) -> Iterator[PanelDock]:
    window = QMainWindow()
    qtbot.addWidget(window)
    found = PanelDock("Sliders", window)
    found.setObjectName("sliders")
    content = QWidget()
    QVBoxLayout(content).addWidget(QLabel("content"))
    found.setWidget(content)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, found)
    window.resize(500, 300)
    window.show()
    yield found


def test_title_and_content_of_a_dock_stand_on_one_card(dock: PanelDock) -> None:
    seen = dock.grab().toImage()
    middle = dock.width() // 2
    assert seen.pixelColor(middle, 0) == QColor(DARK.line)
    colours = {seen.pixelColor(4, y).name() for y in range(10, dock.height() - 10)}
    assert colours == {DARK.panel}


def test_the_content_of_a_dock_gets_the_margins_of_a_card(dock: PanelDock) -> None:
    assert dock.widget().layout().contentsMargins().left() == PADDING_X


def set_mouse_over(dock: PanelDock, over: bool) -> None:
    dock.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, over)
    spot = QPointF(5, 5)
    event = QEnterEvent(spot, spot, dock.mapToGlobal(spot)) if over else QEvent(QEvent.Type.Leave)
    QApplication.sendEvent(dock, event)


def test_the_small_buttons_of_a_dock_show_under_the_mouse(dock: PanelDock) -> None:
    close = dock.findChild(QToolButton, "dockClose")
    set_mouse_over(dock, False)
    assert not close.isVisible()
    set_mouse_over(dock, True)
    assert close.isVisible()
    set_mouse_over(dock, False)
    assert not close.isVisible()


def test_a_dock_that_may_not_be_closed_has_no_cross(dock: PanelDock) -> None:
    dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
    set_mouse_over(dock, True)
    assert not dock.findChild(QToolButton, "dockClose").isVisible()
    assert not dock.findChild(QToolButton, "dockFloat").isVisible()


def test_the_buttons_of_a_dock_float_and_hide_it(dock: PanelDock) -> None:
    dock.findChild(QToolButton, "dockFloat").click()
    assert dock.isFloating()
    dock.findChild(QToolButton, "dockFloat").click()
    assert not dock.isFloating()
    dock.findChild(QToolButton, "dockClose").click()
    assert dock.isHidden()
    dock.toggleViewAction().trigger()
    assert not dock.isHidden()


def test_the_title_of_a_dock_follows_its_window_title(dock: PanelDock) -> None:
    dock.setWindowTitle("Boundaries")
    assert dock.findChild(PanelTitle).text() == "BOUNDARIES"


def test_a_line_that_does_not_fit_says_itself_in_its_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("a very long name of a very long model.safetensors")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.show()
    assert label.isElided()
    assert label.toolTip() == label.text()
    assert label.minimumSizeHint().width() < 60
    label.resize(600, 20)
    assert not label.isElided()
    assert label.toolTip() == ""
