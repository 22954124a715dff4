from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from latent_studio.ui import canvas_views
from latent_studio.ui.canvas_views import CanvasView


class OtherView(QLabel):
    """A view that counts how often it was made."""

    made = 0

    def __init__(self, context) -> None:
        super().__init__("other")
        type(self).made += 1
        self.context = context
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


def other_views() -> tuple[CanvasView, ...]:
    return (CanvasView("other", "Other", f"{__name__}:OtherView", "Ctrl+F12", "Something else."),)


def test_a_view_is_made_when_it_is_first_seen_and_kept(qtbot, open_window, monkeypatch):
    monkeypatch.setattr(canvas_views, "bundled_views", other_views)
    monkeypatch.setattr(canvas_views, "import_module", lambda name: __import__("sys").modules[name])
    OtherView.made = 0
    window = open_window()
    seen = []
    window.views.changed.connect(seen.append)
    assert OtherView.made == 0

    window.resize(1480, 900)
    tab = window.findChild(QToolButton, "view-tab-other")
    qtbot.mouseClick(tab, Qt.MouseButton.LeftButton)
    assert window.views.current == "other"
    assert window.views.widget("other").context is window.context
    assert not window.canvas.isVisible()
    assert window.findChild(QWidget, "button-zoom_in").isHidden()

    window.views.bring("picture")
    window.views.bring("other")
    assert OtherView.made == 1
    assert seen == ["other", "picture", "other"]


def test_the_views_are_in_the_menu_the_palette_and_on_keys(qtbot, open_window, monkeypatch):
    monkeypatch.setattr(canvas_views, "bundled_views", other_views)
    window = open_window()
    actions = {action.objectName(): action for action in window.views.actions()}

    assert list(actions) == ["action-view-picture", "action-view-other"]
    assert actions["action-view-picture"].isChecked()
    menu = next(a.menu() for a in window.menuBar().actions() if a.menu().objectName() == "menu-view")
    assert set(actions.values()) <= set(menu.actions())
    assert actions["action-view-picture"].shortcut().toString() == "F5"


def test_tabs_can_be_reached_and_are_named(window):
    tab = window.findChild(QToolButton, "view-tab-picture")

    assert tab.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert tab.accessibleName() == "Picture"
    assert tab.toolTip()


def test_where_room_is_short_the_tabs_become_a_menu_and_then_the_tools_go(qtbot):
    from PySide6.QtGui import QAction

    from latent_studio.ui.widgets.view_tabs import ViewTabs

    tools = [QToolButton() for _ in range(2)]
    tabs = ViewTabs(tools)
    qtbot.addWidget(tabs)
    actions = [QAction(text, tabs) for text in ("Picture", "Grid", "Comparison")]
    for action in actions:
        action.setCheckable(True)
        tabs.addTab(action, f"tab-{action.text()}")
    actions[0].setChecked(True)
    menu = tabs.findChild(QToolButton, "view-tabs-menu")
    tabs.show()

    def shown() -> tuple[bool, bool, bool]:
        return (
            not tools[0].isHidden(),
            not tabs.findChild(QToolButton, "tab-Grid").isHidden(),
            not menu.isHidden(),
        )

    tabs.resize(tabs.sizeHint())
    assert shown() == (True, True, False)
    tabs.resize(tabs.sizeHint().width() - 20, 30)
    assert shown() == (True, False, True)
    assert menu.text() == "Picture"
    tabs.resize(tabs.minimumSizeHint())
    assert shown() == (False, False, True)
    tabs.setToolsShown(False)
    tabs.resize(tabs.sizeHint())
    assert shown() == (False, True, False)
