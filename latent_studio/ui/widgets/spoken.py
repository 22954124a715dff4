"""Spoken: tells assistive technology that our own slider is a slider, and its value."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

_PROPERTY = "latentStudioSpokenSliders"


@runtime_checkable
class SpokenValue(Protocol):
    """A widget with a value to be heard."""

    def valueText(self) -> str:
        """The value with its unit."""


class SpokenSlider(QAccessibleWidget):
    """What a screen reader sees of a slider: role, name, value."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, QAccessible.Role.Slider)
        self._widget = widget

    def text(self, which: QAccessible.Text) -> str:
        """The value, besides the texts every widget has."""
        if which == QAccessible.Text.Value and isinstance(self._widget, SpokenValue):
            return self._widget.valueText()
        return super().text(which)


def speak_sliders() -> None:
    """Make Qt ask us about sliders; once per application."""
    app = QCoreApplication.instance()
    if app is not None and not app.property(_PROPERTY):
        app.setProperty(_PROPERTY, True)
        QAccessible.installFactory(_describe)


def _describe(_name: str, thing: QObject) -> QAccessibleInterface | None:
    if isinstance(thing, QWidget) and isinstance(thing, SpokenValue):
        return SpokenSlider(thing)
    return None
