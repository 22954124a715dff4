"""Options that every verb that renders shares: truncation, noise and class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from latent_studio.core.errors import OptionError
from latent_studio.core.options import option
from latent_studio.core.rows import parse_rows
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import NoiseMode, SynthesisSettings

if TYPE_CHECKING:
    from latent_studio.core.spec import GeneratorSpec
    from latent_studio.core.style_mix import StyleMix

#: NumPy's legacy generator takes seeds up to this.
SEED_MAX = 2**32 - 1


def model_option() -> Any:
    """Which model."""
    return option(
        help="A model file, or a name that “model list” shows, such as portraits.",
        positional=True,
        metavar="MODEL",
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


class PictureOptions(Protocol):
    """The fields that the options of a rendering verb have."""

    @property
    def truncation_psi(self) -> float: ...  # noqa: D102
    @property
    def truncation_cutoff(self) -> int | None: ...  # noqa: D102
    @property
    def class_idx(self) -> int | None: ...  # noqa: D102
    @property
    def noise_mode(self) -> NoiseMode: ...  # noqa: D102
    @property
    def noise_seed(self) -> int: ...  # noqa: D102


def synthesis_of(options: PictureOptions, spec: GeneratorSpec) -> SynthesisSettings:
    """The settings for a model.

    Raises:
        OptionError: the class or the cutoff does not fit it.
    """
    class_idx, cutoff = options.class_idx, options.truncation_cutoff
    if class_idx is not None and not spec.c_dim:
        raise OptionError(
            "--class", f"--class is {class_idx}, but this model has no classes.", hint="Leave --class out."
        )
    if class_idx is not None and class_idx >= spec.c_dim:
        raise OptionError("--class", f"--class is {class_idx}, but must be from 0 to {spec.c_dim - 1}.")
    if cutoff is not None and cutoff > spec.num_ws:
        raise OptionError(
            "--truncation-cutoff", f"--truncation-cutoff is {cutoff}, but must be from 0 to {spec.num_ws}."
        )
    return SynthesisSettings(
        truncation_psi=options.truncation_psi,
        truncation_cutoff=cutoff,
        noise_mode=options.noise_mode,
        noise_seed=options.noise_seed,
        class_idx=(class_idx or 0) if spec.c_dim else None,
    )
