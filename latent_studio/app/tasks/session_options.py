"""Options that the verbs on session files share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latent_studio.core.errors import OptionError
from latent_studio.core.options import option

if TYPE_CHECKING:
    from latent_studio.core.history import Step
    from latent_studio.core.session import Session
    from latent_studio.core.session_file import Document


def file_option() -> Any:
    """Which session file."""
    return option(help="A session file, such as faces.lstudio.", positional=True, metavar="FILE")


def step_option() -> Any:
    """Which step of its history."""
    return option(
        None,
        help="Id of a step of the history, as “session show” lists them; the one shown when not given.",
        low=0,
        metavar="ID",
    )


def find_step(document: Document, id: int | None) -> Step[Session]:
    """A step of a document.

    Raises:
        OptionError: there is none of that id.
    """
    wanted = document.history.current if id is None else id
    for step in document.history.steps:
        if step.id == wanted:
            return step
    raise OptionError(
        "--step",
        f"--step is {wanted}, but this session has no such step.",
        hint="List them with: latent-studio session show FILE",
    )
