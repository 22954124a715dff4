"""warp train: learn warp paths of a model."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.picture_options import SEED_MAX, model_option
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import Progress, ignore_progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_rows

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.methods.warp.settings import WarpSettings
    from latent_studio.methods.warp.train import TrainingEnd

PresetName = Literal[
    "portraits", "portraits-rows", "sngan-mnist", "sngan-animefaces", "biggan", "proggan", "stylegan2"
]

#: Options of the verb that are no fields of ``WarpSettings``.
_NO_SETTINGS = ("model", "out", "preset", "imagenet")


@dataclass(frozen=True, slots=True)
class WarpTrainOptions:
    """What to train. What is not given comes from the preset, and without one from the published program."""

    model: str = model_option()
    out: Path = option(
        help="Folder of the training, made if it is missing. If it holds a training already, that goes on.",
        metavar="RUN",
    )
    preset: PresetName | None = option(
        None,
        help="Start from the settings of a published training, or portraits or portraits-rows for the "
        "bundled model on a processor; options given beside it come first.",
    )
    space: Literal["z", "w"] | None = option(
        None, help="Where paths run: w where the model has a mapping network, else z, when not given."
    )
    support_sets: int | None = option(
        None, help="How many paths.", low=1, high=100_000, flags=("--support-sets", "-K"), metavar="K"
    )
    dipoles: int | None = option(
        None,
        help="Pairs of support vectors in each path.",
        low=1,
        high=100_000,
        flags=("--dipoles", "-D"),
        metavar="D",
    )
    gamma: float | None = option(
        None, help="Inverse squared width of the basis functions; 1 / dim when not given.", metavar="G"
    )
    learn_alphas: bool = option(False, help="Learn the weights of the support vectors too.")
    learn_gammas: bool = option(False, help="Learn each path's gamma too.")
    support_set_lr: float | None = option(
        None, help="Learning rate of the paths; 1e-4 when not given.", metavar="LR"
    )
    reconstructor: Literal["LeNet", "ResNet"] | None = option(
        None, help="The network that tells paths apart; ResNet when not given."
    )
    reconstructor_lr: float | None = option(
        None, help="Learning rate of that network; 1e-4 when not given.", metavar="LR"
    )
    imagenet: Path | None = option(
        None, help="Start the ResNet from torchvision's resnet18 weights.", metavar="FILE.pth"
    )
    min_shift_magnitude: float | None = option(
        None, help="Shortest shift shown to it; 0.25 when not given.", metavar="EPS"
    )
    max_shift_magnitude: float | None = option(
        None, help="Longest shift shown to it; 0.45 when not given.", metavar="EPS"
    )
    lambda_cls: float | None = option(None, help="Weight of telling the path; 1 when not given.", metavar="L")
    lambda_reg: float | None = option(
        None, help="Weight of telling the magnitude; 0.25 when not given.", metavar="L"
    )
    batch_size: int | None = option(
        None,
        help="Pairs of pictures in a step, over all processes together; 32 when not given.",
        high=65_536,
        metavar="N",
    )
    iterations: int | None = option(
        None,
        help="Steps in all; 100000 when not given.",
        low=1,
        metavar="N",
        flags=("--iterations", "--max-iter"),
    )
    z_truncation: float | None = option(None, help="Draw z from a normal cut off here.", metavar="T")
    truncation_psi: float | None = option(
        None,
        help="Pull w towards the average before it is shifted; 1, not at all, when not given.",
        low=-10,
        high=10,
        flags=("--psi", "--truncation-psi"),
        metavar="PSI",
    )
    classes: tuple[int, ...] | None = option(
        None,
        help="Labels to draw from, such as 239 or 0-9; all of them when not given.",
        low=0,
        parse=parse_rows,
        metavar="CLASSES",
    )
    picture_size: int | None = option(
        None, help="Side of the pictures compared; the model's own when not given.", unit="px", metavar="PX"
    )
    code_pool: int | None = option(
        None,
        help="Draw latents from a pool of so many, whose pictures are rendered once; 0 draws new ones.",
        low=0,
        high=1_000_000,
        metavar="N",
    )
    start: Literal["random", "components", "independent"] | None = option(
        None,
        help="Begin with random support vectors as published, or along principal or independent components "
        "of the model's latents, which gives usable paths sooner; random when not given.",
    )
    rows: tuple[str, ...] = option(
        (),
        help="Rows of w that some of the paths move, such as 0-3 for coarse features, and after = their "
        "share of the paths; give it again for other rows. All paths move all rows when not given.",
        repeat=True,
        metavar="ROWS[=SHARE]",
    )
    seed: int | None = option(
        None, help="Of everything that is drawn; 0 when not given.", low=0, high=SEED_MAX, metavar="N"
    )
    log_every: int | None = option(
        None,
        help="Iterations between entries of stats.json and TensorBoard; 10 when not given.",
        low=1,
        metavar="N",
    )
    checkpoint_every: int | None = option(
        None, help="Iterations between checkpoints; 1000 when not given.", low=1, metavar="N"
    )


@dataclass(frozen=True, slots=True)
class WarpTrainResult:
    """A finished training.

    Attributes:
        folder: of the training.
        end: how it ended.
        leads: whether this process speaks for all that trained together.
    """

    folder: Path
    end: TrainingEnd
    leads: bool = True

    @property
    def lines(self) -> tuple[str, ...]:
        """The file with the paths."""
        return (str(self.folder / "models" / "support_sets.safetensors"),) if self.leads else ()


def run_warp_train(
    studio: Studio, options: WarpTrainOptions, progress: ProgressSink, cancel: CancelToken
) -> WarpTrainResult:
    """Train, or go on with the training that is in the folder. Same options, same paths, bit by bit.

    Under ``torchrun`` several processes train together as if they were one.

    Raises:
        OptionError: an option is out of range or does not fit the model.
        InputError: the folder holds a training with other settings; says which.
        ModelError: the loss became no number; the last checkpoint stays.
        ExportError: the disk refuses; the last checkpoint stays.
        Cancelled: a stop was asked for; a checkpoint was written.
    """
    check_options(options)
    return _train(studio, options.model, options.out, options, progress, cancel)


def settings_of(options: WarpTrainOptions, spec: GeneratorSpec) -> WarpSettings:
    """The settings that options ask for on a model.

    Raises:
        OptionError: the number of paths or dipoles is given neither by option nor by preset.
    """
    from latent_studio.methods.warp.presets import PRESETS
    from latent_studio.methods.warp.settings import WarpSettings

    values: dict[str, object] = {"space": "w" if spec.has_mapping else "z"}
    if options.preset is not None:
        values |= PRESETS[options.preset].values
    for field in fields(options):
        given = getattr(options, field.name)
        # A switch that is off was not given: a preset may have it on.
        if field.name not in _NO_SETTINGS and given not in (None, False, ()):
            values[field.name] = given
    for name, flag in (("support_sets", "--support-sets"), ("dipoles", "--dipoles")):
        if name not in values:
            raise OptionError(flag, f"{flag} is not given.", hint="Give it, or take a --preset.")
    return WarpSettings(**values)  # type: ignore[arg-type]


def resume_training(
    studio: Studio,
    model: str,
    folder: Path,
    *,
    iterations: int | None,
    progress: ProgressSink,
    cancel: CancelToken,
) -> WarpTrainResult:
    """Go on with a training as it was begun; see ``run_warp_train``.

    Args:
        studio: where to compute.
        model: a file or a library name; the training's own when empty.
        folder: of the training.
        iterations: steps in all, if they should be other than before.
        progress: told how it goes.
        cancel: looked at between steps.
    """
    from latent_studio.methods.warp.runs import read_args

    trained, settings = read_args(folder)
    if iterations is not None:
        settings = replace(settings, iterations=iterations)
    return _train(studio, model or trained.path, folder, settings, progress, cancel)


def _train(
    studio: Studio,
    model: str,
    folder: Path,
    wanted: WarpTrainOptions | WarpSettings,
    progress: ProgressSink,
    cancel: CancelToken,
) -> WarpTrainResult:
    from latent_studio.app.library import find_in_library
    from latent_studio.app.training_device import training_device
    from latent_studio.checkpoints.open import open_checkpoint
    from latent_studio.generators.catalog import build_generator
    from latent_studio.methods.warp.joined import crew
    from latent_studio.methods.warp.runs import TrainedModel, WarpRun
    from latent_studio.methods.warp.train import train
    from latent_studio.methods.warp.trainer import WarpTrainer

    engine = studio.engine
    device = training_device(engine.choice.device)
    path = find_in_library(model, studio.paths)
    checkpoint = open_checkpoint(
        path,
        progress=lambda fraction, message: progress(Progress(None, message)),
        check_cancel=cancel.check,
    )
    # By rule and not as measured on this machine: a training must go on to the same bits.
    generator = build_generator(checkpoint).to(device)
    settings = settings_of(wanted, generator.spec) if isinstance(wanted, WarpTrainOptions) else wanted
    imagenet = wanted.imagenet if isinstance(wanted, WarpTrainOptions) else None
    with crew(device) as team:
        report = progress if team.leads else ignore_progress
        trainer, run = WarpTrainer(generator, settings, crew=team), WarpRun(folder)
        # All look before one of them writes.
        if team.agree(run.has_begun):
            run.goes_on(checkpoint.provenance.sha256, settings, writes=team.leads)
            run.load(trainer)
        else:
            if imagenet is not None:
                _load_imagenet(trainer, imagenet)
            spec, provenance = generator.spec, checkpoint.provenance
            trained = TrainedModel(
                provenance.name, str(path.absolute()), provenance.sha256,
                spec.family, spec.resolution, spec.channels, spec.has_mapping,
            )  # fmt: skip
            if team.leads:
                run.begin(trained, settings, trainer)

        def let_others_pass() -> None:
            # Not held while a step runs, which takes longer than a slider may wait.
            with engine.gate.background():
                pass

        end = train(trainer, run, progress=report, cancel=cancel, before_step=let_others_pass)
        return WarpTrainResult(folder, end, team.leads)


def _load_imagenet(trainer: object, path: Path) -> None:
    from latent_studio.checkpoints.training_state import read_torch_state
    from latent_studio.methods.warp.reconstructor import ResNetFeatures
    from latent_studio.methods.warp.trainer import WarpTrainer

    assert isinstance(trainer, WarpTrainer)  # noqa: S101
    features = trainer.reconstructor.feature_extractor
    if not isinstance(features, ResNetFeatures):
        raise OptionError(
            "--imagenet", "--imagenet is given, but only --reconstructor ResNet can start from it."
        )
    try:
        features.load_imagenet(read_torch_state(path))
    except RuntimeError as error:
        raise InputError(
            f"{path.name} does not hold the weights of torchvision's resnet18.",
            hint="Its file is resnet18-f37072fd.pth.",
        ) from error
