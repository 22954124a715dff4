"""ImageView: newest frames only, zoom around the cursor, sharp edges."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage

from latent_studio.core.render import Frame, Quality
from latent_studio.ui.theme import DARK
from latent_studio.ui.widgets.image_view import ZOOM_STEP, ImageView
from latent_studio.ui.widgets.images import image_of
from tests.qt.widgets.hands import ALT, CTRL, LEFT, MIDDLE, SHIFT, drag, key, wheel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 255, 0)


def frame(
    revision: int, quality: Quality = Quality.FINAL, *, colour: tuple[int, int, int] = RED, side: int = 64
) -> Frame:
    pixels = np.empty((side, side, 3), np.uint8)
    pixels[:] = colour
    pixels.flags.writeable = False
    return Frame(revision, quality, pixels, 0.01)


@pytest.fixture
def view(qtbot: QtBot) -> ImageView:
    found = ImageView()
    qtbot.addWidget(found)
    found.resize(256, 256)
    found.show()
    return found


def middle_colour(view: ImageView) -> tuple[int, int, int]:
    seen = view.grab().toImage()
    return seen.pixelColor(seen.width() // 2, seen.height() // 2).getRgb()[:3]


def test_a_newer_frame_is_shown_and_told(view: ImageView, qtbot: QtBot) -> None:
    first, second = frame(1), frame(2, colour=BLUE)
    assert view.showFrame(first)
    with qtbot.waitSignal(view.frameShown) as told:
        assert view.showFrame(second)
    assert told.args == [second]
    assert view.frame() is second
    assert middle_colour(view) == BLUE


def test_an_older_revision_is_dropped(view: ImageView, qtbot: QtBot) -> None:
    view.showFrame(frame(5))
    with qtbot.assertNotEmitted(view.frameShown):
        assert not view.showFrame(frame(4, colour=BLUE))
    assert middle_colour(view) == RED


def test_a_coarse_frame_after_its_final_is_dropped(view: ImageView) -> None:
    assert view.showFrame(frame(5, Quality.COARSE, colour=GREEN, side=16))
    assert view.showFrame(frame(5))
    assert not view.showFrame(frame(5, Quality.COARSE, colour=BLUE, side=16))
    assert middle_colour(view) == RED


def test_a_coarse_frame_of_a_newer_revision_is_shown(view: ImageView) -> None:
    view.showFrame(frame(5))
    assert view.showFrame(frame(6, Quality.COARSE, colour=BLUE, side=16))
    assert middle_colour(view) == BLUE


def test_clear_shows_nothing_and_takes_any_frame_again(view: ImageView) -> None:
    view.showFrame(frame(5))
    view.clear()
    assert view.frame() is None
    assert view.image().isNull()
    assert QColor(*middle_colour(view)) == QColor(DARK.panel)
    assert view.showFrame(frame(1, colour=BLUE))


def test_the_image_outlives_the_pixels_it_came_from(view: ImageView) -> None:
    view.showFrame(frame(1))
    held = view.image()
    view.showFrame(frame(2, colour=BLUE))
    gc.collect()
    assert held.pixelColor(3, 3) == QColor(*RED)


@pytest.mark.parametrize(
    ("channels", "form", "expected"),
    [
        (1, QImage.Format.Format_RGB32, (70, 70, 70, 255)),
        (3, QImage.Format.Format_RGB32, (70, 80, 90, 255)),
        (4, QImage.Format.Format_ARGB32_Premultiplied, (70, 80, 90, 255)),
    ],
)
def test_grey_rgb_and_rgba_become_images(
    channels: int, form: QImage.Format, expected: tuple[int, int, int, int]
) -> None:
    pixels = np.empty((5, 7, channels), np.uint8)
    pixels[:] = np.array([70, 80, 90, 255], np.uint8)[:channels]
    image = image_of(pixels)
    assert image.size() == QSize(7, 5)
    assert image.format() == form
    assert image.pixelColor(6, 4).getRgb() == expected


def test_rows_that_are_not_contiguous_are_read_right() -> None:
    pixels = np.zeros((6, 10, 3), np.uint8)
    pixels[:, ::2] = BLUE
    image = image_of(pixels[:, ::2])
    assert image.size() == QSize(5, 6)
    assert image.pixelColor(4, 5) == QColor(*BLUE)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="not a picture"):
        image_of(np.zeros(shape, np.uint8))


def test_an_empty_picture_is_not_shown(view: ImageView) -> None:
    assert not view.showFrame(Frame(1, Quality.FINAL, np.zeros((0, 4, 3), np.uint8), 0.0))


def test_the_picture_fits_and_keeps_its_shape(view: ImageView) -> None:
    view.resize(400, 200)
    view.showFrame(frame(1))
    place = view.pictureRect()
    assert (place.width(), place.height()) == (200, 200)
    assert place.center() == QPointF(200, 100)
    assert view.zoom() == pytest.approx(200 / 64)


def test_a_coarse_frame_takes_the_place_of_the_sharp_one_when_zoomed(view: ImageView) -> None:
    view.showFrame(frame(1))
    view.zoomActual()
    before = view.pictureRect()
    view.showFrame(frame(2, Quality.COARSE, side=16))
    assert view.pictureRect() == before
    assert view.zoom() == 1


def test_the_natural_size_can_be_told_before_the_first_sharp_frame(view: ImageView) -> None:
    view.setNaturalSize(QSize(128, 128))
    view.showFrame(frame(1, Quality.COARSE, side=16))
    assert view.zoom() == 2


def test_the_wheel_zooms_around_the_cursor(view: ImageView) -> None:
    view.showFrame(frame(1))
    view.setZoom(8)
    spot = QPointF(60, 200)
    before = view._picture_share(spot)
    assert wheel(view, 1, spot=(60, 200))
    assert view.zoom() == pytest.approx(8 * ZOOM_STEP)
    after = view._picture_share(spot)
    assert after.x() == pytest.approx(before.x(), abs=0.002)
    assert after.y() == pytest.approx(before.y(), abs=0.002)


def test_the_wheel_with_shift_zooms_finer(view: ImageView) -> None:
    view.showFrame(frame(1))
    view.setZoom(8)
    wheel(view, 1, modifiers=SHIFT)
    assert view.zoom() == pytest.approx(8 * 1.05)


def test_the_wheel_is_left_to_others_without_a_picture(view: ImageView) -> None:
    assert not wheel(view, 1)


def test_zoom_by_keys(view: ImageView, qtbot: QtBot) -> None:
    view.showFrame(frame(1))
    with qtbot.waitSignal(view.zoomChanged) as told:
        key(view, Qt.Key.Key_1, modifiers=CTRL)
    assert told.args == [1.0]
    key(view, Qt.Key.Key_Plus, modifiers=CTRL)
    assert view.zoom() == pytest.approx(ZOOM_STEP)
    key(view, Qt.Key.Key_Minus, modifiers=CTRL)
    assert view.zoom() == 1
    key(view, Qt.Key.Key_0, modifiers=CTRL)
    assert view.isFitted()
    assert view.zoom() == 4


def test_zoom_stays_within_reason(view: ImageView) -> None:
    view.showFrame(frame(1))
    view.setZoom(1e9)
    assert view.zoom() == 64
    view.setZoom(0)
    assert view.zoom() == 0.05


def test_fitting_follows_the_size_of_the_widget(view: ImageView, qtbot: QtBot) -> None:
    view.showFrame(frame(1))
    with qtbot.waitSignal(view.zoomChanged):
        view.resize(512, 512)
    assert view.zoom() == 8


@pytest.mark.parametrize(
    ("button", "modifiers"),
    [(MIDDLE, Qt.KeyboardModifier.NoModifier), (LEFT, CTRL), (LEFT, ALT)],
    ids=["middle", "ctrl", "alt"],
)
def test_the_hand_moves_a_zoomed_picture(
    view: ImageView, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier
) -> None:
    view.showFrame(frame(1))
    view.setZoom(10)
    before = view.pictureRect().topLeft()
    drag(view, (100, 100), (130, 90), button=button, modifiers=modifiers)
    moved = view.pictureRect().topLeft() - before
    assert (moved.x(), moved.y()) == pytest.approx((30, -10), abs=1)


def test_the_picture_cannot_be_lost_by_panning(view: ImageView) -> None:
    view.showFrame(frame(1))
    view.setZoom(10)
    drag(view, (100, 100), (5000, 5000), button=MIDDLE)
    assert view.pictureRect().topLeft() == QPointF(0, 0)


def test_a_fitted_picture_does_not_move(view: ImageView) -> None:
    view.showFrame(frame(1))
    before = view.pictureRect()
    drag(view, (100, 100), (150, 150), button=MIDDLE)
    assert view.pictureRect() == before


def test_control_and_arrows_move_a_zoomed_picture(view: ImageView) -> None:
    view.showFrame(frame(1))
    view.setZoom(10)
    before = view.pictureRect().left()
    key(view, Qt.Key.Key_Right, modifiers=CTRL)
    assert view.pictureRect().left() < before


def checkers(side: int) -> Frame:
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[(np.indices((side, side)).sum(axis=0) % 2) == 0] = 255
    return Frame(1, Quality.FINAL, pixels, 0.0)


def test_squares_are_sharp_when_asked_for_and_soft_otherwise(view: ImageView) -> None:
    view.showFrame(checkers(16))

    def shades() -> int:
        seen = view.grab().toImage()
        return len({seen.pixelColor(x, 128).red() for x in range(256)})

    assert shades() > 2
    view.setNearest(True)
    assert shades() == 2


def test_a_picture_shrunk_much_is_averaged_not_sampled(view: ImageView) -> None:
    view.resize(64, 64)
    view.showFrame(checkers(512))
    seen = view.grab().toImage()
    shades = {seen.pixelColor(x, 30).red() for x in range(2, 62)}
    assert max(shades) - min(shades) < 40
    assert 100 < sum(shades) / len(shades) < 155


def test_on_a_dense_screen_one_for_one_means_device_pixels(
    view: ImageView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "_ratio", lambda: 2.0)
    view.showFrame(frame(1))
    view.zoomActual()
    assert view.pictureRect().width() == 32
    view.zoomFit()
    assert view.zoom() == 8
    assert view.pictureRect().width() == 256
