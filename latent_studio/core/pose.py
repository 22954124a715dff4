"""Pose: everything a picture depends on at one moment, whichever model draws it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from latent_studio.core.base_blend import BaseBlend
from latent_studio.core.edits import EditStack
from latent_studio.core.pose_blends import CentreBlend, MixBlend, NoiseBlend
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import SynthesisSettings

if TYPE_CHECKING:
    from latent_studio.core.base_blend import AnyBase
    from latent_studio.core.directions import Direction
    from latent_studio.core.pose_blends import AnyCentre, AnyMix, AnyNoise
    from latent_studio.core.session import Session


@dataclass(frozen=True, slots=True)
class Pose:
    """The part of a session that a key of the timeline holds. The fields mean what they mean there.

    Attributes:
        base: where to start from; between keys a blend.
        edits: applied in order.
        synthesis: truncation, noise, class, how the network draws.
        locks: directions that only their own edits may move along.
        mix: rows of ws that come from another place; between keys a blend.
        noise: maps that were found with the base; between keys a blend.
        centre: what truncation pulls towards; between keys a blend.
    """

    base: AnyBase = field(default_factory=SeedPoint)
    edits: EditStack = field(default_factory=EditStack)
    synthesis: SynthesisSettings = field(default_factory=SynthesisSettings)
    locks: tuple[Direction, ...] = ()
    mix: AnyMix = None
    noise: AnyNoise = None
    centre: AnyCentre = None

    @classmethod
    def of(cls, session: Session) -> Pose:
        """What a session shows."""
        return cls(
            session.base,
            session.edits,
            session.synthesis,
            session.locks,
            session.mix,
            session.noise,
            session.centre,
        )

    @property
    def is_settled(self) -> bool:
        """Whether it has one base, one mix, one noise and one centre, as a session does."""
        mix = self.mix
        return not (
            isinstance(self.base, BaseBlend)
            or isinstance(mix, MixBlend)
            or (mix is not None and isinstance(mix.source, BaseBlend))
            or isinstance(self.noise, NoiseBlend)
            or isinstance(self.centre, CentreBlend)
        )

    def on(self, session: Session) -> Session:
        """The session showing this pose.

        Raises:
            ValueError: the pose lies between keys; see ``latent_studio.app.moments``.
        """
        if isinstance(self.base, BaseBlend) or isinstance(self.mix, MixBlend):
            raise ValueError("a session starts from one place")
        if isinstance(self.noise, NoiseBlend):
            raise ValueError("a session has one noise")
        if isinstance(self.centre, CentreBlend):
            raise ValueError("a session has one centre")
        return replace(
            session,
            base=self.base,
            edits=self.edits,
            synthesis=self.synthesis,
            locks=self.locks,
            mix=self.mix,
            noise=self.noise,
            centre=self.centre,
        )
