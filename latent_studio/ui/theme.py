"""Theme: colours, fonts and the style sheet of the window, dark or light."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal

from PySide6.QtCore import QDir, QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyle

import latent_studio

Mode = Literal["system", "dark", "light"]

_PROPERTY = "latentStudioTheme"
#: Least heights in the style sheet that hold text; thinner things hold none.
_TEXT_HEIGHT = re.compile(r"min-height: (\d\d)px")


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme, as ``"#rrggbb"``.

    Attributes:
        name: which theme it is.
        ground: window, fields, the surround of the canvas.
        panel: docks and cards.
        raised: buttons, chips, tool tips.
        line: borders and grids.
        text: what is read.
        muted: what may be read; still 4.5:1 on every surface.
        accent: slider fill, selection, focus; the only loud colour.
        warm: parameter keys, second curve, warnings.
        good: badges of trust, drift in range.
        bad: errors, playhead.
        hover: a raised thing under the mouse.
        pressed: a raised thing held down.
        track: the full range of a slider.
        safe: the part of a slider's range that keeps pictures natural.
        knob: a slider's knob away from rest; at rest it is ``muted``.
        on_accent: text on a surface of accent.
        shade: over the window below an overlay, half clear.
    """

    name: Literal["dark", "light"]
    ground: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    warm: str
    good: str
    bad: str
    hover: str
    pressed: str
    track: str
    safe: str
    knob: str
    on_accent: str
    shade: str


DARK = Palette(
    name="dark",
    ground="#16181d",
    panel="#1d2026",
    raised="#262a32",
    line="#323742",
    text="#e6e8ec",
    muted="#9aa3b2",
    accent="#5fb3ff",
    warm="#ffb454",
    good="#7bd88f",
    bad="#ff6b6b",
    hover="#2e333d",
    pressed="#20242b",
    track="#121418",
    safe="#3a414e",
    knob="#e6e8ec",
    on_accent="#10141a",
    shade="#08090b",
)

LIGHT = Palette(
    name="light",
    ground="#f4f5f7",
    panel="#ffffff",
    raised="#eceef2",
    line="#d5d9e0",
    text="#1b1f27",
    muted="#5a6475",
    accent="#1668c4",
    warm="#b86a00",
    good="#1b7f3b",
    bad="#c0392b",
    hover="#e3e6ec",
    pressed="#d9dde5",
    track="#e6e9ee",
    safe="#c3cad5",
    knob="#2b3240",
    on_accent="#ffffff",
    shade="#4a5160",
)


class Theme(QObject):
    """The look in force; one per application, owned by it.

    Widgets that paint themselves ask :func:`colours` in each paint event: a change of theme repaints
    everything anyway, so they need not listen. What keeps pictures made for one theme listens to ``changed``.
    """

    changed = Signal()
    #: A screen was plugged in, perhaps of another density.
    screensChanged = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        app.screenAdded.connect(self.screensChanged)
        self.setObjectName("theme")
        self._app = app
        self._mode: Mode = "system"
        self._palette = DARK
        self._reduced_motion: bool | None = None
        self._text_scale = 1.0
        self._installed = False
        app.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def mode(self) -> Mode:
        """What was asked for; ``"system"`` follows the desktop."""
        return self._mode

    @property
    def palette(self) -> Palette:
        """The colours in force."""
        return self._palette

    def setMode(self, mode: Mode) -> None:
        """Choose dark, light, or what the desktop says (dark when it says nothing)."""
        if mode == self._mode and self._installed:
            return
        self._mode = mode
        hints = self._app.styleHints()
        # So that native frames and file dialogs follow too, where the platform can.
        if mode == "system":
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(Qt.ColorScheme.Dark if mode == "dark" else Qt.ColorScheme.Light)
        self._apply()

    @property
    def reducedMotion(self) -> bool:
        """Whether nothing should move by itself: as set, else as the desktop's style says."""
        if self._reduced_motion is not None:
            return self._reduced_motion
        return not self._app.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration)

    def setReducedMotion(self, reduced: bool | None) -> None:
        """Switch motion off or on; ``None`` follows the desktop."""
        self._reduced_motion = reduced

    @property
    def textScale(self) -> float:
        """How much larger text is than the design's 9 pt; rows of text grow by it, too."""
        return self._text_scale

    def setTextScale(self, scale: float) -> None:
        """Make all text larger or smaller.

        Args:
            scale: 1 is the design's size.
        """
        if scale == self._text_scale:
            return
        self._text_scale = scale
        if self._installed:
            self._app.setFont(_ui_font(scale))
            self._apply(force=True)

    def install(self) -> None:
        """Put style, palette, font and style sheet in force. Doing it twice does no harm."""
        if not self._installed:
            self._app.setStyle("Fusion")
            self._app.setFont(_ui_font(self._text_scale))
            QDir.setSearchPaths("latentstudiostyle", [str(resources_folder() / "styles")])
            self._installed = True
        self._apply(force=True)

    @Slot()
    def _follow_system(self) -> None:
        if self._mode == "system" and self._installed:
            self._apply()

    def _apply(self, *, force: bool = False) -> None:
        wanted = self._wanted()
        if wanted is self._palette and not force:
            return
        self._palette = wanted
        if self._installed:
            self._app.setPalette(_qt_palette(wanted))
            self._app.setStyleSheet(style_sheet(wanted, scale=self._text_scale))
        self.changed.emit()

    def _wanted(self) -> Palette:
        if self._mode != "system":
            return DARK if self._mode == "dark" else LIGHT
        return LIGHT if self._app.styleHints().colorScheme() == Qt.ColorScheme.Light else DARK


