"""SliderRanges: slider ends a user has changed, remembered for a model's hash."""

from __future__ import annotations

import json
import logging
import math
from typing import TYPE_CHECKING

from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.paths import Paths
    from latent_studio.core.directions import Direction

log = logging.getLogger(__name__)


class SliderRanges:
    """The ends of every slider of one model: the user's own, else the direction's suggestion."""

    def __init__(self, paths: Paths, model_sha256: str) -> None:
        self._path: Path = paths.data / "ranges" / f"{model_sha256[:32]}.json"
        self._own = self._read()

    def of(self, direction: Direction) -> tuple[float, float]:
        """Slider ends ``(low, high)`` in units of the direction."""
        return self._own.get(direction.id, direction.suggested_range)

    def set(self, direction: Direction, low: float, high: float) -> None:
        """Remember other ends; they may be uneven. What cannot be saved still holds until the program ends.

        Raises:
            ValueError: not ``low < high``, or not finite.
        """
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"a slider needs low < high, not {low} and {high}")
        self._own[direction.id] = (low, high)
        self._write()

    def reset(self, direction: Direction) -> None:
        """Back to the direction's suggestion."""
        if self._own.pop(direction.id, None) is not None:
            self._write()

    def _read(self) -> dict[str, tuple[float, float]]:
        try:
            read = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(id): (float(low), float(high)) for id, (low, high) in read.items() if low < high}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("Remembered slider ranges cannot be read: %s", error)
            return {}

    def _write(self) -> None:
        try:
            with replacing(self._path) as file:
                file.write(json.dumps(self._own, indent=2).encode())
        except OSError as error:
            log.warning("Slider ranges cannot be saved: %s", error)
