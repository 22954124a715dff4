"""PanelWatch: notices at the next start that the program ended while a plugin's panel was being made.

A panel is made on the thread of the window, where nothing can be stopped: if it hangs, the window hangs, and
if it crashes, so does the program. What is written down before, and wiped out after, tells who it was.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)


class PanelWatch:
    """A small file beside the memory of what is enabled.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, id: str) -> None:
        """A panel of this plugin is about to be made."""
        try:
            with replacing(self._path) as file:
                file.write(json.dumps({"plugin": id, "process": os.getpid()}).encode())
        except OSError as error:
            log.warning("A crash of the plugin %s would not be noticed: %s", id, error)

    def end(self) -> None:
        """It has been made, or has failed in a way that could be told."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be removed: %s", self._path, error)

    def left_behind(self) -> str | None:
        """Id of the plugin whose panel was being made when a program ended; told once."""
        try:
            read = json.loads(self._path.read_text(encoding="utf-8"))
            id, process = read["plugin"], read["process"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            self.end()
            return None
        if not isinstance(id, str) or not isinstance(process, int):
            self.end()
            return None
        if process != os.getpid() and _lives(process):
            # Another window is just making it.
            return None
        self.end()
        return id


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
