"""Path readings: what predictors read off the pictures of a traversal, kept beside its latents.

A picture that is rendered while a path is walked is read at once, and what was read is not read again as long
as the latents and the predictors' weights are the same.
"""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.files import replacing
from latent_studio.methods.attributes.protocol import KnownPredictor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from latent_studio.app.studio import Studio
    from latent_studio.app.traversals import Traversal
    from latent_studio.methods.attributes.protocol import AttributePredictor

log = logging.getLogger(__name__)

#: Pictures shown to a predictor at once.
BATCH = 16
_FILE = "readings.npz"


class PathReadings:
    """Reads pictures and keeps what was read, where all predictors say what they are.

    Args:
        studio: whose engine computes.
        predictors: read each picture, in the order of the columns.
    """

    def __init__(self, studio: Studio, predictors: Sequence[AttributePredictor]) -> None:
        self._studio, self._predictors = studio, tuple(predictors)
        digests = [one.digest if isinstance(one, KnownPredictor) else "" for one in predictors]
        self._readers = " ".join(digests) if all(digests) else ""

    @property
    def last(self) -> bool:
        """Whether what is read can be kept: every predictor says what decides its numbers."""
        return bool(self._readers)

    def read(self, pixels: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """``(T, A)``: the attributes of some pictures ``(H, W, C)``."""
        import torch

        device = self._studio.engine.choice.device
        rows = []
        for start in range(0, len(pixels), BATCH):
            with self._studio.engine.gate.background(), torch.inference_mode():
                images = pictures_to_tensor(pixels[start : start + BATCH]).to(device)
                found = [one.predict(images).cpu().numpy() for one in self._predictors]
            rows.append(np.concatenate(found, axis=1))
        return np.concatenate(rows)

    def keep(
        self, traversal: Traversal, folder: Path, subject: NDArray[np.float32], values: NDArray[np.float32]
    ) -> None:
        """Keep what was read in a folder of the traversal; a disk that refuses costs the time to read again.

        Args:
            traversal: of whose model the pictures are.
            folder: of one path.
            subject: what the pictures were made of, such as their ws.
            values: what was read.
        """
        if not self.last:
            return
        try:
            with replacing(folder / _FILE) as file:
                np.savez(file, allow_pickle=False, values=values, key=self._key(traversal, subject))
        except OSError as error:
            log.warning("What was read in %s could not be kept: %s", folder, error)

    def kept(
        self, traversal: Traversal, folder: Path, subject: NDArray[np.float32]
    ) -> NDArray[np.float32] | None:
        """What ``keep`` kept of the same subject, read by the same predictors; else ``None``."""
        if not self.last:
            return None
        try:
            with np.load(folder / _FILE, allow_pickle=False) as file:
                if str(file["key"]) != self._key(traversal, subject):
                    return None
                return np.asarray(file["values"], np.float32)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError) as error:
            log.warning("What was kept in %s cannot be read and is read anew: %s", folder, error)
            return None

    def _key(self, traversal: Traversal, subject: NDArray[np.float32]) -> str:
        text = f"{self._readers} {traversal.model_sha256} {traversal.synthesis} {subject.shape}"
        return hashlib.blake2b(text.encode() + subject.tobytes(), digest_size=16).hexdigest()


def pictures_to_tensor(pixels: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Stored pictures as predictors take them.

    Args:
        pixels: ``(H, W, C)`` uint8 each, of one size; grey becomes RGB, RGBA is laid on white.

    Returns:
        ``(N, 3, H, W)`` float32 in [-1, 1].
    """
    import torch

    from latent_studio.exporters.pixels import without_alpha

    stacked = torch.from_numpy(np.stack([without_alpha(one) for one in pixels])).permute(0, 3, 1, 2)
    images: Tensor = stacked.float() / 127.5 - 1
    return images.expand(-1, 3, -1, -1)
