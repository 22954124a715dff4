"""demo: pictures and a film of the bundled model, for a machine without a screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.checkpoints.bundled import DEFAULT_MODEL
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.seed_plane import SeedPoint

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink

#: Seeds on the sheet; the first is the portrait and the film's start.
_SEEDS = 16
_FRAMES = 48


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Where to."""

    out: Path = option(
        Path("latent-studio-demo"), help="Folder for the files; made if it is missing.", metavar="DIR"
    )


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What was written.

    Attributes:
        portrait: one picture.
        sheet: many seeds side by side.
        film: a sweep along the strongest direction.
    """

    portrait: Path
    sheet: Path
    film: Path

    @property
    def lines(self) -> tuple[str, ...]:
        """The paths."""
        return (str(self.portrait), str(self.sheet), str(self.film))


def run_demo(studio: Studio, options: DemoOptions, progress: ProgressSink, cancel: CancelToken) -> DemoResult:
    """Render a portrait, a sheet and a film.

    Raises:
        LatentStudioError: the bundled model is missing, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.recipe import recipe_of
    from latent_studio.app.tasks.traverse import Sweep, TraversalPlan, run_traversal
    from latent_studio.core.render import RenderRequest
    from latent_studio.exporters.part_file import make_folder
    from latent_studio.exporters.still import ContactSheet, save_png

    check_options(options)
    make_folder(options.out)
    model = studio.open_model(DEFAULT_MODEL, progress=progress, cancel=cancel)
    result = DemoResult(
        options.out / "portrait.png", options.out / "sheet.png", options.out / "traversal.gif"
    )

    sessions = [replace(model.start, base=SeedPoint(seed)) for seed in range(_SEEDS)]
    sheet = ContactSheet(_SEEDS, size=model.spec.picture_size[::-1])
    requests = [RenderRequest.of(session, revision=index) for index, session in enumerate(sessions)]
    for index, frame in enumerate(studio.engine.render_batch(requests, check_cancel=cancel.check)):
        if index == 0:
            save_png(result.portrait, frame.pixels, recipe_of(sessions[0]))
        sheet.add(frame.pixels)
        progress(Progress((index + 1) / _SEEDS, f"Rendered {index + 1} of {_SEEDS}", preview=frame))
    save_png(result.sheet, sheet.pixels, recipe_of(model.start, seeds=list(range(_SEEDS))))

    direction = model.directions[0]
    low, high = direction.suggested_range
    plan = TraversalPlan(sessions[0], (Sweep(direction, low, high),), result.film, frames=_FRAMES, fps=24)
    run_traversal(studio, plan, progress, cancel)
    return result
