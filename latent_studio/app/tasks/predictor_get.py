"""predictor get: the weights of a published attribute predictor, fetched to where it looks for them."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from latent_studio.app.downloads import fetch
from latent_studio.core.errors import CorruptFileError, DownloadError, OptionError
from latent_studio.core.files import replacing
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option
from latent_studio.exporters.part_file import export_error, make_folder

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.methods.attributes.published import PublishedWeights

#: Needs files of another package, which are published otherwise than the rest.
LANDMARKS = "face-landmarks"
#: Perceptual distances whose backbones are published.
_DISTANCES = ("lpips-alex", "lpips-vgg", "lpips-squeeze")
_BLOCK_BYTES = 1 << 20
#: None of these files is near this.
_MOST_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class PredictorGetOptions:
    """Which predictor."""

    name: str = option(
        help="Which one: see “latent-studio predictor list”; or a distance of “project”, such as lpips-vgg.",
        positional=True,
        metavar="ID",
    )
    archive: Path | None = option(
        None,
        help="Take the file out of this archive instead of downloading it; the same hash must hold.",
        metavar="FILE",
    )
    again: bool = option(False, help="Fetch it even if it is there.")


@dataclass(frozen=True, slots=True)
class PredictorGetResult:
    """Where the weights are.

    Attributes:
        paths: of the files.
        terms: under which they are published.
    """

    paths: tuple[Path, ...]
    terms: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The paths and the terms."""
        return (*(str(path) for path in self.paths), f"Terms: {self.terms}")


def run_predictor_get(
    studio: Studio, options: PredictorGetOptions, progress: ProgressSink, cancel: CancelToken
) -> PredictorGetResult:
    """Fetch what a predictor needs and check its hash. A download that stopped goes on.

    Of the published program's archives the one file is taken out.

    Raises:
        OptionError: no predictor of that name has weights to be fetched.
        DownloadError: the archive cannot be had, or is another one than published.
        CorruptFileError: the archive does not hold the file.
        ExportError: the folder cannot be written.
        Cancelled: a stop was asked for; what has arrived stays for the next try.
    """
    from latent_studio.methods.attributes.published import PUBLISHED

    check_options(options)
    if options.name == LANDMARKS:
        return _get_from_hub(options, "fan", progress, cancel)
    if options.name in _DISTANCES:
        return _get_from_hub(options, options.name, progress, cancel)
    weights = PUBLISHED.get(options.name)
    if weights is None or not weights.is_read:
        known = ", ".join([*(one.id for one in PUBLISHED.values() if one.is_read), LANDMARKS, *_DISTANCES])
        raise OptionError(
            "ID", f"No predictor {options.name!r} has weights to be fetched.", hint=f"There are: {known}."
        )
    if weights.is_here and not options.again:
        return PredictorGetResult((weights.path,), weights.terms)
    try:
        make_folder(weights.path.parent)
        if options.archive is not None:
            _check_archive(weights, options.archive)
            _take_out(weights, options.archive, cancel)
        else:
            archive = weights.path.with_name(f"{weights.id}.tar")
            try:
                fetch(
                    weights.url,
                    archive,
                    sha256=weights.sha256,
                    progress=lambda report: progress(replace(report, fraction=_share(report))),
                    cancel=cancel,
                )
            except DownloadError as error:
                elsewhere = (
                    f"“latent-studio predictor get {weights.id} --archive FILE” takes one got elsewhere."
                )
                raise DownloadError(error.title, hint=f"{error.hint} {elsewhere}") from error
            progress(Progress(0.95, f"Taking {weights.file} out"))
            _take_out(weights, archive, cancel)
            archive.unlink(missing_ok=True)
    except OSError as error:
        raise export_error(weights.path, error) from error
    return PredictorGetResult((weights.path,), weights.terms)


def _get_from_hub(
    options: PredictorGetOptions, user_id: str, progress: ProgressSink, cancel: CancelToken
) -> PredictorGetResult:
    """Files that are published one by one: of face-alignment's finder, or a distance's backbone."""
    from latent_studio.app.hub_files import fetch_missing, files_of
    from latent_studio.methods.alignment.fan import FAN_TERMS
    from latent_studio.methods.hub_file import hub_folder
    from latent_studio.methods.projection.lpips_net import BACKBONE_TERMS

    files = files_of(user_id)
    if options.archive is not None:
        count = "one file" if len(files) == 1 else f"{len(files)} files"
        raise OptionError("--archive", f"{options.name} comes in {count} and no archive.")
    paths = tuple(hub_folder() / file.name for file in files)
    try:
        if options.again:
            for path in paths:
                path.unlink(missing_ok=True)
        fetch_missing(user_id, progress, cancel)
    except OSError as error:
        raise export_error(paths[0], error) from error
    return PredictorGetResult(paths, FAN_TERMS if user_id == "fan" else BACKBONE_TERMS)


def _share(report: Progress) -> float | None:
    return None if report.fraction is None else 0.95 * report.fraction


def _check_archive(weights: PublishedWeights, archive: Path) -> None:
    from latent_studio.core.files import file_sha256

    if file_sha256(archive) != weights.sha256:
        raise CorruptFileError(
            f"{archive.name} is not the published archive: its hash is another.",
            hint=f"Take the one of {weights.url}.",
        )


def _take_out(weights: PublishedWeights, archive: Path, cancel: CancelToken) -> None:
    """The one file, whatever folder of the archive it is in. Nothing else of the archive is written."""
    try:
        with tarfile.open(archive) as tar:
            member = next(
                (one for one in tar if one.isfile() and PurePosixPath(one.name).name == weights.file), None
            )
            data = None if member is None or member.size > _MOST_BYTES else tar.extractfile(member)
            if data is None:
                raise CorruptFileError(
                    f"{archive.name} does not hold {weights.file}.",
                    hint=f"Its publisher may have changed it. See {weights.page}.",
                )
            with replacing(weights.path) as file:
                while block := data.read(_BLOCK_BYTES):
                    cancel.check()
                    file.write(block)
    except tarfile.TarError as error:
        raise CorruptFileError(f"{archive.name} is no archive.", hint="Fetch it again.") from error
