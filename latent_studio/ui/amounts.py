"""Amounts in words, in σ or in the direction's own unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latent_studio.core.directions import Direction


def format_amount(amount: float, direction: Direction, *, in_sigma: bool) -> str:
    """An amount as it stands beside a slider: ``"+1.4 σ"`` or ``"+2.31"``; zero has no sign."""
    value = amount / direction.sigma if in_sigma else amount
    text = f"{value:+.2f}" if value else "0"
    text = text.replace("-", "−")
    return f"{text} σ" if in_sigma and value else text
