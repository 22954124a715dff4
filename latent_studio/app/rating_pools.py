"""Rating pools: where the pictures that somebody rates come from: random seeds, projected photos, folders."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.app.ratings import RatingPool
from latent_studio.core.errors import InputError, LatentStudioError
from latent_studio.core.jobs import Progress
from latent_studio.core.latent import Latent, z_from_seed
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink

log = logging.getLogger(__name__)

#: Latents a gallery of samples chooses from.
_SAMPLES = 600
#: Latents drawn to learn how wide the model's latents are in each direction.
_SPREAD_SAMPLES = 4000
#: Fewer teach no direction.
FEWEST = 4
_LATENT_SUFFIXES = (".npz", ".npy", ".pt", ".pth", ".safetensors")
#: What ``project`` writes beside a latent shows the same latent.
_BESIDE = ("-crop", "-projected", "-tuned")


def pool_of_samples(
    model: LoadedModel, *, first_seed: int, progress: ProgressSink, cancel: CancelToken
) -> RatingPool:
    """Map seeds and get ready to learn. Takes a second or two; belongs in a job."""
    import torch

    spec = model.spec
    seeds = range(first_seed, first_seed + _SAMPLES)
    progress(Progress(0.0, "Drawing pictures to rate"))
    z = np.stack([z_from_seed(seed, spec.z_dim) for seed in seeds])
    bases = tuple(SeedPoint(seed) for seed in seeds)
    cancel.check()
    if not spec.has_mapping:
        return _pool(model, bases, z, is_exact=False, progress=progress)
    progress(Progress(0.4, "Mapping them"))
    rows = []
    for start in range(0, len(z), 128):
        with torch.inference_mode():
            rows.append(_mapped(model, z[start : start + 128]))
        cancel.check()
    return _pool(model, bases, np.concatenate(rows), is_exact=False, progress=progress)


def pool_of_latents(
    model: LoadedModel,
    latents: Sequence[Latent],
    *,
    given: dict[int, bool] | None = None,
    remarks: Sequence[str] = (),
    progress: ProgressSink,
    cancel: CancelToken,
) -> RatingPool:
    """Latents of photos, such as those the projection panel found.

    Args:
        model: they belong to.
        latents: at least four, in z, w or w+; rows of w+ are averaged, for a few dozen examples in thousands
            of dimensions can be told apart by anything.
        given: what is known about some of them already.
        remarks: sentences on what could not be used.
        progress: told on the way.
        cancel: looked at on the way.

    Raises:
        InputError: there are fewer than four, or they cannot be carried to where directions are learned.
        IncompatibleLatentError: they belong to another model.
    """
    import torch

    if len(latents) < FEWEST:
        raise InputError(
            f"{len(latents)} pictures are too few to learn from.",
            hint=f"A direction needs at least {FEWEST}, and twenty of each kind tell more.",
        )
    spec, rows = model.spec, []
    for latent in latents:
        cancel.check()
        latent.check_fits(spec)
        if not spec.has_mapping:
            if latent.space is not Space.Z:
                raise InputError("Directions of this model are learned in z.", hint="Bring latents in z.")
            rows.append(latent.values)
        elif latent.space is Space.Z:
            with torch.inference_mode():
                rows.append(_mapped(model, latent.values[None])[0])
        else:
            rows.append(np.atleast_2d(latent.values).mean(axis=0))
    stacked = np.stack(rows).astype(np.float32)
    pool = _pool(model, tuple(latents), stacked, is_exact=True, progress=progress)
    return replace(pool, given=given or {}, remarks=tuple(remarks))


def pool_of_folders(
    studio: Studio,
    model: LoadedModel,
    folders: Sequence[Path],
    *,
    progress: ProgressSink,
    cancel: CancelToken,
) -> RatingPool:
    """The pictures of one folder to be rated, or those of two that are sorted already.

    A picture's latent is the file beside it, or what it was exported from, or is searched for: quickly, and
    kept in the cache, so that a search that was stopped goes on where it was. Square pictures are taken
    whole, of others the largest face.

    Args:
        studio: whose model is open.
        model: the open model.
        folders: one; or two, of which the first holds what is wanted and the second what is not.
        progress: told on the way.
        cancel: looked at on the way.

    Raises:
        InputError: a folder holds no picture and no latent, both hold the same, or there are fewer than four.
        Cancelled: a stop was asked for.
    """
    sorted_latents: list[list[Latent]] = []
    remarks: list[str] = []
    for index, folder in enumerate(folders):

        def report(one: Progress, index: int = index) -> None:
            fraction = None if one.fraction is None else (index + one.fraction) / len(folders)
            progress(replace(one, fraction=fraction))

        found, said = _latents_in(studio, model, folder, report, cancel)
        remarks += said
        sorted_latents.append(found)
    given: dict[int, bool] = {}
    if len(folders) > 1:
        wanted, others = sorted_latents
        shared = {one.digest for one in wanted} & {one.digest for one in others}
        if shared and shared.issuperset(one.digest for one in (*wanted, *others)):
            raise InputError(
                f"{folders[0].name} and {folders[1].name} hold the same pictures.",
                hint="Put those with it into one folder and those without it into another.",
            )
        if shared:
            remarks.append(f"In both folders, so counted in neither: {len(shared)}.")
            wanted, others = ([one for one in some if one.digest not in shared] for some in (wanted, others))
        sorted_latents = [wanted, others]
        given = {place: place < len(wanted) for place in range(len(wanted) + len(others))}
    latents = [one for some in sorted_latents for one in some]
    return pool_of_latents(model, latents, given=given, remarks=remarks, progress=progress, cancel=cancel)


def _pool(
    model: LoadedModel,
    bases: tuple[SeedPoint | Latent, ...],
    latents: NDArray[np.float32],
    *,
    is_exact: bool,
    progress: ProgressSink,
) -> RatingPool:
    from latent_studio.app.models import sample_w
    from latent_studio.methods.boundary.thumbs import prepare

    progress(Progress(0.7, "Measuring the model's latents"))
    samples = sample_w(model.generator, _SPREAD_SAMPLES)
    has_w = model.spec.has_mapping
    scales = prepare(samples) if has_w else None
    progress(Progress(1.0, "Ready to rate"))
    return RatingPool(
        bases, latents, Space.W if has_w else Space.Z, samples, scales, model.ref.sha256, is_exact=is_exact
    )


def _mapped(model: LoadedModel, z: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(n, w_dim)`` of the class that the model starts with, at full variety."""
    import torch

    generator = model.generator
    part = torch.from_numpy(np.array(z)).to(generator.device)
    c = None
    if model.spec.c_dim:
        c = torch.zeros(len(part), model.spec.c_dim, device=generator.device)
        c[:, model.start.synthesis.class_idx or 0] = 1
    return np.asarray(generator.map(part, c)[:, 0].float().cpu().numpy(), dtype=np.float32)


