"""What every widget test gets: our look, dark, nothing moving by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from latent_studio.ui.theme import Theme, applyTheme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a screen Qt cannot raise a window or tell its size hints, and says so."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(autouse=True)
def look(qapp: QApplication) -> Iterator[Theme]:
    """The theme, dark to begin with."""
    found = applyTheme(qapp)
    found.setMode("dark")
    found.setReducedMotion(True)
    yield found
    found.setMode("dark")
    found.setReducedMotion(None)
