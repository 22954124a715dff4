"""Export plans: what the Export panel would write, as the text of a file that ``render`` takes.

The text is a recipe, so it restores the state too; its entry ``export`` says what is drawn of that state.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from latent_studio.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latent_studio.app.tasks.direction_sheet import DirectionSheet, SheetRow
    from latent_studio.app.tasks.traverse import Sweep, TraversalPlan
    from latent_studio.core.directions import Direction
    from latent_studio.core.records import Reader
    from latent_studio.core.session import ModelRef, Session

#: ``timeline`` the film of the keys; ``picture`` the state; ``history`` a frame a step; ``traversal`` a
#: sweep of sliders; ``directions`` a sheet of them.
Subject = Literal["timeline", "picture", "history", "traversal", "directions"]

_MOST_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What a file says is to be drawn, apart from how it is encoded.

    Attributes:
        subject: which of them.
        session: the state; its timeline is what a film is made of.
        steps: sessions of a history, in order.
        captions: one a step, or none.
        sweeps: of a traversal.
        frames: of a traversal, in the whole loop.
        loop: of a traversal.
        beside: of a traversal: whether the picture before it stands beside every frame.
        caption: of a traversal: whether amounts are written into every frame.
        with_models: of a traversal: other models beside it.
        rows: of a sheet of directions.
        pictures: in a row of it.
    """

    subject: Subject
    session: Session
    steps: tuple[Session, ...] = ()
    captions: tuple[str, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    frames: int = 60
    loop: Literal["there-and-back", "once"] = "there-and-back"
    beside: bool = False
    caption: bool = False
    with_models: tuple[str, ...] = ()
    rows: tuple[SheetRow, ...] = ()
    pictures: int = 5


def picture_text(session: Session) -> str:
    """The picture of a session."""
    from latent_studio.app.recipe import recipe_of

    return recipe_of(session, export={"subject": "picture"})


def timeline_text(session: Session) -> str:
    """The film of a session's timeline."""
    from latent_studio.app.recipe import film_recipe_of

    return film_recipe_of(session, export={"subject": "timeline"})


def history_text(sessions: Sequence[Session], captions: Sequence[str]) -> str:
    """A film with a frame for every session, all of one model."""
    from latent_studio.app.recipe import recipe_of

    steps = [json.loads(recipe_of(session)) for session in sessions]
    return recipe_of(sessions[-1], export={"subject": "history", "steps": steps, "captions": list(captions)})


def traversal_text(plan: TraversalPlan) -> str:
    """A sweep over a session."""
    from latent_studio.app.recipe import direction_record, recipe_of, rows_record

    sweeps = [
        {
            "direction": direction_record(sweep.direction),
            "low": float(sweep.low),
            "high": float(sweep.high),
            "rows": rows_record(sweep.rows),
        }
        for sweep in plan.sweeps
    ]
    return recipe_of(
        plan.session,
        export={
            "subject": "traversal",
            "sweeps": sweeps,
            "frames": plan.frames,
            "loop": plan.loop,
            "beside": plan.beside,
            "caption": plan.caption,
            "with_models": list(plan.with_models),
        },
    )


def directions_text(sheet: DirectionSheet) -> str:
    """A sheet of directions."""
    from latent_studio.app.recipe import direction_record, recipe_of

    rows = [
        {"direction": direction_record(row.direction), "low": float(row.low), "high": float(row.high)}
        for row in sheet.rows
    ]
    return recipe_of(sheet.session, export={"subject": "directions", "rows": rows, "pictures": sheet.steps})


def subject_of(text: str) -> Subject:
    """What a recipe draws: as it says, else its timeline if there is one, else the picture.

    Raises:
        SessionFileError: it is no recipe.
        InputError: it draws what this program does not know.
    """
    from latent_studio.core.records import Attachments, Reader

    recipe = _table(text)
    if "export" not in recipe:
        keys = _has_keys(recipe.get("timeline"))
        return "traversal" if "sweep" in recipe else "timeline" if keys else "picture"
    subject = Reader(recipe["export"], "export", Attachments()).get("subject").text()
    if subject not in ("timeline", "picture", "history", "traversal", "directions"):
        raise InputError(
            f"This file is to draw {subject[:40]!r}, which this program does not know.",
            hint="Update Latent Studio.",
        )
    return subject  # type: ignore[return-value]


def read_plan(
    text: str, *, subject: Subject, find: Callable[[str], Direction | None], model: ModelRef
) -> ExportPlan:
    """The plan that a text was made of.

    Args:
        text: a recipe, with or without an export.
        subject: what is drawn of it.
        find: gives a direction of the model by its id.
        model: the open one.

    Raises:
        SessionFileError: a value is not as it should be; says which.
        InputError: a direction is not among the model's, or the file has no such subject.
    """
    from latent_studio.app.recipe import session_of_recipe
    from latent_studio.core.records import Attachments, Reader

    session = session_of_recipe(text, find=find, model=model)
    recipe = _table(text)
    if subject in ("timeline", "picture"):
        return ExportPlan(subject, session)
    attachments = Attachments()
    if "export" not in recipe and subject == "traversal" and "sweep" in recipe:
        # A film that was exported: what it was swept by stands in its own recipe.
        sweep = Reader(recipe["sweep"], "sweep", attachments)
        return ExportPlan(
            subject,
            session,
            sweeps=_sweeps(sweep.get("directions"), find),
            frames=sweep.get("frames").whole(1),
            loop=sweep.get("loop").value(Literal["there-and-back", "once"]),
        )
    if "export" not in recipe or subject_of(text) != subject:
        raise InputError(f"This file holds no {subject}.", hint="Export it from the window.")
    export = Reader(recipe["export"], "export", attachments)
    match subject:
        case "history":
            steps = [
                session_of_recipe(json.dumps(step.table()), find=find, model=model)
                for step in export.get("steps").items()
            ]
            captions = tuple(caption.text() for caption in export.get("captions").items())
            if not 0 < len(steps) <= _MOST_STEPS or len(captions) not in (0, len(steps)):
                raise InputError("The steps of this file do not fit its captions.", hint="Copy it again.")
            return ExportPlan(subject, session, steps=tuple(steps), captions=captions)
        case "traversal":
            return ExportPlan(
                subject,
                session,
                sweeps=_sweeps(export.get("sweeps"), find),
                frames=export.get("frames").whole(1),
                loop=export.get("loop").value(Literal["there-and-back", "once"]),
                beside=export.get("beside").flag(),
                caption=export.get("caption").flag(),
                with_models=tuple(name.text() for name in export.get("with_models").items())
                if "with_models" in export
                else (),
            )
        case _:
            return ExportPlan(
                subject,
                session,
                rows=_rows(export.get("rows"), find),
                pictures=export.get("pictures").whole(2, 51),
            )


def _sweeps(reader: Reader, find: Callable[[str], Direction | None]) -> tuple[Sweep, ...]:
    from latent_studio.app.recipe import direction_of_record
    from latent_studio.app.tasks.traverse import Sweep

    found = []
    for entry in reader.items():
        rows = entry.get("rows")
        found.append(
            Sweep(
                direction_of_record(entry.get("direction").table(), find),
                entry.get("low").number(),
                entry.get("high").number(),
                None if rows.is_null() else tuple(row.whole(0) for row in rows.items()),
            )
        )
    return tuple(found)


def _rows(reader: Reader, find: Callable[[str], Direction | None]) -> tuple[SheetRow, ...]:
    from latent_studio.app.recipe import direction_of_record
    from latent_studio.app.tasks.direction_sheet import SheetRow

    return tuple(
        SheetRow(
            direction_of_record(entry.get("direction").table(), find),
            entry.get("low").number(),
            entry.get("high").number(),
        )
        for entry in reader.items()
    )


def _has_keys(timeline: object) -> bool:
    return isinstance(timeline, dict) and bool(timeline.get("keys"))


def _table(text: str) -> dict[str, object]:
    from latent_studio.app.recipe import parsed_recipe

    return parsed_recipe(text)
