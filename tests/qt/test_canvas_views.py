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
