"""Strips of pictures along paths in training: what it has learned so far, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latent_studio.methods.warp.draws import draw_latents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latent_studio.methods.warp.trainer import WarpTrainer

#: Pictures in a strip; odd, so that the start is one of them.
_PICTURES = 7
#: Paths shown at once.
_PATHS = 3
#: Steps of the largest magnitude between two pictures.
_STEPS_BETWEEN = 4


def sample_strip(trainer: WarpTrainer, *, first_path: int) -> NDArray[np.uint8]:
    """Some paths from one start, a row for each, the start in the middle.

    Args:
        trainer: whose paths.
        first_path: which ones come first; counted round and round.

    Returns:
        ``(rows * side, 7 * side, C)`` uint8, read-only.
    """
    settings = trainer.settings
    count = min(_PATHS, settings.support_sets)
    paths = torch.tensor([(first_path * count + k) % settings.support_sets for k in range(count)])
    rng = torch.Generator().manual_seed(settings.seed + 1)
    z, labels = draw_latents(settings, trainer.generator.spec, rng, count=1)
    with torch.no_grad():
        start = trainer.start_latents(z, labels).expand(count, -1)
        columns = {0: start}
        for sign in (-1, 1):
            point = start
            for index in range(1, _PICTURES // 2 + 1):
                for _ in range(_STEPS_BETWEEN):
                    shift = trainer.support_sets(point, paths.to(point.device))
                    point = point + sign * settings.max_shift_magnitude * shift
                columns[sign * index] = point
        latents = torch.cat([columns[index] for index in sorted(columns)])
        c = None if labels is None else labels.expand(len(latents), -1)
        along = paths.to(latents.device).repeat(_PICTURES)
        pictures = trainer.render_moved(start.repeat(_PICTURES, 1), latents, c, along)
    levels = ((pictures + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu()
    side, channels = levels.shape[-1], levels.shape[1]
    grid = levels.reshape(_PICTURES, count, channels, side, side).permute(1, 3, 0, 4, 2)
    strip = np.ascontiguousarray(grid.reshape(count * side, _PICTURES * side, channels).numpy())
    strip.flags.writeable = False
    return strip
