"""latent show: what a latent file holds, and how it was read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.core.errors import LatentStudioError
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.stored_latents import StoredLatent
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.spaces import Space
    from latent_studio.core.spec import GeneratorSpec


@dataclass(frozen=True, slots=True)
class LatentShowOptions:
    """Which file."""

    file: Path = option(
        help="A latent file of ours, projected_w.npz, dlatents.npy, a projection .pt, or bare arrays.",
        positional=True, metavar="FILE",
    )  # fmt: skip
    model: str | None = option(
        None, help="A model, whose shape settles what a bare array is.", metavar="MODEL"
    )
    space: Literal["z", "w", "w+"] | None = option(
        None, help="What a bare array is, where the guess is wrong."
    )


@dataclass(frozen=True, slots=True)
class LatentShowResult:
    """What was read.

    Attributes:
        latents: all in the file.
        spec: of the model they are read for, if one was named.
    """

    latents: tuple[StoredLatent, ...]
    spec: GeneratorSpec | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """A few lines each."""
        return tuple(line for stored in self.latents for line in described(stored, self.spec))


def run_latent_show(
    studio: Studio, options: LatentShowOptions, progress: ProgressSink, cancel: CancelToken
) -> LatentShowResult:
    """Read a latent file; nothing in it is run.

    Raises:
        LatentStudioError: it cannot be read, or the model cannot be opened.
    """
    from latent_studio.app.stored_latents import read_latents

    check_options(options)
    spec = spec_of(studio, options.model, progress, cancel)
    return LatentShowResult(read_latents(options.file, spec, space=space_of(options.space)), spec)


def spec_of(
    studio: Studio, model: str | None, progress: ProgressSink, cancel: CancelToken
) -> GeneratorSpec | None:
    """The shape of a model; ``None`` without one."""
    return None if model is None else studio.open_model(model, progress=progress, cancel=cancel).spec


def space_of(word: str | None) -> Space | None:
    """The space a word stands for."""
    from latent_studio.core.spaces import Space

    return None if word is None else Space(word)


def described(stored: StoredLatent, spec: GeneratorSpec | None = None) -> tuple[str, ...]:
    """A latent in a few lines, and whether it fits a model."""
    latent = stored.latent
    lines = [f"{stored.name or 'latent'}: {stored.how}"]
    if stored.model_sha256:
        lines.append(f"  model {stored.model_name}, sha256 {stored.model_sha256[:16]}…")
    if stored.crop is not None:
        lines.append(f"  target: a crop of {stored.crop.photo}, {stored.crop.quad.side:.0f} px wide in it")
    score = stored.facts.get("score")
    if isinstance(score, dict):
        lines.append(
            f"  {score.get('metric')} {float(score.get('perceptual', 0)):.3f}, "
            f"PSNR {float(score.get('psnr', 0)):.1f} dB, {float(score.get('sigmas', 0)):.2f} sigma"
        )
    if stored.noise is not None:
        lines.append(f"  {len(stored.noise.maps)} noise maps of its own")
    lines.append(
        f"  mean {float(latent.values.mean()):+.4f}, spread {float(latent.values.std()):.4f}, "
        f"digest {latent.digest[:12]}"
    )
    if spec is not None:
        try:
            latent.check_fits(spec)
        except LatentStudioError as error:
            lines.append(f"  {error.title}")
    return tuple(lines)
