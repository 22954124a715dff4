"""Rungs: what a search starts from, reports on its way, and finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.generators.protocol import NoiseMaps
    from latent_studio.methods.projection.objective import Score
    from latent_studio.methods.projection.settings import SpaceName

RungName = Literal["start", "z", "w", "w+", "noise"]


@dataclass(frozen=True, slots=True)
class Rung:
    """Where the search stood at the end of a rung.

    Attributes:
        name: of the rung.
        space: of ``latent``.
        latent: ``(z_dim,)``, ``(w_dim,)`` or ``(num_ws, w_dim)`` float32 on the CPU.
        noise: maps found, ``(1, 1, H, W)`` each, on the CPU; ``None`` for the model's own.
        picture: ``(1, C, R, R)`` on the CPU.
        score: how good it is.
        seconds: since the search began.
        evaluations: of the objective so far.
    """

    name: RungName
    space: SpaceName
    latent: Tensor
    noise: NoiseMaps | None
    picture: Tensor
    score: Score
    seconds: float
    evaluations: int


@dataclass(frozen=True, slots=True)
class Look:
    """A report from the middle of a search.

    Attributes:
        rung: where it is.
        fraction: of all evaluations.
        losses: parts of the objective by name, unweighted, and ``"loss"``.
        picture: ``(1, 3, r, r)`` on the CPU, of any size.
        per_second: evaluations per second lately.
        seconds_left: about.
    """

    rung: RungName
    fraction: float
    losses: dict[str, float]
    picture: Tensor
    per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Projection:
    """The result.

    Attributes:
        rungs: in the order climbed; each keeps the last, and can be gone back to.
        is_complete: False when it was stopped before the last rung was done.
        remarks: sentences on what went differently than asked.
    """

    rungs: tuple[Rung, ...]
    is_complete: bool = True
    remarks: tuple[str, ...] = ()

    @property
    def best(self) -> Rung:
        """The rung with the smallest error; the later one of equals."""
        return min(reversed(self.rungs), key=lambda rung: rung.score.error)


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin instead of at the mean: an earlier result, or what an encoder saw.

    Attributes:
        space: of ``latent``.
        latent: as in ``Rung``.
        noise: maps to go on with.
    """

    space: SpaceName
    latent: Tensor
    noise: NoiseMaps | None = None
