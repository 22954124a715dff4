"""boundary train: directions learned from scored or sorted latents, with how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.direction_output import check_suffix, write_directions_as
from latent_studio.app.tasks.picture_options import class_option, model_option, psi_option, with_classes
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.spaces import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.latent import Latent
    from latent_studio.core.synthesis import SynthesisSettings
    from latent_studio.methods.boundary.learn import LearnedBoundary

#: Of each end of a scale, at least this many where nothing else is asked for.
_ENOUGH = 200


@dataclass(frozen=True, slots=True)
class BoundaryTrainOptions:
    """What the examples are, and how they are learned from.

    One of three: latents with scores, two folders or files of latents, or a predictor that scores random
    seeds.
    """

    model: str = model_option()
    out: Path = option(
        help="The file to write: .safetensors keeps everything that is known, .npy a single normal.",
        metavar="FILE",
    )
    latents: Path | None = option(
        None, help="Scored latents: a file (N, dim), or a folder of them.", metavar="FILE"
    )
    scores: Path | None = option(
        None, help="Their scores: .npy (N,) or (N, 1), or a CSV table with a header.", metavar="FILE"
    )
    column: str | None = option(
        None, help="Column of the table; a boundary for each when not given.", metavar="NAME"
    )
    positive: Path | None = option(
        None, help="Latents with the attribute: a file or a folder, such as projected photos.", metavar="PATH"
    )
    negative: Path | None = option(None, help="Latents without it.", metavar="PATH")
    predictor: str | None = option(
        None, help="Score random seeds with this predictor of attributes, such as portraits.", metavar="ID"
    )
    attribute: tuple[str, ...] = option(
        (), help="Of the predictor's attributes, only this one; again for more.", repeat=True, metavar="NAME"
    )
    samples: int = option(
        1000, help="How many seeds the predictor scores.", low=8, high=1_000_000, metavar="N"
    )
    name: str | None = option(None, help="What to call the direction.", metavar="NAME")
    space: Literal["z", "w", "w+"] = option("w", help="Where to learn it.")
    chosen: float | None = option(
        None,
        help="Latents of each end: a share up to 1, or a number; 2 %, and at least 200 or a third, "
        "when not given.",
        metavar="N",
    )
    split: float = option(
        0.7, help="Share of those to train on; the rest validates.", low=0.01, high=1, metavar="R"
    )
    invalid: float | None = option(
        None, help="Scores of this value say that there was nothing to score.", metavar="V"
    )
    learner: Literal["svm", "mean"] = option(
        "svm", help="svm: a linear support vector machine; mean: the difference of the two means."
    )
    check: bool = option(
        True, help="Cross-validate, and compare with shuffled labels and with the other learner."
    )
    keep: bool = option(False, help="Also keep it in the model's library, among its sliders.")
    truncation_psi: float = psi_option()
    class_idx: int | None = class_option()


@dataclass(frozen=True, slots=True)
class BoundaryTrainResult:
    """What was learned.

    Attributes:
        path: of the file.
        learned: one for each attribute.
        notes: accuracy on what was held back, one line each; then what could not be learned, and why.
    """

    path: Path
    learned: tuple[LearnedBoundary, ...]
    notes: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The path, and a sentence for each attribute."""
        return (str(self.path), *self.notes)


@dataclass(frozen=True, slots=True)
class _Scored:
    """Flat latents ``(N, dim)`` with one column of scores."""

    name: str
    latents: NDArray[np.float32]
    scores: NDArray[np.float32]


def run_boundary_train(
    studio: Studio, options: BoundaryTrainOptions, progress: ProgressSink, cancel: CancelToken
) -> BoundaryTrainResult:
    """Learn boundaries and write them. Same options, same bytes.

    Raises:
        InputError: the examples cannot be read, or teach nothing; says why.
        LatentStudioError: the model cannot be opened, or the disk refuses.
        Cancelled: a stop was asked for; nothing is written.
    """
    from latent_studio.exporters.part_file import check_target

    check_options(options)
    check_suffix(options.out, (".safetensors", ".npy"))
    check_target(options.out)
    check_sources(options)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    learned, notes = learn_boundaries(studio, options, model, progress, cancel)
    cancel.check()
    directions = [one.direction for one in learned]
    write_directions_as(directions, options.out)
    if options.keep:
        model.library.keep(directions, name=options.out.stem)
    progress(Progress(1.0, f"Learned {len(learned)} directions"))
    return BoundaryTrainResult(options.out, learned, notes)


