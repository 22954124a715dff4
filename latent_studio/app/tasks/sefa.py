"""sefa: a model's own directions, written to a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.picture_options import model_option
from latent_studio.core.errors import OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.core.rows import parse_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio
    from latent_studio.core.directions import LinearDirection
    from latent_studio.core.jobs import CancelToken, ProgressSink

_SUFFIXES = (".npz", ".npy", ".safetensors")


@dataclass(frozen=True, slots=True)
class SefaOptions:
    """Which directions, and where to."""

    model: str = model_option()
    out: Path = option(
        help="The file to write. .npz holds vectors (K, w_dim), eigenvalues, sigma and metadata (JSON text); "
        ".safetensors the same; .npy the vectors alone.",
        metavar="FILE",
    )
    variant: Literal["genforce", "mmgen", "rosinality"] = option(
        "genforce",
        help="Which public program to agree with: genforce (the paper's) takes all convolutions and the last "
        "toRGB, scaled to unit length; mmgen all convolutions; rosinality also the first toRGB.",
    )
    layers: tuple[int, ...] | None = option(
        None, help="Rows of ws whose layers take part, such as 0-3,7; all when not given.", low=0,
        parse=parse_rows, metavar="ROWS",
    )  # fmt: skip
    count: int | None = option(
        None, help="How many, the strongest first; all when not given.", low=1, metavar="N"
    )


@dataclass(frozen=True, slots=True)
class SefaResult:
    """What was found.

    Attributes:
        path: of the file.
        directions: the strongest first.
    """

    path: Path
    directions: tuple[LinearDirection, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_sefa(studio: Studio, options: SefaOptions, progress: ProgressSink, cancel: CancelToken) -> SefaResult:
    """Find the directions and write them. Same options, same bytes.

    Raises:
        LatentStudioError: the model cannot be opened, an option does not fit it, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.models import sefa_directions
    from latent_studio.exporters.part_file import check_target, write_file

    check_options(options)
    if options.out.suffix.lower() not in _SUFFIXES:
        raise OptionError(
            "--out",
            f"--out is {options.out.name}, but must end in {', '.join(_SUFFIXES[:-1])} or {_SUFFIXES[-1]}.",
        )
    check_target(options.out)
    model = studio.open_model(options.model, progress=progress, cancel=cancel)
    cancel.check()
    progress(Progress(None, "Finding directions"))
    directions = sefa_directions(
        model.generator,
        model.ref.sha256,
        paths=studio.paths,
        variant=options.variant,
        layers=options.layers,
        count=options.count,
    )
    cancel.check()
    write_file(options.out, _file_bytes(directions, model, options))
    progress(Progress(1.0, f"Found {len(directions)} directions"))
    return SefaResult(options.out, directions)


def _file_bytes(directions: Sequence[LinearDirection], model: LoadedModel, options: SefaOptions) -> bytes:
    """The file: ``vectors`` ``(K, w_dim)`` float32, one unit vector a row, and what is known of them."""
    import io

    import numpy as np
    from safetensors.numpy import save

    from latent_studio import __version__

    vectors = np.stack([direction.vector for direction in directions])
    eigenvalues = [float(direction.info.details["eigenvalue"]) for direction in directions]
    arrays = {
        "vectors": vectors,
        "eigenvalues": np.array(eigenvalues, dtype=np.float32),
        "sigma": np.array([direction.sigma for direction in directions], dtype=np.float32),
    }
    rows = directions[0].rows
    metadata = json.dumps(
        {
            "program": f"Latent Studio {__version__}",
            "method": "sefa",
            "variant": options.variant,
            "layers": None if rows is None else list(rows),
            "space": directions[0].space.value,
            "model": {"name": model.ref.name, "sha256": model.ref.sha256},
            "ids": [direction.id for direction in directions],
        },
        sort_keys=True,
    )
    if options.out.suffix.lower() == ".safetensors":
        return save(arrays, metadata={"latent-studio": metadata})
    buffer = io.BytesIO()
    if options.out.suffix.lower() == ".npy":
        np.save(buffer, vectors, allow_pickle=False)
    else:
        np.savez(buffer, allow_pickle=False, metadata=np.array(metadata), **arrays)
    return buffer.getvalue()
