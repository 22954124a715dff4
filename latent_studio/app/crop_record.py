"""CropRecord: where in a photo a crop was cut out, as a small JSON file beside the crop."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latent_studio.methods.alignment.crop import Quad
    from latent_studio.methods.alignment.faces import FaceMarks
    from latent_studio.methods.alignment.photo import Photo

VERSION = 1
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class CropRecord:
    """The way back from a crop to its photo.

    Attributes:
        photo: the photo's file name; never a place on this machine.
        photo_sha256: hash of its bytes.
        photo_size: ``(width, height)`` in pixels, upright.
        quad: where the crop lies in it.
        marks: eyes and corners of the mouth; ``None`` for a crop without a face.
    """

    photo: str
    photo_sha256: str
    photo_size: tuple[int, int]
    quad: Quad
    marks: FaceMarks | None = None

    @classmethod
    def of(cls, photo: Photo, quad: Quad, marks: FaceMarks | None = None) -> CropRecord:
        """The record of a crop just made."""
        return cls(photo.name, photo.digest, (photo.width, photo.height), quad, marks)

    def to_data(self) -> dict[str, object]:
        """As JSON knows it."""
        return {
            "version": VERSION,
            "photo": self.photo,
            "photo_sha256": self.photo_sha256,
            "photo_size": list(self.photo_size),
            "quad": [list(corner) for corner in self.quad.corners],
            "marks": None if self.marks is None else self.marks.array.tolist(),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, object], *, name: str) -> CropRecord:
        """Read what ``to_data`` wrote.

        Args:
            data: the parsed text.
            name: of the file, for messages.

        Raises:
            InputError: it is no such record.
        """
        from latent_studio.methods.alignment.crop import Quad
        from latent_studio.methods.alignment.faces import FaceMarks

        try:
            width, height = (int(side) for side in data["photo_size"])  # type: ignore[attr-defined]
            marks = data.get("marks")
            return cls(
                str(data["photo"]),
                str(data["photo_sha256"]),
                (width, height),
                Quad.from_array(data["quad"]),  # type: ignore[arg-type]
                None if marks is None else FaceMarks.from_array(marks),  # type: ignore[arg-type]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{name} does not say where its crop was cut out.", hint="Align the photo again."
            ) from error


def record_path(crop: Path) -> Path:
    """Where the record of a crop is: ``face.crop.json`` beside ``face.png``."""
    return crop.with_name(f"{crop.stem}.crop.json")


def record_text(record: CropRecord) -> str:
    """The text of a record's file."""
    return json.dumps(record.to_data(), indent=1, sort_keys=True)


def write_record(record: CropRecord, crop: Path) -> Path:
    """Write the record beside its crop.

    Raises:
        ExportError: the disk refuses.
    """
    from latent_studio.exporters.part_file import write_file

    path = record_path(crop)
    write_file(path, record_text(record).encode())
    return path


def read_record(path: Path) -> CropRecord:
    """Read a record.

    Args:
        path: of the record, or of the crop it lies beside.

    Raises:
        InputError: there is none, or it is damaged.
    """
    if path.suffix.lower() != ".json":
        path = record_path(path)
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("too large")
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"There is no {path.name}, which says where the crop was cut out.",
            hint="Keep the .crop.json that “align” writes beside the crop.",
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path.name} cannot be read.", hint="Align the photo again.") from error
    if not isinstance(data, dict):
        raise InputError(f"{path.name} cannot be read.", hint="Align the photo again.")
    return CropRecord.from_data(data, name=path.name)
