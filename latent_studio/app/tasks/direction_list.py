"""direction list: what directions there are for a model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import format_rows

if TYPE_CHECKING:
    from latent_studio.app.direction_library import LibraryEntry
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class DirectionListOptions:
    """Of which model, and which of its banks."""

    model: str = model_option()
    bank: str | None = option(
        None,
        help="Only this bank: favourites, sefa, boundaries, pca, warp, channels or own.",
        metavar="BANK",
    )
    hidden: bool = option(False, help="Hidden ones too.")
    json: bool = option(False, help="Print everything that is known, as JSON.")


@dataclass(frozen=True, slots=True)
class DirectionListResult:
    """The directions.

    Attributes:
        entries: in the order of the banks.
        as_json: how they are printed.
        problems: files of directions that could not be used.
    """

    entries: tuple[LibraryEntry, ...]
    as_json: bool
    problems: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each, or JSON."""
        if self.as_json:
            return (json.dumps([entry_record(entry) for entry in self.entries], indent=1, sort_keys=True),)
        return (*(_line(entry) for entry in self.entries), *self.problems)


def run_direction_list(
    studio: Studio, options: DirectionListOptions, progress: ProgressSink, cancel: CancelToken
) -> DirectionListResult:
    """List the directions of a model's library.

    Raises:
        OptionError: there is no such bank.
        LatentStudioError: the model cannot be opened.
    """
    from latent_studio.app.direction_library import BANKS

    check_options(options)
    if options.bank is not None and options.bank not in BANKS:
        raise OptionError("--bank", f"--bank is {options.bank}, but must be one of {', '.join(BANKS)}.")
    library = studio.open_model(options.model, progress=progress, cancel=cancel).library
    found = [
        entry
        for bank in library.banks
        if (options.bank == bank.id if options.bank else bank.id != "favourites")
        for entry in (bank.entries if options.hidden else bank.shown)
    ]
    return DirectionListResult(tuple(found), options.json, library.problems)


def entry_record(entry: LibraryEntry) -> dict[str, object]:
    """What is known of an entry, as JSON's types and without its numbers."""
    direction = entry.direction
    return {
        "id": entry.id,
        "name": direction.name,
        "bank": entry.bank,
        "space": direction.space.value,
        "rows": None if direction.rows is None else list(direction.rows),
        "sigma": direction.sigma,
        "range": list(entry.ends),
        "safe": None if entry.mark.safe is None else list(entry.mark.safe),
        "starred": entry.mark.starred,
        "hidden": entry.mark.hidden,
        "flipped": entry.mark.flipped,
        "source": direction.info.source,
        "details": dict(direction.info.details),
    }


def _line(entry: LibraryEntry) -> str:
    direction = entry.direction
    low, high = entry.ends
    rows = "all rows" if direction.rows is None else f"rows {format_rows(direction.rows)}"
    star = "*" if entry.mark.starred else " "
    return (
        f"{star} {direction.name:<24} {entry.bank:<10} {direction.space.value:<2} {rows:<10} "
        f"{low:+.2f} to {high:+.2f}  sigma {direction.sigma:.3f}  {entry.id}"
    )
