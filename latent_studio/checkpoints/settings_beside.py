"""Settings in a small JSON file beside a checkpoint, for what a program keeps out of its weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LARGEST_BYTES = 64 << 10


def read_settings(checkpoint: Path, names: Sequence[str]) -> tuple[str, Mapping[str, object]]:
    """The first settings file there is in a checkpoint's folder.

    Args:
        checkpoint: the file with the weights.
        names: of files that may hold its settings, the best first.

    Returns:
        the file's name and its JSON object; nothing of both if there is none that can be read.
    """
    for name in names:
        path = checkpoint.with_name(name)
        try:
            if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
                continue
            found = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return name, found
    return "", {}