def _latents_in(
    studio: Studio, model: LoadedModel, folder: Path, progress: ProgressSink, cancel: CancelToken
) -> tuple[list[Latent], list[str]]:
    """Latents of a folder's files, by name, and sentences on those that cannot be used."""
    from latent_studio.app.photo_files import expand_photos
    from latent_studio.app.stored_latents import read_latents
    from latent_studio.app.tuning_files import tuning_header

    try:
        files = sorted(
            path
            for path in folder.iterdir()
            # “project --tune” leaves a model beside its latent.
            if path.suffix.lower() in _LATENT_SUFFIXES and tuning_header(path) is None
        )
        pictures = expand_photos([str(folder)]) if not files else _pictures_in(folder)
    except OSError as error:
        raise InputError(f"{folder.name} cannot be read: {error.strerror}.") from error
    except InputError as error:
        raise InputError(
            f"There is no picture in {folder.name}.",
            hint="Choose a folder of pictures, or of what “project” wrote.",
        ) from error
    found: list[tuple[str, Latent]] = []
    remarks: list[str] = []
    for path in files:
        cancel.check()
        try:
            stored = read_latents(path, model.spec)
            for one in stored:
                one.latent.check_fits(model.spec)
        except LatentStudioError as error:
            remarks.append(f"{path.name}: {error.title}")
            continue
        found += [(path.name, one.latent) for one in stored]
    has_latent = {path.stem for path in files}
    photos = []
    for name in pictures:
        stem = Path(name).stem
        if stem in has_latent or any(stem.removesuffix(end) in has_latent for end in _BESIDE):
            continue
        latent = _exported(studio, model, name)
        if latent is not None:
            found.append((Path(name).name, latent))
        else:
            photos.append(name)
    if photos:
        searched, failures = _projected(studio, model, folder, photos, progress, cancel)
        found += searched
        remarks += failures
    return [latent for _, latent in sorted(found, key=lambda pair: pair[0])], remarks


