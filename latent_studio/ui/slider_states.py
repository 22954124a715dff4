"""What a slider's row shows, from the library's entry and the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from latent_studio.ui.direction_shelf import amount_along
from latent_studio.ui.widgets.rows_field import rows_text
from latent_studio.ui.widgets.slider_row import SliderRowState

if TYPE_CHECKING:
    from latent_studio.app.direction_library import LibraryEntry
    from latent_studio.core.directions import Rows
    from latent_studio.core.session import Session

#: Within this many standard deviations pictures usually stay natural; where calibration has not been.
_SAFE_SIGMAS = 2.0


def rows_of(entry: LibraryEntry, session: Session, resting: Rows) -> Rows:
    """The rows a slider moves: its edit's, else those chosen for it, for all at rest, or by the direction.

    Args:
        entry: whose slider.
        session: holds its edit, if it was moved.
        resting: rows chosen for all sliders that have none of their own.
    """
    edit = session.edits.find(entry.id)
    rows = resting_rows(entry, resting) if edit is None else edit.rows
    return entry.direction.rows if rows is None else rows


def resting_rows(entry: LibraryEntry, resting: Rows) -> Rows:
    """The rows that a slider's next edit is given; ``None`` leaves them to the direction."""
    return resting if entry.mark.rows is None else entry.mark.rows


def slider_state(
    entry: LibraryEntry, session: Session, *, resting: Rows = None, group: str = ""
) -> SliderRowState:
    """What the row shows.

    Args:
        entry: the direction with its user's marks.
        session: its edit and the locks.
        resting: rows chosen for all sliders that rest and have none of their own.
        group: the bank's title where banks are mixed.
    """
    direction = entry.direction
    edit = session.edits.find(entry.id)
    low, high = entry.ends
    safe_low, safe_high = entry.mark.safe or (
        -_SAFE_SIGMAS * direction.sigma,
        _SAFE_SIGMAS * direction.sigma,
    )
    rows = rows_of(entry, session, resting)
    return SliderRowState(
        id=entry.id,
        name=direction.name,
        rows_text=rows_text(rows, all_text=QCoreApplication.translate("sliders", "all")),
        amount=0.0 if edit is None else amount_along(direction, edit),
        sigma=direction.sigma,
        low=low,
        high=high,
        safe_low=max(low, safe_low),
        safe_high=min(high, safe_high),
        starred=entry.mark.starred,
        enabled=edit is None or edit.enabled,
        tooltip=_tooltip_of(entry),
        locked=any(lock.id == entry.id for lock in session.locks),
        group=group,
    )


def _tooltip_of(entry: LibraryEntry) -> str:
    direction = entry.direction
    lines = [direction.name]
    if direction.name != entry.found.name:
        lines.append(f"First called {entry.found.name}")
    if direction.info.source:
        lines.append(f"Found by {direction.info.source}")
    lines += [
        f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}"
        for name, value in direction.info.details.items()
    ]
    lines.append(f"{direction.space.value}, σ = {direction.sigma:.4g}")
    if entry.mark.flipped:
        lines.append("Turned round")
    return "\n".join(lines)
