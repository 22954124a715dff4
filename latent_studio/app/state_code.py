"""The state of a session as a command line, and as Python that does the same."""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import TYPE_CHECKING

from latent_studio.app.recipe import recipe_of
from latent_studio.checkpoints.bundled import bundled_models
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import Session
from latent_studio.core.synthesis import SynthesisSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from latent_studio.app.tasks.generate import GenerateOptions
    from latent_studio.core.session import ModelRef

#: Characters of a line that every shell takes; a state with latents and noise of a photo is longer.
_LINE_AT_MOST = 8000
#: What ``generate`` has an option for.
_FLAGS = {
    "truncation_psi": "--psi",
    "truncation_cutoff": "--truncation-cutoff",
    "noise_mode": "--noise-mode",
    "noise_seed": "--noise-seed",
}


def state_as_command(
    session: Session,
    *,
    keep: Callable[[str], Path],
    file: Path | None = None,
    step: int | None = None,
) -> str:
    """One line for a shell that renders the picture shown: the same bytes as saving it.

    Args:
        session: what is shown.
        keep: called with a state that is too long for a line; writes it down and says where.
        file: the session file it is saved in, as it is now; shorter than the state itself.
        step: its step there.

    Raises:
        ExportError: the disk refuses what is too long for a line.
    """
    if file is not None and step is not None:
        return shlex.join(
            ["latent-studio", "session", "render", str(file), "--step", str(step), "--out", "picture.png"]
        )
    plain = _plain_words(session)
    if plain is not None:
        return shlex.join(["latent-studio", "generate", *plain, "--out", "pictures"])
    recipe = recipe_of(session)
    tail = ["--out", "picture.png"]
    if session.model is not None:
        tail += ["--model", model_word(session)]
    line = shlex.join(["latent-studio", "recipe", "render", recipe, *tail])
    if len(line) <= _LINE_AT_MOST:
        return line
    return shlex.join(["latent-studio", "recipe", "render", str(keep(recipe)), *tail])


def state_as_python(session: Session) -> str:
    """Python that shows the picture in a notebook, or saves it; see docs/how-to/use-from-python.md."""
    lines = ["from latent_studio.api import Studio", "", f"studio = Studio({model_word(session)!r})"]
    settings = _changed_settings(session.synthesis)
    ids = [edit.direction.id for edit in session.edits]
    is_simple = (
        isinstance(session.base, SeedPoint)
        and all(
            edit.enabled and edit.rows is None and edit.direction.info.source == "sefa"
            for edit in session.edits
        )
        and _is_otherwise_new(session)
    )
    if is_simple and isinstance(session.base, SeedPoint):
        base = session.base
        place = f"{base.seed}" if base.is_whole else f"{base.seed}, dx={base.dx!r}, dy={base.dy!r}"
        lines.append(f"studio.seed({place})")
        if settings:
            words = ", ".join(f"{name}={value!r}" for name, value in settings.items())
            lines.append(f"studio.set({words})")
        lines += [
            f"studio.move({id!r}, {edit.amount!r})" for id, edit in zip(ids, session.edits, strict=True)
        ]
    else:
        lines.append(f"studio.restore({recipe_of(session)!r})")
    lines.append('studio.save("picture.png")')
    return "\n".join(lines) + "\n"


def model_word(session: Session) -> str:
    """What to call the model by: its name if it came with the program, else its file."""
    return "" if session.model is None else place_of(session.model)


def place_of(model: ModelRef) -> str:
    """A model's name if it came with the program, else its file."""
    return model.name if model.name in bundled_models() or not model.path else model.path


def _plain_words(session: Session) -> list[str] | None:
    """What ``generate`` needs; ``None`` where it has no words for the state."""
    base, synthesis = session.base, session.synthesis
    if not (isinstance(base, SeedPoint) and base.is_whole) or len(session.edits):
        return None
    settings = _changed_settings(synthesis)
    class_idx = settings.pop("class_idx", None)
    if session.model is None or not _is_otherwise_new(session) or not set(settings) <= set(_FLAGS):
        return None
    words = [model_word(session), "--seeds", str(base.seed)]
    for name, value in settings.items():
        words += [_FLAGS[name], repr(value) if isinstance(value, float) else str(value)]
    if class_idx is not None:
        words += ["--class", str(class_idx)]
    return words


def generate_options(sessions: Sequence[Session], out: Path) -> GenerateOptions | None:
    """What makes ``generate`` write the pictures of some seeds; ``None`` where it has no words for them.

    Args:
        sessions: alike but for their seeds.
        out: the folder.
    """
    from latent_studio.app.tasks.generate import GenerateOptions

    seeds = [one.base.seed for one in sessions if isinstance(one.base, SeedPoint)]
    if not seeds or len(seeds) < len(sessions) or any(_plain_words(one) is None for one in sessions):
        return None
    first = sessions[0]
    synthesis = first.synthesis
    return GenerateOptions(
        model_word(first),
        tuple(sorted(seeds)),
        out,
        truncation_psi=synthesis.truncation_psi,
        truncation_cutoff=synthesis.truncation_cutoff,
        class_idx=synthesis.class_idx,
        noise_mode=synthesis.noise_mode,
        noise_seed=synthesis.noise_seed,
    )


def _changed_settings(synthesis: SynthesisSettings) -> dict[str, object]:
    default = SynthesisSettings()
    return {
        field.name: getattr(synthesis, field.name)
        for field in fields(synthesis)
        if getattr(synthesis, field.name) != getattr(default, field.name)
    }


def _is_otherwise_new(session: Session) -> bool:
    """Whether all that the picture depends on but model, base, edits and synthesis is as in a new session."""
    new = Session()
    return all(
        getattr(session, field.name) == getattr(new, field.name)
        for field in fields(session)
        if field.name not in ("model", "base", "edits", "synthesis", "watches_person")
    )
