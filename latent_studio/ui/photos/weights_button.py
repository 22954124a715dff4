"""WeightsButton: fetches what a finder or a distance lacks, shows how far it is, and stops."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from latent_studio.app.tasks.predictor_get import LANDMARKS, PredictorGetOptions

if TYPE_CHECKING:
    from latent_studio.core.jobs import CancelToken, Progress, ProgressSink
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.job_thread import Job


class WeightsButton(QPushButton):
    """Visible only while weights are missing. Pressed once it fetches, pressed again it stops.

    Args:
        context: the window's parts.
        name: of the object.
        parent: Qt owner.

    Signals:
        fetched: the weights of this id are here now.
    """

    fetched = Signal(str)

    def __init__(self, context: DockContext, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._context = context
        self._user_id = ""
        self._title = ""
        self._job: Job | None = None
        self.clicked.connect(self._press)
        context.jobs.progressed.connect(self._take_progress)
        context.jobs.cancelled.connect(self._take_cancelled)
        self._show()

    @property
    def is_needed(self) -> bool:
        """Whether something is missing."""
        return bool(self._missing_mb())

    def serve(self, user_id: str, title: str) -> None:
        """Look after another finder or distance.

        Args:
            user_id: such as ``"fan"`` or ``"lpips-vgg"``.
            title: what it is called.
        """
        self._user_id, self._title = user_id, title
        self._show()

    def _missing_mb(self) -> int:
        if self._user_id in ("", "mtcnn", "st-lpips"):
            return 0
        # Imports torch, which the first of these choices needs anyway.
        from latent_studio.app.hub_files import missing_files

        return sum(file.size_mb for file in missing_files(self._user_id))

    @Slot()
    def _press(self) -> None:
        if self._job is not None:
            self._context.jobs.cancel(self._job.id)
            return
        user = self._user_id
        self._job = self._context.jobs.start(
            self.tr("Fetch the weights of {name}").format(name=self._title),
            partial(_fetch, self._user_id),
            on_done=partial(self._take_done, self._user_id),
            on_failed=self._take_failure,
            quiet=True,
            twin=("predictor get", PredictorGetOptions(LANDMARKS if user == "fan" else user)),
        )
        self._show()

    def _take_done(self, user_id: str, _: object) -> None:
        self._job = None
        self._show()
        self.fetched.emit(user_id)

    def _take_failure(self, failure: Failure) -> None:
        self._job = None
        self._show()
        self._context.messages.failure(failure)

    @Slot(object)
    def _take_cancelled(self, job: Job) -> None:
        if self._job is not None and job.id == self._job.id:
            self._job = None
            self._show()

    @Slot(object, object)
    def _take_progress(self, job: Job, progress: Progress) -> None:
        if self._job is not None and job.id == self._job.id and progress.fraction is not None:
            self.setText(self.tr("Stop ({share:.0%})").format(share=progress.fraction))

    def _show(self) -> None:
        missing = self._missing_mb()
        self.setVisible(bool(missing))
        if self._job is not None:
            self.setText(self.tr("Stop"))
            self.setToolTip(self.tr("What has arrived stays for the next try."))
            return
        self.setText(self.tr("Fetch {size} MB").format(size=missing))
        self.setToolTip(
            self.tr(
                "The weights of {name} are not on this machine. This fetches them once, from where their "
                "authors offer them."
            ).format(name=self._title)
        )


def _fetch(user_id: str, progress: ProgressSink, cancel: CancelToken) -> None:
    """Runs on the job thread."""
    from latent_studio.app.hub_files import fetch_missing

    fetch_missing(user_id, progress, cancel)
