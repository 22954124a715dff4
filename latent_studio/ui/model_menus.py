"""ModelMenus: recent and bundled models, and the families, as menus of the menu bar and the model dock."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFileDialog, QMenu

from latent_studio.checkpoints.bundled import bundled_models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from latent_studio.app.recents import Recent
    from latent_studio.ui.model_opener import ModelOpener


class ModelMenus(QObject):
    """Keeps the menus up to date.

    Args:
        models: opens what is chosen.
        window: owner of the menus.
        more: stands below the models with names; ``None`` for nothing.
    """

    def __init__(self, models: ModelOpener, window: QWidget, *, more: QAction | None = None) -> None:
        super().__init__(window)
        self._models = models
        self._window = window
        self._more = more
        self.recent = QMenu(self.tr("Open recent"), window)
        self.recent.setObjectName("menu-recent")
        self.recent.triggered.connect(self._open)
        self.library = QMenu(self.tr("Library"), window)
        self.library.setObjectName("menu-library")
        self.library.triggered.connect(self._open)
        self.library.setToolTipsVisible(True)
        # A model may have been fetched on the command line meanwhile.
        self.library.aboutToShow.connect(self.show_library)
        self.show_library()
        self.families = QMenu(self.tr("Open model as"), window)
        self.families.setObjectName("menu-families")
        self.families.setToolTipsVisible(True)
        self.families.triggered.connect(self._choose)
        # Families come with the readers of files, which the window can stand without.
        self.families.aboutToShow.connect(self._show_families)
        models.recents_changed.connect(self.show_recents)
        self.show_recents()

    @Slot()
    def show_library(self) -> None:
        """Fill the menu of models with names."""
        self.library.clear()
        for name in bundled_models():
            self._add_named(name, self.tr("Came with the program."))
        for name in self._models.library:
            self._add_named(name, self.tr("In your library."))
        self._fill_if_empty(self.library, self.tr("This copy came without models"))
        if self._more is not None:
            self.library.addSeparator()
            self.library.addAction(self._more)

    def _add_named(self, name: str, tip: str) -> None:
        action = self.library.addAction(_plain(name))
        action.setData(name)
        action.setToolTip(tip)

    @Slot()
    def show_recents(self) -> None:
        """Fill the menu of recent models."""
        self.recent.clear()
        recents = self._models.recents
        for recent, text in zip(recents, _texts_of(recents), strict=True):
            action = self.recent.addAction(text)
            action.setData(str(recent.path))
            action.setToolTip(str(recent.path))
            picture = self._models.picture_path(recent.sha256)
            if picture is not None:
                action.setIcon(QIcon(str(picture)))
                action.setIconVisibleInMenu(True)
        self.recent.setToolTipsVisible(True)
        self._fill_if_empty(self.recent, self.tr("Nothing opened yet"))

    def _fill_if_empty(self, menu: QMenu, text: str) -> None:
        if menu.isEmpty():
            menu.addAction(text).setEnabled(False)

    @Slot(object)
    def _open(self, action: QAction) -> None:
        if action.data():
            self._models.open(action.data())

    @Slot()
    def _show_families(self) -> None:
        from latent_studio.checkpoints.families import FAMILIES

        if not self.families.isEmpty():
            return
        for family in sorted(FAMILIES.values(), key=lambda one: one.title):
            action = self.families.addAction(_plain(family.title) + "…")
            action.setData(family.name)
            action.setToolTip(self.tr("Choose a file and read it as this; says so if it is something else."))

    @Slot(object)
    def _choose(self, action: QAction) -> None:
        path = choose_model(self._models, self._window, title=action.text().rstrip("…"))
        if path:
            self._models.open(path, family=action.data())


def choose_model(models: ModelOpener, window: QWidget, *, title: str) -> str:
    """Ask for a model's file; empty when nothing is chosen."""
    recents = models.recents
    folder = str(recents[0].path.parent) if recents else ""
    kinds = QCoreApplication.translate(
        "models", "Models (*.safetensors *.pkl *.pt *.pth *.bin);;All files (*)"
    )
    chosen, _ = QFileDialog.getOpenFileName(window, title, folder, kinds)
    return chosen


def _texts_of(recents: Sequence[Recent]) -> list[str]:
    """What the menu says: names, with the file behind those that several models share."""
    names, files = Counter(each.name for each in recents), Counter(each.path.name for each in recents)
    texts = []
    for recent in recents:
        path = recent.path
        file = path.name if files[path.name] == 1 else f"{path.parent.name}/{path.name}"
        texts.append(_plain(recent.name if names[recent.name] == 1 else f"{recent.name} ({file})"))
    return texts


def _plain(text: str) -> str:
    """In a menu a single & would underline the next letter."""
    return text.replace("&", "&&")
