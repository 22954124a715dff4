"""Spin boxes whose text keeps the same distance from the border as every other field's."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QAbstractSpinBox

BoxType = TypeVar("BoxType", bound=QAbstractSpinBox)

_ROOM = 7


def with_room(box: BoxType) -> BoxType:
    """Give a spin box its left padding and return it: Qt's style sheets pass over ``padding-left`` there."""
    box.lineEdit().setTextMargins(_ROOM, 0, 0, 0)
    return box
