"""Latent files in the window: how they are read is said, can be corrected, and becomes one step."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton

from latent_studio.app.stored_latents import StoredLatent, write_latent
from latent_studio.core.latent import Latent
from latent_studio.core.spaces import Space
from latent_studio.ui.latent_opener import LatentOpener
from latent_studio.ui.widgets.form_sheet import FormSheet
from latent_studio.ui.widgets.message_bar import MessageBar
from tests.qt.conftest import WAIT_MS

ROWS = np.linspace(-1, 1, 80, dtype=np.float32).reshape(10, 8)


def sheet_of(qtbot, window) -> FormSheet:
    qtbot.waitUntil(lambda: bool(window.findChildren(FormSheet, "formSheet")), timeout=WAIT_MS)
    return window.findChildren(FormSheet, "formSheet")[-1]


def test_our_own_file_is_dropped_described_and_gone_to_as_one_step(qtbot, window, tmp_path):
    stored = StoredLatent(
        Latent(Space.W_PLUS, ROWS), "portrait.jpg", model_name="dogs", model_sha256="another"
    )
    write_latent(tmp_path / "portrait.npz", stored, ws=ROWS)
    assert window.context.dropped.offer(str(tmp_path / "portrait.npz"))
    sheet = sheet_of(qtbot, window)

    assert "in w+" in sheet.findChild(QLabel, "formText").text()
    assert "dogs" in sheet.findChild(QLabel, "latent-warning").text()
    sheet.findChild(QPushButton, "formBegin").click()
    store = window.context.store
    assert store.session.base == Latent(Space.W_PLUS, ROWS)
    assert store.history.undo_label == "Open latent portrait.jpg"


def test_the_guess_for_a_bare_array_is_said_and_can_be_corrected(qtbot, window, tmp_path):
    path = tmp_path / "dlatents.npy"
    np.save(path, np.full((2, 8), 3.0, np.float32))
    window.context.dropped.offer(str(path))
    sheet = sheet_of(qtbot, window)
    said = sheet.findChild(QLabel, "formText")
    assert "read as w " in said.text()

    which, space = (sheet.findChild(QComboBox, name) for name in ("latent-which", "latent-space"))
    assert which.count() == 2
    which.setCurrentIndex(1)
    space.setCurrentIndex(space.findData(Space.Z))
    qtbot.waitUntil(lambda: "read as z" in said.text(), timeout=WAIT_MS)
    assert which.currentIndex() == 1
    sheet.findChild(QPushButton, "formBegin").click()
    assert window.context.store.session.base == Latent(Space.Z, np.full(8, 3.0))


def test_a_latent_of_another_size_stays_in_the_sheet_with_both_sizes(qtbot, window, tmp_path):
    path = tmp_path / "projected_w.npz"
    np.savez(path, w=np.arange(5 * 512, dtype=np.float32).reshape(1, 5, 512))
    window.context.dropped.offer(str(path))
    sheet = sheet_of(qtbot, window)
    before = window.context.store.session
    sheet.findChild(QPushButton, "formBegin").click()

    assert "(5, 512)" in sheet.findChild(QLabel, "formReason").text()
    assert window.context.store.session is before


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut short", b"\x93NUMPY\x01"])
def test_a_damaged_file_is_one_sentence(qtbot, window, tmp_path, content):
    path = tmp_path / "latents.npy"
    path.write_bytes(content)
    window.findChild(LatentOpener).read(path)
    bar = window.findChild(MessageBar)
    qtbot.waitUntil(lambda: bool(bar._queue), timeout=WAIT_MS)
    assert "latents.npy" in bar._queue[0].title
