"""What was done last is copied as a command or as Python, whether it was a job or not."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication

from latent_studio.app.tasks.pca import PcaOptions
from latent_studio.app.tasks.plugin_enable import PluginEnableOptions
from tests.qt.conftest import WAIT_MS


def copied(window, name):
    window.context.actions[name].trigger()
    return QGuiApplication.clipboard().text()


def test_nothing_done_is_nothing_to_copy(window):
    assert not window.context.actions["copy_deed_command"].isEnabled()
    assert not window.context.actions["copy_deed_python"].isEnabled()


def test_the_last_job_and_the_last_deed_are_copied(qtbot, window):
    done = []
    for twin in (("pca", PcaOptions("cats")), None):
        window.context.jobs.start("A job", lambda *_: 1, on_done=done.append, quiet=True, twin=twin)
    qtbot.waitUntil(lambda: len(done) == 2, timeout=WAIT_MS)
    assert copied(window, "copy_deed_command") == "latent-studio pca cats"
    window.context.commands.add("plugin enable", PluginEnableOptions("tiles"))
    assert copied(window, "copy_deed_command") == "latent-studio plugin enable tiles"
    assert "Studio().run('plugin enable', id='tiles')" in copied(window, "copy_deed_python")


def test_a_job_without_a_twin_does_not_pass_for_the_one_before(qtbot, window):
    window.context.commands.add("plugin enable", PluginEnableOptions("tiles"))
    done = []
    window.context.jobs.start("Export", lambda *_: 1, on_done=done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=WAIT_MS)
    assert not window.context.actions["copy_deed_command"].isEnabled()
