"""The only door to weights on disk.

Whatever lies behind a path, what comes out is a :class:`~latent_studio.checkpoints.checkpoint.Checkpoint` or
an error with one sentence and a hint. Nothing in a file is ever run.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from latent_studio.checkpoints import numpy_files, refusals
from latent_studio.checkpoints.checkpoint import Checkpoint, Provenance
from latent_studio.checkpoints.digest import Digest
from latent_studio.checkpoints.families import FAMILIES
from latent_studio.checkpoints.layouts import LAYOUTS
from latent_studio.checkpoints.nvidia import read_nvidia
from latent_studio.checkpoints.room import check_room
from latent_studio.checkpoints.safetensors_file import read_safetensors
from latent_studio.checkpoints.sniff import FileFormat, sniff, sniff_path
from latent_studio.checkpoints.source import ByteRange, Source
from latent_studio.checkpoints.state_dicts import Converted, read_state_dict
from latent_studio.checkpoints.tensors import read_tensors
from latent_studio.checkpoints.torch_legacy import LegacyReader
from latent_studio.checkpoints.torch_zip import read_torch_zip, torch_vocabulary
from latent_studio.core.errors import (
    Cancelled,
    CheckpointError,
    CorruptFileError,
    LatentStudioError,
    OptionError,
    OutOfMemoryError,
    UnknownFormatError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from latent_studio.checkpoints.found import Found

LARGEST_FILE_BYTES = 8 << 30

# Shares of the progress bar.
_LOCATED = 0.05
_READ = 0.9

_NOT_A_MODEL = {
    FileFormat.ZIP: ("is a zip archive without a model in it", refusals.WHAT_OPENS),
    FileFormat.ARCHIVE: ("is a packed archive", "Unpack it and open the model inside."),
    FileFormat.HDF5: ("is an HDF5 file, in which no generator of this version comes", refusals.WHAT_OPENS),
    FileFormat.HTML: (
        "is a web page, not a model: the download went wrong",
        "Download it again in a browser; large files there often ask for a confirmation first.",
    ),
    FileFormat.GIT_LFS: (
        "is a Git LFS pointer, not the model itself",
        "Run “git lfs pull” in the folder it was cloned to.",
    ),
    FileFormat.JSON: ("is a JSON file, not a model", refusals.WHAT_OPENS),
    FileFormat.IMAGE: (
        "is a picture, not a model",
        f"Photos cannot be projected yet. {refusals.WHAT_OPENS}",
    ),
    FileFormat.TEXT: ("is a text file, not a model", refusals.WHAT_OPENS),
    FileFormat.UNKNOWN: ("is in a format this version does not know", refusals.WHAT_OPENS),
}
_NO_FILE = {
    FileFormat.MISSING: ("There is no file {path}.", "Check the path; it may have been moved or renamed."),
    FileFormat.DIRECTORY: ("{name} is a folder, not a model.", "Open a file inside it."),
    FileFormat.SPECIAL: ("{name} is a pipe or device, not a file.", "Copy the model into an ordinary file."),
    FileFormat.NO_PERMISSION: ("{name} may not be read.", "Ask its owner for permission, or copy it."),
    FileFormat.UNREADABLE: ("{name} cannot be read.", "Check the path and the disk it is on."),
}


def open_checkpoint(
    path: Path | str,
    *,
    family: str | None = None,
    progress: Callable[[float, str], None] | None = None,
    check_cancel: Callable[[], None] | None = None,
) -> Checkpoint:
    """Read the generator in a file.

    Args:
        path: a safetensors file, a network pickle of NVIDIA's or a PyTorch file, whatever its suffix.
        family: id in the generator catalogue to read it as; ``None`` finds out.
        progress: told the fraction done, 0 to 1, and what is being done.
        check_cancel: asked now and then; raises ``Cancelled`` to stop.

    Returns:
        its tensors on the CPU, finite, in memory of their own.

    Raises:
        UnsafeCheckpointError: the file asks for something that is not plain tensor data.
        UnknownFormatError: it is no format or family this version reads, or of another family than asked.
        OptionError: there is no such family.
        MissingWeightsError: it has no weights, or some are not finite.
        CorruptFileError: it is empty, cut short or damaged.
        CheckpointError: there is no such file, or it cannot be read.
        OutOfMemoryError: it does not fit in memory.
        Cancelled: ``check_cancel`` said so.
    """
    path = Path(path)
    name = refusals.display_name(path)

    def report(fraction: float, message: str) -> None:
        if check_cancel is not None:
            check_cancel()
        if progress is not None:
            progress(fraction, message)

    try:
        return _open(path, family, report=report)
    except (LatentStudioError, Cancelled):
        raise
    except OSError as error:
        raise CheckpointError(
            f"{name} cannot be read: {error.strerror or error}.", hint="Check the disk it is on."
        ) from error
    except Exception as error:
        # Strangers write these files. Whatever a reader trips over, the file is to blame, and the program
        # goes on.
        if _is_out_of_memory(error):
            raise OutOfMemoryError(
                f"{name} does not fit in memory.", hint="Close other models and programs, then try again."
            ) from error
        raise refusals.damaged(name, f"it makes no sense ({type(error).__name__})") from error


def _open(path: Path, family: str | None, *, report: Callable[[float, str], None]) -> Checkpoint:
    if family is not None and family not in FAMILIES:
        raise OptionError(
            "--family",
            f"--family is {refusals.quoted(family)}, which is no family.",
            hint=f"There are: {', '.join(sorted(FAMILIES))}.",
        )
    try:
        source = Source(path)
    except (OSError, ValueError) as error:
        raise _no_file(path) from error
    with source:
        if source.size > LARGEST_FILE_BYTES:
            raise refusals.unknown(
                source.name, f"has {source.size / 2**30:.1f} GB; models above 8 GB are not opened"
            )
        report(0.0, f"Looking at {source.name}")
        with Digest(source) as digest:
            found = _find(source, family)
            check_room(found.tensors, source.name)
            report(_LOCATED, f"Reading {source.name}")
            made = _in_our_names(
                found,
                read_tensors(
                    found.tensors,
                    source,
                    report=lambda done: report(
                        _LOCATED + (_READ - _LOCATED) * done, f"Reading {source.name}"
                    ),
                ),
            )
            sha256 = digest.result(
                report=lambda done: report(_READ + (1.0 - _READ) * done, f"Checking {source.name}")
            )
        source.check_unchanged()
        report(1.0, f"Read {source.name}")
        return Checkpoint(
            family=found.family,
            tensors=MappingProxyType(dict(made.tensors)),
            options=MappingProxyType(dict(made.options)),
            provenance=Provenance(
                path=path,
                format=found.format,
                sha256=sha256,
                size_bytes=source.size,
                name=found.name or refusals.printable(path.stem),
                licence=found.licence,
                notes=(*found.notes, *made.notes),
                labels=found.labels,
                averaged=found.averaged,
            ),
        )


def _in_our_names(found: Found, tensors: dict[str, Tensor]) -> Converted:
    """A generator's tensors by the catalogue's names, with all options of its family."""
    made = Converted(tensors) if found.convert is None else found.convert(tensors)
    family = FAMILIES.get(found.family)
    defaults = {} if family is None else family.defaults
    return replace(made, options={**defaults, **found.options, **made.options})


def _no_file(path: Path) -> CheckpointError:
    """Why a path could not be opened."""
    title, hint = _NO_FILE.get(sniff_path(path), _NO_FILE[FileFormat.UNREADABLE])
    shown = {"name": refusals.display_name(path), "path": refusals.printable(str(path))}
    return CheckpointError(title.format(**shown), hint=hint)


def _find(source: Source, family: str | None) -> Found:
    """Locate the generator, or say why there is none, or none of the family asked for."""
    found = _find_any(source, family)
    if family is not None and found.family != family:
        known = FAMILIES.get(found.family)
        raise UnknownFormatError(
            f"{source.name} holds a {known.title if known else found.family} generator,"
            f" and was to be read as {FAMILIES[family].title}.",
            hint="Leave the choice of the family to the program.",
        )
    return found


def _find_any(source: Source, family: str | None) -> Found:
    match sniff(source):
        case FileFormat.SAFETENSORS:
            return read_safetensors(source, family=family)
        case FileFormat.PICKLE:
            return read_nvidia(source)
        case FileFormat.TORCH_ZIP:
            return _in_state_dict(read_torch_zip(source), source, family)
        case FileFormat.TORCH_LEGACY:
            reader = LegacyReader(source, names=torch_vocabulary(source))
            tree = reader.read(ByteRange(source, 0, source.size))
            return _in_state_dict(tree, source, family)
        case FileFormat.NUMPY_ARRAY:
            raise numpy_files.npy_refusal(source)
        case FileFormat.NUMPY_ARCHIVE:
            raise numpy_files.npz_refusal(source)
        case FileFormat.EMPTY:
            raise CorruptFileError(f"{source.name} is empty.", hint=refusals.GET_IT_AGAIN)
        case kind:
            what, hint = _NOT_A_MODEL[kind]
            raise refusals.unknown(source.name, what, hint=hint)


def _in_state_dict(tree: object, source: Source, family: str | None) -> Found:
    """By the layouts of the family asked for; by all if those do not fit, to say what it is instead."""
    own = [layout for layout in LAYOUTS if layout.family == family]
    try:
        return read_state_dict(tree, source, layouts=own or LAYOUTS)
    except UnknownFormatError:
        if not own:
            raise
        return read_state_dict(tree, source, layouts=LAYOUTS)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and "allocate" in str(error).lower()
    )
