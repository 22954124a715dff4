"""session show: what a session file holds."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from latent_studio.app.tasks.session_options import file_option
from latent_studio.core.options import check_options, option
from latent_studio.core.seed_plane import SeedPoint

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.history import Step
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.core.session_file import Document


@dataclass(frozen=True, slots=True)
class SessionShowOptions:
    """Which file, and how to say it."""

    file: Path = file_option()
    json: bool = option(False, help="As JSON, for other programs.")


@dataclass(frozen=True, slots=True)
class SessionShowResult:
    """What is in the file.

    Attributes:
        document: all of it.
        as_json: what ``lines`` should look like.
    """

    document: Document
    as_json: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The model, the picture shown, and the tree of steps; or one JSON object."""
        document = self.document
        session = document.session
        if self.as_json:
            return (json.dumps(_facts(document), indent=2, ensure_ascii=False),)
        model = session.model
        rows = [
            ("model", "none" if model is None else f"{model.name}, sha256 {model.sha256[:16]}…"),
            ("base", _base_words(session)),
            ("edits", ", ".join(f"{e.direction.name} {e.amount:+.4g}" for e in session.edits) or "none"),
            ("psi", f"{session.synthesis.truncation_psi:g}"),
            ("steps", f"{len(document.history.steps) - 1}, shown is {document.history.current}"),
            ("ratings", str(len(document.ratings)) if document.ratings else "none"),
            ("notes", document.notes or "none"),
        ]
        lines = [f"{name:<9}{value}" for name, value in rows]
        return (*lines, "", *_tree(document))


def run_session_show(
    studio: Studio, options: SessionShowOptions, progress: ProgressSink, cancel: CancelToken
) -> SessionShowResult:
    """Read a session file and describe it. Needs neither its model nor torch.

    Raises:
        SessionFileError: the file cannot be used; says why.
    """
    from latent_studio.core.session_file import read_document

    check_options(options)
    return SessionShowResult(read_document(options.file), options.json)


def _base_words(session: Session) -> str:
    base = session.base
    if isinstance(base, SeedPoint):
        return f"seed {base.seed}" + ("" if base.is_whole else f" + ({base.dx:.3f}, {base.dy:.3f})")
    return f"a latent in {base.space.value} of shape {base.values.shape}"


def _tree(document: Document) -> list[str]:
    """The steps, each below the one it went on from; a line goes on without indenting until it forks."""
    children: dict[int | None, list[Step[Session]]] = {}
    for step in document.history.steps:
        children.setdefault(step.parent, []).append(step)
    lines: list[str] = []
    todo = [(step, 0) for step in reversed(children.get(None, []))]
    while todo:
        step, depth = todo.pop()
        marks = ("> " if step.id == document.history.current else "  ") + ("* " if step.starred else "  ")
        when = _clock(step.seconds)
        lines.append(f"{marks}{'  ' * depth}{step.id:>4}  {when}  {step.label or 'Begin'}")
        after = children.get(step.id, [])
        deeper = depth + (len(after) > 1)
        todo.extend((child, deeper) for child in reversed(after))
    return lines


def _clock(seconds: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return "at some time       "


def _facts(document: Document) -> dict[str, object]:
    session = document.session
    model = session.model
    return {
        "model": None if model is None else {"name": model.name, "path": model.path, "sha256": model.sha256},
        "base": _base_words(session),
        "edits": [
            {"id": e.id, "name": e.direction.name, "amount": e.amount, "enabled": e.enabled}
            for e in session.edits
        ],
        "current": document.history.current,
        "steps": [
            {
                "id": step.id,
                "parent": step.parent,
                "label": step.label,
                "seconds": step.seconds,
                "starred": step.starred,
            }
            for step in document.history.steps
        ],
        "ratings": {str(seed): stars for seed, stars in document.ratings.items()},
        "notes": document.notes,
    }
