"""convert: any model that opens, saved as safetensors; one file, or all files of a folder with a report."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.app.tasks.picture_options import family_option
from latent_studio.core.errors import ExportError, InputError, LatentStudioError, OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from latent_studio.app.studio import Studio
    from latent_studio.checkpoints.checkpoint import Checkpoint
    from latent_studio.core.jobs import CancelToken, ProgressSink

SUFFIX = ".safetensors"
#: Beside the converted files of a folder.
REPORT_NAME = "conversion-report.json"

#: Shares of one file's progress.
_READ = 0.6
_WRITTEN = 0.8
_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """What to convert, and where to."""

    source: Path = option(
        help="A model file, or a folder whose files are converted with those below it.",
        positional=True,
        metavar="IN",
    )
    target: Path = option(
        help="The .safetensors file to write; for a folder: a folder, made if it is missing.",
        positional=True,
        metavar="OUT",
    )
    licence: str | None = option(None, help="Licence to note in files that state none.", metavar="TEXT")
    family: str | None = family_option()


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of one file.

    Attributes:
        source: the file.
        outcome: "converted"; "refused", when it is a model that cannot be used, or what a failed download
            leaves of one; or "skipped", when it is something else.
        reason: why it was not converted, in a sentence; empty when it was.
        target: the file written; ``None`` when it was not.
        family: of the generator; empty when none was found.
        format: the file's; empty when none was found.
        sha256: of the file it came from; empty when it was not read.
        notes: what was chosen and ignored.
    """

    source: Path
    outcome: Literal["converted", "refused", "skipped"]
    reason: str = ""
    target: Path | None = None
    family: str = ""
    format: str = ""
    sha256: str = ""
    notes: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """One line for a person."""
        if self.target is not None:
            return f"{self.outcome:<9} {self.source} ({self.family}, {self.format}) -> {self.target}"
        return f"{self.outcome:<9} {self.source}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ConvertResult:
    """What was written.

    Attributes:
        conversions: one per file that was looked at.
        report: the report on a folder; ``None`` for a single file.
    """

    conversions: tuple[Conversion, ...]
    report: Path | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The path written, or a line per file, a count and the path of the report."""
        if self.report is None:
            return tuple(str(one.target) for one in self.conversions)
        counts = {
            outcome: sum(one.outcome == outcome for one in self.conversions)
            for outcome in ("converted", "refused", "skipped")
        }
        summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        return (*(one.line for one in self.conversions), summary, str(self.report))


def run_convert(
    studio: Studio, options: ConvertOptions, progress: ProgressSink, cancel: CancelToken
) -> ConvertResult:
    """Convert a file, or the files of a folder. Nothing in them is run.

    Every file written is opened again and compared bit for bit.

    Raises:
        CheckpointError: the single file cannot be used; says why.
        InputError: the folder is too large.
        ExportError: nothing can be written there.
        Cancelled: a stop was asked for; files that are done stay.
    """
    check_options(options)
    if options.source.is_dir():
        return _convert_folder(options, progress, cancel)
    if options.target.is_dir():
        target = options.target / f"{options.source.stem}{SUFFIX}"
    else:
        target = options.target
    done = _convert_file(
        options.source,
        target,
        licence=options.licence,
        family=options.family,
        report=lambda fraction, message: progress(Progress(fraction, message)),
        check_cancel=cancel.check,
    )
    return ConvertResult((done,))


def _convert_folder(options: ConvertOptions, progress: ProgressSink, cancel: CancelToken) -> ConvertResult:
    from latent_studio.exporters.part_file import make_folder, write_file

    make_folder(options.target)
    sources = list(_files_below(options.source, leave_out=options.target))
    targets = _targets(sources, options)
    conversions = []
    for index, (source, target) in enumerate(zip(sources, targets, strict=True)):
        cancel.check()

        def report(fraction: float, message: str, done: int = index) -> None:
            progress(Progress((done + fraction) / len(sources), message))

        conversions.append(
            _try_file(
                source,
                target,
                licence=options.licence,
                family=options.family,
                report=report,
                check_cancel=cancel.check,
            )
        )
    path = options.target / REPORT_NAME
    write_file(path, _report_of(conversions))
    return ConvertResult(tuple(conversions), path)


def _try_file(
    source: Path,
    target: Path,
    *,
    licence: str | None,
    family: str | None,
    report: Callable[[float, str], None],
    check_cancel: Callable[[], None],
) -> Conversion:
    """Convert one of many files; a file that is no model, or a bad one, does not stop the others.

    Raises:
        ExportError: the target cannot be written; the next ones could not be either.
        OptionError: there is no such family.
    """
    from latent_studio.checkpoints.sniff import LIKELY_MODELS, sniff_path
    from latent_studio.exporters.part_file import make_folder

    kind = sniff_path(source)
    if kind not in LIKELY_MODELS:
        return Conversion(source, "skipped", f"no model ({kind})")
    make_folder(target.parent)
    try:
        return _convert_file(
            source, target, licence=licence, family=family, report=report, check_cancel=check_cancel
        )
    except (ExportError, OptionError):
        raise
    except LatentStudioError as error:
        return Conversion(source, "refused", str(error))


def _convert_file(
    source: Path,
    target: Path,
    *,
    licence: str | None,
    family: str | None,
    report: Callable[[float, str], None],
    check_cancel: Callable[[], None],
) -> Conversion:
    from latent_studio.checkpoints.open import open_checkpoint
    from latent_studio.checkpoints.safetensors_file import write_checkpoint
    from latent_studio.exporters.part_file import check_target
    from latent_studio.generators.catalog import build_generator

    check_target(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise ExportError(f"{target.name} is the file to convert.", hint="Choose another name.")
    checkpoint = open_checkpoint(
        source,
        family=family,
        progress=lambda done, message: report(_READ * done, message),
        check_cancel=check_cancel,
    )
    origin = checkpoint.provenance
    checkpoint = replace(
        checkpoint,
        provenance=replace(
            origin,
            # A name that only the old file's name gave goes with it.
            name=target.stem if origin.name == source.stem else origin.name,
            licence=origin.licence or licence or "",
        ),
    )
    # A file that opens may still lack a layer; better to say so now than when it is used.
    build_generator(checkpoint)
    report(_READ, f"Writing {target.name}")
    check_cancel()
    write_checkpoint(checkpoint, target)
    report(_WRITTEN, f"Checking {target.name}")
    _check_copy(checkpoint, target)
    report(1.0, f"Converted {source.name}")
    return Conversion(
        source,
        "converted",
        target=target,
        family=checkpoint.family,
        format=checkpoint.provenance.format,
        sha256=checkpoint.provenance.sha256,
        notes=checkpoint.provenance.notes,
    )


def _check_copy(checkpoint: Checkpoint, target: Path) -> None:
    """Make sure that the file holds the checkpoint, bit for bit.

    Raises:
        ExportError: it does not; the file is removed.
    """
    from latent_studio.checkpoints.open import open_checkpoint

    try:
        if _are_same(checkpoint, open_checkpoint(target)):
            return
        reason = "it reads back with other values"
    except LatentStudioError as error:
        reason = error.title
    target.unlink(missing_ok=True)
    raise ExportError(
        f"{target.name} was written, but cannot be relied on: {reason}.", hint="The disk may be failing."
    )


def _are_same(one: Checkpoint, other: Checkpoint) -> bool:
    import torch

    if (one.family, dict(one.options)) != (other.family, dict(other.options)):
        return False
    if one.tensors.keys() != other.tensors.keys():
        return False

    def in_bytes(tensor: torch.Tensor) -> torch.Tensor:
        # As numbers, 0 and -0 are equal.
        return tensor.reshape(-1).view(torch.uint8)

    return all(
        tensor.dtype == other.tensors[name].dtype
        and tensor.shape == other.tensors[name].shape
        and torch.equal(in_bytes(tensor), in_bytes(other.tensors[name]))
        for name, tensor in one.tensors.items()
    )


def _files_below(folder: Path, *, leave_out: Path) -> Iterator[Path]:
    """Ordinary files in a folder and those below it, in a steady order; links to folders are not followed.

    Raises:
        InputError: there are too many.
    """
    ours = leave_out.resolve()
    count = 0
    for place, folders, names in os.walk(folder):
        here = Path(place)
        # A target inside the source must not be converted again at the next run.
        folders[:] = sorted(name for name in folders if (here / name).resolve() != ours)
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                raise InputError(
                    f"{folder} holds more than {_MOST_FILES} files.", hint="Convert its folders one by one."
                )
            if (here / name).is_file():
                yield here / name


def _targets(sources: Sequence[Path], options: ConvertOptions) -> list[Path]:
    """Where each file goes: the same folders, another suffix; the old one stays where two would meet."""
    plain = [options.target / source.relative_to(options.source).with_suffix(SUFFIX) for source in sources]
    folded = [str(path).casefold() for path in plain]
    return [
        path
        if folded.count(str(path).casefold()) == 1
        else path.with_name(f"{source.name.removesuffix(SUFFIX)}{SUFFIX}")
        for source, path in zip(sources, plain, strict=True)
    ]


def _report_of(conversions: Sequence[Conversion]) -> bytes:
    rows = [
        {
            **asdict(one),
            "source": str(one.source),
            "target": None if one.target is None else str(one.target),
        }
        for one in conversions
    ]
    return (json.dumps(rows, indent=2, ensure_ascii=False) + "\n").encode()
