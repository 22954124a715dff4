"""Icons: our own line drawings, in the colours of the theme."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from latent_studio.ui.theme import Palette, colours, mixed, resources_folder, theme

Role = Literal["text", "muted", "accent", "warm", "good", "bad", "on_accent"]


def icon_names() -> tuple[str, ...]:
    """All drawings there are, in alphabetical order."""
    return tuple(sorted(path.stem for path in (resources_folder() / "icons").glob("*.svg")))


def icon(name: str, *, size: int = 16, role: Role = "text") -> QIcon:
    """A drawing in a colour of the theme in force.

    It keeps its colours when the theme changes; :func:`set_icon` gives a button or action one that follows.

    Args:
        name: file name in ``resources/icons`` without ``.svg``.
        size: side in logical pixels.
        role: which token colours it.

    Raises:
        KeyError: there is no such drawing.
    """
    tokens = colours()
    found = QIcon()
    for ratio in _ratios():
        found.addPixmap(_pixmap(name, size, ratio, getattr(tokens, role)))
        found.addPixmap(_pixmap(name, size, ratio, _faded(tokens)), QIcon.Mode.Disabled)
        if role == "text" or role == "muted":
            # In a chosen menu entry, a checked button.
            found.addPixmap(_pixmap(name, size, ratio, tokens.text), QIcon.Mode.Selected)
    return found


def icon_pixmap(name: str, *, size: int = 16, role: Role = "text", ratio: float = 1.0) -> QPixmap:
    """One drawing for painting by hand.

    Args:
        name: as for :func:`icon`.
        size: side in logical pixels.
        role: which token colours it.
        ratio: device pixels per logical pixel of what it is painted on.
    """
    return _pixmap(name, size, ratio, getattr(colours(), role))


def set_icon(target: QAbstractButton | QAction, name: str, *, size: int = 16, role: Role = "text") -> None:
    """Give a button or an action an icon that changes with the theme; calling again changes the icon."""
    keeper = target.findChild(_IconKeeper, options=Qt.FindChildOption.FindDirectChildrenOnly)
    if keeper is None:
        keeper = _IconKeeper(target)
    keeper.keep(name, size, role)


class _IconKeeper(QObject):
    """Lives with its button or action and renews its icon."""

    def __init__(self, target: QAbstractButton | QAction) -> None:
        super().__init__(target)
        self._target = target
        self._name = ""
        self._size = 16
        self._role: Role = "text"
        look = theme()
        look.changed.connect(self._renew)
        look.screensChanged.connect(self._renew)

    def keep(self, name: str, size: int, role: Role) -> None:
        self._name, self._size, self._role = name, size, role
        self._renew()

    @Slot()
    def _renew(self) -> None:
        self._target.setIcon(icon(self._name, size=self._size, role=self._role))
        if isinstance(self._target, QAbstractButton):
            self._target.setIconSize(QSize(self._size, self._size))


def _ratios() -> list[float]:
    """Densities a drawing is made for: those of the screens there are, and the usual two."""
    return sorted({screen.devicePixelRatio() for screen in QGuiApplication.screens()} | {1.0, 2.0})


def _faded(tokens: Palette) -> str:
    return mixed(tokens.muted, tokens.panel, share=0.45).name()


def _pixmap(name: str, size: int, ratio: float, colour: str) -> QPixmap:
    key = f"latent-studio/{name}/{size}/{ratio}/{colour}"
    found = QPixmap()
    if QPixmapCache.find(key, found):
        return found
    renderer = QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", colour).encode()))
    side = round(size * ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, pixmap)
    return pixmap


def _drawing(name: str) -> str:
    path = resources_folder() / "icons" / f"{name}.svg"
    if not path.is_file():
        raise KeyError(f"no icon {name!r}; there are: {', '.join(icon_names())}")
    return path.read_text(encoding="utf-8")
