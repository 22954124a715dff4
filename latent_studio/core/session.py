"""Session: the whole document as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from latent_studio.core.edits import EditStack
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.core.timeline import Timeline

if TYPE_CHECKING:
    # Not at run time: a session is made before the first window, and numpy would keep that waiting.
    from latent_studio.core.directions import Direction
    from latent_studio.core.latent import Latent
    from latent_studio.core.noise_maps import FoundNoise
    from latent_studio.core.projections import ProjectedPhoto
    from latent_studio.core.style_mix import StyleMix

    #: Where a picture starts from before any edit.
    Base = SeedPoint | Latent


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model a session belongs to.

    Attributes:
        name: what the user sees.
        path: where the file was; the hash decides, not the place.
        sha256: hex digest of the file.
    """

    name: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Session:
    """Everything a picture depends on. A change makes a new value; unchanged parts are shared.

    So ``old.edits is new.edits`` answers "must I redraw?".
    """

    model: ModelRef | None = None
    base: Base = field(default_factory=SeedPoint)
    edits: EditStack = field(default_factory=EditStack)
    synthesis: SynthesisSettings = field(default_factory=SynthesisSettings)
    #: Directions that only their own edits may move along.
    locks: tuple[Direction, ...] = ()
    #: Rows of ws that come from another place; ``None`` takes all from the base.
    mix: StyleMix | None = None
    #: Keys of a film; no part of the picture.
    timeline: Timeline = field(default_factory=Timeline)
    #: Noise maps that were found with the base; ``None`` for the model's own.
    noise: FoundNoise | None = None
    #: Photos whose latents were found, the latest last; no part of the picture.
    projections: tuple[ProjectedPhoto, ...] = ()
    #: What truncation pulls towards, in w; ``None`` is the model's average.
    centre: Latent | None = None
    #: Whether the drift gauge also tells how much edits change the person; no part of the picture.
    watches_person: bool = False
