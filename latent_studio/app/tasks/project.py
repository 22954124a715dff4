"""project: the latents of photos, with the crop, the reconstruction and a file that says everything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.face_options import (
    Place,
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
from latent_studio.app.tasks.loss_weights import weights_of, weights_option
from latent_studio.app.tasks.picture_options import SEED_MAX, class_option, model_option
from latent_studio.core.errors import Cancelled, LatentStudioError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.paths import Paths
    from latent_studio.app.projector import Found, Projector
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.latent import Latent
    from latent_studio.methods.alignment.faces import FaceFinder
    from latent_studio.methods.alignment.photo import Photo
    from latent_studio.methods.projection.objective import Score
    from latent_studio.methods.projection.published import PublishedSettings
    from latent_studio.methods.projection.rungs import Start
    from latent_studio.methods.projection.settings import ProjectionSettings

#: Files of latents; others that a search starts from tell how a picture was made.
_LATENT_SUFFIXES = (".npz", ".npy", ".pt", ".pth", ".safetensors")


@dataclass(frozen=True, slots=True)
class ProjectOptions:
    """Which photos, on which model, and how long to search."""

    model: str = model_option()
    photos: tuple[str, ...] = photos_option()
    out: Path = option(
        help="Folder for NAME.npz (the latent), NAME-crop.png and NAME-projected.png; made if it is missing.",
        metavar="DIR",
    )
    preset: Literal["fast", "good", "best"] = option(
        "good", help="How long to search; fast takes about a quarter of good's time, best about three times."
    )
    space: Literal["z", "w", "w+"] = option(
        "w+", help="Where the latent is searched; families without w are searched in z."
    )
    start: Literal["encoder", "samples", "mean"] = option(
        "encoder",
        help="Where to begin: what the model's encoder sees, the best of random samples, or the mean.",
    )
    schedule: Literal["ladder", "stylegan2-ada", "mmgen", "vgg-feature"] = option(
        "ladder", help="Our own search, or a published projector's, for comparison."
    )
    loss: Literal["st-lpips", "lpips-alex", "lpips-vgg", "lpips-squeeze"] = option(
        "st-lpips",
        help="Perceptual distance: st-lpips comes with the program, the others need torchvision's backbones, "
        "which --fetch brings.",
    )
    weights: tuple[str, ...] = weights_option()
    steps: int | None = option(
        None, help="Steps of a published schedule (1000), or of each rung of our own.", low=1, high=100_000
    )
    go_on: Path | None = option(
        None,
        help="Where to start from: a latent file of this model, or a picture or .json of Latent Studio.",
        flags=("--from",),
        metavar="FILE",
    )
    tune: int | None = option(
        None,
        help="Then bend the model around the latent for so many steps (120 is usual); NAME-tuned.safetensors "
        "holds the difference and opens like a model.",
        low=1, high=10_000, metavar="STEPS",
    )  # fmt: skip
    class_idx: int | None = class_option()
    seed: int = option(0, help="Of everything random.", low=0, high=SEED_MAX)
    resume: bool = option(
        True,
        help="Skip photos whose latent is there already, found in the same way; --no-resume starts anew.",
    )
    video: Literal["mp4", "gif", "webp"] | None = option(
        None, help="Also write a film of the search, NAME.mp4 and so on, target and picture side by side."
    )
    finder: Literal["mtcnn", "fan"] = finder_option()
    fetch: bool = fetch_option()
    face: int = face_option()
    marks: tuple[float, float, float, float, float, float, float, float] | None = marks_option()
    square: bool = square_option()
    box: tuple[float, float, float, float] | None = box_option()


@dataclass(frozen=True, slots=True)
class ProjectedFile:
    """What was found for one photo.

    Attributes:
        path: of the latent file.
        score: how good it is; ``None`` when it was there already.
    """

    path: Path
    score: Score | None


@dataclass(frozen=True, slots=True)
class ProjectResult:
    """What was written.

    Attributes:
        files: one per photo, in order.
        failures: a sentence for each photo that could not be used.
        remarks: sentences on what went differently than asked.
    """

    files: tuple[ProjectedFile, ...]
    failures: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Paths with scores, remarks, failures."""
        return (*(_line_of(file) for file in self.files), *self.remarks, *self.failures)

    @property
    def is_good(self) -> bool:
        """Whether every photo could be used."""
        return not self.failures


