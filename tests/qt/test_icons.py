"""Icons: each exists, wears a token's colour, and follows the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QColor, QIcon, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QToolButton

from latent_studio.ui import icons
from latent_studio.ui.icons import icon, icon_names, icon_pixmap, set_icon
from latent_studio.ui.theme import DARK, LIGHT, applyTheme, resources_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from latent_studio.ui.theme import Theme

PROMISED = """open folder library recent dice undo redo fit zoom-in zoom-out save copy compare play export
    cancel close reset star filter more keyboard sun moon layers up down eye eye-off check warning info error
    chevron-down chevron-right app""".split()


@pytest.fixture(autouse=True)
def look(qapp: QApplication) -> Iterator[Theme]:
    found = applyTheme(qapp)
    found.setMode("dark")
    yield found
    found.setMode("dark")


def solid_colours(image: QImage) -> set[str]:
    """Colours of the pixels that are painted fully."""
    found = set()
    for y in range(image.height()):
        for x in range(image.width()):
            pixel = image.pixelColor(x, y)
            if pixel.alpha() == 255:
                found.add(pixel.name())
    return found


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_icon_is_drawn(qapp: QApplication, name: str) -> None:
    assert name in icon_names()
    image = icon(name).pixmap(QSize(16, 16), 1.0).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(16) for y in range(16))


@pytest.mark.parametrize("name", icon_names())
def test_every_drawing_is_an_svg_that_qt_can_read(qapp: QApplication, name: str) -> None:
    assert QSvgRenderer(str(resources_folder() / "icons" / f"{name}.svg")).isValid()


def test_an_unknown_icon_is_named_in_the_error(qapp: QApplication) -> None:
    with pytest.raises(KeyError, match="no icon 'nonsense'"):
        icon("nonsense")


def test_an_icon_wears_the_colour_of_its_role(qapp: QApplication) -> None:
    assert solid_colours(icon_pixmap("dice", size=64, role="accent").toImage()) == {DARK.accent}


def test_an_icon_is_sharp_on_a_dense_screen(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icons, "_ratios", lambda: [1.0, 2.0])
    pixmap = icon("fit", size=16).pixmap(QSize(16, 16), 2.0)
    assert pixmap.size() == QSize(32, 32)
    assert pixmap.devicePixelRatio() == 2


def test_icons_are_drawn_anew_when_a_dense_screen_is_plugged_in(
    look: Theme, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    set_icon(button, "fit", size=16)
    monkeypatch.setattr(icons, "_ratios", lambda: [1.0, 3.0])
    look.screensChanged.emit()
    assert button.icon().pixmap(QSize(16, 16), 3.0).size() == QSize(48, 48)


def test_a_disabled_icon_is_fainter(qapp: QApplication) -> None:
    found = icon("dice", size=32)
    on = found.pixmap(QSize(32, 32), 1.0, QIcon.Mode.Normal).toImage()
    off = found.pixmap(QSize(32, 32), 1.0, QIcon.Mode.Disabled).toImage()
    assert solid_colours(on) == {DARK.text}
    assert DARK.text not in solid_colours(off)


def test_the_icon_of_a_button_follows_the_theme(look: Theme, qtbot: QtBot) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    set_icon(button, "dice", size=32)
    look.setMode("light")
    assert solid_colours(button.icon().pixmap(QSize(32, 32), 1.0).toImage()) == {LIGHT.text}
    assert button.iconSize() == QSize(32, 32)


def test_an_action_can_get_another_icon_and_still_follows(look: Theme, qtbot: QtBot) -> None:
    owner = QToolButton()
    qtbot.addWidget(owner)
    action = QAction("Play", owner)
    set_icon(action, "play", size=32)
    set_icon(action, "pause", size=32, role="accent")
    look.setMode("light")
    pixels = action.icon().pixmap(QSize(32, 32), 1.0).toImage()
    assert solid_colours(pixels) == {LIGHT.accent}
    assert pixels.pixelColor(11, 16).alpha() > 0, "the left bar of the pause sign"


def test_the_app_icon_has_colours_of_its_own(qapp: QApplication) -> None:
    image = icon_pixmap("app", size=64).toImage()
    assert QColor("#5fb3ff").name() in solid_colours(image)
