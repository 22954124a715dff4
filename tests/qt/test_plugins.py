"""Plugins in the window: the page, the panels, the formats and sources they add, and their failures."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel, QMenu

from latent_studio.core.render import Frame, Quality
from latent_studio.ui.command_text import command_text
from latent_studio.ui.docks.export import ExportDock
from latent_studio.ui.main import _take_unexpected
from latent_studio.ui.plugin_panel import PluginPanel
from latent_studio.ui.settings_window import SettingsWindow
from latent_studio.ui.widgets.form_sheet import FormSheet
from latent_studio.ui.widgets.plugins_page import PluginsPage
from tests.helpers.plugins import write_plugin
from tests.qt.conftest import WAIT_MS

PANEL = """
    from PySide6.QtCore import Slot
    from PySide6.QtWidgets import QLabel
    class Panel(QLabel):
        def __init__(self, context):
            super().__init__("quiet")
            context.renders.frame_ready.connect(self.take)
        @Slot(object)
        def take(self, frame):
            {slot}
    def make(context):
        {make}
"""
SOURCE = """
    from dataclasses import dataclass
    import numpy as np
    from latent_studio.api import LinearDirection, Space, option
    @dataclass(frozen=True)
    class Options:
        count: int = option(2, help="How many.", low=1)
    class Source:
        options = Options
        def find_directions(self, generator, options, *, progress, check_cancel):
            vectors = np.eye(generator.spec.w_dim)[:options.count]
            return [LinearDirection(str(k), f"found {k}", Space.W, v) for k, v in enumerate(vectors)]
    make = Source
"""


@pytest.fixture
def own(studio):
    """The folder of the user's own plugins."""
    return studio.paths.data / "plugins"


@pytest.fixture
def posted(window):
    """What the message bar was told: kind, title, hint."""
    heard = []
    window.context.messages.posted.connect(lambda *told: heard.append(told[:3]))
    return heard


def page_of(window):
    window.context.actions["plugins"].trigger()
    return window.findChild(PluginsPage)


def switch(qtbot, window, id, *, on):
    """Use the switch of a plugin, and wait until it stands."""
    page = page_of(window)
    assert page.switchOf(id).isChecked() is not on
    page.switchOf(id).click()
    host = window.context.plugins.host

    def stands():
        return host.status(id).is_enabled is on and page.switchOf(id).isEnabled()

    qtbot.waitUntil(stands, timeout=WAIT_MS)
    return page


def panel_of(qtbot, window, id):
    """Show a plugin's panel, and wait until it is made or has failed."""
    window.docking.bring(f"plugin-{id}")
    panel = window.docking[f"plugin-{id}"].findChild(PluginPanel)
    qtbot.waitUntil(lambda: panel.content() is not None or bool(panel.problem()), timeout=WAIT_MS)
    return panel


def frame(revision=1):
    return Frame(revision, Quality.FINAL, np.full((8, 8, 3), 40, np.uint8), seconds=0.0)


def test_the_page_lists_what_came_with_the_program_all_off(window):
    page = page_of(window)
    words = page.wordsOf("contact-sheet")
    assert "PDF" in words and "Came with the program" in words and "off" in words
    assert not page.switchOf("contact-sheet").isChecked()
    (warning,) = page.findChildren(QLabel, "pluginsWarning")
    assert "runs its code" in warning.text()


def test_a_format_comes_to_the_export_panel_and_goes(qtbot, window, posted):
    window.docking.bring("export")
    form = window.docking["export"].findChild(ExportDock).target_form
    formats = form.findChild(type(form._format), "export-format")
    assert formats.findData("contact-sheet") < 0
    switch(qtbot, window, "contact-sheet", on=True)
    place = formats.findData("contact-sheet")
    assert place >= 0
    formats.setCurrentIndex(place)
    assert form.target().out.suffix == ".pdf"
    assert any("enabled" in title for _, title, _ in posted)
    switch(qtbot, window, "contact-sheet", on=False)
    assert formats.findData("contact-sheet") < 0
    assert form.format.id == "mp4"


@pytest.mark.qt_log_ignore("This plugin does not support")  # the offscreen screen says so of any dialog
def test_a_panel_comes_to_the_view_menu_follows_the_pictures_and_goes(qtbot, window):
    window.context.actions["settings"].trigger()
    settings = window.findChild(SettingsWindow)
    switch(qtbot, window, "histogram", on=True)
    view = window.findChild(QMenu, "menu-view")
    names = [action.objectName() for action in view.actions()]
    assert names.index("action-dock-plugin-histogram") > names.index("action-dock-model")
    settings.key_field("dock-plugin-histogram").keyChosen.emit("Ctrl+Alt+H")
    assert settings.row("dock-plugin-histogram").isHidden()  # The keyboard page is not in front.
    (toggle,) = (one for one in view.actions() if one.objectName() == "action-dock-plugin-histogram")
    assert toggle.shortcut() == QKeySequence("Ctrl+Alt+H")
    panel = panel_of(qtbot, window, "histogram")
    assert panel.problem() == ""
    window.context.renders.frame_ready.emit(frame())
    assert any("0.0%" in label.text() for label in panel.findChildren(QLabel))
    switch(qtbot, window, "histogram", on=False)
    assert "action-dock-plugin-histogram" not in [action.objectName() for action in view.actions()]
    with pytest.raises(KeyError):
        settings.row("dock-plugin-histogram")
    switch(qtbot, window, "histogram", on=True)
    (toggle,) = (one for one in view.actions() if one.objectName() == "action-dock-plugin-histogram")
    assert toggle.shortcut() == QKeySequence("Ctrl+Alt+H")


