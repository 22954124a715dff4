"""HistoryExport: how the picture came about, one frame a step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from latent_studio.app.session_film import SessionFilm, write_session_film
from latent_studio.app.tasks.export_plan import history_text
from latent_studio.core.history import way_to
from latent_studio.ui.exports.subject import Extent, Target, render_options
from latent_studio.ui.picture_names import file_stem

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.twin import Deed, Keep, Twin


class HistoryExport(QWidget):
    """See ``ExportSubject``.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    changed = Signal()

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        text = QLabel(self.tr("Every step from the beginning to the picture as it is shown now."), self)
        text.setWordWrap(True)
        text.setProperty("muted", True)
        self._captions = QCheckBox(self.tr("Name the steps"), self)
        self._captions.setObjectName("export-history-captions")
        self._captions.setToolTip(self.tr("Write what was done into every frame."))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(text)
        layout.addWidget(self._captions)
        layout.addStretch(1)
        self.setFocusProxy(self._captions)
        context.bridge.session_changed.connect(self.show_session)

    @property
    def id(self) -> str:
        """See ``ExportSubject``."""
        return "history"

    @property
    def title(self) -> str:
        """See ``ExportSubject``."""
        return self.tr("History")

    @property
    def is_film(self) -> bool:
        """See ``ExportSubject``."""
        return True

    def show_session(self, old: Session, new: Session) -> None:
        """There may be a step more."""
        self.changed.emit()

    def widget(self) -> QWidget:
        """See ``ExportSubject``."""
        return self

    def stem(self) -> str:
        """See ``ExportSubject``."""
        return f"{file_stem(self._context.store.session)}-history"

    def extent(self) -> Extent:
        """See ``ExportSubject``."""
        count = len(self._steps())
        problem = "" if count > 1 else self.tr("There is no step yet: move a slider first.")
        return Extent(count, count, problem)

    def job(self, target: Target) -> Callable[[ProgressSink, CancelToken], object]:
        """See ``ExportSubject``."""
        steps = self._steps()
        film = SessionFilm(
            target.out,
            tuple(session for session, _ in steps),
            captions=tuple(label for _, label in steps) if self._captions.isChecked() else (),
            format=target.format,
            fps=target.fps,
            size=target.size,
            resampling=target.resampling,
            settings=target.settings,
            keep_part=target.keep_part,
        )
        return partial(write_session_film, self._context.studio, film)

    def twin(self, target: Target) -> Twin:
        """See ``ExportSubject``."""
        return partial(_deed, self._steps(), self._captions.isChecked(), target)

    def _steps(self) -> list[tuple[Session, str]]:
        """Sessions of the open model from the first to the current one, each with what led to it."""
        history, model = self._context.store.history, self._context.store.session.model
        return [
            (step.value, step.label)
            for step in way_to(history.steps, history.place)
            if step.value.model is not None and step.value.model == model
        ]


def _deed(steps: list[tuple[Session, str]], is_captioned: bool, target: Target, keep: Keep) -> Deed:
    sessions = [session for session, _ in steps]
    captions = [label for _, label in steps] if is_captioned else []
    kept = keep(history_text(sessions, captions), stem="history")
    return "render", render_options(kept, sessions[-1], target, fps=target.fps)
