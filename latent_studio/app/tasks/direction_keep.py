"""direction keep: a direction in a model's library, with what its user says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.named_directions import DIRECTION_HELP, find_direction
from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_rows

if TYPE_CHECKING:
    from latent_studio.app.direction_library import DirectionLibrary, LibraryEntry
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink

#: What a direction came with and a user can change.
Own = Literal["name", "ends", "rows"]


@dataclass(frozen=True, slots=True)
class DirectionKeepOptions:
    """Which direction of which model, and what is said about it. What is not given stays as it is."""

    model: str = model_option()
    direction: str = option(
        help=f"The direction: {DIRECTION_HELP} One that the library lacks is kept.",
        positional=True,
        metavar="NAME",
    )
    name: str | None = option(None, help="What to call it.", metavar="TEXT")
    star: bool | None = option(None, help="Put it among the favourites, or take it out.")
    hide: bool | None = option(None, help="Leave it out of what is shown, or show it again.")
    turn: bool | None = option(None, help="Turn it round: plus becomes minus; or as it was found.")
    ends: tuple[float, float] | None = option(
        None, help="The two ends of its slider, which may be uneven.", low=-1e9, high=1e9, metavar="A"
    )
    rows: tuple[int, ...] | None = option(
        None, help="Rows of ws that its slider moves, such as 0-3.", low=0, parse=parse_rows, metavar="ROWS"
    )
    own: tuple[Own, ...] = option(
        (), help="Give it back the name, ends or rows it came with; again for more.", repeat=True
    )


@dataclass(frozen=True, slots=True)
class DirectionKeepResult:
    """What is in the library now.

    Attributes:
        entry: of the direction.
    """

    entry: LibraryEntry

    @property
    def lines(self) -> tuple[str, ...]:
        """Its name, id and ends."""
        (low, high), entry = self.entry.ends, self.entry
        star = " ★" if entry.mark.starred else ""
        return (f"{entry.direction.name}{star}  {low:g} to {high:g}  {entry.id}",)


def run_direction_keep(
    studio: Studio, options: DirectionKeepOptions, progress: ProgressSink, cancel: CancelToken
) -> DirectionKeepResult:
    """Keep a direction and mark it.

    Raises:
        OptionError: there is no such direction, or its ends or rows cannot be.
        LatentStudioError: the model cannot be opened.
    """
    check_options(options)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    direction = find_direction(options.direction, model, studio.paths)
    cancel.check()
    library = model.library
    if library.find(direction.id) is None:
        library.keep([direction])
    mark_direction(library, direction.id, options)
    entry = library.find(direction.id)
    assert entry is not None  # noqa: S101 -- it was kept above
    return DirectionKeepResult(entry)


def mark_direction(library: DirectionLibrary, id: str, options: DirectionKeepOptions) -> None:
    """Say about a direction of a library what the options say; the window does the same.

    Raises:
        OptionError: its ends are no ends.
    """
    if options.name is not None or "name" in options.own:
        library.rename(id, options.name or "")
    if options.star is not None:
        library.star(id, options.star)
    if options.hide is not None:
        library.hide(id, options.hide)
    entry = library.find(id)
    if options.turn is not None and entry is not None and entry.mark.flipped != options.turn:
        library.flip(id)
    if options.ends is not None or "ends" in options.own:
        try:
            library.set_ends(id, options.ends)
        except ValueError as error:
            raise OptionError("--ends", f"--ends: {error}.", hint="The lower one comes first.") from error
    if options.rows is not None or "rows" in options.own:
        library.set_rows(id, options.rows)
