"""The window as a program: from the application object to the exit code."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import logging.handlers
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from latent_studio.app.paths import Paths
from latent_studio.app.studio import Studio
from latent_studio.ui.failures import describe_failure
from latent_studio.ui.main_window import MainWindow
from latent_studio.ui.quit_signals import QuitSignals
from latent_studio.ui.texts import install_language
from latent_studio.ui.theme import applyTheme
from latent_studio.ui.theme_controller import apply_look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from PySide6.QtCore import QMessageLogContext

    from latent_studio.app.settings import Settings

log = logging.getLogger(__name__)

_LOG_BYTES = 1 << 20
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def main(
    argv: Sequence[str] | None = None,
    *,
    model: str = "",
    profile: Path | None = None,
    settings: Settings | None = None,
    plugin_dirs: Sequence[Path] = (),
) -> int:
    """Open the window on a model and run until it is closed. torch comes in after the first paint.

    Args:
        argv: words for Qt, the program's name first.
        model: a file or a library name; the first model of the settings by default.
        profile: folder for settings, cache and logs.
        settings: preferences; read from the profile by default.
        plugin_dirs: further folders to look for plugins in.

    Returns:
        The exit code: 0, or 1 if a thread had to be left behind.
    """
    paths = Paths.choose(profile)
    _start_log(paths)
    if sys.stderr is not None:
        faulthandler.enable()
    # The GUI thread asks for the interpreter more often than the default, so that it stays ahead of torch.
    sys.setswitchinterval(0.002)
    qInstallMessageHandler(_log_qt)
    app = QApplication(list(argv or sys.argv[:1]))
    app.setApplicationName("latent-studio")
    app.setApplicationDisplayName("Latent Studio")
    app.setDesktopFileName("latent-studio")
    studio = Studio(paths, settings, plugin_dirs=plugin_dirs)
    install_language(app, studio.settings.language, paths)
    applyTheme(app)
    apply_look(studio.settings)
    window = MainWindow(studio)
    hook = sys.excepthook
    sys.excepthook = partial(_take_unexpected, window)
    signals = QuitSignals(window.close)
    window.painted.connect(partial(_begin, window, model or studio.settings.start_model))
    window.show()
    code = app.exec()
    signals.close()
    sys.excepthook = hook
    stuck = window.stuck_threads
    if stuck:
        # A thread that does not answer would keep the process alive for ever, or crash it on the way out.
        log.error("Leaving without waiting for: %s", ", ".join(stuck))
        logging.shutdown()
        os._exit(code or 1)
    window.deleteLater()
    app.processEvents()
    return code


def _begin(window: MainWindow, model: str) -> None:
    """The empty window is on the screen: fill it, and bring in torch and the model on another thread."""
    window.fill()
    window.open_model(model)


def _start_log(paths: Paths) -> None:
    try:
        paths.state.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            paths.state / "latent-studio.log", maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8"
        )
    except OSError as error:
        log.warning("There will be no log file: %s", error)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    for other in root.handlers:
        # The terminal goes on saying only what it was asked to; the file hears more.
        if other.level == logging.NOTSET:
            other.setLevel(root.level)
    root.addHandler(handler)
    logging.getLogger("latent_studio").setLevel(logging.INFO)


def _log_qt(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    logging.getLogger("qt").log(_LEVELS.get(kind, logging.INFO), "%s", text)


def _take_unexpected(
    window: MainWindow,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """A slot raised: log it, say it in one sentence, go on."""
    if issubclass(kind, KeyboardInterrupt):
        window.close()
        return
    log.error("Unexpected error", exc_info=(kind, error, trace))
    error.__traceback__ = trace
    # It is shown below the event loop, so the window is filled by now; while it fills, the log has to do.
    with contextlib.suppress(RuntimeError):
        blamed = window.context.plugins.blame(error)
        window.context.messages.failure(blamed or describe_failure(error))
