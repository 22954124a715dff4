"""Studio without a window: for scripts and notebooks. Reach it as ``latent_studio.api.Studio``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_studio.app.paths import Paths
from latent_studio.app.settings import load_settings
from latent_studio.app.store import SessionStore
from latent_studio.app.studio import Studio as _Parts
from latent_studio.core.errors import InputError, OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.seed_plane import SeedPoint

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.tasks.catalog import Result
    from latent_studio.core.directions import Direction
    from latent_studio.core.jobs import Progress
    from latent_studio.core.latent import Latent
    from latent_studio.core.session import Session
    from latent_studio.core.spec import GeneratorSpec


class Studio:
    """A model and a picture to play with. A notebook shows the picture of the studio that ends a cell.

    Every change is a step that ``undo`` takes back. Methods that change something give the studio back, so
    that they can be chained. The same calls give the same bytes as the window and the command line.

    Args:
        model: a file, or a name such as ``"portraits"``; none opens none yet.
        profile: folder for settings, caches and the library; the user's own by default.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; the setting by default.
        threads: for computing on the CPU, 0 for every core; the setting by default.

    Raises:
        LatentStudioError: here and below, whatever goes wrong: a sentence and a hint.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        profile: str | Path | None = None,
        device: str | None = None,
        threads: int | None = None,
    ) -> None:
        paths = Paths.choose(None if profile is None else Path(profile))
        settings = load_settings(paths)
        if device is not None:
            settings = replace(settings, device=device)
        if threads is not None:
            settings = replace(settings, threads=threads)
        self._parts = _Parts(paths, settings)
        self._store = SessionStore()
        if model is not None:
            self.open(model)

    def __repr__(self) -> str:
        """The model, the picture's place, its edits, and how many steps there are."""
        session = self.session
        if session.model is None:
            return "<Studio, no model open>"
        base = session.base
        place = "a latent"
        if isinstance(base, SeedPoint):
            beside = "" if base.is_whole else f" +{base.dx:.2f}, +{base.dy:.2f}"
            place = f"seed {base.seed}{beside}"
        edits = [f"{edit.direction.name} {edit.amount:+.2f}" for edit in session.edits]
        more = [f"{len(edits) - 3} edits more"] if len(edits) > 3 else []
        words = ", ".join([place, *edits[:3], *more])
        return f"<Studio {session.model.name}: {words}; step {len(self.history) - 1}>"

    # The model

    def open(self, model: str | Path) -> Studio:
        """Open a model; the history begins anew."""
        opened = self._parts.open_model(model)
        self._store.open_model(opened.ref, opened.start)
        return self

    @property
    def spec(self) -> GeneratorSpec:
        """Facts about the open model: family, resolution, z_dim, w_dim, num_ws."""
        return self._parts.model.spec

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions found on the open model by itself, strongest first."""
        return tuple(self._parts.model.directions)

    def direction(self, name: str) -> Direction:
        """A direction by its name or id, such as ``"sefa:3"``."""
        from latent_studio.app.tasks.named_directions import find_direction

        return find_direction(name, self._parts.model, self._parts.paths, option="direction")

    # The picture

    @property
    def session(self) -> Session:
        """The state as one frozen value."""
        return self._store.session

    def seed(self, seed: int, *, dx: float = 0.0, dy: float = 0.0) -> Studio:
        """Go to a seed, or to a place between it and its neighbours."""
        self._store.set_base(SeedPoint(seed, dx, dy), f"Go to seed {seed}")
        return self

    def start_from(self, latent: Latent) -> Studio:
        """Start from a latent instead of a seed."""
        latent.check_fits(self.spec)
        self._store.set_base(latent, "Set latent")
        return self

    def move(self, direction: str | Direction, amount: float, *, sigma: bool = False) -> Studio:
        """Set how far to go along a direction.

        Args:
            direction: itself, or its name.
            amount: in units of the direction.
            sigma: the amount is in standard deviations of the model's latents instead.
        """
        found = self.direction(direction) if isinstance(direction, str) else direction
        found.check_fits(self.spec)
        self._store.set_amount(found, amount * found.sigma if sigma else amount)
        return self

    def set(self, **settings: Any) -> Studio:
        """Change synthesis settings: ``truncation_psi=0.5``, ``noise_mode="none"``, ``class_idx=3``."""
        try:
            synthesis = replace(self.session.synthesis, **settings)
        except TypeError as error:
            raise OptionError(next(iter(settings)), f"There is no such setting: {error}.") from error
        self._store.set_synthesis(synthesis, f"Set {', '.join(settings)}")
        return self

    def reset(self) -> Studio:
        """Take all edits away."""
        self._store.clear_edits()
        return self

    def undo(self) -> Studio:
        """Take the last step back."""
        self._store.undo()
        return self

    def redo(self) -> Studio:
        """Do an undone step again."""
        self._store.redo()
        return self

    def go_to(self, step: int) -> Studio:
        """Visit a step of the history; ``history`` lists them."""
        self._store.go_to(step)
        return self

    @property
    def history(self) -> tuple[tuple[int, int | None, str], ...]:
        """Id, id of the step before, and label of every step of every branch."""
        return tuple((step.id, step.parent, step.label) for step in self._store.history.steps)

    def pixels(self) -> NDArray[np.uint8]:
        """The sharp picture, ``(H, W, C)`` uint8; C of 1 (grey), 3 (RGB) or 4 (RGBA). Read-only."""
        from latent_studio.core.render import RenderRequest

        return self._parts.engine.render_final(RenderRequest.of(self.session, revision=0)).pixels

    def ws(self) -> NDArray[np.float32]:
        """The ws that the picture is made of, ``(num_ws, w_dim)`` float32, read-only."""
        from latent_studio.core.render import RenderRequest

        return self._parts.engine.resolve_ws(RenderRequest.of(self.session, revision=0))

    def _repr_png_(self) -> bytes | None:
        """What a notebook shows."""
        if self.session.model is None:
            return None
        import io

        from latent_studio.exporters.pixels import to_image

        buffer = io.BytesIO()
        to_image(self.pixels()).save(buffer, "PNG")
        return buffer.getvalue()

    # Files

    def save(self, path: str | Path) -> Studio:
        """Write the picture, ``.png`` or ``.jpg``, with its recipe inside."""
        from latent_studio.exporters.still import save_still

        path = Path(path)
        if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise OptionError("path", f"{path.name} must end in .png or .jpg.")
        save_still(
            path, self.pixels(), self.recipe(), format="png" if path.suffix.lower() == ".png" else "jpg"
        )
        return self

    def recipe(self) -> str:
        """How the picture was made, as JSON text."""
        from latent_studio.app.recipe import recipe_of

        return recipe_of(self.session)

    def restore(self, recipe: str | Path) -> Studio:
        """Go to the state of a recipe.

        Args:
            recipe: its text, or a picture, film or JSON file that carries one.
        """
        from latent_studio.app.tasks.recipe_restore import place_of_recipe_model, recipe_text, restore_recipe

        text = str(recipe) if str(recipe).lstrip().startswith("{") else recipe_text(recipe)
        if self.session.model is None:
            place = place_of_recipe_model(text, self._parts.paths)
            if place is None:
                raise InputError("The recipe names no model.", hint="Open one first.")
            self.open(place)
        session = restore_recipe(text, self._parts.model, self._parts.paths)
        self._store.replace(session, "Restore recipe")
        return self

    def save_session(self, path: str | Path) -> Studio:
        """Write the whole document, history and all, as ``.lstudio``."""
        from latent_studio.app.document_files import save_document, suffixed
        from latent_studio.core.session_file import Document

        save_document(Document(self._store.history.state()), suffixed(Path(path)), self._parts.paths)
        return self

    def open_session(self, path: str | Path) -> Studio:
        """Go on with a document; its model is opened if another one is."""
        from latent_studio.app.model_places import find_place
        from latent_studio.core.session_file import read_document

        document = read_document(Path(path))
        ref = document.session.model
        if ref is None:
            raise InputError(f"{Path(path).name} names no model.")
        current = self.session.model
        if current is None or current.sha256 != ref.sha256:
            self.open(find_place(ref, self._parts.paths))
        self._store.open_history(document.history, self._parts.model.ref)
        return self

    def run(
        self, verb: str, *, progress: Callable[[Progress], None] = ignore_progress, **options: Any
    ) -> Result:
        """Do what a verb of the command line does: ``studio.run("generate", model="portraits", …)``.

        Args:
            verb: as typed, such as ``"model info"``.
            progress: told how far it is.
            options: as ``latent-studio VERB --help`` names them, with underscores.

        Returns:
            The verb's result; ``lines`` is what the command line prints.
        """
        from latent_studio.app.tasks.catalog import VERBS

        found = next((each for each in VERBS if each.name == verb), None)
        if found is None:
            known = ", ".join(each.name for each in VERBS)
            raise OptionError("verb", f"There is no verb {verb!r}.", hint=f"There are: {known}.")
        try:
            given = found.load_options()(**options)
        except TypeError as error:
            raise OptionError("options", f"The options of {verb} do not fit: {error}.") from error
        # A studio of its own: the verb may open another model.
        parts = _Parts(self._parts.paths, self._parts.settings)
        return found.load_task()(parts, given, progress, CancelToken())
