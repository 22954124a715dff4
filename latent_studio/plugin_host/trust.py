"""TrustFile: which plugins the user has enabled, and what was in them then."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = logging.getLogger(__name__)


class TrustFile:
    """Hashes of the enabled plugins by id, in one JSON file. Read anew each time: two programs may share it.

    Args:
        path: of the file; its folder is made when needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Mapping[str, str]:
        """Hash of what was in each enabled plugin; none are enabled when the file cannot be read."""
        try:
            read = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            log.warning("It is not known which plugins are enabled, so none are: %s", error)
            return {}
        enabled = read.get("enabled") if isinstance(read, dict) else None
        if not isinstance(enabled, dict):
            return {}
        return {id: digest for id, digest in enabled.items() if isinstance(digest, str)}

    def remember(self, id: str, sha256: str) -> None:
        """Enable a plugin with this content.

        Raises:
            OSError: the folder cannot be written.
        """
        self._write({**self.read(), id: sha256})

    def forget(self, id: str) -> None:
        """Disable a plugin.

        Raises:
            OSError: the folder cannot be written.
        """
        known = self.read()
        if id in known:
            self._write({other: digest for other, digest in known.items() if other != id})

    def _write(self, enabled: Mapping[str, str]) -> None:
        with replacing(self._path) as file:
            file.write(json.dumps({"enabled": dict(enabled)}, indent=1, sort_keys=True).encode())
