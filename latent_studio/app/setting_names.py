"""Names of settings as a command line writes them: ``theme``, ``shortcuts.undo``."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from latent_studio.app.settings import SHORTCUTS, Settings
from latent_studio.core.errors import OptionError
from latent_studio.core.options import options_of

if TYPE_CHECKING:
    from latent_studio.core.options import OptionInfo

_PREFIX = f"{SHORTCUTS}."


def action_of(name: str) -> str:
    """The action whose keys are meant, or ``""`` for any other setting."""
    return name.removeprefix(_PREFIX) if name.startswith(_PREFIX) else ""


def info_of(name: str) -> OptionInfo:
    """What is known of a setting.

    Raises:
        OptionError: there is none of that name; close ones are named.
    """
    known = {info.name: info for info in options_of(Settings)}
    found = known.get(name.replace("-", "_"))
    if found is None:
        close = get_close_matches(name, known, n=2, cutoff=0.5)
        meant = f" Did you mean {' or '.join(close)}?" if close else ""
        raise OptionError("NAME", f"There is no setting {name!r}.{meant}")
    return found


def value_text(value: object) -> str:
    """A value as ``settings set`` takes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def keys_text(keys: tuple[str, ...] | None) -> str:
    """Keys of an action as a line of text."""
    if keys is None:
        return "(as the program suggests)"
    return " ".join(keys) if keys else "(none)"
