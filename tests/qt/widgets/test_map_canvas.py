from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from latent_studio.ui.widgets.map_canvas import MapCanvas

POINTS = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (-1.0, -1.0), (1.0, 1.0)])
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def canvas(qtbot) -> MapCanvas:
    canvas = MapCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(640, 480)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.setPoints(POINTS)
    canvas.setView(-2, -2, 2, 2)
    return canvas


def spot(canvas, x, y) -> QPoint:
    return canvas.spotOf(x, y).toPoint()


def drag(qtbot, canvas, places, *, button=LEFT, modifier=Qt.KeyboardModifier.NoModifier):
    port, spots = canvas.viewport(), [spot(canvas, *place) for place in places]
    qtbot.mousePress(port, button, modifier, spots[0])
    for one in spots[1:]:
        qtbot.mouseMove(port, one)
    qtbot.mouseRelease(port, button, modifier, spots[-1])


AROUND_RIGHT = [(0.6, -0.5), (1.4, -0.5), (1.4, 1.4), (0.6, 1.4)]


def test_a_click_takes_the_point_below_it_or_else_the_place(qtbot, canvas):
    with qtbot.waitSignal(canvas.pointTaken) as taken:
        qtbot.mouseClick(canvas.viewport(), LEFT, pos=spot(canvas, 1, 1))
    assert taken.args == [4]
    with qtbot.waitSignal(canvas.placeTaken) as taken:
        qtbot.mouseClick(canvas.viewport(), LEFT, pos=spot(canvas, 0.5, -1.2))
    assert np.allclose(taken.args, (0.5, -1.2), atol=0.02)


def test_a_drag_walks_and_says_when_it_ends(qtbot, canvas):
    seen = []
    canvas.walked.connect(lambda x, y: seen.append((x, y)))
    with qtbot.waitSignal(canvas.walkFinished):
        drag(qtbot, canvas, [(0, 0.5), (0.5, 0.5), (1, 0.5)])
    assert np.allclose(seen, [(0.5, 0.5), (1, 0.5)], atol=0.02)


@pytest.mark.parametrize(("tool", "button"), [("move", LEFT), ("go", Qt.MouseButton.RightButton)])
def test_what_is_dragged_stays_below_the_hand(qtbot, canvas, tool, button):
    canvas.setTool(tool)
    drag(qtbot, canvas, [(0, 0), (0.5, 0.25), (0.75, 0.5)], button=button)
    assert np.allclose(canvas.view(), (-2.75, -2.5, 1.25, 1.5), atol=0.03)


def test_a_loop_chooses_and_with_shift_adds(qtbot, canvas):
    canvas.setTool("loop")
    drag(qtbot, canvas, AROUND_RIGHT)
    assert canvas.chosen().tolist() == [False, True, False, False, True]
    low = [(-1.5, -1.5), (-0.5, -1.5), (-0.5, -0.5), (-1.5, -0.5)]
    drag(qtbot, canvas, low, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert canvas.chosen().sum() == 3
    drag(qtbot, canvas, low)
    assert canvas.chosen().tolist() == [False, False, False, True, False]


def test_a_path_is_handed_on_and_a_mere_click_is_none(qtbot, canvas):
    canvas.setTool("path")
    with qtbot.waitSignal(canvas.pathDrawn) as drawn:
        drag(qtbot, canvas, [(-1, 0), (0, 0.5), (1, 0)])
    assert np.allclose(drawn.args[0], [(-1, 0), (0, 0.5), (1, 0)], atol=0.02)
    with qtbot.assertNotEmitted(canvas.pathDrawn):
        qtbot.mouseClick(canvas.viewport(), LEFT, pos=spot(canvas, 0, 0))


def test_the_keyboard_goes_zooms_chooses_and_takes_back(qtbot, canvas):
    canvas.setFocus()
    canvas.setHere((0.0, 0.0))
    for _ in range(5):
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.cross() is not None
    assert canvas.cross()[0] > 0.5
    with qtbot.waitSignal(canvas.placeTaken) as taken:
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert tuple(taken.args) == canvas.cross()
    wide = canvas.view()[2] - canvas.view()[0]
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.view()[2] - canvas.view()[0] < wide
    qtbot.keyClick(canvas, Qt.Key.Key_Minus)
    for _ in range(5):
        qtbot.keyClick(canvas, Qt.Key.Key_Left)
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    assert canvas.chosen().tolist() == [True, False, False, False, False]
    canvas.setTool("loop")
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.chosen().any()
    with qtbot.waitSignal(canvas.toolLeft):
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)


