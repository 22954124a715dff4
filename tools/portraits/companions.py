"""What comes with the model, made by the program's own trainers: boundaries, components, encoder, warp paths.

Nothing here is made by hand. Boundaries are learned from what the attribute predictor reads off the model's
pictures, never from the truth that the workshop would know.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from latent_studio.app.direction_files import read_direction_file, write_direction_file
from latent_studio.app.direction_import import import_directions
from latent_studio.app.models import sample_w
from latent_studio.app.studio import Studio
from latent_studio.app.tasks.boundary_condition import conditioned
from latent_studio.app.tasks.boundary_train import BoundaryTrainOptions, run_boundary_train
from latent_studio.app.tasks.encoder_train import EncoderTrainOptions, run_encoder_train
from latent_studio.app.tasks.pca import PcaOptions, run_pca
from latent_studio.app.tasks.warp_train import WarpTrainOptions, run_warp_train
from latent_studio.core.jobs import CancelToken, Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latent_studio.core.directions import Direction

#: What boundaries are learned for, as far as the predictor offers it.
ATTRIBUTES = (
    "yaw", "pitch", "smile", "mouth_open", "glasses", "age", "beard", "hair_length", "hair_volume",
    "hair_grey", "hair_lightness", "skin_tone", "light_side", "background_light", "cloth_hue", "eye_open",
    "earrings",
)  # fmt: skip
#: Attributes that go together in the collection, and what each is freed from.
CONDITIONS = {
    "age": ("hair_grey", "glasses"),
    "glasses": ("age", "hair_grey"),
    "hair_grey": ("age", "glasses"),
    "beard": ("hair_length", "earrings"),
    "smile": ("mouth_open",),
    "hair_length": ("beard", "earrings"),
}
#: A boundary that is right less often than this on examples left out does not come with the model.
TRUSTED = 0.9
#: The folder beside the weights that the program looks for directions in.
DIRECTIONS = "directions"


def make_boundaries(
    weights: Path, *, samples: int, say: Callable[[str], None], least: float = TRUSTED
) -> None:
    """Learn a boundary for every attribute, and those freed from what goes with them; keep the good ones.

    The free ones are learned in z. In w every factor has a place of its own and there is little to take out;
    in z those that go together in the collection lie together, as they do in a model of photographs.
    """
    from latent_studio.methods.attributes.catalog import find_predictor

    studio = Studio()
    known = {info.id for info in find_predictor("portraits").load(studio.engine.choice.device).attributes}
    names = tuple(name for name in ATTRIBUTES if name in known)
    out = _ready(weights.parent / DIRECTIONS / "boundaries.safetensors")
    trusted = _learn(studio, weights, names, "w", out=out, samples=samples, say=say, least=least)
    say(f"kept, right for {least:.0%} and more: {', '.join(one.name for one in trusted) or 'none'}")

    out = out.with_name("conditional.safetensors")
    related = {name for name, others in CONDITIONS.items() for name in (name, *others)}
    names = tuple(name for name in names if name in related)
    in_z = _learn(studio, weights, names, "z", out=out, samples=samples, say=say, least=least)
    by_name = {one.name: one for one in in_z}
    freed = []
    for name, others in CONDITIONS.items():
        there = [by_name[other] for other in others if other in by_name]
        if name in by_name and there:
            made, cosine = conditioned(by_name[name], there)
            freed.append(made)
            say(f"{made.name}: cosine {cosine:.3f} with the direction as it was")
    write_direction_file(freed, out)


def _learn(
    studio: Studio,
    weights: Path,
    names: tuple[str, ...],
    space: Literal["z", "w"],
    *,
    out: Path,
    samples: int,
    say: Callable[[str], None],
    least: float,
) -> list[Direction]:
    """Boundaries that are right often enough, written to ``out`` and returned."""
    options = BoundaryTrainOptions(
        model=str(weights), out=out, predictor="portraits", attribute=names, samples=samples, space=space,
    )  # fmt: skip
    for line in run_boundary_train(studio, options, _Teller(say), CancelToken()).lines:
        say(line)
    trusted = [one for one in read_direction_file(out) if float(one.info.details["accuracy"]) >= least]
    write_direction_file(trusted, out)
    return trusted


def make_components(weights: Path, *, say: Callable[[str], None]) -> None:
    """Find the directions along which w varies most."""
    result = run_pca(Studio(), PcaOptions(model=str(weights), count=12), _Teller(say), CancelToken())
    for line in result.lines:
        say(line)
    out = weights.parent / DIRECTIONS / "components.safetensors"
    write_direction_file(result.directions, _ready(out))


def make_encoder(weights: Path, *, steps: int, say: Callable[[str], None]) -> None:
    """Train the network that guesses the w of a picture."""
    options = EncoderTrainOptions(
        model=str(weights), out=weights.with_name("encoder.safetensors"), steps=steps
    )
    for line in run_encoder_train(Studio(), options, _Teller(say), CancelToken()).lines:
        say(line)


def make_warp_paths(
    weights: Path, run: Path, *, iterations: int | None = None, say: Callable[[str], None]
) -> None:
    """Train curved paths that a network can tell apart, with the settings meant for this model.

    Args:
        weights: the model's file; the paths go into the folder beside it.
        run: folder of the training; one that is there already goes on, or is only read when it is done.
        iterations: steps in all; the preset's when not given.
        say: told how it goes.
    """
    studio = Studio()
    options = WarpTrainOptions(model=str(weights), out=run, preset="portraits", iterations=iterations)
    result = run_warp_train(studio, options, _Teller(say), CancelToken())
    model = studio.open_model(str(weights))
    found = import_directions(
        result.folder / "models" / "support_sets.safetensors",
        model.spec,
        model_sha256=model.ref.sha256,
        ws_samples=sample_w(model.generator, 2000),
    )
    say(found.sentence)
    write_direction_file(found.directions, _ready(weights.parent / DIRECTIONS / "warp.safetensors"))


class _Teller:
    """Says a job's last word every ten seconds."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said_at = 0.0

    def __call__(self, progress: Progress) -> None:
        if progress.message and time.monotonic() - self._said_at > 10:
            self._said_at = time.monotonic()
            self._say(progress.message)


def _ready(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
