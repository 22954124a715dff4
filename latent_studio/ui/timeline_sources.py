"""TimelineSources: where keys may come from besides the picture: walks, history, projections, files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from latent_studio.app.latent_keys import pose_of_latent
from latent_studio.app.walk_keys import WalkOptions, poses_of
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.pose import Pose
from latent_studio.ui.forms import OptionsForm
from latent_studio.ui.pose_names import describe_base
from latent_studio.ui.widgets.form_sheet import FormSheet

if TYPE_CHECKING:
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.ui.api import DockContext

#: Steps of the history that are offered, the latest ones.
_STEPS = 14
_MOST_LATENTS = 200


class TakePlaces(Protocol):
    """Adds keys."""

    def __call__(
        self, places: list[tuple[Pose, str]], step_seconds: float = ..., is_loop: bool = ...
    ) -> None:
        """One key each, the first at the playhead."""
        ...


class TimelineSources(QObject):
    """Fills a menu with places that keys can be made of.

    Args:
        context: the window's parts.
        owner: sheets and dialogs stand over its window.
    """

    def __init__(self, context: DockContext, owner: QWidget) -> None:
        super().__init__(owner)
        self._context = context
        self._owner = owner
        self._take: TakePlaces | None = None

    def set_taker(self, take: TakePlaces) -> None:
        """Who adds the keys."""
        self._take = take

    def fill(self, menu: QMenu) -> None:
        """Add entries for what there is now."""
        walk = menu.addAction(self.tr("Keys of a walk…"))
        walk.setObjectName("timeline-walk")
        walk.triggered.connect(self.ask_for_walk)
        history = menu.addMenu(self.tr("Key of the history"))
        history.setObjectName("timeline-history")
        self._fill_history(history)
        projections = self._projections()
        if projections:
            inner = menu.addMenu(self.tr("Key of a projection"))
            for pose, name in projections:
                inner.addAction(name).triggered.connect(partial(self._give, [(pose, name)]))
        latents = menu.addAction(self.tr("Keys of a latent file or pool…"))
        latents.setObjectName("timeline-latents")
        latents.triggered.connect(self.ask_for_latents)

    def _fill_history(self, menu: QMenu) -> None:
        session = self._context.store.session
        steps = [
            step
            for step in self._context.store.history.steps
            if step.value.model == session.model and Pose.of(step.value) != Pose()
        ]
        seen: set[Pose] = set()
        for step in reversed(steps):
            pose = Pose.of(step.value)
            if pose in seen or len(seen) >= _STEPS:
                continue
            seen.add(pose)
            words = step.label or self.tr("Start")
            name = describe_base(pose.base)
            menu.addAction(f"{words} – {name}").triggered.connect(partial(self._give, [(pose, name)]))
        menu.setEnabled(bool(seen))

    def _projections(self) -> list[tuple[Pose, str]]:
        """Latents that photos were projected to, where the session keeps some."""
        session = self._context.store.session
        return [
            (
                pose_of_latent(photo.latent, Pose.of(session), noise=photo.noise),
                photo.name or self.tr("photo {n}").format(n=index + 1),
            )
            for index, photo in enumerate(session.projections)
        ]

    @Slot()
    def ask_for_walk(self) -> None:
        """Show the form of a walk."""
        model = self._context.models.model
        if model is None:
            return
        form = OptionsForm(WalkOptions)
        form.setTexts("seconds", label=self.tr("Seconds between"))

        def begin() -> str:
            try:
                options = form.build()
                assert isinstance(options, WalkOptions)  # noqa: S101 -- the form's own class
                places = poses_of(options, Pose.of(self._context.store.session), model.spec)
            except LatentStudioError as error:
                return str(error)
            if self._take is not None:
                self._take(places, options.seconds, options.closed)
            return ""

        sheet = FormSheet(
            self.tr("Keys of a walk"),
            self.tr("Each key has the sliders and settings of the picture you see, at another place."),
            form,
            button=self.tr("Add keys"),
            begin=begin,
            parent=self._owner.window(),
        )
        sheet.dismissed.connect(sheet.deleteLater)
        sheet.openOverlay()

    @Slot()
    def ask_for_latents(self) -> None:
        """Ask for a file of latents."""
        chosen, _ = QFileDialog.getOpenFileName(
            self._owner,
            self.tr("Latents"),
            "",
            self.tr("Latents and pools (*.npy *.npz *.pt *.pth *.safetensors pool.json);;All files (*)"),
        )
        if chosen:
            self.take_latents(Path(chosen))

    def take_latents(self, path: Path) -> None:
        """Keys of the latents in a file."""
        self._context.jobs.start(
            self.tr("Read {name}").format(name=path.name),
            partial(_read, self._context.studio, path, Pose.of(self._context.store.session)),
            on_done=partial(self._give_latents, path.name),
            on_failed=self._context.messages.failure,
            quiet=True,
        )

    def _give_latents(self, name: str, places: list[tuple[Pose, str]]) -> None:
        shown = places[:_MOST_LATENTS]
        self._give(shown)
        if len(shown) < len(places):
            self._context.messages.news(
                self.tr("{name} holds {count} latents; the first {shown} became keys.").format(
                    name=name, count=len(places), shown=len(shown)
                )
            )

    def _give(self, places: list[tuple[Pose, str]], *_: object) -> None:
        if self._take is not None:
            self._take(places)


def _read(
    studio: Studio, path: Path, pose: Pose, progress: ProgressSink, cancel: CancelToken
) -> list[tuple[Pose, str]]:
    from latent_studio.app.latent_keys import poses_of_file

    cancel.check()
    return poses_of_file(path, pose, studio.model.spec, model=studio.model.ref)
