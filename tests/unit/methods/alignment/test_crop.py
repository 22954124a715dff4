from __future__ import annotations

import numpy as np
import pytest

from latent_studio.core.errors import InputError
from latent_studio.methods.alignment.crop import Quad, align, face_quad, sensitivity, square_quad
from latent_studio.methods.alignment.faces import FaceMarks
from latent_studio.methods.alignment.paste import PasteSettings, marks_in_crop, mask_of, paste
from latent_studio.methods.alignment.photo import Photo, photo_of_pixels

MARKS = FaceMarks((120.0, 100.0), (180.0, 104.0), (128.0, 160.0), (170.0, 163.0))


def photo(width: int = 300, height: int = 260) -> Photo:
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x % 256, y % 256, 128 + 60 * np.sin(x / 9) * np.cos(y / 7)], -1)
    return photo_of_pixels(pixels.astype(np.uint8), name="photo.png")


@pytest.mark.parametrize("angle", [0, 0.4, -1.2, 3.0])
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_eyes_and_mouth_stand_at_the_same_place_however_the_face_is_turned(
    angle: float, scale: float
) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = FaceMarks.from_array(MARKS.array @ turn.T * scale + [40, -7])
    before = marks_in_crop(MARKS, face_quad(MARKS))
    # Half a pixel is not scaled with the face.
    after = marks_in_crop(moved, face_quad(moved))
    assert np.abs(before - after).max() < 1e-9


def test_marks_on_one_spot_give_no_crop() -> None:
    with pytest.raises(InputError, match="on top of each other"):
        face_quad(FaceMarks((5, 5), (5, 5), (5, 5), (5, 5)))


def test_a_square_is_the_largest_in_the_middle() -> None:
    quad = square_quad((300, 260))
    crop = align(photo(), quad, output_size=260, transform_size=260, padding=False)
    assert (crop.pixels == photo().pixels[:, 20:280]).all()


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (10, 10, 5, 5)])
def test_an_empty_box_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(InputError, match="empty"):
        square_quad((300, 260), box=box)


def test_half_a_face_at_the_border_is_continued_smoothly() -> None:
    marks = FaceMarks.from_array(MARKS.array - [150, 0])
    crop = align(photo(), face_quad(marks), output_size=64)
    assert crop.steps.did_pad
    assert crop.pixels.std() > 5


def test_a_crop_beside_the_photo_is_refused() -> None:
    marks = FaceMarks.from_array(MARKS.array + np.array([2000, 0]))
    with pytest.raises(InputError, match="outside"):
        align(photo(), face_quad(marks), output_size=64)


def test_a_crop_far_larger_than_the_photo_is_refused() -> None:
    quad = Quad.from_array([(-5000, -5000), (-5000, 5000), (5000, 5000), (5000, -5000)])
    with pytest.raises(InputError, match="far larger"):
        align(photo(), quad, output_size=64)


def test_sensitivity_says_how_far_a_slip_of_the_hand_moves_the_crop() -> None:
    assert 0.5 < sensitivity(MARKS) < 10


@pytest.mark.parametrize("shape", ["ellipse", "hull", "square"])
def test_a_mask_is_full_in_the_face_and_nothing_at_the_edge(shape: str) -> None:
    mask = mask_of(PasteSettings(shape=shape), marks=marks_in_crop(MARKS, face_quad(MARKS)))
    assert mask.shape == (256, 256)
    assert mask[140, 128] > 0.99
    assert max(mask[0].max(), mask[-1].max(), mask[:, 0].max(), mask[:, -1].max()) == 0


def test_a_painted_mask_is_needed_for_the_brush() -> None:
    with pytest.raises(InputError, match="painted"):
        mask_of(PasteSettings(shape="brush"))


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_outside_the_mask_the_photo_keeps_its_very_numbers(strength: float) -> None:
    picture, quad = photo(), face_quad(MARKS)
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    pasted = paste(picture, quad, red, settings=PasteSettings(strength=strength))
    changed = (pasted != picture.pixels).any(-1)
    assert not changed[:8].any()
    assert not changed[:, :30].any()
    assert changed[130, 150] == (strength > 0)


def test_what_was_cut_out_goes_back_where_it_was() -> None:
    picture, quad = photo(), face_quad(MARKS)
    crop = align(picture, quad, output_size=256).pixels
    pasted = paste(picture, quad, crop)
    assert np.abs(pasted.astype(int) - picture.pixels).mean() < 1.5


def test_without_an_edit_the_difference_changes_nothing() -> None:
    picture, quad = photo(), face_quad(MARKS)
    anything = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    pasted = paste(picture, quad, anything, settings=PasteSettings(difference=True), original=anything)
    assert (pasted == picture.pixels).all()


def test_colours_are_brought_to_those_of_the_photo() -> None:
    picture, quad = photo(), face_quad(MARKS)
    crop = (align(picture, quad, output_size=128).pixels * 0.5).astype(np.uint8)
    errors = [
        np.abs(
            paste(picture, quad, crop, settings=PasteSettings(match_colour=share)).astype(int)
            - picture.pixels
        ).mean()
        for share in (0.0, 1.0)
    ]
    assert errors[1] < errors[0] / 3


def test_detail_brings_the_photos_grain_back() -> None:
    grain = np.random.default_rng(0).normal(0, 20, (260, 300, 1))
    pixels = np.clip(photo().pixels + grain, 0, 255).astype(np.uint8)
    picture, quad = photo_of_pixels(pixels, name="grainy.png"), face_quad(MARKS)
    crop = align(picture, quad, output_size=32).pixels
    plain, detailed = (
        paste(picture, quad, crop, settings=PasteSettings(detail=share)) for share in (0.0, 1.0)
    )
    assert detailed[120:140, 140:160].std() > plain[120:140, 140:160].std() * 1.2
