"""model remove: a model of the library, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.app.library import remove_from_library
from latent_studio.core.options import check_options, option

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink


@dataclass(frozen=True, slots=True)
class ModelRemoveOptions:
    """Which model."""

    name: str = option(
        help="Which one; “latent-studio model list” says what is in the library.",
        positional=True,
        metavar="NAME",
    )


@dataclass(frozen=True, slots=True)
class ModelRemoveResult:
    """What was deleted.

    Attributes:
        folder: the model was in.
    """

    folder: Path

    @property
    def lines(self) -> tuple[str, ...]:
        """The folder."""
        return (str(self.folder),)


def run_model_remove(
    studio: Studio, options: ModelRemoveOptions, progress: ProgressSink, cancel: CancelToken
) -> ModelRemoveResult:
    """Delete a model of the library.

    Raises:
        OptionError: it came with the program, or is not in the library.
        ExportError: the library cannot be written.
    """
    check_options(options)
    return ModelRemoveResult(remove_from_library(options.name, studio.paths))
