"""latent convert: a latent file as another program reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.latent_show import space_of, spec_of
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink

_SUFFIXES = {"latent": ".npz", "ada": ".npz", "npy": ".npy", "mmgen": ".pt", "rosinality": ".pt"}


@dataclass(frozen=True, slots=True)
class LatentConvertOptions:
    """What becomes what."""

    file: Path = option(
        help="A latent file of ours, projected_w.npz, dlatents.npy, a projection .pt, or bare arrays.",
        positional=True, metavar="FILE",
    )  # fmt: skip
    out: Path = option(help="The file to write.", metavar="FILE")
    format: Literal["latent", "ada", "npy", "mmgen", "rosinality"] = option(
        "latent",
        help="latent is our own kind; ada is projected_w.npz, npy an array (N, rows, numbers), mmgen and "
        "rosinality are their projections' .pt.",
    )
    model: str | None = option(
        None,
        help="The model: settles what a bare array is, and gives w as many rows as it has.",
        metavar="MODEL",
    )
    space: Literal["z", "w", "w+"] | None = option(
        None, help="What a bare array is, where the guess is wrong."
    )
    index: int | None = option(None, help="Only this latent of the file, from 0.", low=0, metavar="N")


@dataclass(frozen=True, slots=True)
class LatentConvertResult:
    """What was written.

    Attributes:
        path: of the file.
        how: how each latent was read.
    """

    path: Path
    how: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The path, then how it was read."""
        return (str(self.path), *self.how)


def run_latent_convert(
    studio: Studio, options: LatentConvertOptions, progress: ProgressSink, cancel: CancelToken
) -> LatentConvertResult:
    """Convert. Same file and options, same bytes.

    Raises:
        LatentStudioError: it cannot be read, lacks the model it needs, or the disk refuses.
    """
    import numpy as np

    from latent_studio.app.stored_latents import convert_latent, read_latents
    from latent_studio.app.tasks.project import ws_of_z
    from latent_studio.core.spaces import Space
    from latent_studio.exporters.part_file import check_target

    check_options(options)
    suffix = _SUFFIXES[options.format]
    if options.out.suffix.lower() != suffix:
        raise OptionError("--out", f"--out is {options.out.name}, but must end in {suffix}.")
    check_target(options.out)
    spec = spec_of(studio, options.model, progress, cancel)
    stored = read_latents(options.file, spec, space=space_of(options.space))
    if options.index is not None:
        if options.index >= len(stored):
            raise OptionError(
                "--index", f"--index is {options.index}, but the file has latents 0 to {len(stored) - 1}."
            )
        stored = (stored[options.index],)
    all_ws = []
    for one in stored:
        values = one.latent.values
        if spec is not None:
            one.latent.check_fits(spec)
        if one.latent.space is not Space.W_PLUS and spec is None and options.format != "latent":
            raise InputError(
                f"{one.name} is a single {one.latent.space.value}, and how many rows it becomes "
                f"depends on the model.",
                hint="Name the model: --model portraits.",
            )
        if one.latent.space is Space.Z and spec is not None and spec.has_mapping:
            all_ws.append(ws_of_z(studio.model, values))
            continue
        rows = spec.num_ws if spec is not None else 1
        wide = values if values.ndim == 2 else np.broadcast_to(values, (rows, values.shape[0]))
        all_ws.append(np.ascontiguousarray(wide, dtype=np.float32))
    convert_latent(options.out, stored, all_ws, format=options.format)
    return LatentConvertResult(options.out, tuple(one.how for one in stored))
