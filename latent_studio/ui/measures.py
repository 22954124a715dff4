"""Measures of the window's layout, in logical pixels."""

from __future__ import annotations

#: Space around and between the panels.
MARGIN = 8
#: First widths of the left and the right column.
LEFT_WIDTH = 290
RIGHT_WIDTH = 350
