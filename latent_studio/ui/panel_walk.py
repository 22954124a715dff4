"""PanelWalk: from panel to panel by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latent_studio.ui.actions import Actions
    from latent_studio.ui.canvas_views import CanvasViews
    from latent_studio.ui.docking import Docking


class PanelWalk(QObject):
    """Does what "Next panel" and "Previous panel" say: the canvas, then every dock that can be seen.

    Args:
        actions: the window's.
        views: what stands in the middle.
        docking: the docks.
        parent: Qt owner.
    """

    def __init__(
        self, actions: Actions, *, views: CanvasViews, docking: Docking, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._views = views
        self._docking = docking
        actions["next_panel"].triggered.connect(self.go_on)
        actions["previous_panel"].triggered.connect(self.go_back)

    @Slot()
    def go_on(self) -> None:
        """Give the keyboard to the panel after this one."""
        self._go(1)

    @Slot()
    def go_back(self) -> None:
        """Give it to the panel before."""
        self._go(-1)

    def _go(self, step: int) -> None:
        panels = [self._views.widget(self._views.current), *self._docking.contents_seen()]
        focused = QApplication.focusWidget()
        here = next(
            (place for place, panel in enumerate(panels) if focused is not None and _holds(panel, focused)),
            -1 if step > 0 else 0,
        )
        # A panel in which nothing can be done now is passed over.
        for distance in range(1, len(panels) + 1):
            control = _first_control(panels[(here + step * distance) % len(panels)])
            if control is not None:
                control.setFocus(Qt.FocusReason.TabFocusReason)
                return


def _holds(panel: QWidget, widget: QWidget) -> bool:
    return panel is widget or panel.isAncestorOf(widget)


def _first_control(panel: QWidget) -> QWidget | None:
    """Where the keyboard goes in a panel: where it says itself, else its first control."""
    proxy = panel.focusProxy()
    if proxy is not None and _can_focus(proxy):
        return proxy
    return next((widget for widget in _in_tab_order(panel) if _can_focus(widget)), None)


def _in_tab_order(panel: QWidget) -> Iterator[QWidget]:
    yield panel
    following = panel.nextInFocusChain()
    while following is not None and following is not panel:
        if panel.isAncestorOf(following):
            yield following
        following = following.nextInFocusChain()


def _can_focus(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.isVisible() and widget.isEnabled()
