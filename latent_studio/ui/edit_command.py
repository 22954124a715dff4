"""One edit of the session as a command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.edit import EditOptions
from latent_studio.core.locks import applying_locks
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.command_text import command_text
from latent_studio.ui.direction_shelf import amount_along

if TYPE_CHECKING:
    from latent_studio.core.directions import Direction
    from latent_studio.core.session import Session

#: Pictures from nothing to the amount.
_STEPS = 5


def edit_command(session: Session, edit_id: str, found: Direction | None) -> str:
    """The command that shows an edit from nothing to its amount, under the locks there are.

    Args:
        session: whose edit.
        edit_id: which.
        found: the direction as the library knows it; the edit's own when it is not there any more.

    Raises:
        ValueError: the session has no such edit.
    """
    edit = session.edits.find(edit_id)
    if edit is None:
        raise ValueError(f"no edit {edit_id!r}")
    synthesis = session.synthesis
    direction = found or edit.direction
    options = EditOptions(
        model="" if session.model is None else session.model.name,
        direction=(direction.id,),
        out=Path(f"{direction.name.replace(' ', '-')}.png"),
        seeds=(session.base.seed if isinstance(session.base, SeedPoint) else 0,),
        range=(0.0, amount_along(direction, edit)),
        steps=_STEPS,
        layers=edit.rows,
        lock=tuple(lock.id for lock in applying_locks(direction, session.locks)),
        truncation_psi=synthesis.truncation_psi,
        truncation_cutoff=synthesis.truncation_cutoff,
        class_idx=synthesis.class_idx or None,
        noise_mode=synthesis.noise_mode,
        noise_seed=synthesis.noise_seed,
    )
    return command_text("edit", options)
