"""One edit of the session as a command."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.state_code import model_word
from latent_studio.app.tasks.edit import EditOptions
from latent_studio.app.tasks.export_plan import traversal_text
from latent_studio.app.tasks.traverse import Sweep, TraversalPlan
from latent_studio.core.edits import EditStack
from latent_studio.core.locks import applying_locks
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.direction_shelf import amount_along
from latent_studio.ui.exports.subject import Target, render_options

if TYPE_CHECKING:
    from latent_studio.core.directions import Direction
    from latent_studio.core.session import Session
    from latent_studio.ui.twin import Deed, Keep, Twin

#: Pictures from nothing to the amount.
_STEPS = 5


def edit_twin(session: Session, edit_id: str, found: Direction | None) -> Twin:
    """What shows an edit alone from nothing to its amount, under the locks there are.

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
    base, synthesis = session.base, session.synthesis
    out = Path(f"{(found or edit.direction).name.replace(' ', '-')}.png")
    is_plain = session.mix is None and session.noise is None and session.centre is None
    if not (isinstance(base, SeedPoint) and base.is_whole and is_plain):
        alone = replace(session, edits=EditStack((edit,)))
        low, high = sorted((0.0, edit.amount))
        sweep = Sweep(edit.direction, low, high or 1.0, edit.rows)
        target = out.with_suffix(".gif")
        return partial(_sweep_deed, TraversalPlan(alone, (sweep,), target, frames=_STEPS, loop="once"))
    direction = found or edit.direction
    return "edit", EditOptions(
        model=model_word(session),
        direction=(direction.id,),
        out=out,
        seeds=(base.seed,),
        range=(0.0, amount_along(direction, edit)),
        steps=_STEPS,
        layers=edit.rows,
        lock=tuple(lock.id for lock in applying_locks(direction, session.locks)),
        truncation_psi=synthesis.truncation_psi,
        truncation_cutoff=synthesis.truncation_cutoff,
        class_idx=None if synthesis.class_blend else synthesis.class_idx or None,
        noise_mode=synthesis.noise_mode,
        noise_seed=synthesis.noise_seed,
        class_blend=synthesis.class_blend,
        translate=(synthesis.translate_x, synthesis.translate_y),
        rotate=synthesis.rotate_degrees,
        lod=synthesis.lod,
        chosen_scale=synthesis.chosen_scale,
    )


def _sweep_deed(plan: TraversalPlan, keep: Keep) -> Deed:
    """What ``edit`` has no words for, such as a place between seeds, as a film of it."""
    kept = keep(traversal_text(plan), stem="edit")
    return "render", render_options(kept, plan.session, Target(plan.out, "gif"), fps=2.0)
