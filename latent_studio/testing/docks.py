"""check_dock: a panel in a window of its own, with pictures that come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from latent_studio.ui.api import DockContext


def check_dock(make: Callable[[DockContext], QWidget], folder: Path) -> None:
    """Check a panel of the window, off screen if there is no screen.

    It is a widget; it can be made before there is a picture; pictures of any size and channels reach it
    without an error; it may become small; every control has a name that can be read out; and when it is gone,
    nothing of it listens any more.

    Args:
        make: the maker.
        folder: an empty one, for the settings of the window.

    Raises:
        AssertionError: the first thing that is wrong.
    """
    # Qt is brought in only by those who check a panel.
    from latent_studio.ui.dock_check import check_dock_in_window

    check_dock_in_window(make, folder)