def test_the_map_follows_a_cross_that_leaves_it(qtbot, canvas):
    canvas.setFocus()
    for _ in range(40):
        qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.view()[3] > 2
    assert canvas.cross()[1] <= canvas.view()[3] + 1e-9


def test_escape_in_the_middle_of_a_loop_drops_it(qtbot, canvas):
    canvas.setTool("loop")
    port = canvas.viewport()
    qtbot.mousePress(port, LEFT, pos=spot(canvas, *AROUND_RIGHT[0]))
    for place in AROUND_RIGHT[1:]:
        qtbot.mouseMove(port, spot(canvas, *place))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.mouseRelease(port, LEFT, pos=spot(canvas, *AROUND_RIGHT[-1]))
    assert not canvas.chosen().any()


def test_pictures_are_wanted_for_what_is_in_view_and_are_painted(qtbot, canvas):
    canvas.setView(-1.5, -1.5, 0.5, 0.5)
    with qtbot.waitSignal(canvas.picturesWanted) as wanted:
        canvas.clearPictures()
    assert set(wanted.args[0]) == {0, 3}
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.green)
    canvas.setPicture(3, image)
    shown = canvas.grab().toImage()
    assert shown.pixelColor(spot(canvas, -1, -1) + QPoint(8, 8)).green() > 200
    canvas.setPicturesShown(False)
    assert canvas.grab().toImage().pixelColor(spot(canvas, -1, -1) + QPoint(8, 8)).green() < 200


def test_a_view_can_neither_vanish_nor_grow_for_ever(qtbot, canvas):
    for factor in (1e6, 1e-12):
        for _ in range(4):
            canvas.zoom(factor)
        assert np.isfinite(canvas.view()).all()
        assert canvas.view()[2] > canvas.view()[0]
    canvas.zoomFit()
    assert canvas.view()[0] < -0.9


def go_to(qtbot, canvas, x, y):
    """Move the cross there by arrows, a pixel or so at the most beside it."""
    if canvas.cross() is None:
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
    for axis, (less, more) in enumerate(
        ((Qt.Key.Key_Left, Qt.Key.Key_Right), (Qt.Key.Key_Down, Qt.Key.Key_Up))
    ):
        for modifier in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
            away = np.inf
            while abs((x, y)[axis] - canvas.cross()[axis]) < away:
                away = abs((x, y)[axis] - canvas.cross()[axis])
                qtbot.keyClick(canvas, more if (x, y)[axis] > canvas.cross()[axis] else less, modifier)


def test_the_keyboard_draws_corner_by_corner(qtbot, canvas):
    canvas.setFocus()
    canvas.setTool("loop")
    for place in AROUND_RIGHT:
        go_to(qtbot, canvas, *place)
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert not canvas.chosen().any()
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert np.flatnonzero(canvas.chosen()).tolist() == [1, 4]

    canvas.setTool("path")
    with qtbot.waitSignal(canvas.pathDrawn) as drawn:
        for place in ((-1.0, -1.0), (1.0, 1.0)):
            go_to(qtbot, canvas, *place)
            qtbot.keyClick(canvas, Qt.Key.Key_Return)
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert np.allclose(drawn.args[0], [(-1, -1), (1, 1)], atol=0.2)
