"""CommandLog: what was done last in the window, to be copied as a command or as Python that does it again."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

from latent_studio.app.kept_files import keep_file
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.session import Session
from latent_studio.ui.command_text import command_text, python_text
from latent_studio.ui.exports.subject import Target, film_deed
from latent_studio.ui.twin import deed_of

if TYPE_CHECKING:
    from latent_studio.app.paths import Paths
    from latent_studio.ui.actions import Actions
    from latent_studio.ui.job_thread import Job, JobThread
    from latent_studio.ui.messages import Messages
    from latent_studio.ui.session_bridge import SessionBridge
    from latent_studio.ui.twin import Twin

#: What of a session neither its picture nor its film shows.
_UNSEEN = {"projections", "watches_person"}


class CommandLog(QObject):
    """Remembers the latest thing done, and copies what does it again without the window.

    Jobs with a twin come by themselves, and so does every change of the session: what does that again is
    what renders the picture shown now or, after a change of the timeline, its film. Whoever does something
    else at once adds it.

    Args:
        actions: has "copy_deed_command" and "copy_deed_python", and the two that copy the picture shown.
        messages: is told what was copied.
        paths: of the profile, where is kept what a command cannot hold.
        bridge: tells of changes of the session.
        parent: Qt owner.
    """

    def __init__(
        self,
        actions: Actions,
        messages: Messages,
        *,
        paths: Paths,
        bridge: SessionBridge,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._messages = messages
        self._paths = paths
        self._threads: list[JobThread] = []
        #: ``None`` is the picture shown.
        self._latest: Twin | None = None
        self._has_picture = False
        self._copiers = (actions["copy_deed_command"], actions["copy_deed_python"])
        self._picture_copiers = (actions["copy_command"], actions["copy_python"])
        self._copiers[0].triggered.connect(self.copy_command)
        self._copiers[1].triggered.connect(self.copy_python)
        bridge.session_changed.connect(self._take_change)
        self._enable()

    def watch(self, jobs: JobThread) -> None:
        """Remember the jobs of a thread."""
        self._threads.append(jobs)
        jobs.queued.connect(self._take_job)

    def add(self, twin: Twin | None) -> None:
        """Remember something that was done at once.

        Args:
            twin: what does the same; ``None`` for what shows in the picture, or is said best by it.
        """
        self._latest = twin
        self._enable()

    def copy(self, twin: Twin, *, as_python: bool = False) -> None:
        """Copy what does something again."""
        kept: list[Path] = []

        def keep(content: str | bytes, /, *, stem: str, suffix: str = ".json") -> Path:
            kept.append(keep_file(content, self._paths, stem=stem, suffix=suffix))
            return kept[-1]

        try:
            deed = deed_of(twin, keep)
        except LatentStudioError as error:
            self._messages.warning(error.title, hint=error.hint)
            return
        text = python_text(*deed) if as_python else command_text(*deed)
        QGuiApplication.clipboard().setText(text)
        names = ", ".join(str(path) for path in kept)
        self._messages.success(
            self.tr("On the clipboard: {text}").format(text=_first_words(text)),
            hint=self.tr("What it needs is kept in {file}.").format(file=names) if kept else "",
        )

    @Slot()
    def copy_command(self) -> None:
        """Copy the command line that does the latest thing again."""
        self._copy_latest(as_python=False)

    @Slot()
    def copy_python(self) -> None:
        """Copy Python that does it again."""
        self._copy_latest(as_python=True)

    def _copy_latest(self, *, as_python: bool) -> None:
        if self._latest is None:
            self._picture_copiers[as_python].trigger()
        else:
            self.copy(self._latest, as_python=as_python)

    @Slot(object)
    def _take_job(self, job: Job) -> None:
        if job.twin is not None or not job.is_quiet:
            self.add(job.twin)

    @Slot(object, object)
    def _take_change(self, old: Session, new: Session) -> None:
        self._has_picture = new.model is not None
        names = (field.name for field in fields(Session))
        changed = {name for name in names if getattr(old, name) is not getattr(new, name)}
        if changed - _UNSEEN:
            jobs = (thread.ending for thread in self._threads)
            twins = (job.twin for job in jobs if job is not None and job.twin is not None)
            is_film = changed <= {"timeline", *_UNSEEN} and new.timeline.duration > 0
            film = partial(film_deed, new, Target(Path("film.mp4"), "mp4"), None) if is_film else None
            # What a job brings about is what that job does.
            self._latest = next(twins, film)
        self._enable()

    def _enable(self) -> None:
        for action in self._copiers:
            action.setEnabled(self._latest is not None or self._has_picture)


def _first_words(text: str) -> str:
    line = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return line if len(line) <= 90 else f"{line[:90]}…"
