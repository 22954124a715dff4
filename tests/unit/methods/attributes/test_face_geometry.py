"""Numbers from face marks, and pictures without a face."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from latent_studio.methods.alignment.faces import Face, FaceMarks
from latent_studio.methods.attributes.face_geometry import (
    FACE_ATTRIBUTES,
    FaceGeometryPredictor,
    face_numbers,
)

#: Eyes and mouth corners of a level face in a picture of 100 pixels.
LEVEL = np.array([[40, 40], [60, 40], [42, 60], [58, 60]], float)


def numbers(points: np.ndarray) -> dict[str, float]:
    face = Face(box=(30.0, 25.0, 70.0, 75.0), marks=FaceMarks.from_array(points), score=1.0)
    found = face_numbers(face, width=100, height=100)
    return dict(zip((info.id for info in FACE_ATTRIBUTES), found, strict=True))


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return (points - 50) @ turn.T + 50


def test_a_level_face_has_no_angle_and_its_sizes() -> None:
    found = numbers(LEVEL)
    assert (found["face_turn"], found["mark_roll"]) == pytest.approx((0, 0))
    assert (found["face_width"], found["face_height"]) == pytest.approx((0.4, 0.5))
    assert (found["mouth_width"], found["mouth_drop"]) == pytest.approx((0.8, 1.0))


def test_roll_is_the_angle_of_the_eyes_and_sizes_do_not_follow() -> None:
    found = numbers(turned(LEVEL, 12))
    assert found["mark_roll"] == pytest.approx(12)
    assert (found["mouth_width"], found["mouth_drop"]) == pytest.approx((0.8, 1.0))


def test_eyes_right_of_the_boxs_middle_are_a_turn() -> None:
    assert numbers(LEVEL + np.array([5.0, 0.0]))["face_turn"] == pytest.approx(0.25)


def test_a_picture_without_a_face_is_told_as_nan() -> None:
    class Nobody:
        def find(self, pixels: np.ndarray, **_: object) -> tuple[Face, ...]:
            return ()

    found = FaceGeometryPredictor(Nobody()).predict(torch.zeros(2, 3, 32, 32))
    assert found.shape == (2, len(FACE_ATTRIBUTES))
    assert bool(torch.isnan(found).all())
