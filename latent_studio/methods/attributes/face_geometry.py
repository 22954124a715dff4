"""Attributes of a face's place and pose from its marks: no weights beyond the face finder's.

Roll is the angle of the eyes. Four marks and a box tell no angle in space of a turn; how far the eyes stand
off the box's middle follows it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.methods.alignment.finders import make_finder
from latent_studio.methods.attributes.protocol import AttributeInfo

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.methods.alignment.faces import Face, FaceFinder

FACE_ATTRIBUTES = (
    AttributeInfo("face_width", "Face width", "of the picture"),
    AttributeInfo("face_height", "Face height", "of the picture"),
    AttributeInfo("face_x", "Face to the right", "of the picture"),
    AttributeInfo("face_y", "Face down", "of the picture"),
    AttributeInfo("face_turn", "Eyes off the middle", "of half the face", -0.5, 0.5),
    AttributeInfo("mark_roll", "Roll by marks", "degrees", -30.0, 30.0),
    AttributeInfo("mouth_width", "Mouth width", "of the eyes' distance", 0.4, 1.4),
    AttributeInfo("mouth_drop", "Eyes to mouth", "of the eyes' distance", 0.6, 1.6),
)


class FaceGeometryPredictor:
    """Box, pose and mouth width of the largest face; NaN in a picture without one.

    Args:
        finder: finds faces and their marks.
    """

    attributes = FACE_ATTRIBUTES

    def __init__(self, finder: FaceFinder) -> None:
        self._finder = finder

    def predict(self, images: Tensor) -> Tensor:
        """See ``AttributePredictor.predict``."""
        levels = ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        rows = []
        for pixels in levels.permute(0, 2, 3, 1).cpu().numpy():
            faces = self._finder.find(np.ascontiguousarray(pixels))
            largest = max(faces, key=lambda face: face.area, default=None)
            rows.append(
                [math.nan] * len(FACE_ATTRIBUTES)
                if largest is None
                else face_numbers(largest, width=pixels.shape[1], height=pixels.shape[0])
            )
        return torch.tensor(rows, dtype=torch.float32, device=images.device)


def face_numbers(face: Face, *, width: int, height: int) -> list[float]:
    """The attributes of one face, in the order of ``FACE_ATTRIBUTES``.

    Args:
        face: in a picture of that width and height in pixels.
        width: of the picture.
        height: of the picture.
    """
    left, top, right, bottom = face.box
    left_eye, right_eye, left_mouth, right_mouth = face.marks.array
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    across = right_eye - left_eye
    distance = max(float(np.linalg.norm(across)), 1e-6)
    half = max((right - left) / 2, 1e-6)
    return [
        (right - left) / width,
        (bottom - top) / height,
        (left + right) / 2 / width,
        (top + bottom) / 2 / height,
        float(eyes[0] - (left + right) / 2) / half,
        math.degrees(math.atan2(across[1], across[0])),
        float(np.linalg.norm(right_mouth - left_mouth)) / distance,
        float(np.linalg.norm(mouth - eyes)) / distance,
    ]


def make_face_geometry_predictor(*, device: torch.device) -> FaceGeometryPredictor:
    """The predictor with the face finder that comes with the program."""
    return FaceGeometryPredictor(make_finder("mtcnn", device=device))
