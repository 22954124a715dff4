"""Theme: contrast, modes, and that every colour in use is a token."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QPushButton

from latent_studio.ui.theme import (
    DARK,
    LIGHT,
    Palette,
    applyTheme,
    colour,
    mixed,
    number_font,
    plot_colours,
    resources_folder,
    style_sheet,
    theme,
)
from latent_studio.ui.widgets.panel import PanelTitle
from latent_studio.ui.widgets.slider_row import ROW_HEIGHT, row_height

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from latent_studio.ui.theme import Theme

BOTH = pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Theme]:
    found = applyTheme(qapp)
    found.setMode("dark")
    yield found
    found.setMode("dark")
    found.setReducedMotion(None)


def luminance(token: str) -> float:
    """WCAG 2 relative luminance."""
    parts = [part / 255 for part in QColor(token).getRgb()[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@BOTH
@pytest.mark.parametrize("surface", ["ground", "panel", "raised", "hover"])
@pytest.mark.parametrize("token", ["text", "muted"])
def test_text_stands_out_from_every_surface(palette: Palette, token: str, surface: str) -> None:
    assert contrast(getattr(palette, token), getattr(palette, surface)) >= 4.5


@BOTH
@pytest.mark.parametrize("token", ["accent", "good", "bad"])
@pytest.mark.parametrize("surface", ["ground", "panel"])
def test_coloured_words_stand_out_from_cards(palette: Palette, token: str, surface: str) -> None:
    assert contrast(getattr(palette, token), getattr(palette, surface)) >= 4.5


@BOTH
def test_text_on_accent_and_on_a_selection_can_be_read(palette: Palette) -> None:
    assert contrast(palette.on_accent, palette.accent) >= 4.5
    selection = mixed(palette.panel, palette.accent, share=0.22).name()
    assert contrast(palette.text, selection) >= 4.5
    assert contrast(palette.muted, selection) >= 3


@BOTH
@pytest.mark.parametrize("token", ["accent", "warm", "good", "bad", "knob", "muted"])
def test_marks_stand_out_from_the_panel(palette: Palette, token: str) -> None:
    assert contrast(getattr(palette, token), palette.panel) >= 3


@BOTH
def test_the_safe_zone_can_be_told_from_the_track(palette: Palette) -> None:
    assert contrast(palette.safe, palette.track) >= 1.3


@BOTH
def test_the_style_sheet_has_every_token_filled_in(palette: Palette) -> None:
    text = style_sheet(palette)
    assert "$" not in text
    assert palette.accent in text


def test_the_style_sheet_writes_no_colour_of_its_own() -> None:
    written = (resources_folder() / "styles" / "window.qss").read_text(encoding="utf-8")
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", written)


@BOTH
def test_pictures_in_the_style_sheet_exist_and_use_colours_of_their_theme(palette: Palette) -> None:
    folder = resources_folder() / "styles" / palette.name
    named = set(re.findall(r'url\("[a-z]+:[a-z]+/([a-z-]+\.svg)"\)', style_sheet(palette)))
    assert named
    tokens = {getattr(palette, name) for name in Palette.__dataclass_fields__}
    for name in named:
        drawn = set(re.findall(r"#[0-9a-f]{6}", (folder / name).read_text(encoding="utf-8")))
        assert drawn <= tokens, name


def test_there_is_one_theme_and_the_application_owns_it(qapp: QApplication, look: Theme) -> None:
    assert theme() is look
    assert look.parent() is qapp
    assert applyTheme(qapp) is look


def test_choosing_a_mode_changes_palette_and_tells(qapp: QApplication, look: Theme, qtbot: QtBot) -> None:
    with qtbot.waitSignal(look.changed):
        look.setMode("light")
    assert look.palette is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(LIGHT.ground)
    assert qapp.palette().color(QPalette.ColorRole.Highlight) == QColor(LIGHT.accent)


def test_choosing_the_same_mode_again_tells_nothing(look: Theme, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(look.changed):
        look.setMode("dark")


def test_system_mode_is_dark_where_the_desktop_says_nothing(look: Theme) -> None:
    look.setMode("light")
    look.setMode("system")
    assert look.mode == "system"
    assert look.palette is DARK


def test_news_from_the_desktop_does_not_change_a_chosen_mode(qapp: QApplication, look: Theme) -> None:
    look.setMode("light")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert look.palette is LIGHT


def test_a_button_is_painted_in_our_colours_in_both_themes(look: Theme, qtbot: QtBot) -> None:
    button = QPushButton("Open…")
    qtbot.addWidget(button)
    button.resize(120, 28)
    for mode, palette in (("dark", DARK), ("light", LIGHT)):
        look.setMode(mode)
        seen = button.grab().toImage()
        assert seen.pixelColor(8, 14) == QColor(palette.raised)


def test_motion_is_reduced_when_asked(look: Theme) -> None:
    look.setReducedMotion(True)
    assert look.reducedMotion is True
    look.setReducedMotion(False)
    assert look.reducedMotion is False


def test_mixed_ends_at_its_tokens() -> None:
    assert mixed(DARK.panel, DARK.accent, share=0).name() == DARK.panel
    assert mixed(DARK.panel, DARK.accent, share=1).name() == DARK.accent
    assert colour(DARK.accent, alpha=0.5).alpha() == 128


def test_figures_have_equal_width(qapp: QApplication, look: Theme) -> None:
    font = number_font(qapp.font())
    assert [tag.toString() for tag in font.featureTags()] == [b"tnum"]


#: What eyes see that lack one kind of cone, in linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def lab(token: str, eyes: str) -> np.ndarray:
    """CIE L*a*b* of a colour as those eyes see it."""
    parts = np.array(QColor(token).getRgb()[:3]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(EYES[eyes]) @ linear, 0, 1)
    to_xyz = np.array([(0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)])
    x, y, z = (to_xyz @ seen) / (0.9505, 1.0, 1.089)
    a, b, c = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * b - 16, 500 * (a - b), 200 * (b - c)])


@BOTH
@pytest.mark.parametrize("eyes", EYES)
def test_curves_of_a_plot_differ_for_all_eyes(palette: Palette, eyes: str) -> None:
    for first, second in itertools.combinations(plot_colours(palette), 2):
        distance = float(np.linalg.norm(lab(first, eyes) - lab(second, eyes)))
        assert distance > 18, (first, second, distance)


def test_text_grows_at_once_and_so_do_the_controls_that_hold_it(look: Theme, qtbot: QtBot) -> None:
    button = QPushButton("Words")
    qtbot.addWidget(button)
    button.ensurePolished()
    title = PanelTitle("Title")
    qtbot.addWidget(title)
    before = button.sizeHint().height(), title.font().pointSizeF()
    look.setTextScale(2.0)
    try:
        assert button.fontMetrics().height() <= button.minimumSizeHint().height()
        assert button.sizeHint().height() > 1.4 * before[0]
        assert title.font().pointSizeF() == pytest.approx(2 * before[1], rel=0.05)
        assert row_height() > ROW_HEIGHT
    finally:
        look.setTextScale(1.0)
    assert (button.sizeHint().height(), title.font().pointSizeF()) == before
    assert row_height() == ROW_HEIGHT
