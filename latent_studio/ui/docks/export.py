"""Exporting: what, how, and into which file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from latent_studio.core.errors import LatentStudioError
from latent_studio.exporters.estimate import estimate_bytes
from latent_studio.ui.exports.directions import DirectionsExport
from latent_studio.ui.exports.history import HistoryExport
from latent_studio.ui.exports.picture import PictureExport
from latent_studio.ui.exports.target_form import TargetForm
from latent_studio.ui.exports.timeline import TimelineExport
from latent_studio.ui.exports.traversal import TraversalExport
from latent_studio.ui.failures import describe_failure
from latent_studio.ui.model_facts import size_text
from latent_studio.ui.widgets.elided_label import ElidedLabel

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.models import LoadedModel
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.exports.subject import ExportSubject

#: Share of the rendering time that encoding and writing the file adds.
_WRITING_SHARE = 0.3


class ExportDock(QWidget):
    """A form for everything that can be written as picture or film; exports queue up as jobs.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._subjects: tuple[ExportSubject, ...] = (
            TraversalExport(context, self),
            PictureExport(context, self),
            HistoryExport(context, self),
            DirectionsExport(context, self),
            TimelineExport(context, self),
        )
        self._subject = QComboBox(self)
        self._subject.setObjectName("export-subject")
        self._subject.setAccessibleName(self.tr("What to export"))
        self._subject.setToolTip(self.tr("What to export."))
        self._fields = QStackedWidget(self)
        for subject in self._subjects:
            self._subject.addItem(subject.title, subject.id)
            self._fields.addWidget(subject.widget())
        self._target = TargetForm(formats=context.studio.plugins.formats, parent=self)
        self._estimate = ElidedLabel("", self)
        self._estimate.setProperty("muted", True)
        self._estimate.setObjectName("export-estimate")
        self._copy = QPushButton(self.tr("Copy as command"), self)
        self._copy.setObjectName("export-copy-command")
        self._copy.setToolTip(self.tr("Put the command line that writes the same file on the clipboard."))
        self._copy.clicked.connect(self._copy_command)
        self._start = QPushButton(self.tr("Export"), self)
        self._start.setObjectName("export-start")
        self._start.setProperty("primary", True)
        self._start.setToolTip(self.tr("Begin; you can go on working, and queue more."))
        self._start.clicked.connect(self.start)
        self.setFocusProxy(self._subject)
        # The longest name of a format must not push the buttons out of a narrow window.
        for choice in self.findChildren(QComboBox):
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(7)
        self._lay_out()

        self._subject.currentIndexChanged.connect(self._take_subject)
        for subject in self._subjects:
            subject.changed.connect(self._show_estimate)
        self._target.changed.connect(self._show_estimate)
        context.plugins.changed.connect(self._target.renewFormats)
        context.models.model_changed.connect(self._take_model)
        context.bridge.session_changed.connect(self.show_session)
        context.renders.timings_changed.connect(self._show_estimate)
        self.setEnabled(context.models.model is not None)
        self._target.suggest(self.subject.stem())
        self._show_estimate()

    @property
    def subject(self) -> ExportSubject:
        """What is exported."""
        return self._subjects[max(0, self._subject.currentIndex())]

    @property
    def target_form(self) -> TargetForm:
        """How and where to."""
        return self._target

    def choose(self, id: str) -> None:
        """Export something else: ``"picture"``, ``"traversal"``, ``"history"``."""
        self._subject.setCurrentIndex(max(0, self._subject.findData(id)))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        for text, field, stretch in (
            (self.tr("Export"), self._subject, 2),
            (self.tr("to"), self._target.file_row, 3),
        ):
            label = QLabel(text, self)
            label.setProperty("muted", True)
            label.setBuddy(field)
            top.addWidget(label)
            top.addWidget(field, stretch)
        top.addWidget(self._start)
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(self._estimate, 1)
        below.addWidget(self._copy)
        layout = QGridLayout(self)
        layout.setHorizontalSpacing(16)
        layout.setVerticalSpacing(8)
        layout.addLayout(top, 0, 0, 1, 2)
        layout.addLayout(below, 1, 0, 1, 2)
        layout.addWidget(self._fields, 2, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._target, 2, 1, Qt.AlignmentFlag.AlignTop)
        layout.setRowStretch(3, 1)
        layout.setColumnStretch(0, 1)
        layout.setColumnStretch(1, 1)

    # What is shown

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self.setEnabled(True)
        self._target.suggest(self.subject.stem())

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Another start is another file."""
        if old.model != new.model or old.base != new.base:
            self._target.suggest(self.subject.stem())

    @Slot()
    def _take_subject(self) -> None:
        self._fields.setCurrentIndex(self._subject.currentIndex())
        self._target.setFilm(self.subject.is_film)
        self._target.suggest(self.subject.stem())

    @Slot()
    def _show_estimate(self) -> None:
        extent = self.subject.extent()
        problem = extent.problem or ("" if self._target.has_file else self.tr("Name the file to write."))
        self._start.setEnabled(not problem)
        self._copy.setEnabled(not problem)
        if problem:
            self._estimate.setText(problem)
            return
        target, renders = self._target.target(), self._context.renders
        parts = []
        if self.subject.is_film and target.format not in ("png", "jpg", "sheet"):
            seconds = extent.frames / max(target.fps, 0.1)
            parts.append(self.tr("{seconds:.1f} s long").format(seconds=seconds))
        if renders.full_ms is not None:
            seconds = extent.pictures * renders.full_ms / 1000 * (1 + _WRITING_SHARE)
            parts.append(self.tr("about {seconds:.0f} s to make").format(seconds=max(1.0, seconds)))
        if renders.frame is not None:
            pixels = renders.frame.pixels
            size = estimate_bytes(
                pixels,
                target.format,
                target.settings,
                side=target.size or pixels.shape[0],
                frames=extent.frames,
            )
            parts.append(self.tr("about {size}").format(size=size_text(size)))
        self._estimate.setText("  ·  ".join(parts))

    # What is exported

    @Slot()
    def start(self) -> None:
        """Begin the export as a job."""
        try:
            target = self._target.target()
            job, twin = self.subject.job(target), self.subject.twin(target)
        except LatentStudioError as error:
            self._context.messages.failure(describe_failure(error))
            return
        if target.out.is_file() and not self._may_replace(target.out):
            return
        self._context.jobs.start(self.tr("Export {name}").format(name=target.out.name), job, twin=twin)
        self._target.suggest_after(target.out)

    def _may_replace(self, path: Path) -> bool:
        answer = QMessageBox.question(
            self,
            self.tr("Replace the file?"),
            self.tr("{name} is there already. Replace it?").format(name=path.name),
        )
        return answer == QMessageBox.StandardButton.Yes

    @Slot()
    def _copy_command(self) -> None:
        try:
            twin = self.subject.twin(self._target.target())
        except LatentStudioError as error:
            self._context.messages.failure(describe_failure(error))
            return
        self._context.commands.copy(twin)
