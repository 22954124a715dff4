"""Options that every verb that renders shares: truncation, noise, class, and how the network draws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from latent_studio.core.class_blend import format_blend, parse_blend
from latent_studio.core.errors import OptionError
from latent_studio.core.options import option
from latent_studio.core.rows import parse_rows
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import NoiseMode, SynthesisSettings

if TYPE_CHECKING:
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.style_mix import StyleMix
    from latent_studio.core.synthesis import ClassWeights

#: NumPy's legacy generator takes seeds up to this.
SEED_MAX = 2**32 - 1


def model_option() -> Any:
    """Which model."""
    return option(
        help="A model file, or a name that “model list” shows, such as portraits.",
        positional=True,
        metavar="MODEL",
    )


def family_option() -> Any:
    """Which family to read a file as."""
    return option(
        None,
        help="Read the file as this family, such as stylegan2, or say that it is another; found out when not "
        "given.",
        metavar="FAMILY",
    )


def psi_option(default: float = 1.0) -> Any:
    """How far to pull w towards the average."""
    return option(
        default,
        help="Truncation: 1 leaves w alone, 0 gives the average picture.",
        low=-10,
        high=10,
        flags=("--psi", "--truncation-psi"),
        metavar="PSI",
    )


def cutoff_option() -> Any:
    """Which rows truncation pulls."""
    return option(
        None, help="Truncate only this many leading rows of ws; all when not given.", low=0, metavar="N"
    )


def class_option() -> Any:
    """Which class of a conditional model."""
    return option(
        None,
        help="Label of a conditional model; 0 when not given.",
        low=0,
        flags=("--class", "--class-idx"),
        metavar="N",
    )


def class_blend_option() -> Any:
    """Which classes to blend."""
    return option(
        (),
        help="Blend classes of a conditional model, such as 3:0.25,7:0.75, in place of --class.",
        parse=parse_blend,
        write=format_blend,
        metavar="BLEND",
    )


def translate_option() -> Any:
    """How far to move the picture."""
    return option(
        (0.0, 0.0),
        help="Move the picture right and down, in picture widths; StyleGAN3 only.",
        low=-10,
        high=10,
        metavar="D",
    )


def rotate_option() -> Any:
    """How far to turn the picture."""
    return option(
        0.0,
        help="Turn the picture anticlockwise about its centre; StyleGAN3 only.",
        low=-360,
        high=360,
        unit="degrees",
        metavar="A",
    )


def lod_option() -> Any:
    """How many fine resolutions to leave out."""
    return option(
        None,
        help="Level of detail: leave out this many of the finest resolutions; StyleGAN 1 and ProgGAN only.",
        low=0,
        high=12,
        metavar="N",
    )


def chosen_scale_option() -> Any:
    """Which picture size of a network that has several."""
    return option(
        None,
        help="Picture size of an MS-PIE model: 0 is the smallest, each step adds a quarter of that.",
        low=0,
        high=28,
        metavar="N",
    )


def noise_mode_option() -> Any:
    """Which noise."""
    return option("const", help="Noise maps: const those stored in the model, random new ones, or none.")


def noise_seed_option() -> Any:
    """Which random noise."""
    return option(0, help="Which maps --noise-mode random draws.", low=0, high=SEED_MAX, metavar="N")


def mix_seed_option() -> Any:
    """Which seed style mixing takes rows from."""
    return option(
        None,
        help="Style mixing: the seed that the rows of --mix-rows are taken from.",
        low=0,
        high=SEED_MAX,
        metavar="SEED",
    )


def mix_rows_option() -> Any:
    """Which rows style mixing takes."""
    return option(
        None,
        help="Rows of ws that come from --mix-seed, such as 8-13; the fine half when not given.",
        low=0,
        parse=parse_rows,
        metavar="ROWS",
    )


def mix_of(seed: int | None, rows: tuple[int, ...] | None, spec: GeneratorSpec) -> StyleMix | None:
    """The style mix that two options ask for.

    Raises:
        OptionError: the rows do not fit the model, or come without a seed.
    """
    from latent_studio.core.style_mix import StyleMix, rows_from

    if seed is None:
        if rows is None:
            return None
        raise OptionError(
            "--mix-rows", "--mix-rows needs a second seed to take rows from.", hint="Add --mix-seed 7."
        )
    if spec.num_ws < 2:
        raise OptionError(
            "--mix-seed", "--mix-seed needs a model with several rows of ws, and this one has a single row."
        )
    rows = rows_from((spec.num_ws + 1) // 2, spec.num_ws) if rows is None else rows
    if rows[-1] >= spec.num_ws:
        raise OptionError(
            "--mix-rows", f"--mix-rows has row {rows[-1]}, but the model has rows 0 to {spec.num_ws - 1}."
        )
    return StyleMix(SeedPoint(seed), rows)


class DrawingOptions(Protocol):
    """The fields that the options of every rendering verb have, whatever it does with classes."""

    @property
    def truncation_psi(self) -> float: ...  # noqa: D102
    @property
    def truncation_cutoff(self) -> int | None: ...  # noqa: D102
    @property
    def noise_mode(self) -> NoiseMode: ...  # noqa: D102
    @property
    def noise_seed(self) -> int: ...  # noqa: D102
    @property
    def translate(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def rotate(self) -> float: ...  # noqa: D102
    @property
    def lod(self) -> float | None: ...  # noqa: D102
    @property
    def chosen_scale(self) -> int | None: ...  # noqa: D102


class PictureOptions(DrawingOptions, Protocol):
    """The fields that the options of a verb have that draws one class, or one blend."""

    @property
    def class_idx(self) -> int | None: ...  # noqa: D102
    @property
    def class_blend(self) -> ClassWeights: ...  # noqa: D102


def synthesis_of(options: PictureOptions, spec: GeneratorSpec) -> SynthesisSettings:
    """The settings for a model.

    Raises:
        OptionError: a class, the cutoff, or how to draw does not fit it.
    """
    return with_classes(drawing_of(options, spec), options.class_idx, options.class_blend, spec)


def drawing_of(options: DrawingOptions, spec: GeneratorSpec) -> SynthesisSettings:
    """The settings for a model, without a class.

    Raises:
        OptionError: the cutoff, or how to draw does not fit it.
    """
    cutoff = options.truncation_cutoff
    if cutoff is not None and cutoff > spec.num_ws:
        raise OptionError(
            "--truncation-cutoff", f"--truncation-cutoff is {cutoff}, but must be from 0 to {spec.num_ws}."
        )
    x, y = options.translate
    settings = SynthesisSettings(
        truncation_psi=options.truncation_psi,
        truncation_cutoff=cutoff,
        noise_mode=options.noise_mode,
        noise_seed=options.noise_seed,
        translate_x=x,
        translate_y=y,
        rotate_degrees=options.rotate,
        lod=options.lod,
        chosen_scale=options.chosen_scale,
    )
    _check_drawing(settings, spec)
    return settings


def with_classes(
    settings: SynthesisSettings, class_idx: int | None, blend: ClassWeights, spec: GeneratorSpec
) -> SynthesisSettings:
    """Settings with the class or the blend asked for; a conditional model's first class where none was.

    Raises:
        OptionError: both were asked for, or the model has no such class.
    """
    _check_classes(class_idx, blend, spec)
    return replace(settings, class_idx=(class_idx or 0) if spec.c_dim else None, class_blend=blend)


def _check_classes(class_idx: int | None, blend: ClassWeights, spec: GeneratorSpec) -> None:
    flag = "--class-blend" if blend else "--class"
    labels = [label for label, _ in blend] or ([] if class_idx is None else [class_idx])
    if blend and class_idx is not None:
        raise OptionError(
            "--class", "--class and --class-blend exclude each other.", hint="Leave one of them out."
        )
    if not labels:
        return
    if not spec.c_dim:
        raise OptionError(
            flag, f"{flag} is {labels[0]}, but this model has no classes.", hint=f"Leave {flag} out."
        )
    if max(labels) >= spec.c_dim:
        raise OptionError(flag, f"{flag} is {max(labels)}, but must be from 0 to {spec.c_dim - 1}.")


def _check_drawing(settings: SynthesisSettings, spec: GeneratorSpec) -> None:
    if settings.is_moved and not spec.can_move:
        raise OptionError(
            "--translate",
            "This model's picture cannot be moved or turned: only StyleGAN3 has an input to move.",
            hint="Leave --translate and --rotate out.",
        )
    if settings.lod is not None and settings.lod > spec.highest_lod:
        raise OptionError(
            "--lod",
            f"--lod is {settings.lod:g}, but must be from 0 to {spec.highest_lod} for this model."
            if spec.highest_lod
            else "This model has no levels of detail: it was not grown step by step.",
            hint="" if spec.highest_lod else "Leave --lod out.",
        )
    if settings.chosen_scale is not None and settings.chosen_scale >= len(spec.sizes):
        raise OptionError(
            "--chosen-scale",
            f"--chosen-scale is {settings.chosen_scale}, but must be from 0 to {len(spec.sizes) - 1}."
            if spec.sizes
            else "This model draws pictures of one size only.",
            hint="" if spec.sizes else "Leave --chosen-scale out.",
        )
