"""CanvasViews: what can stand in the middle of the window, one at a time: picture, grid, comparison, map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QStackedWidget, QWidget

from latent_studio.ui.widgets.view_tabs import ViewTabs

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QToolButton

    from latent_studio.ui.api import DockContext
    from latent_studio.ui.widgets.panel import Panel

#: The id of the view that is there from the beginning.
PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class CanvasView:
    """One view.

    Attributes:
        id: stable: its action is ``action-view-ID``, its tab ``view-tab-ID``.
        title: shown on its tab.
        content: ``"module:class"`` of its widget, made with a ``DockContext`` when it is first seen.
        shortcut: brings it to the front.
        tooltip: one sentence on what it shows.
    """

    id: str
    title: str
    content: str
    shortcut: str
    tooltip: str

    def make_content(self, context: DockContext) -> QWidget:
        """Import and make the widget."""
        module, _, name = self.content.partition(":")
        factory = cast("Callable[[DockContext], QWidget]", getattr(import_module(module), name))
        return factory(context)


def bundled_views() -> tuple[CanvasView, ...]:
    """The views beside the picture, in the order of their tabs."""
    package = "latent_studio.ui.views"

    def tr(text: str) -> str:
        return QCoreApplication.translate("canvas_views", text)

    return (
        CanvasView(
            "map",
            tr("Map"),
            f"{package}.latent_map:LatentMapView",
            "F4",
            tr("Samples of the model in a plane: walk there, choose some, draw a path."),
        ),
        CanvasView(
            "grid",
            tr("Grid"),
            f"{package}.grid:GridView",
            "F7",
            tr("Variations of the picture to pick from, and a gallery of seeds."),
        ),
        CanvasView(
            "compare",
            tr("A | B"),
            f"{package}.compare:CompareView",
            "F8",
            tr("The picture beside up to three others: flip, wipe, side by side, difference."),
        ),
        CanvasView(
            "sheet",
            tr("Sheet"),
            f"{package}.direction_sheet:DirectionSheet",
            "F9",
            tr("What every direction does to this picture, at one sight."),
        ),
        CanvasView(
            "rating",
            tr("Rate"),
            f"{package}.rating:RatingView",
            "Shift+F9",
            tr("Thumbs up and down on samples: a direction after every ten."),
        ),
    )


class CanvasViews(QObject):
    """Makes the tabs in the canvas's title and shows one view at a time.

    Args:
        panel: the canvas's card; tabs go into its title, views into its content.
        picture: the view that is always there.
        context: given to the others when they are first seen.
        picture_tools: small buttons in the title that only the picture needs.
    """

    #: The id of the view that is in front now.
    changed = Signal(str)

    def __init__(
        self,
        panel: Panel,
        picture: QWidget,
        context: DockContext,
        *,
        views: tuple[CanvasView, ...] | None = None,
        picture_tools: tuple[QToolButton, ...] = (),
    ) -> None:
        super().__init__(panel)
        self._context = context
        self._tabs = ViewTabs(picture_tools, panel)
        panel.addHeaderWidget(self._tabs)
        self._stack = QStackedWidget(panel)
        self._stack.setObjectName("canvas-views")
        self._stack.addWidget(picture)
        self._widgets: dict[str, QWidget] = {PICTURE: picture}
        self._group = QActionGroup(self)
        self._actions: dict[str, QAction] = {}
        self._views = {view.id: view for view in (bundled_views() if views is None else views)}
        self._current = PICTURE
        window = panel.window()
        self._add_tab(window, _picture_view())
        for view in self._views.values():
            self._add_tab(window, view)
        self._actions[PICTURE].setChecked(True)
        panel.contentLayout().addWidget(self._stack, 1)

    @property
    def current(self) -> str:
        """The id of the view in front."""
        return self._current

    def actions(self) -> list[QAction]:
        """Actions that bring the views to the front, in the order of the tabs."""
        return list(self._actions.values())

    def widget(self, id: str) -> QWidget:
        """A view's widget, made now if it was never seen."""
        if id not in self._widgets:
            self._widgets[id] = self._views[id].make_content(self._context)
            self._stack.addWidget(self._widgets[id])
        return self._widgets[id]

    def bring(self, id: str) -> None:
        """Show a view and give it the keyboard."""
        widget = self.widget(id)
        self._actions[id].setChecked(True)
        self._stack.setCurrentWidget(widget)
        self._tabs.setToolsShown(id == PICTURE)
        widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if id != self._current:
            self._current = id
            self.changed.emit(id)

    def _add_tab(self, window: QWidget, view: CanvasView) -> None:
        action = QAction(view.title, window)
        action.setObjectName(f"action-view-{view.id}")
        action.setToolTip(view.tooltip)
        action.setStatusTip(view.tooltip)
        action.setCheckable(True)
        action.setShortcut(QKeySequence(view.shortcut))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(partial(self._take_action, view.id))
        self._group.addAction(action)
        window.addAction(action)
        self._actions[view.id] = action
        self._tabs.addTab(action, f"view-tab-{view.id}")

    def _take_action(self, id: str, checked: bool = True) -> None:
        self.bring(id)


def _picture_view() -> CanvasView:
    return CanvasView(
        PICTURE,
        QCoreApplication.translate("canvas_views", "Picture"),
        "",
        "F5",
        QCoreApplication.translate("canvas_views", "The picture, as large as there is room."),
    )
