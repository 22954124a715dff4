"""WarpRun: the folder of one training, in the published program's layout and our own files beside it.

::

    RUN/
      args.json                 the published program's options, and ours under "latent_studio"
      stats.json                iteration -> accuracy and losses, means since the entry before
      tensorboard/              the same as scalars
      models/
        support_sets_init.pt    before the first step
        support_sets.pt         the paths as of the last checkpoint; the published program reads them
        support_sets.safetensors    the same numbers
        reconstructor.pt        state dict of the reconstructor
        checkpoint.safetensors  everything to go on from, bit by bit
"""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from latent_studio import __version__
from latent_studio.checkpoints.training_state import read_state, write_state, write_torch_state
from latent_studio.core.errors import ExportError, InputError
from latent_studio.core.files import replacing
from latent_studio.methods.warp.settings import WarpSettings, differences

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from latent_studio.methods.warp.trainer import StepStats, WarpTrainer

OURS = "latent_studio"


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Which model a training is of.

    Attributes:
        name: what the user calls it.
        path: of its file.
        sha256: of its file.
        family: architecture id in the catalogue.
        resolution: of its pictures, in pixels.
        channels: of its pictures.
        has_mapping: whether it has a space w of its own.
    """

    name: str
    path: str
    sha256: str
    family: str
    resolution: int
    channels: int = 3
    has_mapping: bool = True


class WarpRun:
    """One training's folder.

    Args:
        folder: made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stats: dict[int, dict[str, float]] = {}

    @property
    def checkpoint_path(self) -> Path:
        """What the training goes on from."""
        return self.folder / "models" / "checkpoint.safetensors"

    @property
    def tensorboard(self) -> Path:
        """Folder of the scalars."""
        return self.folder / "tensorboard"

    @property
    def has_begun(self) -> bool:
        """Whether there is a checkpoint."""
        return self.checkpoint_path.is_file()

    def begin(self, model: TrainedModel, settings: WarpSettings, trainer: WarpTrainer) -> None:
        """Write what is known before the first step.

        Raises:
            ExportError: the disk refuses.
        """
        sets = trainer.support_sets.tensors()
        with _told_apart(self.folder, "the training"):
            self._write_args(model, settings)
            write_torch_state(self.folder / "models" / "support_sets_init.pt", sets)
        self.save(trainer)

    def save(self, trainer: WarpTrainer) -> None:
        """Write a checkpoint and the files made of it. If the disk is full, the last good checkpoint stays.

        Raises:
            ExportError: the disk refuses; says which iteration's checkpoint is still there.
        """
        kept = self.last_iteration
        with _told_apart(self.folder, f"iteration {trainer.iteration}", kept=kept):
            models = self.folder / "models"
            metadata = {"program": f"Latent Studio {__version__}", "iteration": str(trainer.iteration)}
            write_state(self.checkpoint_path, trainer.state(), metadata)
            sets = trainer.support_sets.tensors()
            write_state(models / "support_sets.safetensors", sets, metadata)
            write_torch_state(models / "support_sets.pt", sets)
            weights = trainer.reconstructor.state_dict()
            write_torch_state(
                models / "reconstructor.pt", {name: weight.cpu() for name, weight in weights.items()}
            )
            _write_json(self.folder / "stats.json", {str(at): entry for at, entry in self.stats.items()})

    def load(self, trainer: WarpTrainer) -> None:
        """Set a trainer back to the last checkpoint, and the statistics with it.

        Raises:
            CheckpointError: it is damaged.
            InputError: it belongs to other settings.
        """
        tensors, _ = read_state(self.checkpoint_path)
        trainer.load_state(tensors)
        self.stats = {at: entry for at, entry in read_stats(self.folder).items() if at <= trainer.iteration}

    def note(self, iteration: int, stats: StepStats) -> None:
        """Remember statistics; written with the next checkpoint."""
        self.stats[iteration] = {
            "accuracy": stats.accuracy,
            "classification_loss": stats.classification_loss,
            "regression_loss": stats.regression_loss,
            "total_loss": stats.total_loss,
        }

    def goes_on(self, model_sha256: str, settings: WarpSettings, *, writes: bool = True) -> None:
        """Make sure that a training goes on as it began, and remember what may change.

        Args:
            model_sha256: of the model at hand.
            settings: wanted now.
            writes: whether this process may write to the folder.

        Raises:
            InputError: it is of another model, or the settings differ; says which.
        """
        model, before = read_args(self.folder)
        if model.sha256 != model_sha256:
            raise InputError(
                f"{self.folder} is a training of {model.name}, which is another model than the one given.",
                hint="Resume it with that model, or choose another folder.",
            )
        changed = differences(before, settings)
        if changed:
            raise InputError(
                f"{self.folder} was begun with other settings: {'; '.join(changed)}.",
                hint="Resume it with the settings it has, or choose another folder for a new training.",
            )
        if writes and before != settings:
            with _told_apart(self.folder, "the settings", kept=self.last_iteration):
                self._write_args(model, settings)

    @property
    def last_iteration(self) -> int | None:
        """Of the checkpoint on disk; ``None`` without one."""
        if not self.has_begun:
            return None
        _, metadata = read_state(self.checkpoint_path)
        return int(metadata.get("iteration", "0"))

    def _write_args(self, model: TrainedModel, settings: WarpSettings) -> None:
        ours = {
            "program": f"Latent Studio {__version__}",
            "model": {field: getattr(model, field) for field in TrainedModel.__slots__},
            "settings": settings.to_record(),
        }
        _write_json(self.folder / "args.json", published_args(model, settings) | {OURS: ours})


