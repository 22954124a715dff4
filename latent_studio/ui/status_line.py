"""StatusLine: how long pictures take, on what, with how much memory; and the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStatusBar, QToolButton, QWidget

from latent_studio.ui.icons import set_icon
from latent_studio.ui.theme import number_font
from latent_studio.ui.widgets.elided_label import ElidedLabel

if TYPE_CHECKING:
    from latent_studio.core.jobs import Progress
    from latent_studio.engine.engine import EngineStats
    from latent_studio.ui.job_thread import Job, JobThread
    from latent_studio.ui.render_controller import Timings


class StatusLine(QStatusBar):
    """The line at the bottom of the window.

    Args:
        jobs: whose running job is shown.
        parent: Qt owner.
    """

    #: The user wants to see the jobs.
    jobsRequested = Signal()

    def __init__(self, jobs: JobThread, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._timings = ""
        self._machine = ""
        self._fraction: float | None = None
        self.setSizeGripEnabled(False)
        self._left = ElidedLabel("", self)
        self._left.setObjectName("status-figures")
        self._left.setFont(number_font(self.font()))
        self.addWidget(self._left, 1)
        box = QWidget(self)
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(4)
        self._job = QToolButton(box)
        self._job.setObjectName("status-jobs")
        self._job.setProperty("quiet", True)
        self._job.setToolTip(self.tr("Show the jobs"))
        self._job.clicked.connect(self.jobsRequested)
        self._cancel = QToolButton(box)
        self._cancel.setObjectName("status-cancel")
        self._cancel.setProperty("quiet", True)
        self._cancel.setToolTip(self.tr("Cancel the running job"))
        self._cancel.setAccessibleName(self.tr("Cancel the running job"))
        set_icon(self._cancel, "close", role="muted")
        self._cancel.clicked.connect(self._cancel_running)
        self._safety = QLabel(box)
        self._safety.setObjectName("status-safety")
        self._safety.setProperty("muted", True)
        self._safety.hide()
        row.addWidget(self._safety)
        row.addSpacing(8)
        row.addWidget(self._job)
        row.addWidget(self._cancel)
        self.addPermanentWidget(box)
        jobs.queued.connect(self._show_jobs)
        jobs.started.connect(self._start)
        jobs.progressed.connect(self._progress)
        jobs.done.connect(self._end)
        jobs.failed.connect(self._end)
        jobs.cancelled.connect(self._show_jobs)
        self._show_jobs()

    def figures(self) -> str:
        """What stands on the left."""
        return self._left.text()

    @Slot(object)
    def showTimings(self, timings: Timings) -> None:
        """Show how long the latest picture took."""
        parts = []
        if timings.coarse_ms is not None:
            parts.append(f"coarse {_size_text(timings.coarse_size)} {timings.coarse_ms:.0f} ms")
        if timings.sharp_size is not None:
            # An open end says that the picture is a preview still.
            wait = "…" if timings.sharp_ms is None else f"{timings.sharp_ms:.0f} ms"
            parts.append(f"sharp {_size_text(timings.sharp_size)} {wait}")
        self._timings = " → ".join(parts)
        self._show_figures()

    @Slot(object)
    def showStats(self, stats: EngineStats) -> None:
        """Show the device and the cache."""
        used, limit = stats.cache_bytes_used / 2**20, stats.cache_bytes_limit / 2**20
        threads = f"{stats.threads} thread{'s' if stats.threads != 1 else ''}"
        device = "CPU" if stats.device == "cpu" else stats.device.upper()
        self._machine = f"{device}, {threads}   ·   cache {used:.0f} / {limit:.0f} MB"
        self._show_figures()

    def setReason(self, reason: str) -> None:
        """Why this device was chosen, for whoever asks by hovering."""
        # On the line itself: the label uses its own for text that does not fit.
        self.setToolTip(reason)

    def showSafety(self, text: str, hint: str = "") -> None:
        """Say how safe the document is: "safe copy 4 s ago"; an empty text says nothing."""
        self._safety.setText(text)
        self._safety.setToolTip(hint)
        self._safety.setAccessibleName(text)
        self._safety.setVisible(bool(text))

    def _show_figures(self) -> None:
        self._left.setText("   ·   ".join(part for part in (self._timings, self._machine) if part))

    @Slot(object)
    def _start(self, job: Job) -> None:
        self._fraction = None
        self._show_jobs()

    @Slot(object, object)
    def _progress(self, job: Job, progress: Progress) -> None:
        self._fraction = progress.fraction
        self._show_jobs()

    @Slot(object, object)
    def _end(self, job: Job, outcome: object) -> None:
        self._fraction = None
        self._show_jobs()

    @Slot()
    def _show_jobs(self) -> None:
        count = len(self._jobs.jobs)
        text = self.tr("Jobs: none")
        if count:
            share = "" if self._fraction is None else f" {100 * self._fraction:.0f} %"
            text = self.tr("Jobs: {count} running").format(count=count) + share
        self._job.setText(text)
        self._job.setAccessibleName(text)
        self._cancel.setVisible(count > 0)

    @Slot()
    def _cancel_running(self) -> None:
        if self._jobs.jobs:
            self._jobs.cancel(self._jobs.jobs[0].id)


def _size_text(size: tuple[int, int]) -> str:
    """``"256²"``, or ``"64 × 32"`` where the sides differ."""
    wide, high = size
    return f"{wide}²" if wide == high else f"{wide} × {high}"