def learn_boundaries(
    studio: Studio,
    options: BoundaryTrainOptions,
    model: LoadedModel,
    progress: ProgressSink,
    cancel: CancelToken,
) -> tuple[tuple[LearnedBoundary, ...], tuple[str, ...]]:
    """Learn boundaries of the model that is open, and write nothing.

    Of several attributes, those that teach nothing are left out.

    Returns:
        one for each attribute, and how good each is, in words; then a sentence for each that was left out.

    Raises:
        InputError: the examples cannot be read, or none of them teaches anything; says why.
        Cancelled: a stop was asked for.
    """
    synthesis = _synthesis(options, model)
    learned, notes = [], []
    missed: list[InputError] = []
    said: list[str] = []
    if options.positive is not None and options.negative is not None:
        one = _learn_from_sets(studio, options, model, synthesis, cancel)
        learned.append(one)
        notes.append(_note(one))
    else:
        columns = _scored(studio, options, model, synthesis, progress, cancel)
        for done, scored in enumerate(columns):
            progress(Progress(done / len(columns), f"Learning {scored.name}"))
            try:
                one, held_back = _learn_from_scores(scored, options, model, cancel)
            except InputError as error:
                if len(columns) == 1:
                    raise
                missed.append(error)
                said.append(f"{scored.name}: {error.title}")
                continue
            learned.append(one)
            notes.append(_note(one, held_back))
    if not learned:
        raise missed[0]
    return tuple(learned), (*notes, *said)


def check_sources(options: BoundaryTrainOptions) -> None:
    """Refuse options that name no examples, or several kinds of them.

    Raises:
        OptionError: says what to give.
    """
    scored = options.latents is not None or options.scores is not None
    sorted_ = options.positive is not None or options.negative is not None
    if [scored, sorted_, options.predictor is not None].count(True) != 1:
        raise OptionError(
            "--latents",
            "The examples are not clear.",
            hint="Give --latents and --scores, or --positive and --negative, or --predictor.",
        )
    if scored and (options.latents is None or options.scores is None):
        raise OptionError("--scores", "Latents and scores belong together.", hint="Give both.")
    if sorted_ and (options.positive is None or options.negative is None):
        raise OptionError("--positive", "Examples with it and without it belong together.", hint="Give both.")


def _synthesis(options: BoundaryTrainOptions, model: LoadedModel) -> SynthesisSettings:
    from latent_studio.core.synthesis import SynthesisSettings

    settings = SynthesisSettings(truncation_psi=options.truncation_psi)
    return with_classes(settings, options.class_idx, (), model.spec)


def _scored(
    studio: Studio,
    options: BoundaryTrainOptions,
    model: LoadedModel,
    synthesis: SynthesisSettings,
    progress: ProgressSink,
    cancel: CancelToken,
) -> list[_Scored]:
    from latent_studio.app.attribute_pool import read_scores, score_seeds
    from latent_studio.app.latent_files import read_latents

    space = Space(options.space)
    if options.predictor is not None:
        from latent_studio.methods.attributes.catalog import find_predictor

        entry = find_predictor(options.predictor, studio.plugins.predictors())
        predictor = entry.load(studio.engine.choice.device)
        pool = score_seeds(
            studio,
            predictor,
            predictor_id=options.predictor,
            predictor_version=entry.version,
            count=options.samples,
            synthesis=synthesis,
            progress=progress,
            cancel=cancel,
        )
        names = options.attribute or pool.attributes
        return [_Scored(name, pool.latents(space), pool.column(name)) for name in names]
    assert options.latents is not None and options.scores is not None  # noqa: S101 -- checked before
    given = None if space is Space.W_PLUS else space
    latents = _flat(studio, read_latents(options.latents, model.spec, space=given), space, synthesis)
    columns, scores = read_scores(options.scores, column=options.column)
    wanted = [name for name in columns if not options.attribute or name in options.attribute]
    if len(wanted) == 1 and options.name:
        return [_Scored(options.name, latents, scores[:, columns.index(wanted[0])])]
    return [_Scored(name, latents, scores[:, columns.index(name)]) for name in wanted]


