"""interpolate: pictures on the way from place to place, as a film, stills or a sheet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.film import FilmResult
from latent_studio.app.tasks.film_options import (
    columns_option,
    crf_option,
    film_out_option,
    format_option,
    fps_option,
    keep_part_option,
    lossless_option,
    palette_option,
    quality_option,
    resampling_option,
    settings_of,
    size_option,
)
from latent_studio.app.tasks.picture_options import (
    SEED_MAX,
    chosen_scale_option,
    cutoff_option,
    drawing_of,
    lod_option,
    model_option,
    noise_mode_option,
    noise_seed_option,
    psi_option,
    rotate_option,
    translate_option,
)
from latent_studio.core.easing import LINEAR, Easing, format_easing, parse_easing
from latent_studio.core.errors import OptionError
from latent_studio.core.interpolate import Interpolation
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_seeds
from latent_studio.core.synthesis import NoiseMode
from latent_studio.exporters.film_settings import FilmQuality, Palette, Resampling
from latent_studio.exporters.formats import FormatId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.noise_maps import FoundNoise
    from latent_studio.core.pose import Pose
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.session import Base, Session
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.timeline import Timeline

#: ``sequence`` goes from each endpoint to the next; ``group`` from the first of every pair to its second.
Mode = Literal["sequence", "group"]
#: How the way is chosen where no endpoints are named.
Walk = Literal["seeds", "random", "noise-loop"]
Path_ = Literal["lerp", "slerp", "smooth", "natural"]
_MODES: dict[str, Interpolation] = {
    "lerp": "linear",
    "slerp": "spherical",
    "smooth": "smooth",
    "natural": "natural",
}
_MOST_FRAMES = 1_000_000


def _parse_classes(text: str) -> tuple[int, ...]:
    """Read classes in order; one may come twice."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise OptionError(
            "--classes", f"--classes cannot be read: {text[:40]!r}.", hint="Write --classes 3,7."
        ) from error


@dataclass(frozen=True, slots=True)
class InterpolateOptions:
    """Which places, how to go between them, and what comes out."""

    model: str = model_option()
    out: Path = film_out_option()
    seeds: tuple[int, ...] = option(
        (),
        help="Endpoints by their seeds, such as 3,9,12.",
        low=0,
        high=SEED_MAX,
        parse=parse_seeds,
        metavar="SEEDS",
    )
    latents: tuple[Path, ...] = option(
        (),
        help="Endpoints from a file of latents (.npy, .npz, .pt, .safetensors), such as a projection's; give "
        "it again for more. They come after --seeds.",
        repeat=True,
        metavar="FILE",
    )
    walk: Walk | None = option(
        None, help="Make --endpoints endpoints: seeds in order, a random walk, or a loop of smooth noise."
    )
    endpoints: int = option(4, help="How many endpoints --walk makes.", low=2, high=10_000, metavar="N")
    start: int = option(
        0, help="Seed of the first endpoint, and of the walk.", low=0, high=SEED_MAX, metavar="SEED"
    )
    stride: float = option(1.0, help="How new each place of a random walk is.", low=0, high=1, metavar="F")
    variety: float = option(
        1.0, help="How many different pictures a noise loop passes, roughly.", low=0.1, high=8, metavar="F"
    )
    mode: Mode = option("sequence", help="One way through all endpoints, or one way per pair, side by side.")
    interval: int = option(
        10, help="Pictures from one endpoint to the next, both included.", low=2, high=100_000, metavar="N"
    )
    space: Literal["w", "z"] = option("w", help="Where to interpolate; z before the mapping network.")
    method: Path_ = option(
        "lerp",
        help="Straight, along the sphere (z only), or curved through all endpoints, by smooth or natural "
        "splines (w only).",
        flags=("--interp", "--method"),
    )
    easing: Easing = option(
        LINEAR,
        help="How each way begins and ends: linear, sine, cubic-out, back, bounce, bezier:0.4,0,0.6,1 …",
        parse=parse_easing,
        write=format_easing,
        metavar="EASING",
    )
    loop: Literal["once", "closed", "ping-pong"] = option(
        "once", help="Stop at the last endpoint, go on to the first, or go back the same way."
    )
    even: bool = option(False, help="Move evenly to the eye from endpoint to endpoint.")
    classes: tuple[int, ...] = option(
        (),
        help="Classes of the endpoints, in order, or one for all; between them the embedding is blended.",
        low=0,
        parse=_parse_classes,
        write=lambda classes: ",".join(map(str, classes)),
        metavar="CLASSES",
    )
    fix_z: bool = option(False, help="Keep the first endpoint's place; only classes change.")
    fix_class: bool = option(
        False, help="Keep the first class; only places change.", flags=("--fix-class", "--fix-y")
    )
    fps: float = fps_option(24.0)
    size: int | None = size_option()
    truncation_psi: float = psi_option()
    truncation_cutoff: int | None = cutoff_option()
    noise_mode: NoiseMode = noise_mode_option()
    noise_seed: int = noise_seed_option()
    translate: tuple[float, float] = translate_option()
    rotate: float = rotate_option()
    lod: float | None = lod_option()
    chosen_scale: int | None = chosen_scale_option()
    quality: FilmQuality = quality_option()
    format: FormatId | None = format_option()
    resampling: Resampling = resampling_option()
    crf: int | None = crf_option()
    lossless: bool = lossless_option()
    palette: Palette = palette_option()
    columns: int | None = columns_option()
    keep_part: bool = keep_part_option()
    batch: int = option(
        1,
        help="Pictures that go through the network together: faster on a graphics card, and no gain on a "
        "processor. The last bit of a pixel may differ from one at a time.",
        low=1,
        high=256,
        flags=("--batch", "--batch-size"),
        metavar="N",
    )


