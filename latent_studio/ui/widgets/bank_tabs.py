"""BankTabs: one tab per bank of directions."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QSizePolicy, QTabBar, QWidget


@dataclass(frozen=True, slots=True)
class BankTab:
    """One tab.

    Attributes:
        id: of the bank.
        title: what the user sees.
        count: directions in it.
    """

    id: str
    title: str
    count: int


class BankTabs(QTabBar):
    """The banks in their order; favourites last, as a star.

    Signals:
        bankChosen: the user went to a bank; its id.
    """

    bankChosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tabs: tuple[BankTab, ...] = ()
        self.setProperty("slim", True)
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setAccessibleName(self.tr("Banks of directions"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.currentChanged.connect(self._take)

    def banks(self) -> tuple[BankTab, ...]:
        """The tabs, in the order they are shown."""
        return self._tabs

    def setBanks(self, banks: tuple[BankTab, ...]) -> None:
        """Show these tabs; no signal. The current one stays if it is still there."""
        ordered = tuple(sorted(banks, key=lambda bank: bank.id == "favourites"))
        if ordered == self._tabs:
            return
        current = self.current()
        blocker = QSignalBlocker(self)
        for _ in range(self.count()):
            self.removeTab(0)
        self._tabs = ordered
        for place, bank in enumerate(ordered):
            self.addTab("★" if bank.id == "favourites" else _short(bank.title))
            self.setTabToolTip(place, self.tr("{title}: {count}").format(title=bank.title, count=bank.count))
            self.setAccessibleTabName(place, bank.title)
        blocker.unblock()
        self.setCurrent(current)

    def current(self) -> str:
        """The id of the bank in front."""
        place = self.currentIndex()
        return self._tabs[place].id if 0 <= place < len(self._tabs) else ""

    def setCurrent(self, id: str) -> None:
        """Show a bank's tab in front; no signal."""
        blocker = QSignalBlocker(self)
        for place, bank in enumerate(self._tabs):
            if bank.id == id:
                self.setCurrentIndex(place)
        blocker.unblock()

    def minimumSizeHint(self) -> QSize:
        """It scrolls where there is little room."""
        return QSize(80, super().minimumSizeHint().height())

    @Slot(int)
    def _take(self, place: int) -> None:
        if 0 <= place < len(self._tabs):
            self.bankChosen.emit(self._tabs[place].id)


def _short(title: str) -> str:
    """The first word, where a title has several: tabs are narrow."""
    return title if len(title) <= 8 else title.split()[0]
