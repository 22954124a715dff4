"""session extract: the parts of a session file as files other programs read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.session_options import file_option, find_step, step_option
from latent_studio.core.options import check_options, option
from latent_studio.core.seed_plane import SeedPoint

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class SessionExtractOptions:
    """Which file, which of its steps, and where the parts go."""

    file: Path = file_option()
    out: Path = option(help="Folder for the parts; made if it is missing.", metavar="DIR")
    step: int | None = step_option()


@dataclass(frozen=True, slots=True)
class SessionExtractResult:
    """What was written.

    Attributes:
        paths: the files.
    """

    paths: tuple[Path, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The paths."""
        return tuple(str(path) for path in self.paths)


def run_session_extract(
    studio: Studio, options: SessionExtractOptions, progress: ProgressSink, cancel: CancelToken
) -> SessionExtractResult:
    """Write ``recipe.json``, the latent as ``base.npy`` where there is one, and ``thumbnails/``.

    Directions of the step are ``directions/NAME.npy`` where they are one array. Names come from us, never
    from the file. Needs neither the model nor torch.

    Raises:
        SessionFileError: the file cannot be used; says why.
        OptionError: there is no such step.
        ExportError: the disk refuses.
        Cancelled: a stop was asked for.
    """
    import io

    import numpy as np

    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.session_file import read_document
    from latent_studio.core.session_record import directions_of, name_of
    from latent_studio.exporters.part_file import make_folder, write_file

    check_options(options)
    document = read_document(options.file)
    session = find_step(document, options.step).value
    parts: dict[str, bytes] = {
        "recipe.json": json.dumps(json.loads(recipe_of(session)), indent=1, sort_keys=True).encode()
    }

    def npy(array: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        return buffer.getvalue()

    if not isinstance(session.base, SeedPoint):
        parts["base.npy"] = npy(session.base.values)
    for direction in directions_of(session):
        vector = getattr(direction, "vector", None)
        if isinstance(vector, np.ndarray):
            parts[f"directions/{name_of(direction)}.npy"] = npy(vector)
    for id, picture in document.thumbnails.items():
        parts[f"thumbnails/step{id:04d}.jpg"] = picture
    if document.notes:
        parts["notes.txt"] = document.notes.encode()
    paths = []
    for name, raw in parts.items():
        cancel.check()
        path = options.out / name
        make_folder(path.parent)
        write_file(path, raw)
        paths.append(path)
    return SessionExtractResult(tuple(paths))
