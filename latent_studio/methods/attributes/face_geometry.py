"""Attributes of a face's place, pose and openings from its marks: no weights beyond the face finder's.

The built-in finder marks eyes, nose and mouth; how far a mouth or an eye is open takes the 68 landmarks of
face-alignment, whose weights are others' and have to be fetched.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.core.errors import MissingWeightsError
from latent_studio.methods.alignment.fan import missing_fan_files
from latent_studio.methods.alignment.finders import make_finder
from latent_studio.methods.attributes.face_pose import HeadPose, head_pose
from latent_studio.methods.attributes.protocol import AttributeInfo
from latent_studio.methods.hub_file import hub_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latent_studio.methods.alignment.faces import Face, FaceFinder

FACE_ATTRIBUTES = (
    AttributeInfo("face_width", "Face width", "of the picture"),
    AttributeInfo("face_height", "Face height", "of the picture"),
    AttributeInfo("face_x", "Face to the right", "of the picture"),
    AttributeInfo("face_y", "Face down", "of the picture"),
    AttributeInfo("mark_yaw", "Yaw by marks", "degrees", -60.0, 60.0),
    AttributeInfo("mark_pitch", "Pitch by marks", "degrees", -30.0, 30.0),
    AttributeInfo("mark_roll", "Roll by marks", "degrees", -30.0, 30.0),
    AttributeInfo("mouth_width", "Mouth width", "of the eyes' distance", 0.4, 1.4),
    AttributeInfo("mouth_drop", "Eyes to mouth", "of the eyes' distance", 0.6, 1.6),
)
#: Lids and lips stand as far apart as shares of the eye's and the mouth's own width.
LANDMARK_ATTRIBUTES = (
    AttributeInfo("landmark_yaw", "Yaw by landmarks", "degrees", -60.0, 60.0),
    AttributeInfo("landmark_pitch", "Pitch by landmarks", "degrees", -30.0, 30.0),
    AttributeInfo("landmark_roll", "Roll by landmarks", "degrees", -30.0, 30.0),
    AttributeInfo("mouth_opening", "Mouth opening", "of its width", 0.0, 0.8),
    AttributeInfo("left_eye_opening", "Opening of the eye on the left", "of its width", 0.0, 0.5),
    AttributeInfo("right_eye_opening", "Opening of the eye on the right", "of its width", 0.0, 0.5),
)
#: Of the 68: the corners, then pairs above each other.
_MOUTH = ((60, 64), ((61, 67), (62, 66), (63, 65)))
_LEFT_EYE = ((36, 39), ((37, 41), (38, 40)))
_RIGHT_EYE = ((42, 45), ((43, 47), (44, 46)))
_TINY = 1e-6


class FaceGeometryPredictor:
    """Numbers of the largest face; NaN in a picture without one.

    Args:
        finder: finds faces and their marks.
        attributes: what ``numbers`` gives.
        numbers: of a face in a picture of a width and a height in pixels.
    """

    def __init__(
        self,
        finder: FaceFinder,
        attributes: tuple[AttributeInfo, ...],
        numbers: Callable[[Face, int, int], list[float]],
    ) -> None:
        self._finder = finder
        self.attributes = attributes
        self._numbers = numbers

    def predict(self, images: Tensor) -> Tensor:
        """See ``AttributePredictor.predict``."""
        levels = ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        rows = []
        for pixels in levels.permute(0, 2, 3, 1).cpu().numpy():
            faces = self._finder.find(np.ascontiguousarray(pixels))
            largest = max(faces, key=lambda face: face.area, default=None)
            rows.append(
                [math.nan] * len(self.attributes)
                if largest is None
                else self._numbers(largest, pixels.shape[1], pixels.shape[0])
            )
        return torch.tensor(rows, dtype=torch.float32, device=images.device)


def face_numbers(face: Face, width: int, height: int) -> list[float]:
    """``FACE_ATTRIBUTES`` of one face; the pose is NaN where the finder marks no nose."""
    left, top, right, bottom = face.box
    left_eye, right_eye, left_mouth, right_mouth = face.marks.array
    distance = max(_distance(left_eye, right_eye), _TINY)
    return [
        (right - left) / width,
        (bottom - top) / height,
        (left + right) / 2 / width,
        (top + bottom) / 2 / height,
        *_pose(face),
        _distance(left_mouth, right_mouth) / distance,
        _distance((left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2) / distance,
    ]


def landmark_numbers(face: Face, _width: int, _height: int) -> list[float]:
    """``LANDMARK_ATTRIBUTES`` of one face with its 68 landmarks."""
    points = np.asarray(face.landmarks, dtype=np.float64)
    return [*_pose(face), *(_opening(points, *part) for part in (_MOUTH, _LEFT_EYE, _RIGHT_EYE))]


def make_face_geometry_predictor(*, device: torch.device) -> FaceGeometryPredictor:
    """The predictor with the face finder that comes with the program."""
    return FaceGeometryPredictor(make_finder("mtcnn", device=device), FACE_ATTRIBUTES, face_numbers)


def make_landmark_predictor(*, device: torch.device) -> FaceGeometryPredictor:
    """The predictor of openings, with face-alignment's finder.

    Raises:
        MissingWeightsError: a file of its weights is not here; names it.
        CorruptFileError: a file is another than its name says.
    """
    missing = missing_fan_files()
    if missing:
        names = " and ".join(file.name for file in missing)
        raise MissingWeightsError(
            f"The openings of mouth and eyes need the 68 landmarks of face-alignment, and {names} "
            f"({sum(file.size_mb for file in missing)} MB) is not here.",
            hint=f"“latent-studio predictor get face-landmarks” fetches it, or put it into {hub_folder()}. "
            "face-geometry reads pose, box and mouth width without it.",
        )
    return FaceGeometryPredictor(make_finder("fan", device=device), LANDMARK_ATTRIBUTES, landmark_numbers)


def _pose(face: Face) -> HeadPose:
    if face.nose is None:
        return HeadPose(math.nan, math.nan, math.nan)
    left_eye, right_eye, left_mouth, right_mouth = face.marks.array
    return head_pose([left_eye, right_eye, face.nose, left_mouth, right_mouth])


def _opening(points: np.ndarray, corners: tuple[int, int], pairs: tuple[tuple[int, int], ...]) -> float:
    width = max(_distance(points[corners[0]], points[corners[1]]), _TINY)
    return sum(_distance(points[above], points[below]) for above, below in pairs) / len(pairs) / width


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other))
