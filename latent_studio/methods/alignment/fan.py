"""Fan: faces by the ``face-alignment`` package, 68 marks each, from weights that are there already.

Bulat and Tzimiropoulos, "How far are we from solving the 2D & 3D Face Alignment problem?", ICCV 2017. The
package would fetch its weights by itself and check nothing; here they are fetched only where the user asks
for it (``app/face_weights.py``), and what is there is checked first.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latent_studio.core.errors import CorruptFileError, DownloadError
from latent_studio.methods.alignment.faces import Face, FaceMarks, never_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FanFile:
    """A file of weights the package wants.

    Attributes:
        name: in the hub's folder; the digits in it are the first of its SHA-256.
        url: where its authors offer it.
        size_mb: about.
    """

    name: str
    url: str
    size_mb: int

    @property
    def digits(self) -> str:
        """The first hex digits of the SHA-256, from the name."""
        return self.name.split("-", 1)[1].split(".", 1)[0]


_SITE = "https://www.adrianbulat.com/downloads/python-fan"
FAN_FILES = (
    FanFile("s3fd-619a316812.pth", f"{_SITE}/s3fd-619a316812.pth", 90),
    FanFile("2DFAN4-11f355bf06.pth.tar", f"{_SITE}/2DFAN4-11f355bf06.pth.tar", 96),
)


def fan_folder() -> Path:
    """Where the package looks for its weights."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"


def missing_fan_files(folder: Path | None = None) -> tuple[FanFile, ...]:
    """The files that are not there yet."""
    folder = folder or fan_folder()
    return tuple(file for file in FAN_FILES if not (folder / file.name).is_file())


class FanFinder:
    """The package's finder and its network for marks.

    Args:
        device: where to compute.

    Raises:
        DownloadError: the weights are not there; says how to get on without them.
        CorruptFileError: a file of weights is not the one its name says.
    """

    def __init__(self, *, device: torch.device | str = "cpu") -> None:
        folder = fan_folder()
        missing = missing_fan_files(folder)
        if missing:
            names = " and ".join(file.name for file in missing)
            raise DownloadError(
                f"face-alignment needs {names}, {sum(file.size_mb for file in missing)} MB, not fetched yet.",
                hint=f"Fetch them with --fetch, or put them into {folder}. The built-in finder (mtcnn) and "
                "marks by hand do without.",
            )
        for file in FAN_FILES:
            _check(folder / file.name, file)
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
            marks = FaceMarks.from_landmarks(np.asarray(points)[:, :2])
            faces.append(Face((left, top, right, bottom), marks, score[0] if score else 1.0, "fan"))
        return tuple(sorted(faces, key=lambda face: -face.area))


def _check(path: Path, file: FanFile) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    if not digest.hexdigest().startswith(file.digits):
        raise CorruptFileError(
            f"{path.name} is not the file its name says, so it is not used.", hint=f"Delete {path}."
        )
