"""session render: pictures of a session file's steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.session_options import file_option, find_step, step_option
from latent_studio.core.errors import OptionError
from latent_studio.core.jobs import Progress
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.exporters.still import StillFormat


@dataclass(frozen=True, slots=True)
class SessionRenderOptions:
    """Which file, which of its steps, and where the picture goes."""

    file: Path = file_option()
    out: Path = option(help="The picture, .png or .jpg; with --starred a folder for them.", metavar="PATH")
    step: int | None = step_option()
    starred: bool = option(False, help="All starred steps, one file each, into the folder --out.")
    model: str | None = option(
        None, help="Use this model, a file or a name, whatever the session says.", metavar="MODEL"
    )


@dataclass(frozen=True, slots=True)
class SessionRenderResult:
    """What was written.

    Attributes:
        paths: the pictures.
    """

    paths: tuple[Path, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The paths."""
        return tuple(str(path) for path in self.paths)


def run_session_render(
    studio: Studio, options: SessionRenderOptions, progress: ProgressSink, cancel: CancelToken
) -> SessionRenderResult:
    """Render a step of a session sharp, with its recipe inside. The window gives the same bytes.

    Raises:
        SessionFileError: the file cannot be used; says why.
        ModelNotFoundError: its model is nowhere to be found.
        LatentStudioError: the model cannot be opened, an option does not fit, or the disk refuses.
        Cancelled: a stop was asked for.
    """
    from latent_studio.app.model_places import find_place
    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.render import RenderRequest
    from latent_studio.core.session_file import read_document
    from latent_studio.exporters.part_file import make_folder
    from latent_studio.exporters.still import save_still

    check_options(options)
    if options.starred and options.step is not None:
        raise OptionError("--step", "--step and --starred cannot be used together.")
    suffix = options.out.suffix.lower()
    if not options.starred and suffix not in (".png", ".jpg", ".jpeg"):
        raise OptionError("--out", f"--out is {options.out.name}, but must end in .png or .jpg.")
    document = read_document(options.file)
    starred = [step for step in document.history.steps if step.starred]
    if options.starred and not starred:
        raise OptionError("--starred", "No step of this session is starred.", hint="Leave --starred out.")
    steps = starred if options.starred else [find_step(document, options.step)]
    ref = steps[0].value.model
    if ref is None:
        raise OptionError("FILE", f"{options.file.name} was saved before a model was open.")
    cancel.check()
    model = studio.open_model(
        options.model or find_place(ref, studio.paths), progress=progress, cancel=cancel
    )
    if options.starred:
        make_folder(options.out)
    paths = []
    for index, step in enumerate(steps):
        request = RenderRequest.of(step.value, revision=index)
        (frame,) = studio.engine.render_batch((request,), check_cancel=cancel.check)
        path = options.out / f"step{step.id:04d}.png" if options.starred else options.out
        format: StillFormat = "png" if path.suffix.lower() == ".png" else "jpg"
        save_still(path, frame.pixels, recipe_of(step.value), format=format)
        paths.append(path)
        progress(Progress((index + 1) / len(steps), f"Rendered {index + 1} of {len(steps)}", preview=frame))
    if options.model:
        _check_same(model.ref.sha256, ref.sha256, progress)
    return SessionRenderResult(tuple(paths))


def _check_same(used: str, meant: str, progress: ProgressSink) -> None:
    if used != meant:
        progress(Progress(1.0, "This is another model than the session was made with"))
