"""What was done last is copied as a command or as Python, whether it was a job or not."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from latent_studio.app.tasks.export_plan import subject_of
from latent_studio.app.tasks.pca import PcaOptions
from latent_studio.app.tasks.plugin_enable import PluginEnableOptions
from latent_studio.core.pose import Pose
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.timeline import Timeline
from latent_studio.ui.docks.export import ExportDock
from latent_studio.ui.widgets.job_card import JobCard
from tests.qt.conftest import WAIT_MS


def copied(window, name):
    window.context.actions[name].trigger()
    return QGuiApplication.clipboard().text()


def test_without_a_model_there_is_nothing_to_copy(open_window):
    window = open_window(None)
    assert not window.context.actions["copy_deed_command"].isEnabled()
    assert not window.context.actions["copy_deed_python"].isEnabled()


def test_the_last_job_and_the_last_deed_are_copied(qtbot, window):
    done = []
    for twin in (("pca", PcaOptions("cats")), None):
        window.context.jobs.start("A job", lambda *_: 1, on_done=done.append, quiet=True, twin=twin)
    qtbot.waitUntil(lambda: len(done) == 2, timeout=WAIT_MS)
    assert copied(window, "copy_deed_command") == "latent-studio pca cats"
    window.context.commands.add(("plugin enable", PluginEnableOptions("tiles")))
    assert copied(window, "copy_deed_command") == "latent-studio plugin enable tiles"
    assert "Studio().run('plugin enable', id='tiles')" in copied(window, "copy_deed_python")


def test_after_a_job_without_a_twin_the_picture_is_copied_and_not_the_one_before(qtbot, window):
    window.context.commands.add(("plugin enable", PluginEnableOptions("tiles")))
    done = []
    window.context.jobs.start("Export", lambda *_: 1, on_done=done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=WAIT_MS)
    assert copied(window, "copy_deed_command") == copied(window, "copy_command")


def test_after_a_slider_the_picture_is_copied_and_after_a_key_the_film(window):
    store = window.context.store
    window.context.commands.add(("plugin enable", PluginEnableOptions("tiles")))
    store.set_amount(window.context.models.model.directions[0], 1.5)
    assert copied(window, "copy_deed_command") == copied(window, "copy_command")
    assert copied(window, "copy_deed_python") == copied(window, "copy_python")
    pose = Pose.of(store.session)
    timeline = Timeline().with_pose(0, pose).with_pose(1, replace(pose, base=SeedPoint(2)))
    store.replace(replace(store.session, timeline=timeline), "Add key")
    words = shlex.split(copied(window, "copy_deed_command"))
    assert words[1] == "render"
    assert subject_of(Path(words[2]).read_text()) == "timeline"
    store.undo()
    assert copied(window, "copy_deed_command") == copied(window, "copy_command")


def test_what_a_job_brings_about_is_what_the_job_does(qtbot, window):
    store, done = window.context.store, []

    def take(_):
        store.set_base(SeedPoint(5), "Go to what was found")
        done.append(1)

    window.context.jobs.start("Search", lambda *_: 1, on_done=take, twin=("pca", PcaOptions("cats")))
    store.set_base(SeedPoint(3), "Go on meanwhile")
    qtbot.waitUntil(lambda: bool(done), timeout=WAIT_MS)
    assert copied(window, "copy_deed_command") == "latent-studio pca cats"


def test_an_export_is_copied_as_it_was_begun(qtbot, window, tmp_path):
    store, jobs = window.context.store, window.context.jobs
    store.set_base(SeedPoint(7, 0.5, 0.0), "Walk")
    window.context.actions["export_gif"].trigger()
    dock = window.findChild(ExportDock)
    dock.choose("picture")
    dock.findChild(QWidget, "export-file").setText(str(tmp_path / "a.png"))
    dock.start()
    qtbot.waitUntil(lambda: not jobs.jobs, timeout=WAIT_MS)
    card = next(card for card in window.findChildren(JobCard) if "a.png" in card.title())
    card.copyRequested.emit(False)
    text = QGuiApplication.clipboard().text()
    assert shlex.split(text)[1] == "render"
    assert text == copied(window, "copy_deed_command")
    store.set_base(SeedPoint(1), "Elsewhere")
    card.copyRequested.emit(False)
    assert text == QGuiApplication.clipboard().text()
