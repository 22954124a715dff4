"""Numbers from face marks, and pictures without a face."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from latent_studio.methods.alignment.faces import Face, FaceMarks
from latent_studio.methods.attributes.face_geometry import (
    FACE_ATTRIBUTES,
    LANDMARK_ATTRIBUTES,
    FaceGeometryPredictor,
    face_numbers,
    landmark_numbers,
)
from latent_studio.methods.attributes.face_pose import HEAD, head_pose


def seen(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, *, size: float = 20.0) -> np.ndarray:
    """The five marks of the average head, turned by yaw, then pitch, then roll, and seen from far away."""
    y, p, r = (math.radians(angle) for angle in (yaw, pitch, roll))
    about_y = np.array([[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
    about_z = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    return (HEAD @ (about_z @ about_x @ about_y).T)[:, :2] * size + 50


def face(points: np.ndarray) -> Face:
    return Face((30.0, 25.0, 70.0, 75.0), FaceMarks.from_array(points[[0, 1, 3, 4]]), nose=tuple(points[2]))


def numbers(points: np.ndarray) -> dict[str, float]:
    found = face_numbers(face(points), 100, 100)
    return dict(zip((info.id for info in FACE_ATTRIBUTES), found, strict=True))


@pytest.mark.parametrize(
    "pose",
    [(0, 0, 0), (25, 0, 0), (-40, 0, 0), (0, 15, 0), (0, -20, 0), (0, 0, 12), (25, 10, -7), (-30, -12, 8)],
)
def test_a_turned_head_is_read_to_the_degree_at_any_size(pose: tuple[int, int, int]) -> None:
    for size in (8.0, 300.0):
        assert head_pose(seen(*pose, size=size)) == pytest.approx(pose, abs=1e-6)


def test_a_nose_to_the_right_is_a_positive_yaw_and_a_nose_higher_up_a_positive_pitch() -> None:
    marks = seen()
    marks[2] += (3.0, -2.0)
    found = head_pose(marks)
    assert found.yaw > 3
    assert found.pitch > 3


def test_marks_in_one_place_have_no_pose() -> None:
    assert all(map(math.isnan, head_pose(np.full((5, 2), 40.0))))


def test_sizes_do_not_follow_roll() -> None:
    level, rolled = numbers(seen()), numbers(seen(roll=12))
    assert (level["face_width"], level["face_height"]) == pytest.approx((0.4, 0.5))
    assert level["mouth_width"] == pytest.approx(0.8)
    assert rolled["mark_roll"] == pytest.approx(12)
    assert (rolled["mouth_width"], rolled["mouth_drop"]) == pytest.approx(
        (level["mouth_width"], level["mouth_drop"])
    )


def test_without_a_nose_there_is_no_pose_but_all_the_rest() -> None:
    points = seen(yaw=10)
    bare = Face((30.0, 25.0, 70.0, 75.0), FaceMarks.from_array(points[[0, 1, 3, 4]]))
    found = dict(zip((info.id for info in FACE_ATTRIBUTES), face_numbers(bare, 100, 100), strict=True))
    assert math.isnan(found["mark_yaw"])
    assert found["face_width"] == pytest.approx(0.4)


def landmarks(*, mouth: float, left_eye: float, right_eye: float) -> np.ndarray:
    """68 landmarks of which eyes and inner lips are in place, so far open in pixels."""
    points = np.zeros((68, 2))
    for first, x, gap in ((36, 35.0, left_eye), (42, 55.0, right_eye)):
        upper, lower = 40 - gap / 2, 40 + gap / 2
        points[first : first + 6] = [
            (x, 40), (x + 3, upper), (x + 7, upper), (x + 10, 40), (x + 7, lower), (x + 3, lower),
        ]  # fmt: skip
    upper, lower = 60 - mouth / 2, 60 + mouth / 2
    points[60:68] = [
        (42, 60), (46, upper), (50, upper), (54, upper), (58, 60), (54, lower), (50, lower), (46, lower),
    ]  # fmt: skip
    points[[48, 54]] = (41, 60), (59, 60)
    points[30] = 50, 51
    return points


def test_openings_are_shares_of_the_width_of_mouth_and_eyes() -> None:
    points = landmarks(mouth=4.0, left_eye=3.0, right_eye=1.0)
    marked = Face(
        (30.0, 25.0, 70.0, 75.0),
        FaceMarks.from_landmarks(points),
        nose=tuple(points[30]),
        landmarks=tuple(map(tuple, points)),
    )
    found = dict(
        zip((info.id for info in LANDMARK_ATTRIBUTES), landmark_numbers(marked, 100, 100), strict=True)
    )
    assert found["mouth_opening"] == pytest.approx(4 / 16)
    assert (found["left_eye_opening"], found["right_eye_opening"]) == pytest.approx((0.3, 0.1))
    assert found["landmark_yaw"] == pytest.approx(0, abs=1)


def test_a_picture_without_a_face_is_told_as_nan() -> None:
    class Nobody:
        def find(self, pixels: np.ndarray, **_: object) -> tuple[Face, ...]:
            return ()

    found = FaceGeometryPredictor(Nobody(), FACE_ATTRIBUTES, face_numbers).predict(torch.zeros(2, 3, 32, 32))
    assert found.shape == (2, len(FACE_ATTRIBUTES))
    assert bool(torch.isnan(found).all())
