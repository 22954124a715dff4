"""Options that correct how a file of directions is read, shared by the verbs that read one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from latent_studio.core.options import option
from latent_studio.core.rows import parse_rows

if TYPE_CHECKING:
    from latent_studio.app.direction_import import Reading


def space_option() -> Any:
    """Where the vectors live."""
    return option(None, help="Where a file's vectors live, if it is read wrongly.")


def rows_option() -> Any:
    """Which rows they are for."""
    return option(
        None, help="Rows of ws they are meant for, such as 0-3.", low=0, parse=parse_rows, metavar="ROWS"
    )


def norm_option() -> Any:
    """Whether their lengths mean something."""
    return option(None, help="Keep a file's vectors as long as they are, or scale each row to length one.")


def axis_option() -> Any:
    """Which way a matrix lies."""
    return option(None, help="Whether a matrix holds its directions as rows or as columns.")


def count_option() -> Any:
    """How many of them."""
    return option(
        None, help="Take only this many directions of a file, from the first on.", low=1, metavar="N"
    )


class ReadingOptions(Protocol):
    """The fields of options that correct a reading."""

    @property
    def space(self) -> Literal["z", "w", "w+"] | None: ...  # noqa: D102
    @property
    def rows(self) -> tuple[int, ...] | None: ...  # noqa: D102
    @property
    def norm(self) -> Literal["keep", "unit"] | None: ...  # noqa: D102
    @property
    def axis(self) -> Literal["rows", "columns"] | None: ...  # noqa: D102
    @property
    def count(self) -> int | None: ...  # noqa: D102


def reading_of(options: ReadingOptions) -> Reading:
    """The corrections that the options ask for."""
    from latent_studio.app.direction_import import Reading
    from latent_studio.core.spaces import Space

    return Reading(
        space=None if options.space is None else Space(options.space),
        rows=options.rows,
        norm=options.norm,
        axis=options.axis,
        count=options.count,
    )
