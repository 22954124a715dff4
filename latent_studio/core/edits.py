"""EditStack: which directions, how far, on which rows, in which order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.core.directions import Direction, Rows

#: Layer, channel and what is added to its style.
StyleOffsets = tuple[tuple[str, int, float], ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One slider that was moved. Holds the direction itself, so a session never dangles.

    Attributes:
        direction: what to move along.
        amount: how far, signed, in units of the direction.
        rows: rows of ws to move, instead of the direction's own; ``None`` leaves them to the direction.
        enabled: off keeps the amount but does nothing.
    """

    direction: Direction
    amount: float
    rows: Rows = None
    enabled: bool = True

    @property
    def id(self) -> str:
        """The direction's id: a direction stands in a stack at most once."""
        return self.direction.id


@dataclass(frozen=True, slots=True)
class EditStack:
    """Edits in the order they are applied. Every change gives a new stack."""

    edits: tuple[Edit, ...] = ()

    def __iter__(self) -> Iterator[Edit]:
        return iter(self.edits)

    def __len__(self) -> int:
        return len(self.edits)

    def find(self, edit_id: str) -> Edit | None:
        """The edit of a direction, if it is in the stack."""
        return next((edit for edit in self.edits if edit.id == edit_id), None)

    def with_edit(self, edit: Edit) -> EditStack:
        """Replace the edit of the same direction in place, or append."""
        if self.find(edit.id) is None:
            return EditStack((*self.edits, edit))
        return EditStack(tuple(edit if old.id == edit.id else old for old in self.edits))

    def without(self, edit_id: str) -> EditStack:
        """The stack without a direction's edit."""
        return EditStack(tuple(edit for edit in self.edits if edit.id != edit_id))

    def moved_to(self, edit_id: str, position: int) -> EditStack:
        """The stack with one edit at another place in the order."""
        edit = self.find(edit_id)
        if edit is None:
            return self
        rest = list(self.without(edit_id).edits)
        rest.insert(position, edit)
        return EditStack(tuple(rest))

    def with_amount(self, direction: Direction, amount: float) -> EditStack:
        """Set how far a direction goes, keeping its rows and switch."""
        old = self.find(direction.id)
        return self.with_edit(replace(old, amount=amount) if old is not None else Edit(direction, amount))

    @property
    def style_offsets(self) -> StyleOffsets:
        """What the enabled edits of style space add: layer, channel and how much, each channel once."""
        offsets: dict[tuple[str, int], float] = {}
        for edit in self.edits:
            if edit.direction.space is not Space.S or not edit.enabled or not edit.amount:
                continue
            from latent_studio.core.style_channels import StyleChannel

            channel = edit.direction
            if isinstance(channel, StyleChannel):
                key = (channel.layer, channel.channel)
                offsets[key] = offsets.get(key, 0.0) + edit.amount * channel.unit
        return tuple((layer, channel, offset) for (layer, channel), offset in offsets.items())

    def apply(
        self, values: NDArray[np.float32], *, before_mapping: bool, locks: Sequence[Direction] = ()
    ) -> NDArray[np.float32]:
        """Apply the enabled edits in order.

        Args:
            values: ``(z_dim,)`` when ``before_mapping``, else ``(num_ws, w_dim)``; float32.
            before_mapping: apply the Z edits only, else the W and W+ edits only.
            locks: directions that only their own edits may move along.
        """
        # Not at the top: a session is made before the first window, and numpy would keep that waiting.
        from latent_studio.core.locks import move_under_locks

        for edit in self.edits:
            if edit.enabled and edit.amount and (edit.direction.space is Space.Z) == before_mapping:
                values = move_under_locks(edit.direction, values, edit.amount, locks=locks, rows=edit.rows)
        return values
