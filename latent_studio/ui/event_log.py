"""EventLog: what happened in the window as lines of JSON, for tests that watch the program from outside."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, TextIO

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.models import LoadedModel
    from latent_studio.core.jobs import Progress
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.job_thread import Job

#: Names the file; without it nothing is written.
VARIABLE = "LATENT_STUDIO_EVENT_LOG"


class EventLog(QObject):
    """Writes one line per event: ``{"event": …, "seconds": …, …}``, flushed at once.

    Args:
        path: the file; what is in it is replaced.
        parent: Qt owner.
    """

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file: TextIO = path.open("w", encoding="utf-8")

    def write(self, event: str, **facts: object) -> None:
        """Write one event with its facts."""
        if not self._file.closed:
            line = {"event": event, "seconds": round(time.monotonic(), 4), **facts}
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()

    def close(self) -> None:
        """End the file."""
        self._file.close()

    @Slot(object)
    def frame(self, frame: Frame) -> None:
        """A picture is shown."""
        self.write(
            "frame",
            revision=frame.revision,
            quality=frame.quality.name.lower(),
            size=list(frame.pixels.shape[:2]),
            milliseconds=round(1000 * frame.seconds, 2),
            mean=round(float(frame.pixels.mean()), 3),
        )

    @Slot(object, object)
    def session(self, old: Session, new: Session) -> None:
        """The session changed."""
        self.write(
            "session",
            base=str(new.base),
            edits=[[edit.id, round(edit.amount, 6), edit.enabled] for edit in new.edits],
            truncation_psi=new.synthesis.truncation_psi,
            noise_mode=new.synthesis.noise_mode,
        )

    @Slot(object)
    def model(self, model: LoadedModel) -> None:
        """A model is open."""
        self.write("model", name=model.ref.name, sha256=model.ref.sha256, directions=len(model.directions))

    @Slot(object)
    def job_started(self, job: Job) -> None:
        """A job began."""
        self.write("job_started", id=job.id, title=job.title)

    @Slot(object, object)
    def job_progressed(self, job: Job, progress: Progress) -> None:
        """A job reported."""
        self.write("job_progressed", id=job.id, fraction=progress.fraction, message=progress.message)

    @Slot(object, object)
    def job_done(self, job: Job, result: object) -> None:
        """A job ended well."""
        self.write("job_done", id=job.id, title=job.title, result=type(result).__name__)

    @Slot(object, object)
    def job_failed(self, job: Job, failure: Failure) -> None:
        """A job failed."""
        self.write("job_failed", id=job.id, title=job.title, failure=failure.title)

    @Slot(object)
    def job_cancelled(self, job: Job) -> None:
        """A job was cancelled."""
        self.write("job_cancelled", id=job.id, title=job.title)

    @Slot(object)
    def failure(self, failure: Failure) -> None:
        """A picture or a model failed."""
        self.write("failure", title=failure.title, hint=failure.hint)


def wanted_path() -> str | None:
    """The file named in the environment, if any."""
    return os.environ.get(VARIABLE) or None
