"""What a session weighs in memory, part by part, so that a history knows when it holds too much."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latent_studio.core.session import Session

#: A session without its arrays.
_BARE_BYTES = 2048


def weigh_session(session: Session) -> Iterator[tuple[object, int]]:
    """The arrays of a session and itself, as ``(part, bytes)``; arrays are shared between sessions."""
    yield session, _BARE_BYTES
    for field in fields(session):
        yield from _arrays(getattr(session, field.name))


def _arrays(value: object) -> Iterator[tuple[object, int]]:
    if value is None or isinstance(value, str | int | float):
        return
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        yield value, size
    elif isinstance(value, tuple):
        for entry in value:
            yield from _arrays(entry)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _arrays(getattr(value, field.name))
    else:
        # Latents and directions: what they hold is in their attributes.
        for name in ("values", "vector", "support_set"):
            held = getattr(value, name, None)
            if held is not None and not callable(held):
                yield from _arrays(held)
