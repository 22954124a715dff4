"""generate: pictures of seeds, one file each, and a contact sheet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.picture_options import (
    SEED_MAX,
    chosen_scale_option,
    class_blend_option,
    class_option,
    cutoff_option,
    lod_option,
    mix_of,
    mix_rows_option,
    mix_seed_option,
    model_option,
    noise_mode_option,
    noise_seed_option,
    psi_option,
    rotate_option,
    synthesis_of,
    translate_option,
)
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_seeds
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import ClassWeights, NoiseMode

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """What to render. A seed's z is NumPy's ``RandomState(seed).randn(1, z_dim)``, as in the public tools."""

    model: str = model_option()
    seeds: tuple[int, ...] = option(
        help="Which seeds, such as 0-31,40.", low=0, high=SEED_MAX, parse=parse_seeds, metavar="SEEDS"
    )
    out: Path = option(
        help="Folder for the pictures, seed0007.png and so on; made if it is missing.", metavar="DIR"
    )
    truncation_psi: float = psi_option()
    truncation_cutoff: int | None = cutoff_option()
    class_idx: int | None = class_option()
    noise_mode: NoiseMode = noise_mode_option()
    noise_seed: int = noise_seed_option()
    format: Literal["png", "jpg"] = option("png", help="File format; png is lossless.")
    sheet: bool = option(False, help="Also write all pictures side by side, as sheet.png.")
    mix_seed: int | None = mix_seed_option()
    mix_rows: tuple[int, ...] | None = mix_rows_option()
    class_blend: ClassWeights = class_blend_option()
    translate: tuple[float, float] = translate_option()
    rotate: float = rotate_option()
    lod: float | None = lod_option()
    chosen_scale: int | None = chosen_scale_option()
    like: Path | None = option(
        None,
        help="Draw the seeds like this picture, film or .json of Latent Studio: with its edits and settings; "
        "options that say how to draw are not looked at then.",
        metavar="FILE",
    )


@dataclass(frozen=True, slots=True)
class GenerateResult:
    """What was written.

    Attributes:
        paths: one picture per seed, in the order of the seeds.
        sheet: the contact sheet, if it was asked for.
    """

    paths: tuple[Path, ...]
    sheet: Path | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The paths."""
        return tuple(str(path) for path in (*self.paths, self.sheet) if path is not None)


def run_generate(
    studio: Studio, options: GenerateOptions, progress: ProgressSink, cancel: CancelToken
) -> GenerateResult:
    """Render one file per seed. Same options, same bytes; files of the same name are replaced.

    After a cancel the pictures written so far stay.

    Raises:
        LatentStudioError: the model cannot be opened, an option does not fit it, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.session import Session
    from latent_studio.core.timeline import Timeline
    from latent_studio.exporters.part_file import make_folder
    from latent_studio.exporters.still import ContactSheet, save_png, save_still

    check_options(options)
    make_folder(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    if options.like is not None:
        from latent_studio.app.tasks.recipe_restore import recipe_text, restore_recipe

        start = replace(restore_recipe(recipe_text(options.like), model, studio.paths), timeline=Timeline())
    else:
        start = Session(
            model=model.ref,
            synthesis=synthesis_of(options, model.spec),
            mix=mix_of(options.mix_seed, options.mix_rows, model.spec),
        )
    sessions = [replace(start, base=SeedPoint(seed)) for seed in options.seeds]
    count = len(sessions)
    high, wide = model.spec.size_at(start.synthesis.chosen_scale)
    sheet = ContactSheet(count, size=(wide, high)) if options.sheet else None
    requests = (RenderRequest.of(session, revision=index) for index, session in enumerate(sessions))
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    paths = []
    for seed, session, frame in zip(options.seeds, sessions, frames, strict=True):
        path = options.out / f"seed{seed:04d}.{options.format}"
        save_still(path, frame.pixels, recipe_of(session), format=options.format)
        paths.append(path)
        if sheet is not None:
            sheet.add(frame.pixels)
        progress(Progress(len(paths) / count, f"Rendered {len(paths)} of {count}", preview=frame))
        cancel.check()
    if sheet is None:
        return GenerateResult(tuple(paths))
    sheet_path = options.out / "sheet.png"
    save_png(sheet_path, sheet.pixels, recipe_of(start, seeds=list(options.seeds)))
    return GenerateResult(tuple(paths), sheet_path)