def run_interpolate(
    studio: Studio, options: InterpolateOptions, progress: ProgressSink, cancel: CancelToken
) -> FilmResult:
    """Interpolate between endpoints. Same options, same bytes.

    An endpoint between two ways is shown once, so that a film does not halt there. In group mode a film shows
    all pairs at once, side by side; a sheet or folder has one pair after the other, both ends each.

    Raises:
        OptionError: the options do not fit together or do not fit the model.
        LatentStudioError: the model or a file cannot be opened, or the disk refuses.
        Cancelled: a stop was asked for; nothing is left behind.
    """
    from latent_studio.app.timeline_film import TimelinePlan, write_timeline_film
    from latent_studio.core.session import Session
    from latent_studio.exporters.formats import choose_format
    from latent_studio.exporters.part_file import check_folder_target, check_target

    check_options(options)
    _check_together(options)
    chosen = choose_format(options.out, options.format, formats=studio.plugins.formats())
    (check_folder_target if chosen.is_folder else check_target)(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    poses = _poses(options, model.spec)
    session = Session(model=model.ref, base=poses[0].base, synthesis=poses[0].synthesis)  # type: ignore[arg-type]
    if options.mode == "group":
        return _write_group(studio, session, poses, options, progress, cancel)
    session = replace(session, timeline=_timeline(poses, options, session))
    plan = TimelinePlan(
        session,
        options.out,
        size=options.size,
        settings=settings_of(options),
        format=options.format,
        resampling=options.resampling,
        keep_part=options.keep_part,
        at_once=options.batch,
    )
    return write_timeline_film(studio, plan, progress, cancel)


def _timeline(poses: Sequence[Pose], options: InterpolateOptions, session: Session) -> Timeline:
    """Keys at the frames that the endpoints fall on."""
    from latent_studio.core.timeline import PoseKey, Timeline

    way = (options.interval - 1) / options.fps
    keys = tuple(
        PoseKey(index + 1, index * way, pose, options.easing, _name(pose), replace(session.model, path=""))
        if session.model is not None
        else PoseKey(index + 1, index * way, pose, options.easing, _name(pose))
        for index, pose in enumerate(poses)
    )
    return Timeline(
        keys,
        modes=(
            (
                "base",
                "linear-z" if options.space == "z" and options.method == "lerp" else _MODES[options.method],
            ),
        ),
        loop=options.loop,
        closing_seconds=way,
        speed="segments" if options.even else "keyed",
        fps=options.fps,
    )


def _write_group(
    studio: Studio,
    session: Session,
    poses: Sequence[Pose],
    options: InterpolateOptions,
    progress: ProgressSink,
    cancel: CancelToken,
) -> FilmResult:
    from latent_studio.app.film import Film, Pane, write_film
    from latent_studio.app.pacing import pacing_for
    from latent_studio.app.recipe import film_recipe_of
    from latent_studio.app.timeline_film import requests_of
    from latent_studio.core.film_times import film_times
    from latent_studio.exporters.formats import check_fps, choose_format

    chosen = choose_format(options.out, options.format, formats=studio.plugins.formats())
    check_fps(chosen, options.fps)
    sessions = [
        replace(session, timeline=_timeline(poses[index : index + 2], options, session))
        for index in range(0, len(poses), 2)
    ]
    times = film_times(sessions[0].timeline, options.fps)
    ways = [
        requests_of(one.timeline, times.seconds, pacing_for(studio, one, progress, cancel))
        for one in sessions
    ]
    settings = settings_of(options)
    in_rows = chosen.is_folder or chosen.id == "sheet"
    if in_rows:

        def request_at(index: int) -> RenderRequest:
            return replace(ways[index // times.count](index % times.count), revision=index)

        panes, pictures, order = [Pane(studio.engine, request_at)], times.count * len(ways), None
        settings = replace(settings, columns=settings.columns or times.count)
    else:
        panes, pictures = [Pane(studio.engine, way) for way in ways], times.count
        order = times.order
    whole = replace(session, timeline=_timeline(poses, options, session))
    film = Film(
        options.out,
        chosen,
        pictures,
        order=order,
        fps=options.fps,
        loop=1 if options.loop == "once" else 0,
        side=options.size,
        resampling=options.resampling,
        recipe=film_recipe_of(whole, film={"mode": "group", "interval": options.interval}),
        settings=settings,
        keep_part=options.keep_part,
        at_once=options.batch,
    )
    return write_film(panes, film, progress, cancel)


def _poses(options: InterpolateOptions, spec: GeneratorSpec) -> list[Pose]:
    from latent_studio.core.pose import Pose

    places = _places(options, spec)
    if options.fix_z:
        places = [places[0]] * max(len(places), len(options.classes))
    bases = [base for base, _ in places]
    classes = _classes(options, len(bases), spec)
    if len(bases) < 2:
        raise OptionError(
            "--seeds",
            "There is one endpoint, so there is nothing between.",
            hint="Name a second: --seeds 3,9.",
        )
    if options.mode == "group" and len(bases) % 2:
        raise OptionError(
            "--mode",
            f"Group mode takes pairs of endpoints, and {len(bases)} is odd.",
            hint="Add one, or leave one out.",
        )
    drawing = drawing_of(options, spec)
    return [
        Pose(base, synthesis=replace(drawing, class_idx=class_idx), noise=noise)
        for (base, noise), class_idx in zip(places, classes, strict=True)
    ]


def _places(options: InterpolateOptions, spec: GeneratorSpec) -> list[tuple[Base, FoundNoise | None]]:
    """The endpoints, each with the noise that was found with it."""
    from latent_studio.app.latent_files import read_stored
    from latent_studio.core.seed_plane import SeedPoint
    from latent_studio.core.spaces import Space
    from latent_studio.core.walks import noise_loop, random_walk, seed_walk

    named: list[tuple[Base, FoundNoise | None]] = [(SeedPoint(seed), None) for seed in options.seeds]
    space = Space.Z if options.space == "z" else None
    for path in options.latents:
        named.extend((stored.latent, stored.noise) for stored in read_stored(path, spec, space=space))
    bases: list[Base] = []
    count = options.endpoints
    match options.walk:
        case "seeds":
            bases.extend(seed_walk(options.start, count))
        case "random":
            bases.extend(random_walk(options.start, count, z_dim=spec.z_dim, stride=options.stride))
        case "noise-loop":
            bases.extend(noise_loop(options.start, count, z_dim=spec.z_dim, variety=options.variety))
    return [*named, *((base, None) for base in bases)]


def _classes(options: InterpolateOptions, count: int, spec: GeneratorSpec) -> list[int | None]:
    """The class of each endpoint."""
    if not spec.c_dim:
        if options.classes:
            raise OptionError("--classes", "This model has no classes.", hint="Leave --classes out.")
        return [None] * count
    classes = list(options.classes) or [0]
    if max(classes) >= spec.c_dim:
        raise OptionError(
            "--classes", f"--classes has {max(classes)}, but must be from 0 to {spec.c_dim - 1}."
        )
    if options.fix_class or len(classes) == 1:
        return [classes[0]] * count
    if len(classes) != count:
        raise OptionError(
            "--classes",
            f"There are {count} endpoints and {len(classes)} classes.",
            hint="Name one class each, or one for all.",
        )
    return list(classes)


def _check_together(options: InterpolateOptions) -> None:
    if not options.seeds and not options.latents and options.walk is None:
        raise OptionError(
            "--seeds", "No endpoints were named.", hint="Add --seeds 3,9, --latents FILE or --walk seeds."
        )
    if options.method == "slerp" and options.space != "z":
        raise OptionError(
            "--interp", "The sphere is in z; w has none.", hint="Add --space z, or use --interp lerp."
        )
    if options.space == "z" and options.method in ("smooth", "natural"):
        raise OptionError(
            "--interp", "Splines go through w.", hint="Use --interp slerp, or leave --space z out."
        )
    if options.mode == "group" and options.loop == "closed":
        raise OptionError("--loop", "Pairs go from one end to the other.", hint="Use --loop ping-pong.")
    count = len(options.seeds) + len(options.latents) + (options.endpoints if options.walk else 0)
    if options.interval * count > _MOST_FRAMES:
        raise OptionError("--interval", f"That is more than {_MOST_FRAMES} pictures.")


def _name(pose: Pose) -> str:
    from latent_studio.core.seed_plane import SeedPoint

    return f"seed {pose.base.seed}" if isinstance(pose.base, SeedPoint) else "latent"
