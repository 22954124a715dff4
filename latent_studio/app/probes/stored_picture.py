"""StoredPicture: what a bundled model should draw, small enough to come with the program.

Beside a model's weights lies ``selftest.json``: a seed, a truncation, and the mean of each block of the 8-bit
picture. ``scripts/renew_selftest.py`` writes it again when the weights change.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import CorruptFileError
from latent_studio.core.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILE_NAME = "selftest.json"
#: Side of a block in pixels.
BLOCK = 8
#: Grey levels by which a block may differ: rounding of other processors stays far below, half precision too.
TOLERANCE = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class StoredPicture:
    """An expected picture.

    Attributes:
        model_sha256: of the weights that drew it.
        seed: of z.
        truncation_psi: applied to all rows; noise is the model's own.
        means: ``(rows, columns, channels)`` float64, 0 to 255: mean of each block.
    """

    model_sha256: str
    seed: int
    truncation_psi: float
    means: NDArray[np.float64]

    def largest_difference(self, pixels: NDArray[np.uint8]) -> float | None:
        """Grey levels between this and a picture, at the block where they differ most.

        Args:
            pixels: ``(H, W, C)`` uint8.

        Returns:
            0 to 255; ``None`` when the pictures differ in size or channels.
        """
        means = block_means(pixels)
        if means.shape != self.means.shape:
            return None
        return float(np.abs(means - self.means).max())


def block_means(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean of each 8 x 8 block.

    Args:
        pixels: ``(H, W, C)`` uint8; H and W are multiples of 8, or smaller, which makes one block.

    Returns:
        ``(H / 8, W / 8, C)`` float64, 0 to 255.
    """
    height, width, channels = pixels.shape
    down, across = min(BLOCK, height), min(BLOCK, width)
    blocks = pixels.reshape(height // down, down, width // across, across, channels)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float64))


def read_stored_picture(path: Path) -> StoredPicture:
    """Read a stored picture.

    Raises:
        CorruptFileError: the file is none.
        OSError: it cannot be read.
    """
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        means = np.array(facts["means"], dtype=np.float64)
        if means.ndim != 3 or not np.isfinite(means).all():
            raise ValueError("the means are no rows of blocks of channels")
        return StoredPicture(
            str(facts["model_sha256"]), int(facts["seed"]), float(facts["truncation_psi"]), means
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptFileError(
            f"{path.name} holds no stored picture.", hint="Install the program again."
        ) from error


def write_stored_picture(picture: StoredPicture, path: Path) -> None:
    """Write a stored picture, one row of blocks per line.

    Raises:
        OSError: the place cannot be written to.
    """
    facts = {
        "model_sha256": picture.model_sha256,
        "seed": picture.seed,
        "truncation_psi": picture.truncation_psi,
    }
    head = json.dumps(facts, indent=1).removesuffix("\n}")
    rows = ",\n".join(f"  {json.dumps(row)}" for row in np.round(picture.means, 1).tolist())
    with replacing(path) as file:
        file.write(f'{head},\n "means": [\n{rows}\n ]\n}}\n'.encode())
