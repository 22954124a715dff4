"""Pictures to rate, in large and small windows."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt

from latent_studio.ui.widgets.rating_grid import RatingGrid


def test_where_there_is_little_room_the_current_picture_is_large_and_rated_there_too(qtbot):
    grid = RatingGrid()
    qtbot.addWidget(grid)
    grid.setCount(10)
    grid.setRating(0, True)
    grid.resize(1200, 600)
    assert grid.spotRect().isEmpty()
    grid.resize(600, 180)
    spot = grid.spotRect()
    assert spot.height() > 2 * grid.cellRect(0).height()
    assert not any(spot.intersects(grid.cellRect(place)) for place in range(10))
    said = []
    grid.rated.connect(lambda *words: said.append(words))
    for x in (spot.left() + 5, spot.right() - 5):
        qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=QPoint(int(x), 90))
    assert said == [(1, False), (1, True)]
