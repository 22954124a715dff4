"""Docking: the docks of a window, made from the catalogue, in their first layout or where they were left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QChildEvent, QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFrame, QMainWindow, QScrollArea, QTabBar, QTabWidget, QWidget

from latent_studio.ui.dock_catalog import DockEntry, bundled_docks
from latent_studio.ui.measures import LEFT_WIDTH, MARGIN, RIGHT_WIDTH
from latent_studio.ui.widgets.panel import PADDING_X, PADDING_Y
from latent_studio.ui.widgets.panel_dock import PanelDock

if TYPE_CHECKING:
    from latent_studio.ui.api import DockContext

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
_LEAST_HEIGHT = 80
_LEAST_WIDTH = 160


@runtime_checkable
class WithHeader(Protocol):
    """A dock's content that puts small widgets into the title."""

    def headerWidgets(self) -> tuple[QWidget, ...]:
        """They, from left to right."""
        ...


class Docking(QObject):
    """Makes the docks and puts them in place.

    Args:
        window: where they are placed; its owner.
        context: given to their contents.
    """

    #: A ``QAction`` that shows and hides a dock which came later.
    dock_added = Signal(QAction)
    #: The same of one that is about to go.
    dock_removed = Signal(QAction)

    def __init__(self, window: QMainWindow, context: DockContext) -> None:
        super().__init__(window)
        self._window = window
        self._context = context
        self._entries: tuple[DockEntry, ...] = bundled_docks()
        for corner, area in (
            (Qt.Corner.TopLeftCorner, _LEFT),
            (Qt.Corner.BottomLeftCorner, _LEFT),
            (Qt.Corner.TopRightCorner, _RIGHT),
            (Qt.Corner.BottomRightCorner, _RIGHT),
        ):
            window.setCorner(corner, area)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._docks = {entry.id: self._make(entry) for entry in self._entries}
        #: Heights their contents asked for before, so that who made a dock smaller is not overruled.
        self._asked = {id: _wanted_height(dock) for id, dock in self._docks.items()}
        context.models.model_changed.connect(self._make_room)
        window.installEventFilter(self)

    def __getitem__(self, id: str) -> PanelDock:
        return self._docks[id]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Name the bars of tabs, which Qt makes when docks come to share a place."""
        if event.type() == QEvent.Type.ChildPolished and isinstance(event, QChildEvent):
            bar = event.child()
            if isinstance(bar, QTabBar):
                bar.setAccessibleName(self.tr("Panels that share this place"))
                bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return False

    def toggles(self) -> list[QAction]:
        """Actions that show and hide the docks, in the order of the catalogue."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    def contents_seen(self) -> list[QWidget]:
        """Contents of the docks that are on the screen, in the order of the catalogue."""
        return [dock.widget() for dock in self._docks.values() if not dock.visibleRegion().isEmpty()]

    def add(self, entry: DockEntry) -> None:
        """Add a dock while the window stands, hidden, where its first layout is."""
        self._entries = (*self._entries, entry)
        dock = self._docks[entry.id] = self._make(entry)
        self._asked[entry.id] = 0
        dock.hide()
        lead = self._lead_of(entry)
        if lead is entry:
            self._window.addDockWidget(entry.area, dock, Qt.Orientation.Vertical)
        else:
            self._window.tabifyDockWidget(self._docks[lead.id], dock)
        dock.setVisible(entry.is_shown)
        self.dock_added.emit(dock.toggleViewAction())

    def remove(self, id: str) -> None:
        """Take an added dock away, with its content and its line in the menu."""
        self._entries = tuple(entry for entry in self._entries if entry.id != id)
        del self._asked[id]
        dock = self._docks.pop(id)
        toggle = dock.toggleViewAction()
        self.dock_removed.emit(toggle)
        for owner in toggle.associatedObjects():
            if isinstance(owner, QWidget):
                owner.removeAction(toggle)
        self._window.removeDockWidget(dock)
        dock.setObjectName("")
        dock.deleteLater()

    def bring(self, id: str) -> None:
        """Show a dock and give it the keyboard."""
        dock = self._docks[id]
        dock.show()
        dock.raise_()
        content = dock.widget()
        if content is not None:
            content.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def apply_first_layout(self) -> None:
        """Put all docks where they begin."""
        for dock in self._docks.values():
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
        leads = [entry for entry in self._entries if self._lead_of(entry) is entry]
        for entry in leads:
            # Below what the area has already: at the bottom of the window too, where Qt would go sideways.
            self._window.addDockWidget(entry.area, self._docks[entry.id], Qt.Orientation.Vertical)
        for entry in self._entries:
            lead = self._lead_of(entry)
            if lead is not entry:
                self._window.tabifyDockWidget(self._docks[lead.id], self._docks[entry.id])
        for entry in self._entries:
            self._docks[entry.id].setVisible(entry.is_shown)
        for entry in leads:
            if entry.is_shown:
                self._docks[entry.id].raise_()
        layout = self._window.layout()
        if layout is not None:
            # In a window that is on the screen already, sizes set before the docks have a place are lost.
            layout.activate()
        for area, width in ((_LEFT, LEFT_WIDTH), (_RIGHT, RIGHT_WIDTH)):
            column = [entry for entry in leads if entry.area is area and entry.is_shown]
            docks = [self._docks[entry.id] for entry in column]
            self._window.resizeDocks(docks, self._heights_of(column), Qt.Orientation.Vertical)
            self._window.resizeDocks(docks[:1], [width], Qt.Orientation.Horizontal)
        below = [entry for entry in leads if entry.area is _BOTTOM and entry.is_shown and entry.height]
        self._window.resizeDocks(
            [self._docks[entry.id] for entry in below],
            [entry.height or 0 for entry in below],
            Qt.Orientation.Vertical,
        )

    def _lead_of(self, entry: DockEntry) -> DockEntry:
        """The first dock of the tabs a dock begins in: itself where it has a place of its own."""
        known = {other.id: other for other in self._entries}
        seen = {entry.id}
        while entry.tabbed_with in known and entry.tabbed_with not in seen:
            entry = known[entry.tabbed_with]
            seen.add(entry.id)
        return entry

    @Slot()
    def _make_room(self) -> None:
        """Let docks grow whose content has become higher with a model: one with classes has a line more."""
        for area in (_LEFT, _RIGHT):
            column = {
                entry: dock
                for entry in self._entries
                if (dock := self._docks[entry.id]).isVisible()
                and not dock.isFloating()
                # Behind another tab it counts as visible, but has no place of its own.
                and not (self._window.tabifiedDockWidgets(dock) and dock.visibleRegion().isEmpty())
                and self._window.dockWidgetArea(dock) is area
            }
            heights, missing = {entry: dock.height() for entry, dock in column.items()}, 0
            for entry, dock in column.items():
                if entry.height != 0:
                    continue
                wanted, room = _wanted_height(dock), dock.widget().height()
                if wanted > room and wanted > self._asked[entry.id]:
                    heights[entry] += wanted - room
                    missing += wanted - room
                self._asked[entry.id] = wanted
            givers = [entry for entry in column if entry.height is None]
            if missing and givers:
                heights[givers[0]] = max(_LEAST_HEIGHT, heights[givers[0]] - missing)
            if missing:
                self._window.resizeDocks(
                    list(column.values()), list(heights.values()), Qt.Orientation.Vertical
                )

    def _heights_of(self, column: list[DockEntry]) -> list[int]:
        """First heights of docks above each other. Qt scales what does not add up, so this does."""
        bars = self._window.menuBar().sizeHint().height() + self._window.statusBar().sizeHint().height()
        room = self._window.height() - bars - MARGIN * (len(column) - 1)
        wanted = [
            entry.height or self._docks[entry.id].sizeHint().height()
            for entry in column
            if entry.height is not None
        ]
        rest = max(_LEAST_HEIGHT, room - sum(wanted))
        heights = iter(wanted)
        return [rest if entry.height is None else next(heights) for entry in column]

    def _make(self, entry: DockEntry) -> PanelDock:
        dock = PanelDock(entry.title, self._window)
        dock.setObjectName(f"dock-{entry.id}")
        if entry.is_shown:
            self._fill(dock, entry)
        else:
            # Its content is made when it is first seen, so that the window comes sooner.
            dock.visibilityChanged.connect(partial(self._fill, dock, entry))
        toggle = dock.toggleViewAction()
        toggle.setObjectName(f"action-dock-{entry.id}")
        toggle.setToolTip(self.tr("Show or hide the panel {title}.").format(title=entry.title))
        toggle.setStatusTip(toggle.toolTip())
        toggle.setShortcut(QKeySequence(entry.shortcut))
        return dock

    def _fill(self, dock: PanelDock, entry: DockEntry, visible: bool = True) -> None:
        if visible and dock.widget() is None:
            content = entry.make_content(self._context)
            dock.setWidget(_scrolling(content) if entry.scrolls else content)
            if entry.area is _BOTTOM:
                # In a small window the bottom row must not push the columns beside it together.
                dock.widget().setMinimumWidth(_LEAST_WIDTH)
            if isinstance(content, WithHeader):
                for widget in content.headerWidgets():
                    dock.addHeaderWidget(widget)
            if not entry.is_shown and entry.height:
                self._window.resizeDocks([dock], [entry.height], Qt.Orientation.Vertical)


def _wanted_height(dock: PanelDock) -> int:
    """The height at which nothing of a dock's content needs to be scrolled; 0 while it has none."""
    content = dock.widget()
    inner = content.widget() if isinstance(content, QScrollArea) else content
    return inner.sizeHint().height() if inner is not None else 0


def _scrolling(content: QWidget) -> QScrollArea:
    layout = content.layout()
    if layout is not None:
        layout.setContentsMargins(PADDING_X, 4, PADDING_X, PADDING_Y + 3)
    content.setObjectName("scrollContent")
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    # Its lines shrink and elide; a bar at the bottom would only hide one of them.
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusProxy(content)
    # Focus goes to what is inside, which scrolls into view by itself.
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area
