"""StageWalk: one request on its way through the stages of a generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.core.render import Frame, Quality
from latent_studio.engine.pixels import to_pixels
from latent_studio.engine.prefix_cache import prefix_keys

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from latent_studio.engine.prefix_cache import NoiseKey, PrefixCache
    from latent_studio.engine.views import View
    from latent_studio.generators.protocol import NoiseMaps


class StageWalk:
    """Starts at the furthest stage the cache knows and goes on one stage at a time.

    Args:
        view: of the generator whose stages are run; it is told how long each took.
        ws: ``(num_ws, w_dim)`` float32.
        noise: maps for all stages.
        noise_key: which noise that is.
        cache: read at the start, fed on the way.
        feeds_cache: False leaves the cache as it is, for pictures nobody is going to edit.

    Attributes:
        view: as given.
        ws: ``(1, num_ws, w_dim)`` float32 on the generator's device.
        reached: index of the last stage whose features are at hand; -1 before the first.
        stages_run: stages run so far; the others came from the cache.
    """

    def __init__(
        self,
        view: View,
        ws: NDArray[np.float32],
        *,
        noise: NoiseMaps,
        noise_key: NoiseKey,
        cache: PrefixCache,
        feeds_cache: bool = True,
    ) -> None:
        self.view = view
        self.ws = torch.tensor(ws, device=view.generator.device)[None]
        self.stages_run = 0
        self._stages = view.generator.stages
        self._noise = noise
        self._cache = cache if feeds_cache else None
        self._times = view.times
        self._keys = prefix_keys(ws, self._stages, noise=noise_key, view=view.key)
        self.reached, self._features = cache.longest(self._keys)
        self._picture: Tensor | None = None
        self._pictured = -1

    @property
    def is_complete(self) -> bool:
        """Whether the last stage was run."""
        return self.reached == len(self._stages) - 1

    @property
    def has_preview(self) -> bool:
        """Whether the stage reached gives a picture."""
        return self.reached >= 0 and self._stages[self.reached].has_preview

    def advance(self) -> None:
        """Run the next stage; nothing is left to do when the walk is complete."""
        if self.is_complete:
            return
        below, picture = self._features, self._picture_so_far()
        index = self.reached + 1
        with self._times.measure(index):
            self._features = self._stages[index].run(below, picture, self.ws, self._noise)
        self.reached = index
        self.stages_run += 1
        if self._cache is not None:
            self._cache.put(self._keys[index], self._features)

    def pixels(self) -> NDArray[np.uint8]:
        """The picture at the stage reached, ``(H, W, C)`` uint8."""
        picture = self._picture_so_far()
        if picture is None:
            raise RuntimeError(f"stage {self.reached} gives no picture")
        found = to_pixels(picture)
        self._times.settle()
        return found

    def frame(self, revision: int, pixels: NDArray[np.uint8], *, seconds: float) -> Frame:
        """The frame for what ``pixels`` gave."""
        quality = Quality.FINAL if self.is_complete else Quality.COARSE
        return Frame(
            revision=revision,
            quality=quality,
            pixels=pixels,
            seconds=seconds,
            stages_run=self.stages_run,
            stages_total=len(self._stages),
        )

    def _picture_so_far(self) -> Tensor | None:
        """``to_rgb`` of the stage reached, computed once; ``None`` before the first stage."""
        if self._features is not None and self._pictured != self.reached:
            self._picture = self._stages[self.reached].to_rgb(self._features, self.ws)
            self._pictured = self.reached
        return self._picture
