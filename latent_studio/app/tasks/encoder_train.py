"""encoder train: a network that sees the latent of a picture, trained on a model's own samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.picture_options import SEED_MAX, model_option
from latent_studio.core.errors import OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.encoder_files import EncoderFacts
    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.methods.encoder.train import TrainLook, TrainState


@dataclass(frozen=True, slots=True)
class EncoderTrainOptions:
    """What to train on, and how long."""

    model: str = model_option()
    out: Path | None = option(
        None,
        help="The .safetensors to write; where projections of this model look for it when not given.",
        metavar="FILE",
    )
    steps: int = option(4000, help="Steps in all, those of earlier runs included.", low=1, high=10_000_000)
    batch: int = option(32, help="Pictures a step learns from.", low=1, high=1024)
    fresh: int = option(8, help="New pictures drawn every step.", low=1, high=1024)
    rate: float = option(1e-3, help="Learning rate.", low=1e-6, high=0.1)
    seed: int = option(0, help="Of everything random.", low=0, high=SEED_MAX)
    resume: bool = option(
        True, help="Go on from FILE.part of an earlier run of the same model; --no-resume starts anew."
    )


@dataclass(frozen=True, slots=True)
class EncoderTrainResult:
    """What was written.

    Attributes:
        path: of the encoder.
        steps: trained in all.
        error: on pictures never trained on, in shares of w's variance: 1 is guessing the mean.
    """

    path: Path
    steps: int
    error: float

    @property
    def lines(self) -> tuple[str, ...]:
        """The path and how good it is."""
        return (str(self.path), f"{self.steps} steps, error {self.error:.3f} (1 is guessing the mean)")


def run_encoder_train(
    studio: Studio, options: EncoderTrainOptions, progress: ProgressSink, cancel: CancelToken
) -> EncoderTrainResult:
    """Train. A stop leaves ``FILE.part``, from which the same command goes on.

    Raises:
        LatentStudioError: the model cannot be opened, an option is out of range, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.encoder_files import EncoderFacts, encoder_place
    from latent_studio.exporters.part_file import export_error
    from latent_studio.methods.encoder.train import (
        TrainSettings,
        held_out_error,
        new_state,
        train_encoder,
    )

    check_options(options)
    if options.out is not None and options.out.suffix.lower() != ".safetensors":
        raise OptionError("--out", f"--out is {options.out.name}, but must end in .safetensors.")
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    out = options.out or encoder_place(studio.paths, model.ref.sha256)
    part = out.with_name(f"{out.name}.part")
    settings = TrainSettings(options.steps, options.batch, options.fresh, options.rate, options.seed)
    facts = EncoderFacts(model.ref.name, model.ref.sha256, seed=options.seed)
    step = studio.engine.job_step
    state = _earlier(part, model) if options.resume else None
    if state is None:
        state = new_state(model.generator, settings, step=step)

    def report(look: TrainLook) -> None:
        progress(
            Progress(
                look.step / look.steps,
                f"Step {look.step} of {look.steps}, error {look.error:.3f}",
                metrics={"error": look.error},
            )
        )

    def save(current: TrainState) -> None:
        _write(part, current, facts, with_moments=True)

    trained = train_encoder(
        model.generator, state, settings, step=step, report=report, save=save, check_cancel=cancel.check
    )
    error = held_out_error(model.generator, trained.net, step=step)
    _write(out, trained, EncoderFacts(facts.model_name, facts.model_sha256, seed=facts.seed, error=error))
    try:
        part.unlink(missing_ok=True)
    except OSError as problem:
        raise export_error(part, problem) from problem
    return EncoderTrainResult(out, trained.step, error)


def _earlier(part: Path, model: LoadedModel) -> TrainState | None:
    """The state of an earlier run of this model; ``None`` if there is none that fits."""
    from latent_studio.app.encoder_files import check_encoder, read_encoder
    from latent_studio.core.errors import LatentStudioError

    if not part.is_file():
        return None
    try:
        state, facts = read_encoder(part)
        check_encoder(facts, state.net, model_sha256=model.ref.sha256, w_dim=model.spec.w_dim, name=part.name)
    except LatentStudioError:
        return None
    state.net.requires_grad_(True)
    return state


def _write(path: Path, state: TrainState, facts: EncoderFacts, *, with_moments: bool = False) -> None:
    from latent_studio.app.encoder_files import write_encoder
    from latent_studio.exporters.part_file import export_error

    try:
        write_encoder(path, state, facts, with_moments=with_moments)
    except OSError as error:
        raise export_error(path, error) from error