def run_project(
    studio: Studio, options: ProjectOptions, progress: ProgressSink, cancel: CancelToken
) -> ProjectResult:
    """Project photos one after the other. One that cannot be used is reported, and the others go on.

    Same photo, model and options, same latent.

    Raises:
        LatentStudioError: nothing can be done: the model, an option, the folder, or the only photo.
        Cancelled: a stop was asked for; the best latent of the photo being searched is written before.
    """
    check_options(options)
    settings = settings_of(options)
    check_face_options(options)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    _check_class(options, model)
    return project_photos(studio, model, options, settings, progress, cancel)


def project_photos(
    studio: Studio,
    model: LoadedModel,
    options: ProjectOptions,
    settings: ProjectionSettings | PublishedSettings,
    progress: ProgressSink,
    cancel: CancelToken,
) -> ProjectResult:
    """Project photos on an open model with settings that may differ from those of the options.

    Raises:
        LatentStudioError: as for ``run_project``.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.hub_files import fetch_missing
    from latent_studio.app.photo_files import expand_photos, stem_of
    from latent_studio.app.projector import Projector
    from latent_studio.exporters.part_file import make_folder

    check_face_options(options)
    photos = expand_photos(options.photos)
    make_folder(options.out)
    finder = finder_for(options, progress, cancel)
    if options.fetch:
        fetch_missing(options.loss, progress, cancel)
    projector = Projector(studio.engine, studio.paths, loss=options.loss)
    start = None if options.go_on is None else _start_of(options.go_on, model, projector, studio.paths)
    files: list[ProjectedFile] = []
    failures: list[str] = []
    remarks: list[str] = []
    for index, name in enumerate(photos):
        cancel.check()

        def report(one: Progress, index: int = index, name: str = name) -> None:
            fraction = (index + (one.fraction or 0)) / len(photos)
            progress(Progress(fraction, f"{Path(name).name}: {one.message}", one.preview, one.metrics))

        stem = _free_stem(stem_of(name), [file.path for file in files])
        try:
            file, said = _project_one(
                name, stem, options, settings, start, model, projector, finder, report, cancel
            )
        except LatentStudioError as error:
            if len(photos) == 1:
                raise
            failures.append(f"{name}: {error}")
            continue
        files.append(file)
        remarks += [f"{stem}: {sentence}" for sentence in said]
    progress(Progress(1.0, f"Projected {len(files)}"))
    return ProjectResult(tuple(files), tuple(failures), tuple(remarks))


def settings_of(options: ProjectOptions) -> ProjectionSettings | PublishedSettings:
    """The search that the options ask for.

    Raises:
        OptionError: a published schedule does not know the space, or a loss or its weight is none.
    """
    from dataclasses import replace

    from latent_studio.methods.projection.published import PublishedSettings
    from latent_studio.methods.projection.settings import preset

    if options.schedule == "ladder":
        settings = replace(
            preset(options.preset, space=options.space, seed=options.seed),
            start=options.start,
            weights=weights_of(options.weights),
        )
        if options.steps is not None:
            settings = replace(
                settings,
                explore_steps=min(settings.explore_steps, options.steps),
                w_steps=options.steps,
                w_plus_steps=options.steps,
            )
        return settings
    if options.space == "z":
        raise OptionError("--space", f"--schedule {options.schedule} searches in w or w+, not in z.")
    if options.go_on is not None:
        raise OptionError("--from", f"--schedule {options.schedule} cannot go on from a latent.")
    if options.weights:
        raise OptionError("--weight", f"--schedule {options.schedule} has weights of its own.")
    space: Literal["w", "w+"] = "w" if options.schedule == "stylegan2-ada" else options.space
    return PublishedSettings(options.schedule, options.steps or 1000, space, seed=options.seed)


def _project_one(
    name: str,
    stem: str,
    options: ProjectOptions,
    settings: ProjectionSettings | PublishedSettings,
    start: Start | None,
    model: LoadedModel,
    projector: Projector,
    finder: FaceFinder | None,
    progress: ProgressSink,
    cancel: CancelToken,
) -> tuple[ProjectedFile, tuple[str, ...]]:
    from latent_studio.app.photo_files import open_photo
    from latent_studio.app.search_film import FRAMES, write_search_film
    from latent_studio.exporters.still import save_png
    from latent_studio.methods.alignment.crop import align

    progress(Progress(0.0, "Reading"))
    photo = open_photo(name)
    path = options.out / f"{stem}.npz"
    if options.resume and _is_there(path, photo, model, settings, options):
        return ProjectedFile(path, None), ("it was there already.",)
    (place,) = places_in(photo, options, finder, cancel=cancel)
    crop = align(photo, place.quad, output_size=model.spec.resolution).pixels
    found = projector.project(
        model, crop, settings, class_idx=options.class_idx or 0, start=start,
        frames=FRAMES if options.video else 0, has_face=place.marks is not None, progress=progress,
        cancel=cancel,
    )  # fmt: skip
    write_found(path, found, photo, place, model, facts_of(settings, options))
    best = found.projection.best
    save_png(options.out / f"{stem}-crop.png", found.crop)
    save_png(options.out / f"{stem}-projected.png", _pixels(found))
    if options.video and found.frames:
        write_search_film(options.out / f"{stem}.{options.video}", found)
    if not found.projection.is_complete:
        raise Cancelled
    if options.tune is not None:
        said = _tune(options.out / f"{stem}-tuned", found, photo, options, model, projector, progress, cancel)
        return ProjectedFile(path, best.score), (*photo.remarks, *found.projection.remarks, said)
    return ProjectedFile(path, best.score), (*photo.remarks, *found.projection.remarks)


def _start_of(source: Path, model: LoadedModel, projector: Projector, paths: Paths) -> Start:
    """Where to go on from: the latent in a file, or what a picture's recipe shows."""
    from latent_studio.app.projector import start_of
    from latent_studio.app.stored_latents import read_latents
    from latent_studio.app.tasks.recipe_restore import recipe_text, restore_recipe

    if source.suffix.lower() not in _LATENT_SUFFIXES:
        session = restore_recipe(recipe_text(source), model, paths)
        return projector.canvas_start(model, session)
    (stored, *_) = read_latents(source, model.spec)
    stored.latent.check_fits(model.spec)
    return start_of(stored)


