"""EventLog: what happened in the window as lines of JSON, for tests that watch the program from outside."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer, Slot
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from latent_studio.app.models import LoadedModel
    from latent_studio.core.jobs import Progress
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.job_thread import Job
    from latent_studio.ui.main_window import MainWindow
    from latent_studio.ui.render_controller import RenderController
    from latent_studio.ui.widgets.latent_canvas import LatentCanvas

#: Names the file; without it nothing is written.
VARIABLE = "LATENT_STUDIO_EVENT_LOG"
#: Places are written once the window has rested this long.
_REST_MS = 150


class EventLog(QObject):
    """Writes one line per event: ``{"event": …, "seconds": …, …}``, flushed at once.

    Args:
        path: the file; what is in it is replaced.
        window: Qt owner; whose widgets' places are told.
        renders: whose requests answer sessions.
    """

    def __init__(self, path: Path, window: QWidget, renders: RenderController) -> None:
        super().__init__(window)
        self._renders = renders
        self._window = window
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._places: dict[str, list[int]] = {}
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._write_places)
        window.installEventFilter(self)

    def write(self, event: str, **facts: object) -> None:
        """Write one event with its facts."""
        if not self._file.closed:
            line = {"event": event, "seconds": round(time.monotonic(), 4), **facts}
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the places again when the window has changed its layout."""
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize, QEvent.Type.Move):
            self._rest.start()
        return False

    @Slot()
    def _write_places(self) -> None:
        """Where the named widgets are on the screen, as ``[x, y, width, height]``."""
        places = {}
        for widget in self._window.findChildren(QWidget):
            if widget.objectName() and widget.isVisible():
                name = widget.objectName()
                if name == "rowSlider":
                    # All sliders of the bank are called so; what they move tells them apart.
                    name = f"slider {widget.accessibleName()}"
                corner = widget.mapToGlobal(QPoint(0, 0))
                places[name] = [corner.x(), corner.y(), widget.width(), widget.height()]
        if places != self._places:
            self._places = places
            self.write("places", places=places)

    def close(self) -> None:
        """End the file."""
        self._rest.stop()
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
        self._rest.start()

    @Slot(object, object)
    def session(self, old: Session, new: Session) -> None:
        """The session changed."""
        self.write(
            "session",
            # The renderer heard of the change before: this is the request it made of it.
            revision=self._renders.revision,
            base=str(new.base),
            edits=[[edit.id, round(edit.amount, 6), edit.enabled] for edit in new.edits],
            truncation_psi=new.synthesis.truncation_psi,
            noise_mode=new.synthesis.noise_mode,
        )

    @Slot(str, object, object)
    def thumbnail(self, id: str, low: QImage | None, high: QImage | None) -> None:
        """A slider shows a picture of an end."""
        self.write("thumbnail", id=id, is_complete=low is not None and high is not None)

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


def open_event_log(window: MainWindow, context: DockContext, canvas: LatentCanvas) -> EventLog | None:
    """Begin the log if the environment names a file for it."""
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    events = EventLog(Path(path), window, context.renders)
    if window.first_paint is not None:
        events.write("painted", **asdict(window.first_paint))
    canvas.frameShown.connect(events.frame)
    context.bridge.session_changed.connect(events.session)
    context.models.model_changed.connect(events.model)
    context.thumbnails.ready.connect(events.thumbnail)
    context.models.failed.connect(events.failure)
    context.renders.failed.connect(events.failure)
    jobs = context.jobs
    jobs.started.connect(events.job_started)
    jobs.progressed.connect(events.job_progressed)
    jobs.done.connect(events.job_done)
    jobs.failed.connect(events.job_failed)
    jobs.cancelled.connect(events.job_cancelled)
    return events
