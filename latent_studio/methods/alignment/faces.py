"""Face: where a face is in a photo, and the protocol of everything that finds them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Point = tuple[float, float]

#: What a hand can move, in the order it is written.
MARK_NAMES = ("left_eye", "right_eye", "mouth_left", "mouth_right")
#: The tip of the nose among the field's 68 landmarks.
NOSE_TIP = 30


@dataclass(frozen=True, slots=True)
class FaceMarks:
    """The four points that decide a crop. Left is left in the picture.

    Attributes:
        left_eye: ``(x, y)``; the middle of a pixel is at whole numbers.
        right_eye: the same.
        mouth_left: corner of the mouth.
        mouth_right: the other corner.
    """

    left_eye: Point
    right_eye: Point
    mouth_left: Point
    mouth_right: Point

    @classmethod
    def from_array(cls, points: ArrayLike) -> FaceMarks:
        """Marks of ``(4, 2)`` numbers in the order of ``MARK_NAMES``.

        Raises:
            InputError: they are not four points, or not finite.
        """
        array = np.asarray(points, dtype=np.float64)
        if array.shape != (4, 2) or not np.isfinite(array).all():
            raise InputError(
                "A face is marked by four points: left eye, right eye, left and right corner of the mouth."
            )
        return cls(*((float(x), float(y)) for x, y in array))

    @classmethod
    def from_landmarks(cls, landmarks: ArrayLike) -> FaceMarks:
        """Marks of the field's 68 landmarks, ``(68, 2)`` in the order of iBUG and dlib.

        Raises:
            InputError: there are not 68 of them.
        """
        array = np.asarray(landmarks, dtype=np.float64)
        if array.shape != (68, 2):
            raise InputError(f"Landmarks have shape {array.shape}, but must be (68, 2).")
        return cls.from_array([array[36:42].mean(0), array[42:48].mean(0), array[48], array[54]])

    @property
    def array(self) -> NDArray[np.float64]:
        """``(4, 2)`` in the order of ``MARK_NAMES``."""
        return np.array([self.left_eye, self.right_eye, self.mouth_left, self.mouth_right], dtype=np.float64)

    def moved(self, name: str, to: Point) -> FaceMarks:
        """The marks with one of them elsewhere."""
        return replace(self, **{name: (float(to[0]), float(to[1]))})


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a photo.

    Attributes:
        box: ``(left, top, right, bottom)`` in pixels.
        marks: what the crop is made from.
        score: how sure the finder is, 0 to 1.
        finder: id of what found it: ``"mtcnn"``, ``"fan"`` or ``"hand"``.
        nose: tip of the nose, where the finder marks it.
        landmarks: the field's 68, in the order of iBUG and dlib, where the finder gives them; else none.
    """

    box: tuple[float, float, float, float]
    marks: FaceMarks
    score: float = 1.0
    finder: str = "hand"
    nose: Point | None = None
    landmarks: tuple[Point, ...] = ()

    @property
    def area(self) -> float:
        """Of the box, in pixels."""
        left, top, right, bottom = self.box
        return max(0.0, right - left) * max(0.0, bottom - top)


class FaceFinder(Protocol):
    """Finds faces in pictures."""

    def find(self, pixels: NDArray[np.uint8], *, check_cancel: Callable[[], None] = ...) -> tuple[Face, ...]:
        """All faces, the largest first; none is no error.

        Args:
            pixels: ``(H, W, 3)`` uint8 RGB.
            check_cancel: called between steps; may raise to stop.
        """
        ...


@dataclass(frozen=True, slots=True)
class FinderInfo:
    """A kind of face finder.

    Attributes:
        id: as typed: ``"mtcnn"``.
        title: what the user sees.
        note: in a few words, what it needs and gives.
    """

    id: str
    title: str
    note: str = field(default="")


def never_cancelled() -> None:
    """For callers that do not stop."""
