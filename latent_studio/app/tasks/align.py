"""align: faces cut out of photos as FFHQ cuts them, one picture each, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.face_options import (
    box_option,
    check_face_options,
    face_option,
    fetch_option,
    finder_for,
    finder_option,
    marks_option,
    photos_option,
    places_in,
    square_option,
)
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.methods.alignment.faces import FaceFinder


@dataclass(frozen=True, slots=True)
class AlignOptions:
    """What to cut out, and how large."""

    photos: tuple[str, ...] = photos_option()
    out: Path = option(help="Folder for the crops; made if it is missing.", metavar="DIR")
    size: int = option(1024, help="Side of a crop.", unit="px", low=4, high=4096, metavar="PX")
    transform_size: int | None = option(
        None,
        help="Side of the intermediate picture that is made smaller in the end; four times --size "
             "when not given.",
        unit="px", low=4, high=8192, metavar="PX",
    )  # fmt: skip
    padding: bool = option(
        True, help="Continue a photo beyond its edge by a blurred mirror image; --no-padding leaves it black."
    )
    finder: Literal["mtcnn", "fan"] = finder_option()
    fetch: bool = fetch_option()
    face: int = face_option()
    all_faces: bool = option(False, help="Every face, as NAME_01.png, NAME_02.png and so on.")
    marks: tuple[float, float, float, float, float, float, float, float] | None = marks_option()
    square: bool = square_option()
    box: tuple[float, float, float, float] | None = box_option()


@dataclass(frozen=True, slots=True)
class AlignResult:
    """What was written.

    Attributes:
        paths: the crops; a ``.crop.json`` lies beside each.
        failures: a sentence for each photo that could not be used.
    """

    paths: tuple[Path, ...]
    failures: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Paths, then failures."""
        return (*(str(path) for path in self.paths), *self.failures)

    @property
    def is_good(self) -> bool:
        """Whether every photo could be used."""
        return not self.failures


def run_align(
    studio: Studio, options: AlignOptions, progress: ProgressSink, cancel: CancelToken
) -> AlignResult:
    """Cut out faces. A photo that cannot be used is reported, and the others go on.

    Raises:
        LatentStudioError: nothing can be done: an option, the folder, the finder's weights, or the only
            photo.
        Cancelled: a stop was asked for; crops written so far stay.
    """
    from latent_studio.app.photo_files import expand_photos, stem_of
    from latent_studio.exporters.part_file import make_folder

    check_options(options)
    check_face_options(options)
    photos = expand_photos(options.photos)
    finder = finder_for(options, progress, cancel)
    make_folder(options.out)
    paths: list[Path] = []
    failures: list[str] = []
    taken: set[str] = set()
    for index, name in enumerate(photos):
        cancel.check()
        progress(Progress(index / len(photos), f"Aligning {Path(name).name}"))
        stem = _free_name(stem_of(name), taken)
        try:
            paths += _align_one(name, stem, options, finder, cancel)
        except LatentStudioError as error:
            if len(photos) == 1:
                raise
            failures.append(f"{name}: {error}")
    progress(Progress(1.0, f"Aligned {len(paths)}"))
    return AlignResult(tuple(paths), tuple(failures))


def _align_one(
    name: str, stem: str, options: AlignOptions, finder: FaceFinder | None, cancel: CancelToken
) -> list[Path]:
    from latent_studio.app.crop_record import CropRecord, write_record
    from latent_studio.app.photo_files import open_photo
    from latent_studio.exporters.still import save_png
    from latent_studio.methods.alignment.crop import align

    photo = open_photo(name)
    places = places_in(photo, options, finder, all_faces=options.all_faces, cancel=cancel)
    written = []
    for number, place in enumerate(places, start=1):
        cancel.check()
        crop = align(
            photo,
            place.quad,
            output_size=options.size,
            transform_size=options.transform_size,
            padding=options.padding,
        )
        path = options.out / (f"{stem}_{number:02d}.png" if options.all_faces else f"{stem}.png")
        save_png(path, crop.pixels)
        write_record(CropRecord.of(photo, place.quad, place.marks), path)
        written.append(path)
    return written


def _free_name(stem: str, taken: set[str]) -> str:
    """A name no photo before has had: two folders may hold the same one."""
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    taken.add(name)
    return name
