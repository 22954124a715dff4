"""TimelineExport: the film that the timeline's keys make."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from latent_studio.core.errors import LatentStudioError
from latent_studio.core.film_times import film_times
from latent_studio.ui.exports.subject import Extent, Target, film_deed
from latent_studio.ui.widgets.timeline_scale import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.core.timeline import Timeline
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.twin import Twin


class TimelineExport(QWidget):
    """See ``ExportSubject``.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    changed = Signal()

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._text = QLabel(self)
        self._text.setObjectName("export-timeline-text")
        self._text.setWordWrap(True)
        self._text.setProperty("muted", True)
        self._own_rate = QCheckBox(self.tr("The timeline's own frames per second"), self)
        self._own_rate.setObjectName("export-timeline-rate")
        self._own_rate.setToolTip(self.tr("Every frame of the timeline once; off takes the speed below."))
        self._own_rate.setChecked(True)
        self._own_rate.toggled.connect(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._text)
        layout.addWidget(self._own_rate)
        layout.addStretch(1)
        self.setFocusProxy(self._own_rate)
        context.bridge.session_changed.connect(self.show_session)
        self._show(self._timeline)

    @property
    def id(self) -> str:
        """See ``ExportSubject``."""
        return "timeline"

    @property
    def title(self) -> str:
        """See ``ExportSubject``."""
        return self.tr("Timeline")

    @property
    def is_film(self) -> bool:
        """See ``ExportSubject``."""
        return True

    def show_session(self, old: Session, new: Session) -> None:
        """The film may have another length."""
        if old.timeline is not new.timeline or old.model != new.model:
            self._show(new.timeline)
            self.changed.emit()

    def widget(self) -> QWidget:
        """See ``ExportSubject``."""
        return self

    def stem(self) -> str:
        """See ``ExportSubject``."""
        return "timeline"

    def extent(self) -> Extent:
        """See ``ExportSubject``."""
        timeline, model = self._timeline, self._context.store.session.model
        try:
            times = film_times(timeline, timeline.fps)
            if model is not None:
                timeline.check_model(model)
        except LatentStudioError as error:
            return Extent(0, 0, f"{error.title} {error.hint}".strip())
        return Extent(len(times.order), times.count)

    def job(self, target: Target) -> Callable[[ProgressSink, CancelToken], object]:
        """See ``ExportSubject``."""
        from latent_studio.app.timeline_film import TimelinePlan, write_timeline_film

        plan = TimelinePlan(
            self._context.store.session,
            target.out,
            fps=None if self._own_rate.isChecked() else target.fps,
            size=target.size,
            settings=target.settings,
            format=target.format,
            resampling=target.resampling,
            keep_part=target.keep_part,
        )
        return partial(write_timeline_film, self._context.studio, plan)

    def twin(self, target: Target) -> Twin:
        """See ``ExportSubject``."""
        fps = None if self._own_rate.isChecked() else target.fps
        return partial(film_deed, self._context.store.session, target, fps)

    @property
    def _timeline(self) -> Timeline:
        return self._context.store.session.timeline

    def _show(self, timeline: Timeline) -> None:
        start, end = timeline.span
        self._text.setText(
            self.tr("From {start} to {end}, {fps:g} frames per second.").format(
                start=clock(start, tenths=True), end=clock(end, tenths=True), fps=timeline.fps
            )
            if timeline.duration
            else self.tr("The film that the keys of the timeline make.")
        )
