"""RenderRequest and Frame: the only things that cross the border to the render thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from latent_studio.core.edits import EditStack
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import SynthesisSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.core.base_blend import AnyBase
    from latent_studio.core.directions import Direction
    from latent_studio.core.pose import Pose
    from latent_studio.core.pose_blends import AnyCentre, AnyMix, AnyNoise
    from latent_studio.core.session import Session


class Quality(IntEnum):
    """How good a frame is; greater is better."""

    COARSE = 0
    FINAL = 1


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """Ask for the picture of a session.

    Attributes:
        revision: grows with every request; newer ones win.
        base: where to start from.
        edits: applied in order.
        synthesis: truncation, noise, class.
        coarse_only: stop at the preview, as thumbnails do.
        locks: directions that only their own edits may move along.
        mix: rows of ws that come from another place.
        noise: maps that were found with the base, in place of the model's own when ``noise_mode`` is
            ``const``.
        centre: what truncation pulls towards, in w; ``None`` is the model's average, and a film has blends.
        preview_share: of the time a preview may take, above 0 to 1; less where the next request is near.
    """

    revision: int
    base: AnyBase = field(default_factory=SeedPoint)
    edits: EditStack = field(default_factory=EditStack)
    synthesis: SynthesisSettings = field(default_factory=SynthesisSettings)
    coarse_only: bool = False
    locks: tuple[Direction, ...] = ()
    mix: AnyMix = None
    noise: AnyNoise = None
    centre: AnyCentre = None
    preview_share: float = 1.0

    @classmethod
    def of(cls, session: Session, *, revision: int, coarse_only: bool = False) -> RenderRequest:
        """The request for a session's picture."""
        return cls(
            revision,
            session.base,
            session.edits,
            session.synthesis,
            coarse_only,
            locks=session.locks,
            mix=session.mix,
            noise=session.noise,
            centre=session.centre,
        )

    @classmethod
    def of_pose(cls, pose: Pose, *, revision: int, coarse_only: bool = False) -> RenderRequest:
        """The request for a moment's picture."""
        return cls(
            revision,
            pose.base,
            pose.edits,
            pose.synthesis,
            coarse_only,
            locks=pose.locks,
            mix=pose.mix,
            noise=pose.noise,
            centre=pose.centre,
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture that answers a request.

    Attributes:
        revision: of the request.
        quality: a coarse frame is a preview: smaller and only roughly right in colour.
        pixels: ``(H, W, C)`` uint8, C of 1 (grey), 3 (RGB) or 4 (RGBA); read-only.
        seconds: from the start of this request to this frame.
        stages_run: stages computed for this request so far; the rest came from the cache.
        stages_total: of the model.
    """

    revision: int
    quality: Quality
    pixels: NDArray[np.uint8]
    seconds: float
    stages_run: int = 0
    stages_total: int = 0
