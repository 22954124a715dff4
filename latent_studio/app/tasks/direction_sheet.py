"""direction sheet: all directions of a model at a glance, a row of pictures for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.direction_choice import bank_option, chosen_directions, some_directions_option
from latent_studio.app.tasks.direction_output import check_suffix
from latent_studio.app.tasks.picture_options import SEED_MAX, model_option, psi_option
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class DirectionSheetOptions:
    """Which directions, and how they are shown."""

    model: str = model_option()
    out: Path = option(help="The picture to write, .png or .jpg.", metavar="FILE")
    direction: tuple[str, ...] = some_directions_option()
    bank: str = bank_option()
    count: int | None = option(None, help="Only the first of them.", low=1, metavar="N")
    seed: int = option(0, help="Which picture to start from.", low=0, high=SEED_MAX, metavar="N")
    steps: int = option(5, help="Pictures in a row, from one end of the slider to the other.", low=2, high=51,
        metavar="N")  # fmt: skip
    sigmas: float | None = option(
        None, help="Go this far both ways, in standard deviations, not to the sliders' ends.", low=0.01,
        high=50, metavar="S",
    )  # fmt: skip
    size: int = option(128, help="Side of one picture.", low=16, high=1024, unit="px", metavar="PX")
    truncation_psi: float = psi_option(0.7)


@dataclass(frozen=True, slots=True)
class DirectionSheetResult:
    """What was drawn.

    Attributes:
        path: of the picture.
        names: of the directions, from top to bottom.
    """

    path: Path
    names: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_direction_sheet(
    studio: Studio, options: DirectionSheetOptions, progress: ProgressSink, cancel: CancelToken
) -> DirectionSheetResult:
    """Draw the sheet. Each picture says its direction or its amount.

    Raises:
        OptionError: there is no such direction or bank.
        LatentStudioError: the model cannot be opened, or the disk refuses.
        Cancelled: a stop was asked for; nothing is written.
    """
    from dataclasses import replace

    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.edits import Edit, EditStack
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.seed_plane import SeedPoint
    from latent_studio.core.session import Session
    from latent_studio.core.synthesis import SynthesisSettings
    from latent_studio.exporters.compose import captioned
    from latent_studio.exporters.part_file import check_target
    from latent_studio.exporters.pixels import resized
    from latent_studio.exporters.still import ContactSheet, save_still

    check_options(options)
    check_suffix(options.out, (".png", ".jpg", ".jpeg"))
    check_target(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    directions = chosen_directions(options.direction, options.bank, model, studio.paths)[: options.count]
    start = Session(
        model=model.ref,
        base=SeedPoint(options.seed),
        synthesis=SynthesisSettings(
            truncation_psi=options.truncation_psi, class_idx=0 if model.spec.c_dim else None
        ),
    )
    cells, captions = [], []
    for direction in directions:
        low, high = direction.suggested_range
        if options.sigmas is not None:
            low, high = -options.sigmas * direction.sigma, options.sigmas * direction.sigma
        for k in range(options.steps):
            amount = low + (high - low) * k / (options.steps - 1)
            cells.append(replace(start, edits=EditStack((Edit(direction, amount),))))
            captions.append(f"{direction.name} {amount:+.2f}" if k == 0 else f"{amount:+.2f}")
    sheet = ContactSheet(len(cells), size=(options.size, options.size), columns=options.steps)
    requests = (RenderRequest.of(session, revision=index) for index, session in enumerate(cells))
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    for done, (frame, caption) in enumerate(zip(frames, captions, strict=True), start=1):
        sheet.add(captioned(resized(frame.pixels, options.size, options.size), caption))
        progress(Progress(done / len(cells), f"Rendered {done} of {len(cells)}", preview=frame))
        cancel.check()
    names = tuple(direction.name for direction in directions)
    jpeg = options.out.suffix.lower() != ".png"
    save_still(
        options.out, sheet.pixels, recipe_of(start, sheet=list(names)), format="jpg" if jpeg else "png"
    )
    return DirectionSheetResult(options.out, names)