def theme() -> Theme:
    """The application's theme; made on first use, so a widget alone in a test has one too."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("A theme needs a QApplication.")
    found = app.property(_PROPERTY)
    if not isinstance(found, Theme):
        found = Theme(app)
        app.setProperty(_PROPERTY, found)
    return found


def colours() -> Palette:
    """The colours in force."""
    return theme().palette


def plot_colours(palette: Palette) -> tuple[str, str, str, str]:
    """Colours of a plot's curves in this order; eyes that miss red or green tell them apart, too."""
    return palette.accent, palette.warm, palette.text, palette.muted


def colour(token: str, *, alpha: float = 1.0) -> QColor:
    """A token as a colour.

    Args:
        token: ``"#rrggbb"``.
        alpha: 0 is clear, 1 is solid.
    """
    found = QColor(token)
    found.setAlphaF(alpha)
    return found


def mixed(first: str, second: str, *, share: float) -> QColor:
    """The colour on the way from one token to another; ``share`` 0 gives the first, 1 the second."""
    a, b = QColor(first), QColor(second)
    return QColor(
        round(a.red() + (b.red() - a.red()) * share),
        round(a.green() + (b.green() - a.green()) * share),
        round(a.blue() + (b.blue() - a.blue()) * share),
    )


def applyTheme(app: QApplication) -> Theme:
    """Give the application its look; it re-applies itself when the mode or the desktop changes."""
    found = theme()
    if found.parent() is not app:
        raise RuntimeError("The theme belongs to another application.")
    found.install()
    return found


def number_font(base: QFont) -> QFont:
    """The font with figures of equal width, so that a moving number does not jitter."""
    font = QFont(base)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def title_font(base: QFont) -> QFont:
    """The font of a panel's title: small, bold, spaced; write the text in capitals."""
    font = QFont(base)
    font.setPointSizeF(base.pointSizeF() * 0.9)
    font.setWeight(QFont.Weight.Bold)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 1.2)
    return font


def small_font(base: QFont) -> QFont:
    """The font of badges and captions."""
    font = QFont(base)
    font.setPointSizeF(base.pointSizeF() * 0.9)
    return font


def resources_folder() -> Path:
    """Where icons and style pictures are: inside the installed package, or beside it in a checkout."""
    package = Path(latent_studio.__file__).parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def scaled(pixels: float) -> int:
    """A length that holds text, as the size of text asks for."""
    return round(pixels * theme().textScale)


def style_sheet(palette: Palette, *, scale: float = 1.0) -> str:
    """The style sheet with the tokens of a palette written in.

    Args:
        palette: the colours.
        scale: of text.
    """
    tokens = {name: getattr(palette, name) for name in Palette.__dataclass_fields__}
    tokens["disabled"] = mixed(palette.muted, palette.panel, share=0.45).name()
    tokens["selection"] = mixed(palette.panel, palette.accent, share=0.22).name()
    tokens["accent_hover"] = mixed(palette.accent, palette.text, share=0.18).name()
    tokens["handle"] = mixed(palette.panel, palette.muted, share=0.38).name()
    tokens["handle_hover"] = mixed(palette.panel, palette.muted, share=0.65).name()
    tokens["heading"] = f"{11 * scale:g}pt"
    tokens["art"] = f"latentstudiostyle:{palette.name}"
    text = (resources_folder() / "styles" / "window.qss").read_text(encoding="utf-8")
    if scale > 1:
        # Layouts may press a control down to this: it has to hold a line of text.
        text = _TEXT_HEIGHT.sub(lambda found: f"min-height: {round(int(found[1]) * scale)}px", text)
    return Template(text).substitute(tokens)


def _ui_font(scale: float) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    # A point is 1/72 inch on the Mac, 1/96 elsewhere: there the system's own 13 pt is this size.
    size = font.pointSizeF() if sys.platform == "darwin" else 9.0
    font.setPointSizeF(size * scale)
    return font


def _qt_palette(tokens: Palette) -> QPalette:
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette()
    for where, token in (
        (role.Window, tokens.ground),
        (role.WindowText, tokens.text),
        (role.Base, tokens.ground),
        (role.AlternateBase, tokens.panel),
        (role.Text, tokens.text),
        (role.Button, tokens.raised),
        (role.ButtonText, tokens.text),
        (role.BrightText, tokens.bad),
        (role.ToolTipBase, tokens.raised),
        (role.ToolTipText, tokens.text),
        (role.PlaceholderText, tokens.muted),
        (role.Highlight, tokens.accent),
        (role.HighlightedText, tokens.on_accent),
        (role.Link, tokens.accent),
        (role.LinkVisited, tokens.accent),
        (role.Accent, tokens.accent),
        (role.Light, tokens.hover),
        (role.Midlight, tokens.raised),
        (role.Mid, tokens.line),
        (role.Dark, tokens.line),
        (role.Shadow, tokens.track),
    ):
        palette.setColor(where, QColor(token))
    faded = mixed(tokens.muted, tokens.panel, share=0.45)
    for where in (role.WindowText, role.Text, role.ButtonText, role.PlaceholderText):
        palette.setColor(group.Disabled, where, faded)
    palette.setColor(group.Disabled, role.Highlight, QColor(tokens.line))
    palette.setColor(group.Disabled, role.HighlightedText, faded)
    return palette
