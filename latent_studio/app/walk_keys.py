"""Keys of a walk: named seeds, a random walk, a closed loop, as poses for a timeline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.picture_options import SEED_MAX
from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_seeds
from latent_studio.core.walks import noise_loop, random_walk

if TYPE_CHECKING:
    from latent_studio.core.pose import Pose
    from latent_studio.core.session import Base
    from latent_studio.core.spec import GeneratorSpec

WalkKind = Literal["seeds", "random", "noise-loop"]
_MOST_KEYS = 500


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """Which places, and how far apart in time."""

    walk: WalkKind = option(  # noqa: RUF009 -- makes a field
        "seeds",
        help="The seeds below, a random walk that begins at the first of them, or a loop of smooth noise.",
    )
    seeds: str = option("1-4", help="Seeds such as 3,9,12 or 0-7.", metavar="SEEDS")
    count: int = option(6, help="Keys of a random walk or a loop.", low=2, high=_MOST_KEYS, metavar="N")
    stride: float = option(1.0, help="How new each place of a random walk is.", low=0, high=1, metavar="F")
    variety: float = option(
        1.0, help="How many different pictures a loop passes, roughly.", low=0.1, high=8, metavar="F"
    )
    seconds: float = option(2.0, help="From key to key.", low=0.04, high=600, unit="s", metavar="S")
    closed: bool = option(True, help="Go on from the last key to the first.")


def poses_of(options: WalkOptions, pose: Pose, spec: GeneratorSpec) -> list[tuple[Pose, str]]:
    """The poses of a walk with their names; edits and settings are those of a given pose, noise is not.

    Raises:
        OptionError: an option is out of range, or the seeds cannot be read.
    """
    from latent_studio.core.seed_plane import SeedPoint

    check_options(options)
    seeds = parse_seeds(options.seeds)
    if len(seeds) > _MOST_KEYS:
        raise OptionError("--seeds", f"That is {len(seeds)} keys, more than {_MOST_KEYS}.")
    if max(seeds) > SEED_MAX:
        raise OptionError("--seeds", f"A seed is at most {SEED_MAX}.")
    places: tuple[Base, ...]
    match options.walk:
        case "seeds":
            places = tuple(SeedPoint(seed) for seed in seeds)
        case "random":
            places = random_walk(seeds[0], options.count, z_dim=spec.z_dim, stride=options.stride)
        case _:
            places = noise_loop(seeds[0], options.count, z_dim=spec.z_dim, variety=options.variety)
    return [
        (
            replace(pose, base=place, noise=None),
            f"seed {place.seed}" if isinstance(place, SeedPoint) else f"walk {index + 1}",
        )
        for index, place in enumerate(places)
    ]
