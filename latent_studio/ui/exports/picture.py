"""PictureExport: the picture as it is shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from latent_studio.app.picture import save_picture
from latent_studio.ui.exports.subject import Extent, Target, picture_deed
from latent_studio.ui.picture_names import file_stem

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.exporters.still import StillFormat
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.twin import Twin


class PictureExport(QWidget):
    """See ``ExportSubject``.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    changed = Signal()

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        text = QLabel(
            self.tr(
                "The sharp picture as it is shown now. Dropped on the window later, it brings all of it back."
            ),
            self,
        )
        text.setWordWrap(True)
        text.setProperty("muted", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(text)
        layout.addStretch(1)

    @property
    def id(self) -> str:
        """See ``ExportSubject``."""
        return "picture"

    @property
    def title(self) -> str:
        """See ``ExportSubject``."""
        return self.tr("Picture")

    @property
    def is_film(self) -> bool:
        """See ``ExportSubject``."""
        return False

    def widget(self) -> QWidget:
        """See ``ExportSubject``."""
        return self

    def stem(self) -> str:
        """See ``ExportSubject``."""
        return file_stem(self._context.store.session)

    def extent(self) -> Extent:
        """See ``ExportSubject``."""
        return Extent(1, 1)

    def job(self, target: Target) -> Callable[[ProgressSink, CancelToken], object]:
        """See ``ExportSubject``."""
        return partial(
            save_picture,
            self._context.studio,
            self._context.store.session,
            target.out,
            format=cast("StillFormat", target.format),
            side=target.size,
            resampling=target.resampling,
        )

    def twin(self, target: Target) -> Twin:
        """See ``ExportSubject``."""
        return partial(picture_deed, self._context.store.session, target)
