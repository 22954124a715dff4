"""direction rank: what each direction of a model changes, how much, and which do the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.direction_choice import bank_option, chosen_directions, some_directions_option
from latent_studio.app.tasks.direction_output import check_suffix
from latent_studio.app.tasks.picture_options import (
    SEED_MAX,
    class_blend_option,
    class_option,
    model_option,
    psi_option,
    with_classes,
)
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_seeds
from latent_studio.core.synthesis import ClassWeights, SynthesisSettings

if TYPE_CHECKING:
    from latent_studio.app.direction_survey import RankedDirection
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class DirectionRankOptions:
    """Which directions, on which pictures."""

    model: str = model_option()
    direction: tuple[str, ...] = some_directions_option()
    bank: str = bank_option()
    count: int | None = option(None, help="Only the first of them.", low=1, metavar="N")
    seeds: tuple[int, ...] = option(
        (0, 1, 2, 3), help="Pictures to look at, such as 0-3.", low=0, high=SEED_MAX, parse=parse_seeds,
        metavar="SEEDS",
    )  # fmt: skip
    sigmas: float = option(2.0, help="How far both ways.", low=0.01, high=20, metavar="S")
    calibrate: bool = option(False, help="Also find where each slider should end, and remember it.")
    out: Path | None = option(
        None, help="Also write the table: .csv, or .json with heat maps.", metavar="FILE"
    )
    truncation_psi: float = psi_option(0.7)
    class_idx: int | None = class_option()
    class_blend: ClassWeights = class_blend_option()


@dataclass(frozen=True, slots=True)
class DirectionRankResult:
    """The ranking.

    Attributes:
        ranked: the strongest first.
        ends: calibrated ends by id; empty when not asked for.
        path: of the table, if one was asked for.
    """

    ranked: tuple[RankedDirection, ...]
    ends: dict[str, tuple[float, float]]
    path: Path | None

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each direction, and the path."""
        told = [_line(one, self.ends.get(one.direction.id)) for one in self.ranked]
        return (*told, *((str(self.path),) if self.path is not None else ()))


def run_direction_rank(
    studio: Studio, options: DirectionRankOptions, progress: ProgressSink, cancel: CancelToken
) -> DirectionRankResult:
    """Rank directions by what they change.

    Raises:
        OptionError: there is no such direction, bank or class.
        LatentStudioError: the model cannot be opened, or the disk refuses.
        Cancelled: a stop was asked for; nothing is written.
    """
    from latent_studio.app.direction_survey import calibrate_direction, rank_directions
    from latent_studio.exporters.part_file import check_target, write_file

    check_options(options)
    if options.out is not None:
        check_suffix(options.out, (".csv", ".json"))
        check_target(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    directions = chosen_directions(options.direction, options.bank, model, studio.paths)[: options.count]
    synthesis = with_classes(
        SynthesisSettings(truncation_psi=options.truncation_psi),
        options.class_idx,
        options.class_blend,
        model.spec,
    )
    ranked = rank_directions(
        studio,
        directions,
        synthesis=synthesis,
        seeds=options.seeds,
        sigmas=options.sigmas,
        progress=progress,
        cancel=cancel,
    )
    ends: dict[str, tuple[float, float]] = {}
    if options.calibrate:
        for done, one in enumerate(ranked, start=1):
            found = calibrate_direction(
                studio, one.direction, synthesis=synthesis, seeds=options.seeds, cancel=cancel
            )
            if found.low < found.high:
                ends[one.direction.id] = (found.low, found.high)
                model.library.set_safe(one.direction.id, (found.low, found.high))
            progress(Progress(done / len(ranked), f"Calibrated {done} of {len(ranked)}"))
    if options.out is not None:
        write_file(options.out, _table(ranked, ends, options.out.suffix.lower()).encode())
    return DirectionRankResult(ranked, ends, options.out)


def _line(one: RankedDirection, ends: tuple[float, float] | None) -> str:
    change = one.change
    same = f"  like {', '.join(one.duplicate_of)}" if one.duplicate_of else ""
    calibrated = f"  {ends[0]:+.2f} to {ends[1]:+.2f}" if ends is not None else ""
    return (
        f"{one.direction.name:<24} strength {change.strength:.3f}  locality {change.locality:.2f}"
        f"{calibrated}{same}  {one.direction.id}"
    )


def _table(ranked: tuple[RankedDirection, ...], ends: dict[str, tuple[float, float]], suffix: str) -> str:
    rows = [
        {
            "id": one.direction.id,
            "name": one.direction.name,
            "strength": round(one.change.strength, 6),
            "locality": round(one.change.locality, 6),
            "low": ends.get(one.direction.id, ("", ""))[0],
            "high": ends.get(one.direction.id, ("", ""))[1],
            "like": "; ".join(one.duplicate_of),
        }
        for one in ranked
    ]
    if suffix == ".json":
        heat = [[[round(float(v), 4) for v in line] for line in one.change.heat] for one in ranked]
        return json.dumps([row | {"heat": one} for row, one in zip(rows, heat, strict=True)], indent=1)
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
