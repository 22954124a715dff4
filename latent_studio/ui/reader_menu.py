"""ReaderMenu: who reads attributes off the pictures that are measured, and how these are walked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from latent_studio.app.tasks.predictor_list import PredictorListOptions, run_predictor_list
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.ui.icons import set_icon

if TYPE_CHECKING:
    from latent_studio.ui.api import DockContext


class ReaderMenu(QToolButton):
    """A button with the predictors that are ready, to tick; nothing ticked means all that suit the model.

    Below them stands whether walks are even to the eye.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._chosen: tuple[str, ...] = ()
        self.setObjectName("reader-menu")
        self.setAccessibleName(self.tr("Predictors"))
        set_icon(self, "eye", role="muted")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._even = QAction(self.tr("Even to the eye"), self)
        self._even.setObjectName("reader-even")
        self._even.setToolTip(
            self.tr("Walk so that every step changes the picture as much, before measuring what it changes.")
        )
        self._even.setCheckable(True)
        menu = QMenu(self)
        menu.setObjectName("reader-menu-list")
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self._show_chosen()

    def chosen(self) -> tuple[str, ...]:
        """Ids of the predictors; empty for all that suit the model."""
        return self._chosen

    def is_even(self) -> bool:
        """Whether steps are to change the picture equally."""
        return self._even.isChecked()

    @Slot()
    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        everybody = menu.addAction(self.tr("All that suit the model"))
        everybody.setCheckable(True)
        everybody.setChecked(not self._chosen)
        everybody.triggered.connect(self._choose_all)
        menu.addSeparator()
        listed = run_predictor_list(
            self._context.studio, PredictorListOptions(), ignore_progress, CancelToken()
        )
        for one in listed.predictors:
            if one.state == "ready":
                action = menu.addAction(one.title)
                action.setObjectName(f"reader-{one.id}")
                action.setData(one.id)
                action.setToolTip(one.reads)
                action.setCheckable(True)
                action.setChecked(one.id in self._chosen)
                action.toggled.connect(self._take_ticks)
        menu.addSeparator()
        menu.addAction(self._even)
        menu.addSeparator()
        menu.addAction(self._context.actions["predictors"])

    @Slot()
    def _choose_all(self) -> None:
        self._chosen = ()
        self._show_chosen()

    @Slot()
    def _take_ticks(self) -> None:
        actions = self.menu().actions()
        self._chosen = tuple(str(one.data()) for one in actions if one.data() and one.isChecked())
        self._show_chosen()

    def _show_chosen(self) -> None:
        names = ", ".join(self._chosen) or self.tr("all that suit the model")
        self.setToolTip(
            self.tr("Who reads attributes off the pictures that are measured: {names}.").format(names=names)
        )
