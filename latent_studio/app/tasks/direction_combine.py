"""direction combine: the edits of a picture as one direction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.direction_output import check_suffix, write_directions_as
from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import LinearDirection
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session

#: Latents drawn to learn how far w spreads along the direction.
_SPREAD_SAMPLES = 2000


@dataclass(frozen=True, slots=True)
class DirectionCombineOptions:
    """Whose edits, and what becomes of them."""

    source: str = option(
        help="A picture or film of Latent Studio, a JSON file, or the JSON itself.",
        positional=True,
        metavar="RECIPE",
    )
    name: str = option(help="What to call the direction.", metavar="NAME")
    model: str | None = option(
        None, help="Use this model, a file or a name, whatever the recipe says.", metavar="MODEL"
    )
    out: Path | None = option(
        None, help="The file to write: .safetensors, or .npy for the vector alone.", metavar="FILE"
    )
    keep: bool = option(False, help="Keep it in the model's library, among its sliders.")


@dataclass(frozen=True, slots=True)
class DirectionCombineResult:
    """What was made.

    Attributes:
        direction: its amount of one does what the edits did together.
        path: of the file, if one was asked for.
    """

    direction: LinearDirection
    path: Path | None

    @property
    def lines(self) -> tuple[str, ...]:
        """The path, then its name and id."""
        written = (str(self.path),) if self.path is not None else ()
        return (*written, f"{self.direction.name}  {self.direction.id}")


def run_direction_combine(
    studio: Studio, options: DirectionCombineOptions, progress: ProgressSink, cancel: CancelToken
) -> DirectionCombineResult:
    """Combine. Same picture and options, same bytes, here and in the window.

    Raises:
        InputError: there are no edits, or none that one direction can do; says why.
        LatentStudioError: there is no recipe, its model is not here, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.tasks.recipe_restore import open_recipe
    from latent_studio.exporters.part_file import check_target

    check_options(options)
    if options.out is None and not options.keep:
        raise OptionError("--out", "There is nowhere to put it.", hint="Give --out FILE, or --keep, or both.")
    if options.out is not None:
        check_suffix(options.out, (".safetensors", ".npy"))
        check_target(options.out)
    session = open_recipe(studio, options.source, model=options.model, progress=progress, cancel=cancel)
    made = combine_edits(studio, studio.model, session, options.name)
    cancel.check()
    if options.out is not None:
        write_directions_as([made], options.out)
    if options.keep:
        studio.model.library.keep((made,), name=made.name)
    return DirectionCombineResult(made, options.out)


def combine_edits(studio: Studio, model: LoadedModel, session: Session, name: str) -> LinearDirection:
    """The direction whose amount of one does what the enabled edits of a session do; curved ones from there.

    Raises:
        InputError: there is nothing to combine, or not into one direction.
        IncompatibleLatentError: the edits cancel each other out.
    """
    import numpy as np

    from latent_studio.app.models import sample_w
    from latent_studio.core.combined import combined_direction
    from latent_studio.core.edits import EditStack
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.spaces import Space

    in_z = all(edit.direction.space is Space.Z for edit in session.edits if edit.enabled and edit.amount)
    if in_z:
        # Straight edits in z do the same everywhere.
        values = np.zeros(model.spec.z_dim, dtype=np.float32)
    else:
        plain = replace(session, edits=EditStack())
        values = studio.engine.resolve_ws(RenderRequest.of(plain, revision=0))
    return combined_direction(
        session.edits,
        name,
        values=values,
        locks=session.locks,
        ws_samples=sample_w(model.generator, _SPREAD_SAMPLES),
        model_sha256=model.ref.sha256,
    )
