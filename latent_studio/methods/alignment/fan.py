"""Fan: faces by the ``face-alignment`` package, 68 marks each, from weights that are there already.

Bulat and Tzimiropoulos, "How far are we from solving the 2D & 3D Face Alignment problem?", ICCV 2017. The
package would fetch its weights by itself and check nothing; here they are fetched only where the user asks
for it (``app/hub_files.py``), and what is there is checked first.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from latent_studio.core.errors import DownloadError
from latent_studio.methods.alignment.faces import NOSE_TIP, Face, FaceMarks, never_cancelled
from latent_studio.methods.hub_file import HubFile, hub_folder, missing_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import torch
    from numpy.typing import NDArray


_SITE = "https://www.adrianbulat.com/downloads/python-fan"
FAN_FILES = (
    HubFile("s3fd-619a316812.pth", f"{_SITE}/s3fd-619a316812.pth", 90),
    HubFile("2DFAN4-11f355bf06.pth.tar", f"{_SITE}/2DFAN4-11f355bf06.pth.tar", 96),
)
FAN_PAGE = "https://github.com/1adrianb/face-alignment"
FAN_TERMS = "BSD-3-Clause code; no terms stated for the weights"


def missing_fan_files(folder: Path | None = None) -> tuple[HubFile, ...]:
    """The files that are not there yet."""
    return missing_of(FAN_FILES, folder or hub_folder())


class FanFinder:
    """The package's finder and its network for marks.

    Args:
        device: where to compute.

    Raises:
        DownloadError: the weights are not there; says how to get on without them.
        CorruptFileError: a file of weights is not the one its name says.
    """

    def __init__(self, *, device: torch.device | str = "cpu") -> None:
        folder = hub_folder()
        missing = missing_fan_files(folder)
        if missing:
            names = " and ".join(file.name for file in missing)
            raise DownloadError(
                f"face-alignment needs {names}, {sum(file.size_mb for file in missing)} MB, not fetched yet.",
                hint=f"Fetch them with --fetch, or put them into {folder}. The built-in finder (mtcnn) and "
                "marks by hand do without.",
            )
        for file in FAN_FILES:
            file.check(folder)
        import face_alignment

        self._network: Any = face_alignment.FaceAlignment(
            face_alignment.LandmarksType.TWO_D, device=str(device), flip_input=False, compile=False
        )

    def find(
        self, pixels: NDArray[np.uint8], *, check_cancel: Callable[[], None] = never_cancelled
    ) -> tuple[Face, ...]:
        """See ``FaceFinder.find``."""
        check_cancel()
        with warnings.catch_warnings():
            # That there is no face is our own message.
            warnings.simplefilter("ignore")
            landmarks, _, boxes = self._network.get_landmarks_from_image(np.array(pixels), return_bboxes=True)
        faces = []
        for points, box in zip(landmarks or (), boxes or (), strict=False):
            left, top, right, bottom, *score = (float(value) for value in box)
            array = np.asarray(points)[:, :2]
            landmarks = tuple((float(x), float(y)) for x, y in array)
            marks = FaceMarks.from_landmarks(array)
            sure = score[0] if score else 1.0
            faces.append(
                Face(
                    (left, top, right, bottom),
                    marks,
                    sure,
                    "fan",
                    nose=landmarks[NOSE_TIP],
                    landmarks=landmarks,
                )
            )
        return tuple(sorted(faces, key=lambda face: -face.area))
