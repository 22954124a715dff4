"""The history: every step of every branch as a small picture; a click goes there."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtWidgets import QLabel, QMenu, QVBoxLayout, QWidget

from latent_studio.ui.state_clipboard import StateClipboard
from latent_studio.ui.step_pictures import StepPictures
from latent_studio.ui.widgets.history_tree import HistoryTree, TreeStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.core.history import Step
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext


class HistoryDock(QWidget):
    """Shows the tree of steps and goes where it is told.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._store = context.store
        self._clipboard = StateClipboard(context, self)
        self._documents = self._store.documents
        self._version = -1
        self._tree = HistoryTree(self)
        self._tree.setObjectName("history-tree")
        self._tree.setAccessibleName(self.tr("History"))
        self._tree.setToolTip(
            self.tr("Click a picture to go there. Arrows walk, S stars, C compares, Delete removes a branch.")
        )
        self._count = QLabel(self)
        self._count.setObjectName("history-count")
        self._count.setProperty("muted", True)
        self._pictures = StepPictures(
            self._store,
            document=context.document,
            renders=context.renders,
            pictures=context.pictures,
            parent=self,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._tree, 1)
        self.setFocusProxy(self._tree)
        self._tree.visitRequested.connect(self._visit)
        self._tree.starRequested.connect(self._star)
        self._tree.compareRequested.connect(self._compare)
        self._tree.removeRequested.connect(self._remove)
        self._tree.menuRequested.connect(self._show_menu)
        self._tree.rangeShown.connect(self._take_range)
        self._pictures.ready.connect(self._show_picture)
        context.bridge.session_changed.connect(self.show_session)
        self._show()

    def headerWidgets(self) -> tuple[QWidget, ...]:
        """What stands in the dock's title."""
        return (self._count,)

    @Slot(object, object)
    def show_session(self, old: Session, new: Session) -> None:
        """Show the tree; whether it changed, only the history knows."""
        self._show()

    def _show(self) -> None:
        history = self._store.history
        if self._store.documents != self._documents:
            self._documents = self._store.documents
            self._tree.clearImages()
        elif history.version == self._version:
            # A gesture goes on: the same steps, and a picture that comes by itself.
            return
        self._version = history.version
        self._tree.setSteps(
            [TreeStep(step.id, step.parent, self._text_of(step), step.starred) for step in history.steps],
            [step.id for step in history.line()],
            history.place,
        )
        steps, branches = len(history) - 1, self._tree.rows()
        words = self.tr("{n} step") if steps == 1 else self.tr("{n} steps")
        text = words.format(n=steps)
        if branches > 1:
            text += " · " + self.tr("{n} branches").format(n=branches)
        self._count.setText(text)
        self._take_range(self._tree.shownSteps())

    def _text_of(self, step: Step[Session]) -> str:
        label = step.label or self.tr("Begin")
        when = time.strftime("%H:%M:%S", time.localtime(step.seconds))
        star = " ★" if step.starred else ""
        return self.tr("Step {id}: {label}, {when}{star}").format(
            id=step.id, label=label, when=when, star=star
        )

    @Slot(object)
    def _take_range(self, ids: tuple[int, ...]) -> None:
        for id in ids:
            self._tree.setImage(id, self._pictures.image(id))
        self._pictures.want(ids)

    @Slot(int)
    def _show_picture(self, id: int) -> None:
        self._tree.setImage(id, self._pictures.image(id))

    @Slot(int)
    def _visit(self, id: int) -> None:
        self._store.go_to(id)

    @Slot(int)
    def _star(self, id: int) -> None:
        self._store.star(id, not self._store.history.step(id).starred)

    @Slot(int)
    def _compare(self, id: int) -> None:
        self._context.comparison.compare_step(id)

    @Slot(int)
    def _remove(self, id: int) -> None:
        history = self._store.history
        if id == history.root:
            self._context.messages.news(self.tr("The beginning cannot be removed."))
            return
        if self._is_on_it(id):
            # The picture goes back to where the branch began; the branch itself is gone.
            parent = history.step(id).parent
            if parent is not None:
                self._store.go_to(parent)
        self._store.remove_branch(id)

    @Slot(int)
    def _copy_command(self, id: int) -> None:
        self._clipboard.put_command(self._store.history.step(id).value)

    @Slot(int)
    def _copy_python(self, id: int) -> None:
        self._clipboard.put_python(self._store.history.step(id).value)

    def _is_on_it(self, id: int) -> bool:
        step = self._store.history.step(self._store.history.place)
        while step.id != id and step.parent is not None:
            step = self._store.history.step(step.parent)
        return step.id == id

    @Slot(int, QPoint)
    def _show_menu(self, id: int, place: QPoint) -> None:
        menu = self.make_menu(id)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def make_menu(self, id: int) -> QMenu:
        """What can be done with a step."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        starred = self._store.history.step(id).starred
        for name, text, tip, act in (
            ("visit", self.tr("Go here"), self.tr("Show this step."), self._visit),
            (
                "star",
                self.tr("Remove star") if starred else self.tr("Star"),
                self.tr("Starred steps are kept for good."),
                self._star,
            ),
            (
                "compare",
                self.tr("Compare with what is shown"),
                self.tr("See both side by side, or one over the other."),
                self._compare,
            ),
            (
                "command",
                self.tr("Copy as command"),
                self.tr("Put a command line that renders this step on the clipboard."),
                self._copy_command,
            ),
            (
                "python",
                self.tr("Copy as Python"),
                self.tr("Put Python that makes this step on the clipboard."),
                self._copy_python,
            ),
            (
                "remove",
                self.tr("Remove branch"),
                self.tr("Forget this step and all that came after it, for good."),
                self._remove,
            ),
        ):
            action = menu.addAction(text)
            action.setObjectName(f"history-{name}")
            action.setToolTip(tip)
            action.triggered.connect(partial(_call, act, id))
            action.setEnabled(name != "remove" or id != self._store.history.root)
        return menu


def _call(act: Callable[[int], None], id: int, checked: bool = False) -> None:
    act(id)