def _tune(
    path: Path,
    found: Found,
    photo: Photo,
    options: ProjectOptions,
    model: LoadedModel,
    projector: Projector,
    progress: ProgressSink,
    cancel: CancelToken,
) -> str:
    """Tune, and write the difference and the picture; a sentence on what came of it."""
    from latent_studio.app.projector import pixels_of
    from latent_studio.app.tuning_files import write_tuning
    from latent_studio.exporters.still import save_png

    tuned = projector.tune(
        model, found, steps=options.tune or 1, class_idx=options.class_idx or 0, progress=progress,
        cancel=cancel,
    )  # fmt: skip
    before, after = tuned.score
    if tuned.differences:
        write_tuning(path.with_suffix(".safetensors"), tuned.differences, model.ref, photo=photo.name)
        save_png(path.with_suffix(".png"), pixels_of(tuned.picture))
    if not tuned.is_complete:
        raise Cancelled
    if not tuned.differences:
        return "tuning made it no better, so nothing was written."
    return f"tuned from {before.psnr:.1f} to {after.psnr:.1f} dB, {path.with_suffix('.safetensors')}"


def write_found(
    path: Path,
    found: Found,
    photo: Photo,
    place: Place,
    model: LoadedModel,
    facts: dict[str, object],
) -> None:
    """Write what was found as a latent file.

    Raises:
        ExportError: the disk refuses.
    """
    from dataclasses import asdict

    from latent_studio.app.crop_record import CropRecord
    from latent_studio.app.projector import rung_latent
    from latent_studio.app.stored_latents import StoredLatent, write_latent

    best = found.projection.best
    latent, noise = rung_latent(best)
    facts = {
        **facts,
        "score": {**asdict(best.score), "advice": best.score.advice},
        "rungs": [
            {
                "rung": rung.name,
                "space": rung.space,
                "perceptual": rung.score.perceptual,
                "psnr": rung.score.psnr,
            }
            for rung in found.projection.rungs
        ],
        "is_complete": found.projection.is_complete,
    }
    stored = StoredLatent(
        latent, photo.name, noise, "", model.ref.name, model.ref.sha256,
        CropRecord.of(photo, place.quad, place.marks), facts,
    )  # fmt: skip
    write_latent(path, stored, ws=ws_of_latent(model, latent, class_idx=int(str(facts.get("class") or 0))))


