"""Options that every verb that renders shares: truncation, noise and class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from latent_studio.core.errors import OptionError
from latent_studio.core.options import option
from latent_studio.core.synthesis import NoiseMode, SynthesisSettings

if TYPE_CHECKING:
    from latent_studio.core.spec import GeneratorSpec

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