def test_one_that_cannot_be_imported_is_named_and_the_window_goes_on(qtbot, studio, own, open_window):
    write_plugin(own, "raise RuntimeError('no luck')", id="broken")
    window = open_window()
    page = switch(qtbot, window, "broken", on=True)
    assert "no luck" in page.wordsOf("broken")
    assert "enabled, failed" in page.wordsOf("broken")
    switch(qtbot, window, "composition", on=True)


@pytest.mark.parametrize("make", ["raise ValueError('not today')", "return 3"])
def test_a_panel_that_cannot_be_made_says_so_in_its_place(qtbot, own, open_window, make):
    write_plugin(own, PANEL.format(slot="pass", make=make), kind="docks")
    window = open_window()
    switch(qtbot, window, "mine", on=True)
    panel = panel_of(qtbot, window, "mine")
    assert "Mine failed while it made its panel" in panel.problem()
    assert window.context.plugins.host.status("mine").state == "failed"


def test_a_panel_whose_slot_raises_is_taken_away_and_named(qtbot, own, open_window, posted_of):
    write_plugin(
        own, PANEL.format(slot="raise ValueError('in a slot')", make="return Panel(context)"), kind="docks"
    )
    window = open_window()
    heard = posted_of(window)
    switch(qtbot, window, "mine", on=True)
    panel = panel_of(qtbot, window, "mine")
    content = panel.content()
    with pytest.raises(ValueError, match="in a slot"):
        content.take(frame())
    try:
        content.take(frame())
    except ValueError as error:
        _take_unexpected(window, type(error), error, error.__traceback__)
    assert "Mine" in panel.problem() and "in a slot" in panel.problem()
    assert panel.content() is None
    assert any("Mine" in title for _, title, _ in heard)


@pytest.fixture
def posted_of():
    """Like ``posted``, of a window made later."""

    def listen(window):
        heard = []
        window.context.messages.posted.connect(lambda *told: heard.append(told[:3]))
        return heard

    return listen


def test_a_source_of_directions_asks_and_its_finds_are_kept(qtbot, own, open_window):
    write_plugin(own, SOURCE, kind="direction_sources")
    window = open_window()
    model = window.context.models.model
    object.__setattr__(model, "generator", SimpleNamespace(spec=model.spec))
    switch(qtbot, window, "mine", on=True)
    window.findChild(type(page_of(window).window()))
    from latent_studio.ui.direction_finder import DirectionFinder

    twins = []
    window.context.jobs.queued.connect(lambda job: twins.append(job.twin))
    finder = window.findChild(DirectionFinder)
    finder.find_by_plugin("mine")
    qtbot.waitUntil(lambda: any(s.isVisible() for s in window.findChildren(FormSheet)), timeout=WAIT_MS)
    (sheet,) = [s for s in window.findChildren(FormSheet) if s.isVisible()]
    sheet._press()
    library = window.context.directions.library
    qtbot.waitUntil(lambda: library.find("mine:0") is not None, timeout=WAIT_MS)
    assert library.find("mine:1").is_kept
    assert [command_text(*twin) for twin in twins] == [
        f"latent-studio direction find {model.ref.path} --source mine"
    ]


def test_a_plugin_that_changed_is_told_when_the_window_opens(own, studio, open_window, posted_before):
    folder = write_plugin(own, "make = print", id="mine")
    studio.plugins.enable("mine")
    (folder / "code.py").write_text("make = repr")
    del studio.__dict__["plugins"]
    open_window()
    assert any("changed" in title and "Mine" in title for title in posted_before)


def test_a_plugin_whose_panel_ended_the_program_is_off_at_the_next_start(
    own, studio, open_window, posted_before
):
    write_plugin(own, PANEL.format(slot="pass", make="return Panel(context)"), kind="docks")
    studio.plugins.enable("mine")
    # What a process that is gone has left behind.
    gone = {"plugin": "mine", "process": 2**22 + 1}
    (studio.paths.config / "plugin-panel.json").write_text(json.dumps(gone))
    window = open_window()
    assert any("Mine" in title and "ended" in title for title in posted_before)
    assert window.context.plugins.host.status("mine").state == "off"


@pytest.fixture
def posted_before(monkeypatch):
    """Titles of warnings from the first moment of a window on."""
    from latent_studio.ui.messages import Messages

    titles = []
    monkeypatch.setattr(Messages, "warning", lambda self, title, **more: titles.append(title))
    return titles


def test_closing_the_window_does_not_wait_for_a_plugin_that_hangs(qtbot, studio, own, open_window):
    import threading

    release = threading.Event()
    sys.modules["_test_release"] = release
    try:
        write_plugin(own, "import sys; sys.modules['_test_release'].wait()\nmake = print")
        window = open_window()
        page = page_of(window)
        page.switchOf("mine").click()
        qtbot.waitUntil(lambda: studio.plugins._trust.read() != {}, timeout=WAIT_MS)
        window.close()
        assert window.stuck_threads == ()
    finally:
        release.set()
        del sys.modules["_test_release"]
