"""recipe render: the picture that a recipe tells, rendered again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.core.errors import OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.exporters.still import StillFormat


@dataclass(frozen=True, slots=True)
class RecipeRenderOptions:
    """Where the recipe is, and where the picture goes."""

    source: str = option(
        help="A picture or film of Latent Studio, a JSON file, or the JSON itself.",
        positional=True,
        metavar="RECIPE",
    )
    out: Path = option(help="The picture, .png or .jpg.", metavar="FILE")
    model: str | None = option(
        None, help="Use this model, a file or a name, whatever the recipe says.", metavar="MODEL"
    )


@dataclass(frozen=True, slots=True)
class RecipeRenderResult:
    """What was written.

    Attributes:
        path: the picture.
    """

    path: Path

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_recipe_render(
    studio: Studio, options: RecipeRenderOptions, progress: ProgressSink, cancel: CancelToken
) -> RecipeRenderResult:
    """Render a recipe's state sharp: of a picture, the same picture; of a film, where it began.

    Raises:
        LatentStudioError: there is no recipe, its model is not here, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.recipe import recipe_of
    from latent_studio.app.tasks.recipe_restore import open_recipe
    from latent_studio.core.render import RenderRequest
    from latent_studio.exporters.still import save_still

    check_options(options)
    suffix = options.out.suffix.lower()
    if suffix not in (".png", ".jpg", ".jpeg"):
        raise OptionError("--out", f"--out is {options.out.name}, but must end in .png or .jpg.")
    session = open_recipe(studio, options.source, model=options.model, progress=progress, cancel=cancel)
    (frame,) = studio.engine.render_batch((RenderRequest.of(session, revision=0),), check_cancel=cancel.check)
    format: StillFormat = "png" if suffix == ".png" else "jpg"
    save_still(options.out, frame.pixels, recipe_of(session), format=format)
    progress(Progress(1.0, "Rendered", preview=frame))
    return RecipeRenderResult(options.out)
