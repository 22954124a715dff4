"""SelfTest: runs the self-test as a job and shows its report over the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from latent_studio.app.tasks.doctor import DoctorOptions, DoctorResult, run_doctor
from latent_studio.ui.widgets.report_sheet import ReportSheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latent_studio.ui.api import DockContext
    from latent_studio.ui.job_thread import Job


class SelfTest(QObject):
    """Does what "Self-test…" says.

    Args:
        context: the window's parts.
        window: lies below the report.
    """

    def __init__(self, context: DockContext, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._job: Job | None = None
        self._sheet = ReportSheet(window)
        context.actions["self_test"].triggered.connect(self.start)

    @Slot()
    def start(self) -> None:
        """Begin, unless it runs already."""
        if self._job is not None and self._job in self._context.jobs.jobs:
            return
        self._job = self._context.jobs.start(
            self.tr("Self-test"),
            partial(run_doctor, self._context.studio, DoctorOptions()),
            on_done=self._show,
            twin=("doctor", DoctorOptions()),
        )
        self._context.messages.news(
            self.tr("The self-test is running."), hint=self.tr("Its report opens when it is done.")
        )

    def _show(self, result: DoctorResult) -> None:
        self._sheet.setReport(self.tr("Self-test"), result.summary, "\n".join(result.lines))
        self._sheet.openOverlay()