def ws_of_latent(model: LoadedModel, latent: Latent, *, class_idx: int = 0) -> NDArray[np.float32]:
    """What a latent of a model renders, ``(num_ws, w_dim)``."""
    import numpy as np

    from latent_studio.core.spaces import Space

    values = latent.values
    if latent.space is Space.Z and model.spec.has_mapping:
        values = ws_of_z(model, values, class_idx=class_idx)
    return np.broadcast_to(values, (model.spec.num_ws, model.spec.w_dim)).astype(np.float32)


def ws_of_z(model: LoadedModel, z: NDArray[np.float32], *, class_idx: int = 0) -> NDArray[np.float32]:
    """The w of a z, ``(num_ws, w_dim)``."""
    import numpy as np
    import torch

    from latent_studio.methods.projection.latent_stats import one_hot

    generator = model.generator
    tensor = torch.from_numpy(np.array(z, dtype=np.float32))[None].to(generator.device)
    with torch.no_grad():
        ws = generator.map(tensor, one_hot(generator, class_idx, 1))[0]
    return np.asarray(ws.cpu().numpy(), dtype=np.float32)


def facts_of(settings: ProjectionSettings | PublishedSettings, options: ProjectOptions) -> dict[str, object]:
    """What decides a search, for the latent file; no clock and no place on this machine."""
    from dataclasses import asdict

    return {
        "schedule": options.schedule,
        "loss": options.loss,
        "settings": asdict(settings),
        "class": options.class_idx,
    }


def _is_there(
    path: Path,
    photo: Photo,
    model: LoadedModel,
    settings: ProjectionSettings | PublishedSettings,
    options: ProjectOptions,
) -> bool:
    """Whether a photo was projected before in the same way, to the end."""
    import json

    from latent_studio.app.stored_latents import read_latents

    if not path.is_file() or options.go_on is not None:
        return False
    try:
        (stored, *_) = read_latents(path)
    except LatentStudioError:
        return False
    wanted = json.loads(json.dumps(facts_of(settings, options)))
    return (
        stored.model_sha256 == model.ref.sha256
        and stored.crop is not None
        and stored.crop.photo_sha256 == photo.digest
        and stored.facts.get("is_complete") is True
        and all(stored.facts.get(key) == value for key, value in wanted.items())
    )


def _check_class(options: ProjectOptions, model: LoadedModel) -> None:
    count = model.spec.c_dim
    if options.class_idx is not None and options.class_idx >= max(count, 1):
        raise OptionError(
            "--class",
            f"--class is {options.class_idx}, but this model has "
            + (f"classes 0 to {count - 1}." if count else "no classes."),
        )


def _pixels(found: Found) -> NDArray[np.uint8]:
    from latent_studio.app.projector import pixels_of

    return pixels_of(found.projection.best.picture)


def _free_stem(stem: str, taken: list[Path]) -> str:
    names, name, number = {path.stem for path in taken}, stem, 2
    while name in names:
        name, number = f"{stem}-{number}", number + 1
    return name


def _line_of(file: ProjectedFile) -> str:
    if file.score is None:
        return str(file.path)
    score = file.score
    person = "" if score.identity is None else f"identity {score.identity:.2f}, "
    return (
        f"{file.path}: {score.metric} {score.perceptual:.3f}, PSNR {score.psnr:.1f} dB, {person}"
        f"{score.sigmas:.2f} sigma from the mean. {score.advice}"
    )
