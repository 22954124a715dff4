"""The docks of the window: where each begins, imported when the window is built."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QCoreApplication, Qt

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from latent_studio.ui.api import DockContext

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


@dataclass(frozen=True, slots=True)
class DockEntry:
    """One dock.

    Attributes:
        id: stable; part of the remembered layout.
        title: shown on the dock and in the View menu.
        content: what makes its content of a ``DockContext``, or its dotted name, ``"module:class"``.
        area: where it begins.
        height: in pixels in the beginning; 0 is as high as its content, ``None`` what the others leave.
        shortcut: shows and hides it.
        scrolls: the content is put into a scroll area, because it has none of its own.
        is_shown: whether it is there in the beginning.
        tabbed_with: id of the dock whose place it shares as a tab; that one begins in front. A dock that is
            not there is passed over.
    """

    id: str
    title: str
    content: str | Callable[[DockContext], QWidget]
    area: Qt.DockWidgetArea
    height: int | None
    shortcut: str
    scrolls: bool = True
    is_shown: bool = True
    tabbed_with: str = ""

    def make_content(self, context: DockContext) -> QWidget:
        """Import and make the content."""
        if not isinstance(self.content, str):
            return self.content(context)
        module, _, name = self.content.partition(":")
        factory = cast("Callable[[DockContext], QWidget]", getattr(import_module(module), name))
        return factory(context)


def bundled_docks() -> tuple[DockEntry, ...]:
    """The docks that come with the program, in the order they are placed.

    Left: model, latent, then projection and jobs as tabs. Right: sliders, active edits. Bottom: history, then
    timeline, export and what else needs width as tabs.
    """
    package = "latent_studio.ui.docks"

    def tr(text: str) -> str:
        return QCoreApplication.translate("docks", text)

    return (
        DockEntry("model", tr("Model"), f"{package}.model:ModelDock", _LEFT, 0, "Alt+1"),
        DockEntry("latent", tr("Latent"), f"{package}.latent:LatentDock", _LEFT, 0, "Alt+2"),
        DockEntry(
            "sliders", tr("Sliders"), f"{package}.sliders:SlidersDock", _RIGHT, None, "Alt+3", scrolls=False
        ),
        DockEntry(
            "edits", tr("Active edits"), f"{package}.edits:EditsDock", _RIGHT, 200, "Alt+4", scrolls=False
        ),
        DockEntry(
            "style-mix",
            tr("Style mixing"),
            f"{package}.style_mix:StyleMixDock",
            _RIGHT,
            250,
            "Alt+7",
            tabbed_with="edits",
        ),
        DockEntry(
            "pad",
            tr("2-D pad"),
            f"{package}.pad:PadDock",
            _RIGHT,
            250,
            "Alt+0",
            scrolls=False,
            tabbed_with="edits",
        ),
        DockEntry(
            "history", tr("History"), f"{package}.history:HistoryDock", _BOTTOM, 102, "Ctrl+H", scrolls=False
        ),
        DockEntry(
            "projection",
            tr("Projection"),
            f"{package}.projection:ProjectionDock",
            _LEFT,
            None,
            "Alt+9",
            is_shown=False,
            tabbed_with="jobs",
        ),
        DockEntry("jobs", tr("Jobs"), f"{package}.jobs:JobsDock", _LEFT, None, "Alt+5"),
        DockEntry(
            "timeline",
            tr("Timeline"),
            f"{package}.timeline:TimelineDock",
            _BOTTOM,
            176,
            "Alt+8",
            scrolls=False,
        ),
        DockEntry(
            "export",
            tr("Export"),
            f"{package}.export:ExportDock",
            _BOTTOM,
            208,
            "Alt+6",
            is_shown=False,
            tabbed_with="timeline",
        ),
        DockEntry(
            "warp",
            tr("Warp training"),
            f"{package}.warp:WarpDock",
            _BOTTOM,
            270,
            "Ctrl+Alt+W",
            is_shown=False,
            tabbed_with="timeline",
        ),
    )
