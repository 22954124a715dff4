"""ProjectionSettings: which rungs of the ladder are climbed, and how long on each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from latent_studio.methods.projection.loss_weights import LossWeights

SpaceName = Literal["z", "w", "w+"]
StartName = Literal["mean", "samples", "encoder"]
PresetName = Literal["fast", "good", "best"]
PRESETS: tuple[PresetName, ...] = ("fast", "good", "best")


@dataclass(frozen=True, slots=True)
class ProjectionSettings:
    """How a picture is searched for. The same settings and seed give the same latent.

    Attributes:
        space: the last rung: ``z``, ``w`` or ``w+``; families without w are searched in z whatever it says.
        start: ``mean``, the best of ``samples``, or what the ``encoder`` sees (samples if there is none).
        samples: how many are looked at.
        explore_steps: evaluations of small pictures in z or w that look for the right hollow; none where the
            network cannot be left early.
        w_steps: evaluations of the objective in z or w that go down into it.
        w_plus_steps: evaluations in w+.
        noise_steps: evaluations that also search the noise maps, which are then kept with the latent.
        weights: what counts how much.
        seed: of everything random.
    """

    space: SpaceName = "w+"
    start: StartName = "encoder"
    samples: int = 128
    explore_steps: int = 120
    w_steps: int = 60
    w_plus_steps: int = 80
    noise_steps: int = 0
    weights: LossWeights = field(default_factory=LossWeights)
    seed: int = 0


def preset(name: PresetName, *, space: SpaceName = "w+", seed: int = 0) -> ProjectionSettings:
    """Settings by name: ``fast`` takes about a quarter of ``good``'s time, ``best`` about three times."""
    match name:
        case "fast":
            return ProjectionSettings(
                space, samples=64, explore_steps=40, w_steps=16, w_plus_steps=12, seed=seed
            )
        case "good":
            return ProjectionSettings(
                space, samples=128, explore_steps=120, w_steps=60, w_plus_steps=80, seed=seed
            )
        case "best":
            return ProjectionSettings(
                space,
                samples=256,
                explore_steps=240,
                w_steps=120,
                w_plus_steps=200,
                noise_steps=60,
                seed=seed,
            )
