"""recipe extract: how a picture or film was made, as a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class RecipeExtractOptions:
    """Whose recipe, and where it goes."""

    source: Path = option(
        help="A picture, film or timeline of Latent Studio.", positional=True, metavar="FILE"
    )
    out: Path = option(
        help="The file to write, .json; “render” takes it, and so does the window.", metavar="FILE"
    )


@dataclass(frozen=True, slots=True)
class RecipeExtractResult:
    """What was written.

    Attributes:
        path: the file.
    """

    path: Path

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_recipe_extract(
    studio: Studio, options: RecipeExtractOptions, progress: ProgressSink, cancel: CancelToken
) -> RecipeExtractResult:
    """Write the recipe as it is. Needs neither the model nor torch.

    Raises:
        InputError: there is no recipe.
        SessionFileError: it is none of ours, or damaged.
        ExportError: the disk refuses.
    """
    from latent_studio.app.recipe import parsed_recipe
    from latent_studio.app.tasks.recipe_restore import recipe_text
    from latent_studio.exporters.part_file import check_target, write_file

    check_options(options)
    if options.out.suffix.lower() != ".json":
        raise OptionError("--out", f"--out is {options.out.name}, but must end in .json.")
    check_target(options.out)
    text = recipe_text(options.source)
    parsed_recipe(text)
    cancel.check()
    write_file(options.out, text.encode())
    return RecipeExtractResult(options.out)
