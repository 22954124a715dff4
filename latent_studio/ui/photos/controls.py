"""The small controls of the projection panel, made in one place so that they look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from latent_studio.ui.widgets.flow_layout import FlowLayout
from latent_studio.ui.widgets.labelled_slider import LabelledSlider

if TYPE_CHECKING:
    from collections.abc import Sequence


def button(parent: QWidget, name: str, text: str, tooltip: str) -> QPushButton:
    """A button that says what it does."""
    made = QPushButton(text, parent)
    made.setObjectName(name)
    made.setToolTip(tooltip)
    return made


def choice(
    parent: QWidget,
    name: str,
    title: str,
    tooltip: str,
    entries: Sequence[tuple[str, object]] = (),
    *,
    shortest: int = 4,
) -> QComboBox:
    """A list to choose from that may become as narrow as ``shortest`` letters."""
    made = QComboBox(parent)
    made.setObjectName(name)
    made.setAccessibleName(title)
    made.setToolTip(tooltip)
    made.setMinimumWidth(64)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(shortest)
    for text, value in entries:
        made.addItem(text, value)
    return made


def slider(
    parent: QWidget, name: str, title: str, ends: tuple[float, float], value: float, *, decimals: int = 2
) -> LabelledSlider:
    """A named slider with fifty steps of the arrow keys."""
    low, high = ends
    made = LabelledSlider(title, parent=parent)
    made.setObjectName(name)
    made.setRange(low, high)
    made.setDefault(value)
    made.setStep((high - low) / 50)
    made.setDecimals(decimals)
    made.setValue(value)
    return made


def row(*widgets: QWidget, stretches: tuple[int, ...]) -> QHBoxLayout:
    """Widgets side by side that share what room is left over as ``stretches`` says."""
    made = QHBoxLayout()
    made.setSpacing(8)
    for widget, stretch in zip(widgets, stretches, strict=True):
        made.addWidget(widget, stretch)
    return made


def flow(*widgets: QWidget) -> FlowLayout:
    """Widgets side by side, in several lines where the panel is narrow."""
    made = FlowLayout()
    for widget in widgets:
        made.addWidget(widget)
    return made