def _flat(
    studio: Studio, latents: tuple[Latent, ...], space: Space, synthesis: SynthesisSettings
) -> NDArray[np.float32]:
    """Latents as rows of the space that is learned in: z is mapped, rows are averaged or put side by side.

    Raises:
        InputError: a latent cannot be carried to that space.
    """
    import numpy as np

    from latent_studio.core.render import RenderRequest

    rows = []
    for index, latent in enumerate(latents):
        if space is Space.Z:
            if latent.space is not Space.Z:
                raise InputError(
                    f"Latents in {latent.space.value} cannot be carried back to z.",
                    hint="Learn in w: --space w.",
                )
            rows.append(latent.values)
            continue
        ws = studio.engine.resolve_ws(RenderRequest(index, latent, synthesis=synthesis))
        rows.append(ws.mean(axis=0) if space is Space.W else ws.ravel())
    return np.stack(rows).astype(np.float32)


def _learn_from_sets(
    studio: Studio,
    options: BoundaryTrainOptions,
    model: LoadedModel,
    synthesis: SynthesisSettings,
    cancel: CancelToken,
) -> LearnedBoundary:
    from latent_studio.app.latent_files import read_latents
    from latent_studio.app.models import sample_w
    from latent_studio.methods.boundary.examples import examples_of
    from latent_studio.methods.boundary.learn import balanced_scales, learn_boundary

    assert options.positive is not None and options.negative is not None  # noqa: S101 -- checked before
    space = Space(options.space)
    given = None if space is Space.W_PLUS else space
    sets = [
        _flat(studio, read_latents(path, model.spec, space=given), space, synthesis)
        for path in (options.positive, options.negative)
    ]
    ws_samples = sample_w(model.generator, 2000)
    return learn_boundary(
        examples_of(*sets),
        name=options.name or options.positive.stem.replace("_", " "),
        space=space,
        num_ws=model.spec.num_ws,
        learner=options.learner,
        checked=options.check,
        model_sha256=model.ref.sha256,
        ws_samples=ws_samples,
        scales=balanced_scales(ws_samples) if space is Space.W else None,
        details={"from": "two sets"},
        check_cancel=cancel.check,
    )


def _learn_from_scores(
    scored: _Scored, options: BoundaryTrainOptions, model: LoadedModel, cancel: CancelToken
) -> tuple[LearnedBoundary, tuple[float, float]]:
    """The boundary of one column, and its accuracy on the validation examples and on the rest."""
    from latent_studio.app.models import sample_w
    from latent_studio.methods.boundary.examples import split_by_scores
    from latent_studio.methods.boundary.learn import learn_boundary

    space = Space(options.space)
    parts = split_by_scores(
        scored.latents,
        scored.scores,
        chosen=options.chosen if options.chosen is not None else usual_share(len(scored.scores)),
        split=options.split,
        invalid=options.invalid,
    )
    learned = learn_boundary(
        parts.train,
        name=scored.name,
        space=space,
        num_ws=model.spec.num_ws,
        learner=options.learner,
        checked=options.check,
        model_sha256=model.ref.sha256,
        ws_samples=sample_w(model.generator, 2000),
        details={"from": options.predictor or (options.scores.name if options.scores else "")},
        check_cancel=cancel.check,
    )
    return learned, (learned.plane.accuracy(parts.validation), learned.plane.accuracy(parts.rest))


def usual_share(count: int) -> float:
    """Share of each end of a scale: 2 % of many, but enough to learn from, and never more than a third."""
    return max(0.02, min(_ENOUGH / max(count, 1), 1 / 3))


def _note(learned: LearnedBoundary, held_back: tuple[float, float] | None = None) -> str:
    words = learned.sentence
    if held_back is not None and held_back[0] == held_back[0]:
        words = f"{words} Held back: {held_back[0]:.0%} right; between the ends: {held_back[1]:.0%}."
    if learned.rival is not None:
        words = (
            f"{words} The other learner: {learned.rival.cross_validated:.0%}, cosine {learned.agreement:.2f}."
        )
    return words