def published_args(model: TrainedModel, settings: WarpSettings) -> dict[str, object]:
    """The options under the published program's names."""
    return {
        "gan_type": {"stylegan2": "StyleGAN2", "proggan": "ProgGAN", "biggan": "BigGAN"}.get(
            model.family, model.family
        ),
        "z_truncation": settings.z_truncation,
        "biggan_target_classes": list(settings.classes) or None,
        "stylegan2_resolution": model.resolution,
        "shift_in_w_space": settings.space == "w",
        "num_support_sets": settings.support_sets,
        "num_support_dipoles": settings.dipoles,
        "learn_alphas": settings.learn_alphas,
        "learn_gammas": settings.learn_gammas,
        "gamma": settings.gamma,
        "support_set_lr": settings.support_set_lr,
        "reconstructor_type": settings.reconstructor,
        "min_shift_magnitude": settings.min_shift_magnitude,
        "max_shift_magnitude": settings.max_shift_magnitude,
        "reconstructor_lr": settings.reconstructor_lr,
        "max_iter": settings.iterations,
        "batch_size": settings.batch_size,
        "lambda_cls": settings.lambda_cls,
        "lambda_reg": settings.lambda_reg,
        "log_freq": settings.log_every,
        "ckp_freq": settings.checkpoint_every,
        "tensorboard": True,
        "cuda": False,
    }


def read_args(folder: Path) -> tuple[TrainedModel, WarpSettings]:
    """Model and settings of one of our trainings.

    Raises:
        InputError: it is none.
    """
    ours = read_published_args(folder).get(OURS)
    try:
        record = cast("Mapping[str, Mapping[str, object]]", ours)
        model = TrainedModel(**record["model"])  # type: ignore[arg-type]
        return model, WarpSettings.from_record(record["settings"])
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{folder} was not trained by this program, so it cannot be resumed here.",
            hint="Its paths can be opened all the same.",
        ) from error


def read_published_args(folder: Path) -> dict[str, object]:
    """``args.json`` as it is.

    Raises:
        InputError: there is none, or it is damaged.
    """
    return _read_json(folder / "args.json", folder)


def read_stats(folder: Path) -> dict[int, dict[str, float]]:
    """The statistics so far, by iteration; empty without any.

    Raises:
        InputError: the file is damaged.
    """
    if not (folder / "stats.json").is_file():
        return {}
    table = _read_json(folder / "stats.json", folder)
    return {int(at): cast("dict[str, float]", entry) for at, entry in table.items()}


def read_support_sets(folder: Path) -> dict[str, Tensor]:
    """The paths as of the last checkpoint, from our own file; see ``SupportSets.tensors``.

    Raises:
        CheckpointError: there are none, or the file is damaged.
    """
    tensors, _ = read_state(folder / "models" / "support_sets.safetensors")
    return tensors


def _read_json(path: Path, folder: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(
            f"{folder} is no folder of a training: {path.name} cannot be read.",
            hint="Give the folder that “warp train” wrote.",
        ) from error
    except ValueError as error:
        raise InputError(f"{path} is damaged.", hint="Take an older copy of the folder.") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} is damaged.", hint="Take an older copy of the folder.")
    return found


def _write_json(path: Path, value: object) -> None:
    with replacing(path) as file:
        file.write(json.dumps(value, indent=1).encode())


class _told_apart:
    """Turns the disk's refusals into words that say what is still there."""

    def __init__(self, folder: Path, what: str, *, kept: int | None = None) -> None:
        self._folder, self._what, self._kept = folder, what, kept

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, OSError):
            return
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        reason = "the disk is full" if full else error.strerror or type(error).__name__
        kept = "" if self._kept is None else f" The checkpoint of iteration {self._kept} is still there."
        raise ExportError(
            f"{self._what[:1].upper()}{self._what[1:]} could not be saved in {self._folder}: {reason}.{kept}",
            hint="Free some space, then resume the training."
            if full
            else "Choose another folder, or change its permissions.",
        ) from error