def _pictures_in(folder: Path) -> tuple[str, ...]:
    from latent_studio.app.photo_files import expand_photos

    try:
        return expand_photos([str(folder)])
    except InputError:
        return ()


def _exported(studio: Studio, model: LoadedModel, name: str) -> Latent | None:
    """What a picture of this program shows, if it is of the open model; its edits are part of it."""
    from latent_studio.app.recipe import model_of_recipe, session_of_recipe
    from latent_studio.core.render import RenderRequest
    from latent_studio.exporters.recipe_text import read_recipe

    def find(id: str) -> object:
        entry = model.library.find(id)
        return None if entry is None else entry.found

    try:
        text = read_recipe(Path(name))
        made_by = None if text is None else model_of_recipe(text)
        if text is None or made_by is None or made_by.sha256 != model.ref.sha256:
            return None
        session = session_of_recipe(text, find=find, model=model.ref)  # type: ignore[arg-type]
        if not model.spec.has_mapping:
            base = session.base
            if isinstance(base, SeedPoint) and base.is_whole:
                return Latent(Space.Z, z_from_seed(base.seed, model.spec.z_dim))
            return base if isinstance(base, Latent) and base.space is Space.Z else None
        ws = studio.engine.resolve_ws(RenderRequest.of(session, revision=0))
    except LatentStudioError as error:
        log.info("%s is looked at like any photo: %s", name, error)
        return None
    return Latent(Space.W_PLUS, ws)


def _projected(
    studio: Studio,
    model: LoadedModel,
    folder: Path,
    photos: Sequence[str],
    progress: ProgressSink,
    cancel: CancelToken,
) -> tuple[list[tuple[str, Latent]], list[str]]:
    """Latents searched for, by name, and a sentence for each photo that cannot be used."""
    from latent_studio.app.photo_files import open_photo
    from latent_studio.app.stored_latents import read_latents
    from latent_studio.app.tasks.project import ProjectOptions, project_photos, settings_of

    place = hashlib.blake2b(str(folder.resolve()).encode(), digest_size=8).hexdigest()
    kept = studio.paths.cache / "rated" / model.ref.sha256[:16] / place
    whole: list[str] = []
    faces: list[str] = []
    failures: list[str] = []
    for name in photos:
        cancel.check()
        try:
            photo = open_photo(name)
        except LatentStudioError as error:
            failures.append(f"{Path(name).name}: {error.title}")
            continue
        (whole if photo.width == photo.height else faces).append(name)
    found: list[tuple[str, Latent]] = []
    for names, square in ((whole, True), (faces, False)):
        if not names:
            continue
        options = ProjectOptions(
            model.ref.name, tuple(names), kept / ("whole" if square else "faces"), preset="fast",
            space="w" if model.spec.has_mapping else "z", square=square,
        )  # fmt: skip
        try:
            done = project_photos(studio, model, options, settings_of(options), progress, cancel)
        except LatentStudioError as error:
            failures.append(f"{Path(names[0]).name}: {error.title}")
            continue
        failures += done.failures
        for file in done.files:
            found += [(file.path.name, one.latent) for one in read_latents(file.path, model.spec)]
    return found, failures
