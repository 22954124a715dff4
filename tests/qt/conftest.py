"""A whole window around a fake studio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latent_studio.app.paths import Paths
from latent_studio.core.render import Quality
from tests.helpers.fake_studio import FakeStudio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from latent_studio.ui.main_window import MainWindow

#: The longest any wait may take: only ends a test that hangs, for machines that run tests are busy.
WAIT_MS = 60_000


@pytest.fixture
def studio(profile: Path) -> FakeStudio:
    """A studio that opens any name."""
    return FakeStudio(Paths.in_profile(profile))


@pytest.fixture
def open_window(qtbot: QtBot, qapp, studio: FakeStudio) -> Iterator[Callable[..., MainWindow]]:
    """Make windows; each is closed, and must end its threads, when the test is over."""
    from latent_studio.ui.main_window import MainWindow
    from latent_studio.ui.theme import applyTheme, theme

    made: list[MainWindow] = []
    applyTheme(qapp)

    def make(model: str | None = "cats") -> MainWindow:
        window = MainWindow(studio)
        window.fill(prepare=lambda studio: None)
        made.append(window)
        window.show()
        qtbot.waitExposed(window)
        if model is not None:
            window.open_model(model)
            wait_until_sharp(qtbot, window)
        return window

    yield make
    for window in made:
        window.close()
        assert window.stuck_threads == ()
        window.deleteLater()
    theme().setMode("system")


@pytest.fixture
def window(open_window: Callable[..., MainWindow]) -> MainWindow:
    """A window that shows the model ``cats``."""
    return open_window()


def wait_until_sharp(qtbot: QtBot, window: MainWindow) -> None:
    """Wait for the final frame of the newest request."""
    renders = window.context.renders

    def is_sharp() -> bool:
        frame = window.canvas.frame()
        return (
            renders.revision > 0
            and frame is not None
            and frame.revision == renders.revision
            and frame.quality is Quality.FINAL
        )

    qtbot.waitUntil(is_sharp, timeout=WAIT_MS)
