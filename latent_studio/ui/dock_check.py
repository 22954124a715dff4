"""check_dock_in_window: the work of ``latent_studio.testing.check_dock``."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)

from latent_studio.app.paths import Paths
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from latent_studio.core.render import Frame, Quality
from latent_studio.ui.main_window import MainWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from latent_studio.ui.api import DockContext

_CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)


def check_dock_in_window(make: Callable[[DockContext], QWidget], folder: Path) -> None:
    """See ``latent_studio.testing.check_dock``."""
    app = QApplication.instance()
    if app is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        app = QApplication(["check"])
    window = MainWindow(Studio(Paths.in_profile(folder), Settings(device="cpu")))
    window.fill(prepare=lambda _studio: None)
    try:
        with _errors_of_slots() as errors:
            content = make(window.context)
            if not isinstance(content, QWidget):
                raise AssertionError(f"a panel is a QWidget, not {type(content).__name__}")
            content.resize(240, 180)
            _paint(content)
            revision = 0
            for height, width, channels in ((64, 64, 3), (16, 24, 1), (256, 256, 4)):
                for quality in (Quality.COARSE, Quality.FINAL):
                    revision += 1
                    window.context.renders.frame_ready.emit(
                        _frame(revision, quality, height, width, channels)
                    )
                    _settle()
            content.resize(100, 60)
            _settle()
            _require_quiet(errors, "while pictures came")
            _require_names(content)
            content.deleteLater()
            _settle()
            window.context.renders.frame_ready.emit(_frame(revision + 1, Quality.FINAL, 64, 64, 3))
            _settle()
            _require_quiet(errors, "after it was gone: something of it still listens")
    finally:
        window.close()
        window.deleteLater()
        _settle()


def _paint(content: QWidget) -> None:
    _settle()
    # Drawn without being shown: a widget that is a window would ask things of the screen.
    content.grab()


def _settle() -> None:
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@contextmanager
def _errors_of_slots() -> Iterator[list[BaseException]]:
    """What slots raise, which Qt would only print."""
    errors: list[BaseException] = []
    before = sys.excepthook
    sys.excepthook = lambda _kind, error, _trace: errors.append(error)
    try:
        yield errors
    finally:
        sys.excepthook = before


def _require_quiet(errors: list[BaseException], when: str) -> None:
    if errors:
        raise AssertionError(f"the panel raised {type(errors[0]).__name__}: {errors[0]} {when}") from errors[
            0
        ]


def _require_names(content: QWidget) -> None:
    labelled = {label.buddy() for label in content.findChildren(QLabel) if label.buddy() is not None}
    for control in content.findChildren(QWidget):
        if not isinstance(control, _CONTROLS) or isinstance(control.parent(), _CONTROLS):
            continue
        text = control.text() if isinstance(control, QAbstractButton) else ""
        if not (control.accessibleName() or text or control in labelled):
            raise AssertionError(
                f"a {type(control).__name__} has no accessible name, so nobody can hear what it is for"
            )


def _frame(revision: int, quality: Quality, height: int, width: int, channels: int) -> Frame:
    rng = np.random.default_rng(revision)
    pixels = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
    pixels.flags.writeable = False
    return Frame(revision, quality, pixels, seconds=0.01)
