"""model add: a file of the user's, kept in the library under a name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.library import check_name, keep_in_library, library_dir, name_from
from latent_studio.app.tasks.picture_options import family_option
from latent_studio.checkpoints.bundled import weights_path
from latent_studio.core.errors import OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink

#: Share of the progress bar that reading takes.
_READ = 0.9


@dataclass(frozen=True, slots=True)
class ModelAddOptions:
    """Which file, and what to call it."""

    file: Path = option(help="A model file of any format that opens.", positional=True, metavar="FILE")
    name: str | None = option(
        None, help="What to call it; made of the file's name when not given.", metavar="NAME"
    )
    licence: str | None = option(None, help="Licence to note if the file states none.", metavar="TEXT")
    family: str | None = family_option()
    replace: bool = option(False, help="Take the place of a model of the same name.")


@dataclass(frozen=True, slots=True)
class ModelAddResult:
    """Where the model is.

    Attributes:
        name: as verbs take it.
        path: the safetensors file in the library.
    """

    name: str
    path: Path

    @property
    def lines(self) -> tuple[str, ...]:
        """The path."""
        return (str(self.path),)


def run_model_add(
    studio: Studio, options: ModelAddOptions, progress: ProgressSink, cancel: CancelToken
) -> ModelAddResult:
    """Read a model file and keep its weights in the library. The file itself stays as it is.

    Raises:
        OptionError: the name is none, or taken.
        CheckpointError: the file cannot be used.
        ExportError: the library cannot be written.
        Cancelled: a stop was asked for; nothing is left.
    """
    from latent_studio.checkpoints.open import open_checkpoint
    from latent_studio.generators.catalog import build_generator

    check_options(options)
    name = options.name if options.name is not None else name_from(options.file.stem)
    check_name(name)
    if weights_path(library_dir(studio.paths), name).is_file() and not options.replace:
        raise OptionError(
            "--name",
            f"There is a model {name} in your library.",
            hint="Choose another name with --name, or take its place with --replace.",
        )
    checkpoint = open_checkpoint(
        options.file,
        family=options.family,
        progress=lambda fraction, message: progress(Progress(_READ * fraction, message)),
        check_cancel=cancel.check,
    )
    # What cannot be built would only disappoint later.
    build_generator(checkpoint)
    cancel.check()
    origin = checkpoint.provenance
    named = replace(origin, name=name, licence=origin.licence or options.licence or "")
    path = keep_in_library(
        replace(checkpoint, provenance=named),
        name,
        studio.paths,
        source=options.file.name,
        source_sha256=origin.sha256,
        was_known=False,
    )
    progress(Progress(1.0, f"{name} is in the library"))
    return ModelAddResult(name, path)
