"""Handover: what was found for photos goes on to the timeline and to the directions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from latent_studio.core.errors import LatentStudioError
from latent_studio.core.pose import Pose
from latent_studio.ui.photos.controls import button, flow

if TYPE_CHECKING:
    from latent_studio.core.session import Session
    from latent_studio.core.timeline import Timeline
    from latent_studio.ui.api import DockContext

#: Seconds from photo to photo.
_STEP_SECONDS = 2.0


class Handover(QWidget):
    """Two buttons: keys of all photos that were found, and a direction from two folders of photos.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._keys = button(
            self, "projection-to-timeline", self.tr("Photos to timeline"),
            self.tr("A key for each photo that was found, so that one becomes the next."),
        )  # fmt: skip
        self._keys.clicked.connect(self.make_keys)
        self._learn = button(
            self, "projection-learn", self.tr("Learn from folders…"),
            self.tr("Two folders of photos, with something and without: the difference becomes a slider."),
        )  # fmt: skip
        self._learn.clicked.connect(self._ask_for_folders)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(flow(self._keys, self._learn))
        context.bridge.session_changed.connect(self._follow)
        self._show(context.store.session)

    @Slot()
    def make_keys(self) -> None:
        """Put a key of each projected photo on the timeline, after what is there: one step of the history."""
        store = self._context.store
        session = store.session
        try:
            timeline = _with_photos(session)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        store.close_gesture()
        store.replace(
            replace(session, timeline=timeline), self.tr("Add %n key(s)", "", len(session.projections))
        )
        self._context.navigation.show_dock("timeline")

    @Slot()
    def _ask_for_folders(self) -> None:
        wanted = QFileDialog.getExistingDirectory(self, self.tr("Folder of pictures with it"))
        other = wanted and QFileDialog.getExistingDirectory(self, self.tr("Folder of pictures without it"))
        if wanted and other:
            self._context.navigation.rate_folders((Path(wanted), Path(other)))

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if old.projections is not new.projections:
            self._show(new)

    def _show(self, session: Session) -> None:
        can_make = len(session.projections) > 1
        self._keys.setEnabled(can_make)
        self._keys.setToolTip(
            self.tr("A key for each photo that was found, so that one becomes the next.")
            if can_make
            else self.tr("A key for each photo that was found: project two or more first.")
        )


def _with_photos(session: Session) -> Timeline:
    """The session's timeline with a key for each projected photo, two seconds apart."""
    from latent_studio.app.latent_keys import pose_of_latent

    timeline = session.timeline
    start = max((key.seconds for key in timeline.keys), default=-_STEP_SECONDS) + _STEP_SECONDS
    for index, photo in enumerate(session.projections):
        pose = pose_of_latent(photo.latent, Pose.of(session), noise=photo.noise)
        timeline = timeline.with_pose(
            start + index * _STEP_SECONDS, pose, name=photo.name, model=session.model
        )
    return timeline
