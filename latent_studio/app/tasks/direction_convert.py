"""direction convert: directions of any file as one of Latent Studio's, or into a model's library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.direction_options import (
    axis_option,
    count_option,
    norm_option,
    reading_of,
    rows_option,
    space_option,
)
from latent_studio.app.tasks.direction_output import check_suffix, write_directions_as
from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.direction_import import ImportedDirections
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class DirectionConvertOptions:
    """Which file, for which model, and where to."""

    model: str = model_option()
    file: Path = option(
        help="A file of directions: .npy, .npz, .pt, .pth or .safetensors of any program.",
        positional=True,
        metavar="FILE",
    )
    out: Path | None = option(
        None, help="The file to write: .safetensors, or .npy for the vectors alone.", metavar="FILE"
    )
    keep: bool = option(False, help="Keep them in the model's library, among its sliders.")
    space: Literal["z", "w", "w+"] | None = space_option()
    rows: tuple[int, ...] | None = rows_option()
    norm: Literal["keep", "unit"] | None = norm_option()
    axis: Literal["rows", "columns"] | None = axis_option()
    count: int | None = count_option()


@dataclass(frozen=True, slots=True)
class DirectionConvertResult:
    """What was read and written.

    Attributes:
        path: of the file written, if one was asked for.
        found: what was in the file, and how it was read.
    """

    path: Path | None
    found: ImportedDirections

    @property
    def lines(self) -> tuple[str, ...]:
        """The path, and how the file was read."""
        written = (str(self.path),) if self.path is not None else ()
        return (*written, self.found.sentence, *(f"Careful: {warning}" for warning in self.found.warnings))


def run_direction_convert(
    studio: Studio, options: DirectionConvertOptions, progress: ProgressSink, cancel: CancelToken
) -> DirectionConvertResult:
    """Read directions for a model, and write or keep them.

    Raises:
        InputError: the file holds no directions of this model; says why.
        LatentStudioError: the model or the file cannot be opened, or the disk refuses.
    """
    from latent_studio.app.direction_import import import_directions
    from latent_studio.app.models import sample_w
    from latent_studio.exporters.part_file import check_target

    check_options(options)
    if options.out is None and not options.keep:
        raise OptionError(
            "--out", "There is nowhere to put them.", hint="Give --out FILE, or --keep, or both."
        )
    if options.out is not None:
        check_suffix(options.out, (".safetensors", ".npy"))
        check_target(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    found = import_directions(
        options.file,
        model.spec,
        reading=reading_of(options),
        model_sha256=model.ref.sha256,
        ws_samples=sample_w(model.generator, 2000),
    )
    cancel.check()
    if options.out is not None:
        write_directions_as(found.directions, options.out)
    if options.keep:
        model.library.keep(found.directions, name=options.file.stem)
    return DirectionConvertResult(options.out, found)
