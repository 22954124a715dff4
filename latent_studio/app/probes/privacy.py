"""Privacy: text of this machine made fit for a public report."""

from __future__ import annotations

import re
from pathlib import Path

#: An absolute path of two parts or more that does not continue a word, a shortened home or an address.
_PATH = re.compile(r"(?<![\w~.:/…])/(?:[^\s/:;,'\"]+/)+(?P<last>[^\s/:;,'\"]+)")


def without_places(text: str, *, home: Path | None = None) -> str:
    """Shorten the home folder to ``~``, and other paths to their last part.

    Args:
        text: words and paths.
        home: the user's folder; the real one by default.
    """
    place = home if home is not None else _home()
    if place is not None:
        # A home that is a link appears under both names; a home of "/" hides nothing.
        for known in sorted({str(place), str(place.resolve())}, key=len, reverse=True):
            if known.strip("/"):
                text = re.sub(rf"{re.escape(known)}(?![\w.-])", "~", text)
    return _PATH.sub(r"…/\g<last>", text)


def place_name(path: Path, *, home: Path | None = None) -> str:
    """A path as a report may show it: below ``~``, or only its last part."""
    known = home if home is not None else _home()
    if known is not None and len(known.parts) > 1 and path.is_relative_to(known):
        return str("~" / path.relative_to(known))
    return f"…/{path.name}"


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None
