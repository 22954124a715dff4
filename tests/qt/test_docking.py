from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from latent_studio.ui import docking
from latent_studio.ui.dock_catalog import DockEntry, bundled_docks

LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


def label(context) -> QLabel:
    return QLabel("content")


@pytest.fixture
def more_docks(monkeypatch):
    """Docks as other parts of the program add them."""

    class Entry(DockEntry):
        def make_content(self, context):
            return label(context)

    extra = (
        Entry("projection", "Projection", "", LEFT, None, "", tabbed_with="jobs"),
        Entry("strip", "Strip", "", BOTTOM, 90, ""),
        Entry("timeline", "Timeline", "", BOTTOM, 160, ""),
        Entry("training", "Training", "", BOTTOM, 160, "", is_shown=False, tabbed_with="timeline"),
    )
    monkeypatch.setattr(docking, "bundled_docks", lambda: (*bundled_docks(), *extra))


def test_docks_share_a_place_as_tabs_and_the_lead_is_in_front(more_docks, window):
    docks = window.docking
    assert docks["projection"] in window.tabifiedDockWidgets(docks["jobs"])
    assert not docks["jobs"].visibleRegion().isEmpty()
    assert docks["projection"].visibleRegion().isEmpty()

    docks.bring("projection")
    assert not docks["projection"].visibleRegion().isEmpty()


def test_rows_at_the_bottom_lie_below_each_other(more_docks, window):
    strip, timeline = window.docking["strip"], window.docking["timeline"]

    assert strip.y() < timeline.y()
    assert strip.x() == timeline.x()
    assert abs(strip.height() - 90) <= 12


def test_a_hidden_tab_comes_to_its_place_when_it_is_wanted(more_docks, window):
    docks = window.docking
    assert docks["training"].isHidden()
    assert docks["export"].isHidden()

    docks.bring("export")
    assert not docks["export"].isHidden()
    assert docks["export"] in window.tabifiedDockWidgets(docks["timeline"])


def test_a_reset_takes_tabs_apart_that_the_user_made(more_docks, window):
    docks = window.docking
    window.tabifyDockWidget(docks["model"], docks["latent"])
    window.context.actions["reset_layout"].trigger()

    assert docks["latent"] not in window.tabifiedDockWidgets(docks["model"])
    assert docks["projection"] in window.tabifiedDockWidgets(docks["jobs"])
    assert docks["model"].y() < docks["latent"].y() < docks["jobs"].y()


def test_a_dock_tabbed_with_one_that_is_not_there_has_its_own_place(window):
    docks = window.docking
    docks.bring("export")

    assert window.dockWidgetArea(docks["export"]) is BOTTOM
    assert not docks["export"].visibleRegion().isEmpty()
