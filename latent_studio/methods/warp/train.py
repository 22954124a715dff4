"""The training of warp paths from its first step, or from a checkpoint, to its last."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.core.errors import Cancelled, ModelError
from latent_studio.core.jobs import Progress
from latent_studio.core.render import Frame, Quality
from latent_studio.methods.warp.samples import sample_strip

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.methods.warp.runs import WarpRun
    from latent_studio.methods.warp.trainer import StepStats, WarpTrainer

log = logging.getLogger(__name__)

#: Seconds between two reports; a window has better things to do than to draw a hundred plots a second.
_REPORT_SECONDS = 0.5
#: Seconds between two strips of samples at least; each costs about as much as a step.
_SAMPLE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class TrainingEnd:
    """How a training ended.

    Attributes:
        iteration: the last one done.
        stats: of the last steps.
        seconds: it took since it was started or resumed.
    """

    iteration: int
    stats: StepStats
    seconds: float


def train(
    trainer: WarpTrainer,
    run: WarpRun,
    *,
    progress: ProgressSink,
    cancel: CancelToken,
    before_step: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> TrainingEnd:
    """Train until the settings' number of iterations.

    A cancelled training writes a checkpoint first, so pausing loses nothing.

    Args:
        trainer: new, or as it was at a checkpoint.
        run: begun; written to by the leading process alone.
        progress: told losses, accuracies and now and then a strip of samples.
        cancel: looked at between steps; in several processes one is enough.
        before_step: called before each step, such as to let somebody pass who waits for a picture.
        clock: seconds that only grow.

    Raises:
        ModelError: the loss became no number; the last checkpoint stays.
        ExportError: the disk refuses; the last checkpoint stays.
        Cancelled: a stop was asked for; a checkpoint was written.
    """
    settings, crew = trainer.settings, trainer.crew
    trainer.prepare_pool(lambda done: _report_pool(done, trainer, progress, cancel))
    reporter = _Reporter(trainer, run, progress if crew.leads else lambda _report: None, clock)
    first, stats = trainer.iteration, trainer.take_stats() if trainer.iteration == 0 else None
    with reporter:
        while trainer.iteration < settings.iterations:
            if crew.agree(cancel.is_cancelled):
                if crew.leads and trainer.iteration > first:
                    run.save(trainer)
                raise Cancelled
            before_step()
            latest = _checked_step(trainer, run)
            if trainer.iteration % settings.log_every == 0 or trainer.iteration == settings.iterations:
                stats = trainer.take_stats()
                reporter.log(stats)
            reporter.step(latest, first)
            if trainer.iteration % settings.checkpoint_every == 0 and crew.leads:
                _save(trainer, run)
        if crew.leads and trainer.iteration > first:
            _save(trainer, run)
    return TrainingEnd(trainer.iteration, stats or trainer.take_stats(), reporter.seconds)


def _report_pool(done: float, trainer: WarpTrainer, progress: ProgressSink, cancel: CancelToken) -> None:
    # Processes that train together all render it; one of them speaks, and none may leave the others.
    if trainer.crew.size == 1:
        cancel.check()
    if trainer.crew.leads:
        progress(Progress(None, f"Rendering a pool of {trainer.settings.code_pool} latents: {done:.0%}"))


def _checked_step(trainer: WarpTrainer, run: WarpRun) -> StepStats:
    try:
        return trainer.step()
    except ModelError as error:
        raise _diverged(error.title, run) from error


def _save(trainer: WarpTrainer, run: WarpRun) -> None:
    """Write a checkpoint, but never one that no training could go on from."""
    if not trainer.is_finite():
        raise _diverged(f"The weights are no longer numbers after iteration {trainer.iteration}.", run)
    run.save(trainer)


def _diverged(title: str, run: WarpRun) -> ModelError:
    kept = run.last_iteration
    return ModelError(
        f"{title} The training stopped; the checkpoint of iteration {kept} in {run.folder} is good.",
        hint="Start a new training with smaller learning rates or shift magnitudes.",
    )


class _Reporter:
    """Says how a training goes: progress for who watches, scalars for TensorBoard."""

    def __init__(
        self, trainer: WarpTrainer, run: WarpRun, progress: ProgressSink, clock: Callable[[], float]
    ) -> None:
        self._trainer, self._run, self._progress, self._clock = trainer, run, progress, clock
        self._begin = clock()
        self._next_report = self._begin
        self._next_sample = self._begin
        self._samples = 0
        self._writer = None
        if trainer.crew.leads:
            from tensorboardX import SummaryWriter

            # What a killed run wrote after its last checkpoint comes again, and must not be there twice.
            self._writer = SummaryWriter(str(run.tensorboard), purge_step=trainer.iteration + 1)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self._clock() - self._begin

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        if self._writer is None:
            return
        try:
            self._writer.close()
        except OSError as error:
            # On a full disk the checkpoint has its own words, and these must not take their place.
            log.warning("The last scalars for TensorBoard could not be written: %s", error)

    def log(self, stats: StepStats) -> None:
        """Take the mean since the last entry."""
        at = self._trainer.iteration
        self._run.note(at, stats)
        if self._writer is not None:
            for name, value in self._run.stats[at].items():
                self._writer.add_scalar(name, value, at)

    def step(self, latest: StepStats, first: int) -> None:
        """Report, unless the last report was a moment ago."""
        now, trainer = self._clock(), self._trainer
        total = trainer.settings.iterations
        if now < self._next_report and trainer.iteration < total:
            return
        self._next_report = now + _REPORT_SECONDS
        each = (now - self._begin) / max(1, trainer.iteration - first)
        preview = None
        if trainer.crew.leads and now >= self._next_sample:
            preview = self._sample()
            self._next_sample = self._clock() + max(_SAMPLE_SECONDS, 20 * (self._clock() - now))
        metrics = {
            "iteration": float(trainer.iteration),
            "accuracy": latest.accuracy,
            "classification_loss": latest.classification_loss,
            "regression_loss": latest.regression_loss,
            "total_loss": latest.total_loss,
            "seconds_per_iteration": each,
        }
        metrics |= {f"path_accuracy.{k}": share for k, share in enumerate(trainer.path_accuracy)}
        left = each * (total - trainer.iteration)
        message = (
            f"Iteration {trainer.iteration} of {total}, loss {latest.total_loss:.3f}, "
            f"{latest.accuracy:.0%} of paths told, {_duration(left)} left"
        )
        self._progress(Progress(trainer.iteration / total, message, preview=preview, metrics=metrics))

    def _sample(self) -> Frame:
        """A strip along the paths, another few each time."""
        begin = self._clock()
        pixels = sample_strip(self._trainer, first_path=self._samples)
        self._samples += 1
        return Frame(self._trainer.iteration, Quality.FINAL, pixels, self._clock() - begin)


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
