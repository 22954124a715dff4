"""Shortcuts: which keys an action has: those the program suggests, or the user's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence

from latent_studio.app.settings import SHORTCUTS, with_keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QAction

    from latent_studio.ui.preferences import Preferences

_PREFIX = "action-"
_PORTABLE = QKeySequence.SequenceFormat.PortableText
_Key = Qt.Key
#: Without Ctrl or Alt these belong to whatever has the keyboard.
_NEEDED_ELSEWHERE = frozenset(
    {
        _Key.Key_Space, _Key.Key_Return, _Key.Key_Enter, _Key.Key_Tab, _Key.Key_Backtab, _Key.Key_Escape,
        _Key.Key_Left, _Key.Key_Right, _Key.Key_Up, _Key.Key_Down, _Key.Key_Home, _Key.Key_End,
        _Key.Key_PageUp, _Key.Key_PageDown, _Key.Key_Delete, _Key.Key_Backspace,
    }
)  # fmt: skip


@dataclass(slots=True)
class _Entry:
    """One action: where it is listed, and the keys the program suggests."""

    group: str
    action: QAction
    suggested: tuple[str, ...]


class Shortcuts(QObject):
    """Gives actions their keys. No key ever belongs to two: the user's choice takes it from a suggestion.

    Args:
        preferences: where the user's keys are kept.
        parent: Qt owner.
    """

    #: Some keys are others now.
    changed = Signal()
    #: Actions came or went.
    listed = Signal()

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._entries: dict[str, _Entry] = {}
        preferences.changed.connect(self._follow)

    def add(self, group: str, actions: Iterable[QAction]) -> None:
        """Take over actions, with the keys they have; their object names are ``action-NAME``.

        Args:
            group: heading they are listed under.
            actions: those without a name are left alone.
        """
        for action in actions:
            name = action.objectName().removeprefix(_PREFIX)
            if name and name not in self._entries:
                suggested = tuple(key.toString(_PORTABLE) for key in action.shortcuts())
                self._entries[name] = _Entry(group, action, suggested)
        self.listed.emit()
        self._apply()

    def remove(self, action: QAction) -> None:
        """Forget an action that goes away; keys the user chose for it are kept for when it comes back."""
        if self._entries.pop(action.objectName().removeprefix(_PREFIX), None) is not None:
            self.listed.emit()
            self._apply()

    def by_group(self) -> dict[str, list[str]]:
        """Names of the actions by heading."""
        found: dict[str, list[str]] = {}
        for name, entry in self._entries.items():
            found.setdefault(entry.group, []).append(name)
        return found

    def action(self, name: str) -> QAction:
        """An action by its name."""
        return self._entries[name].action

    def keys(self, name: str) -> tuple[str, ...]:
        """What an action has now, in Qt's portable words."""
        return tuple(key.toString(_PORTABLE) for key in self._entries[name].action.shortcuts())

    def suggested(self, name: str) -> tuple[str, ...]:
        """What the program suggests."""
        return self._entries[name].suggested

    def is_changed(self, name: str) -> bool:
        """Whether the user chose."""
        return self._preferences.settings.keys_of(name) is not None

    def holder_of(self, key: str, *, besides: str) -> str:
        """The name of the other action that has a key; empty if it is free."""
        for name in self._entries:
            if name != besides and key in self.keys(name):
                return name
        return ""

    def problem_with(self, key: str) -> str:
        """Why a key cannot be had by any action; empty if it can."""
        sequence = QKeySequence(key)
        pressed = sequence[0] if sequence.count() == 1 else None  # type: ignore[index] # stubs lack it
        if pressed is None or pressed.key() == _Key.Key_unknown:
            return self.tr("{key} is no key.").format(key=key)
        holds = pressed.keyboardModifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if pressed.key() in _NEEDED_ELSEWHERE and not holds:
            return self.tr("{key} alone is needed by whatever has the keyboard; add Ctrl or Alt.").format(
                key=sequence.toString(QKeySequence.SequenceFormat.NativeText)
            )
        return ""

    def set_keys(self, name: str, keys: tuple[str, ...]) -> None:
        """Give an action other keys; ``()`` takes all away. Another action that has one of them loses it."""
        settings = self._preferences.settings
        chosen = with_keys(settings, name, None if keys == self.suggested(name) else keys)
        for other, theirs in chosen:
            left = tuple(key for key in theirs if key not in keys)
            if other != name and left != theirs:
                chosen = with_keys(replace(settings, shortcuts=chosen), other, left)
        self._preferences.set(SHORTCUTS, chosen)

    def reset(self, name: str) -> None:
        """Give an action the keys the program suggests."""
        self._preferences.set(SHORTCUTS, with_keys(self._preferences.settings, name, None))

    def reset_all(self) -> None:
        """Give all actions the keys the program suggests."""
        self._preferences.set(SHORTCUTS, ())

    @Slot(str)
    def _follow(self, name: str) -> None:
        if name == SHORTCUTS:
            self._apply()

    def _apply(self) -> None:
        settings = self._preferences.settings
        taken: set[str] = set()
        wanted: dict[str, tuple[str, ...]] = {}
        # The user's first, so that a suggestion gives way.
        for name in sorted(self._entries, key=lambda name: settings.keys_of(name) is None):
            chosen = settings.keys_of(name)
            asked = self._entries[name].suggested if chosen is None else self._sound(chosen)
            wanted[name] = tuple(key for key in asked if key not in taken)
            taken.update(wanted[name])
        for name, keys in wanted.items():
            if keys != self.keys(name):
                self._entries[name].action.setShortcuts([QKeySequence(key) for key in keys])
        self.changed.emit()

    def _sound(self, keys: tuple[str, ...]) -> list[str]:
        return [_portable(key) for key in keys if not self.problem_with(key)]


def _portable(key: str) -> str:
    return QKeySequence(key).toString(_PORTABLE)
