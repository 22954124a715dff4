"""What writing a film adds to rendering it: frames a second of each format over those of the engine alone.

The engine renders the film's requests in a batch, as the export does, and writes nothing; that and every
format take turns in one process, several rounds. The share is the figure to compare between machines: 1 means
that the film costs nothing but its pictures. A timeline of the bundled model; ``--random 512`` takes random
weights of the official size "config f" instead.
"""

from __future__ import annotations

import _prepare  # noqa: F401 - before anything that imports torch

# isort: split
import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.paths import Paths
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from latent_studio.app.timeline_film import TimelinePlan, requests_of, write_timeline_film
from latent_studio.checkpoints.bundled import DEFAULT_MODEL
from latent_studio.core.film_times import film_times
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.pose import Pose
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.timeline import Timeline
from latent_studio.exporters.film_settings import FilmSettings

if TYPE_CHECKING:
    from latent_studio.core.session import Session

#: Format and quality.
WAYS = (
    ("mp4", "fast"),
    ("mp4", "good"),
    ("webm", "fast"),
    ("webm", "good"),
    ("webp", "good"),
    ("gif", "fast"),
    ("gif", "good"),
    ("gif", "best"),
    ("apng", "good"),
    ("png", "good"),
)


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder)
        studio = Studio(Paths.in_profile(profile), settings=Settings())
        session = _session(studio, arguments)
        alone: list[float] = []
        rates: dict[tuple[str, str], list[float]] = {way: [] for way in WAYS}
        for round_ in range(arguments.rounds + 1):
            if arguments.only and round_ == 0:
                print("first round: warming up")
            rate = _rate_alone(studio, session, arguments.frames)
            if round_:
                alone.append(rate)
            for way in WAYS:
                if arguments.only and way[0] not in arguments.only:
                    continue
                rate = _rate_of_film(studio, session, profile, way, arguments)
                if round_:
                    rates[way].append(rate)
        engine = statistics.median(alone)
        print(f"{arguments.model}, {arguments.frames} frames, {arguments.rounds} rounds; medians")
        print(f"  engine alone      {engine:8.1f} frames/s    1.00")
        for (format, quality), found in rates.items():
            if found:
                rate = statistics.median(found)
                print(f"  {format + ', ' + quality:<18}{rate:8.1f} frames/s    {rate / engine:.2f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a file or a bundled model")
    parser.add_argument("--random", type=int, metavar="SIDE", help="random weights at this resolution")
    parser.add_argument("--frames", type=int, default=96, help="of the film (96)")
    parser.add_argument("--rounds", type=int, default=3, help="the median of them counts (3)")
    parser.add_argument("--size", type=int, help="side of the film's pictures in pixels")
    parser.add_argument("--only", nargs="*", help="formats to measure, such as mp4 gif")
    return parser.parse_args()


def _session(studio: Studio, arguments: argparse.Namespace) -> Session:
    """Four keys at other seeds: no picture shares features with the one before."""
    if arguments.random:
        from latent_studio.engine.calibrate import calibrate
        from latent_studio.generators.catalog import build_generator
        from latent_studio.generators.random_stylegan2 import random_checkpoint

        studio.open_model(DEFAULT_MODEL)
        generator, _ = calibrate(build_generator(random_checkpoint(arguments.random)))
        studio.engine.swap(generator)
        arguments.model = f"random config f at {arguments.random} px"
    else:
        studio.open_model(arguments.model)
    start = studio.model.start
    timeline = Timeline(fps=24.0)
    length = (arguments.frames - 1) / 24
    for key in range(4):
        pose = replace(Pose.of(start), base=SeedPoint(10 + key))
        timeline = timeline.with_pose(key * length / 3, pose)
    return replace(start, timeline=timeline)


def _rate_alone(studio: Studio, session: Session, frames: int) -> float:
    times = film_times(session.timeline, 24.0)
    assert times.count == frames, times
    request_at = requests_of(session.timeline, times.seconds)
    started = time.perf_counter()
    for _ in studio.engine.render_batch(map(request_at, range(frames)), check_cancel=lambda: None):
        pass
    return frames / (time.perf_counter() - started)


def _rate_of_film(
    studio: Studio, session: Session, folder: Path, way: tuple[str, str], arguments: argparse.Namespace
) -> float:
    format, quality = way
    out = folder / (f"film.{format}" if format != "png" else f"film-{time.monotonic_ns()}")
    settings = FilmSettings(quality=quality)  # type: ignore[arg-type]
    plan = TimelinePlan(session, out, settings=settings, format=format, size=arguments.size)  # type: ignore[arg-type]
    started = time.perf_counter()
    write_timeline_film(studio, plan, ignore_progress, CancelToken())
    return arguments.frames / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
