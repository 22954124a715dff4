"""paste: an edited crop back into its photo, at the photo's full size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.crop_record import CropRecord
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.methods.alignment.photo import Photo

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class PasteOptions:
    """What goes where."""

    photo: str = option(help="The photo: a file or a web address.", positional=True, metavar="PHOTO")
    out: Path = option(
        help="The file to write: .png, .jpg, .webp or .tif. The photo's camera notes and colour "
        "profile go with it.",
        metavar="FILE",
    )
    crop: Path | None = option(
        None, help="The picture to paste, as “align” cut it out and edited since.", metavar="FILE"
    )
    recipe: Path | None = option(
        None,
        help="Instead of --crop: a picture, film or .json of Latent Studio; its picture is drawn and pasted.",
        metavar="FILE",
    )
    model: str | None = option(
        None,
        help="Draw the recipe with this model, a file or a name, whatever it says.",
        metavar="MODEL",
    )
    record: Path | None = option(
        None,
        help="What says where the crop was cut out: a .crop.json of “align” or a latent file of “project”; "
        "the .crop.json beside the crop or recipe when not given.",
        metavar="FILE",
    )
    original: Path | None = option(
        None,
        help="The crop before the edit. With it only what changed is added to the photo, and what the model "
        "cannot draw stays.",
        metavar="FILE",
    )
    strength: float = option(1.0, help="0 leaves the photo alone, 1 pastes fully.", low=0, high=1)
    mask: Literal["ellipse", "hull", "square", "brush"] = option(
        "ellipse", help="Shape of the part that is pasted; brush reads it from --brush."
    )
    brush: Path | None = option(
        None, help="A grey picture of the crop's square: white is pasted.", metavar="FILE"
    )
    mask_size: float = option(1.0, help="Extent of ellipse and hull; 1 is usual.", low=0.2, high=3)
    feather: float = option(0.08, help="Softness of the edge, in shares of the crop.", low=0, high=0.5)
    match_colour: float = option(
        0.0, help="How far the pasted part's colours are brought to the photo's.", low=0, high=1
    )
    detail: float = option(0.0, help="How much of the photo's grain is laid over it.", low=0, high=1)


@dataclass(frozen=True, slots=True)
class PasteResult:
    """What was written.

    Attributes:
        path: the photo with the crop in it.
        remarks: sentences on what was done to the photo.
    """

    path: Path
    remarks: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The path, then the remarks."""
        return (str(self.path), *self.remarks)


def run_paste(
    studio: Studio, options: PasteOptions, progress: ProgressSink, cancel: CancelToken
) -> PasteResult:
    """Paste. Same files and options, same bytes.

    Raises:
        LatentStudioError: a file cannot be read, does not belong to the photo, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.photo_files import open_photo
    from latent_studio.exporters.part_file import check_target
    from latent_studio.exporters.photo_file import save_photo
    from latent_studio.methods.alignment.paste import PasteSettings, marks_in_crop, mask_of, paste

    check_options(options)
    if options.out.suffix.lower() not in _SUFFIXES:
        raise OptionError("--out", f"--out is {options.out.name}, but must end in {', '.join(_SUFFIXES)}.")
    if options.mask == "brush" and options.brush is None:
        raise OptionError("--brush", "--mask brush needs a picture of the mask: --brush FILE.")
    if (options.crop is None) == (options.recipe is None):
        raise OptionError(
            "--crop", "Either --crop or --recipe says what is pasted.", hint="Give one of the two."
        )
    check_target(options.out)
    record = _record_of(options)
    photo = open_photo(options.photo)
    check_photo(photo, record)
    progress(Progress(0.2, f"Pasting into {photo.name}"))
    cancel.check()
    settings = PasteSettings(
        options.strength, options.mask, options.mask_size, options.feather, options.match_colour,
        options.detail, difference=options.original is not None,
    )  # fmt: skip
    crop = _crop_of(studio, options, progress, cancel)
    original = None if options.original is None else _square_pixels(options.original)
    if original is not None and original.shape != crop.shape:
        raise InputError(
            f"{options.original} and {options.crop or options.recipe} differ in size.",
            hint="Both must be the same crop.",
        )
    marks = None if record.marks is None else marks_in_crop(record.marks, record.quad)
    brush = None if options.brush is None else _square_pixels(options.brush)[..., 0]
    mask = mask_of(settings, marks=marks, brush=brush)
    pasted = paste(photo, record.quad, crop, settings=settings, mask=mask, original=original)
    cancel.check()
    save_photo(options.out, pasted, alpha=photo.alpha, exif=photo.exif, icc_profile=photo.icc_profile)
    progress(Progress(1.0, "Pasted"))
    return PasteResult(options.out, photo.remarks)


def check_photo(photo: Photo, record: CropRecord) -> None:
    """Refuse a photo of another size than the one the crop was cut from.

    Raises:
        InputError: naming both sizes.
    """
    if (photo.width, photo.height) != record.photo_size:
        raise InputError(
            f"The crop was cut out of {record.photo}, {record.photo_size[0]} x {record.photo_size[1]} "
            f"pixels; "
            f"{photo.name} has {photo.width} x {photo.height}.",
            hint="Paste into the photo it came from.",
        )


def _record_of(options: PasteOptions) -> CropRecord:
    from latent_studio.app.crop_record import read_record

    place = options.record or options.crop or options.recipe
    assert place is not None  # noqa: S101 -- checked before
    return read_record(place)


def rgb_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A model's picture ``(S, S, 1, 3 or 4)`` uint8 as ``(S, S, 3)``, without opacity."""
    import numpy as np

    wide = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[..., :3]
    return np.ascontiguousarray(wide)


def _crop_of(
    studio: Studio, options: PasteOptions, progress: ProgressSink, cancel: CancelToken
) -> NDArray[np.uint8]:
    """What is pasted, ``(S, S, 3)`` uint8: a file's, or drawn by a recipe."""
    from latent_studio.app.tasks.recipe_restore import open_recipe
    from latent_studio.core.render import RenderRequest

    if options.crop is not None:
        return _square_pixels(options.crop)
    assert options.recipe is not None  # noqa: S101 -- one of the two is there
    session = open_recipe(studio, options.recipe, model=options.model, progress=progress, cancel=cancel)
    (frame,) = studio.engine.render_batch([RenderRequest.of(session, revision=0)], check_cancel=cancel.check)
    if frame.pixels.shape[0] != frame.pixels.shape[1]:
        raise InputError(f"The pictures of {studio.model.ref.name} are not square, but a crop is.")
    return rgb_of(frame.pixels)


def _square_pixels(path: Path) -> NDArray[np.uint8]:
    from latent_studio.methods.alignment.photo import read_photo

    picture = read_photo(path)
    if picture.width != picture.height:
        raise InputError(f"{path.name} is {picture.width} x {picture.height}, but a crop is square.")
    return picture.flat
