"""direction sheet: all directions of a model at a glance, a row of pictures for each."""

from __future__ import annotations

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
from latent_studio.core.synthesis import ClassWeights, SynthesisSettings

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session


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
    class_idx: int | None = class_option()
    class_blend: ClassWeights = class_blend_option()


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
        OptionError: there is no such direction, bank or class.
        LatentStudioError: the model cannot be opened, or the disk refuses.
        Cancelled: a stop was asked for; nothing is written.
    """
    from latent_studio.core.seed_plane import SeedPoint
    from latent_studio.core.session import Session
    from latent_studio.exporters.part_file import check_target

    check_options(options)
    check_suffix(options.out, (".png", ".jpg", ".jpeg"))
    check_target(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    directions = chosen_directions(options.direction, options.bank, model, studio.paths)[: options.count]
    start = Session(
        model=model.ref,
        base=SeedPoint(options.seed),
        synthesis=with_classes(
            SynthesisSettings(truncation_psi=options.truncation_psi),
            options.class_idx,
            options.class_blend,
            model.spec,
        ),
    )
    rows = []
    for direction in directions:
        low, high = direction.suggested_range
        if options.sigmas is not None:
            low, high = -options.sigmas * direction.sigma, options.sigmas * direction.sigma
        rows.append(SheetRow(direction, low, high))
    sheet = DirectionSheet(start, tuple(rows), options.out, steps=options.steps, size=options.size)
    return draw_direction_sheet(studio, sheet, progress, cancel)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One direction on a sheet.

    Attributes:
        direction: what moves.
        low: amount of the first picture, in units of the direction.
        high: amount of the last one.
    """

    direction: Direction
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DirectionSheet:
    """What a sheet shows. Frozen when an export starts.

    Attributes:
        session: what every row starts from; its own edits stay, but for the row's direction.
        rows: from top to bottom, at least one.
        out: the picture to write, ``.png`` or ``.jpg``.
        steps: pictures in a row.
        size: side of one picture in pixels.
    """

    session: Session
    rows: tuple[SheetRow, ...]
    out: Path
    steps: int = 5
    size: int = 128


def draw_direction_sheet(
    studio: Studio, plan: DirectionSheet, progress: ProgressSink, cancel: CancelToken
) -> DirectionSheetResult:
    """Draw a sheet of the open model. Each picture says its direction or its amount.

    Raises:
        OptionError: there is no direction to show.
        ExportError: the disk refuses; nothing is left behind.
        Cancelled: a stop was asked for; nothing is written.
    """
    from dataclasses import replace

    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.edits import Edit
    from latent_studio.core.errors import OptionError
    from latent_studio.core.render import RenderRequest
    from latent_studio.exporters.compose import captioned
    from latent_studio.exporters.pixels import resized, size_with_side
    from latent_studio.exporters.still import ContactSheet, save_still

    if not plan.rows:
        raise OptionError("--direction", "There is no direction to show.", hint="Find or import some first.")
    cells, captions = [], []
    for row in plan.rows:
        for step in range(plan.steps):
            amount = row.low + (row.high - row.low) * step / (plan.steps - 1)
            edits = plan.session.edits.with_edit(Edit(row.direction, amount))
            cells.append(replace(plan.session, edits=edits))
            captions.append(f"{row.direction.name} {amount:+.2f}" if step == 0 else f"{amount:+.2f}")
    own = studio.model.spec.size_at(plan.session.synthesis.chosen_scale)
    width, height = size_with_side(own, plan.size)
    sheet = ContactSheet(len(cells), size=(width, height), columns=plan.steps)
    requests = (RenderRequest.of(session, revision=index) for index, session in enumerate(cells))
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    for done, (frame, caption) in enumerate(zip(frames, captions, strict=True), start=1):
        sheet.add(captioned(resized(frame.pixels, width, height), caption))
        progress(Progress(done / len(cells), f"Rendered {done} of {len(cells)}", preview=frame))
        cancel.check()
    names = tuple(row.direction.name for row in plan.rows)
    jpeg = plan.out.suffix.lower() != ".png"
    save_still(
        plan.out, sheet.pixels, recipe_of(plan.session, sheet=list(names)), format="jpg" if jpeg else "png"
    )
    return DirectionSheetResult(plan.out, names)
