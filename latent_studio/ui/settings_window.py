"""SettingsWindow: all settings beside the main window; every change holds at once."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from latent_studio.app.languages import SYSTEM, find_languages
from latent_studio.app.setting_names import value_text
from latent_studio.app.settings import (
    AT_NEXT_MODEL,
    AT_START,
    GROUPS,
    Settings,
    settings_file,
    variable_of,
)
from latent_studio.core.errors import OptionError
from latent_studio.core.options import options_of
from latent_studio.ui.forms import OptionField, help_text, label_text, make_field
from latent_studio.ui.texts import marked
from latent_studio.ui.theme import scaled
from latent_studio.ui.widgets.key_field import KeyField
from latent_studio.ui.widgets.panel import PanelTitle
from latent_studio.ui.widgets.setting_row import SettingRow

if TYPE_CHECKING:
    from latent_studio.app.languages import Language
    from latent_studio.core.options import OptionInfo
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.shortcuts import Shortcuts

_KEYBOARD = marked("Keyboard")
_HEADINGS = (marked("Appearance"), marked("Work"), marked("Computing"))
#: Choices that need other words than their own.
_CHOICES = {
    "system": marked("as the desktop"),
    "dark": marked("dark"),
    "light": marked("light"),
    "full": marked("full"),
    "reduced": marked("reduced"),
}
_NATIVE = QKeySequence.SequenceFormat.NativeText


class SettingsWindow(QDialog):
    """Pages at the left, settings at the right, one field that searches them all.

    Args:
        context: the window's parts.
        shortcuts: the keys of all actions.
        parent: the main window; it stays usable.
    """

    def __init__(self, context: DockContext, shortcuts: Shortcuts, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("settings-window")
        self.setWindowTitle(self.tr("Settings"))
        self.setModal(False)
        self.resize(760, 560)
        self._context = context
        self._preferences = context.preferences
        self._shortcuts = shortcuts
        self._languages = find_languages(context.studio.paths)
        self._fields: dict[str, OptionField] = {}
        self._rows: dict[str, SettingRow] = {}
        self._keys: dict[str, KeyField] = {}
        self._key_rows: dict[str, SettingRow] = {}
        self._wanted_keys: dict[str, str] = {}
        self._sections: dict[str, list[QWidget]] = {}
        self._search = QLineEdit(self)
        self._search.setObjectName("settings-search")
        self._search.setPlaceholderText(self.tr("Search settings and keys"))
        self._search.setAccessibleName(self.tr("Search settings and keys"))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._show_matches)
        self._pages = QListWidget(self)
        self._pages.setObjectName("settings-pages")
        self._pages.setAccessibleName(self.tr("Pages"))
        self._pages.setProperty("bare", True)
        self._pages.setMaximumWidth(scaled(150))
        self._pages.setSpacing(3)
        self._content = QWidget()
        self._content.setObjectName("scrollContent")
        outer = QVBoxLayout(self._content)
        outer.setContentsMargins(4, 0, 12, 0)
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        self._nothing = QLabel(self.tr("No setting has these words."), self._content)
        self._nothing.setProperty("muted", True)
        self._nothing.hide()
        self._column.addWidget(self._nothing)
        self._fill_settings()
        self._fill_keys()
        outer.addLayout(self._column)
        outer.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._content)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll = scroll
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addWidget(self._pages)
        middle.addWidget(scroll, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(self._search)
        layout.addLayout(middle, 1)
        layout.addLayout(self._buttons())
        for name in self._sections:
            self._pages.addItem(QCoreApplication.translate("settings", name))
        self._pages.setCurrentRow(0)
        self._pages.currentRowChanged.connect(self._show_page)
        self._preferences.changed.connect(self._show_value)
        shortcuts.changed.connect(self._show_keys)
        shortcuts.listed.connect(self._follow_keys)
        self._show_keys()
        self._show_page()

    def open_page(self) -> None:
        """Show it, in front, with the keyboard in the search field."""
        self.show()
        self.raise_()
        self.activateWindow()
        self._search.setFocus(Qt.FocusReason.OtherFocusReason)
        self._search.selectAll()

    def row(self, name: str) -> SettingRow:
        """The row of a setting, or of an action's keys."""
        return self._rows.get(name) or self._key_rows[name]

    def field(self, name: str) -> QWidget:
        """What the value of a setting is chosen in."""
        return self._fields[name].editor()

    def key_field(self, name: str) -> KeyField:
        """Where the key of an action is chosen."""
        return self._keys[name]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in a field ends its editing and no more."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            return
        super().keyPressEvent(event)

    # Filling

    def _fill_settings(self) -> None:
        infos = {info.name: info for info in options_of(Settings)}
        for heading, names in GROUPS:
            self._begin_section(heading)
            for name in names:
                self._add_setting(heading, infos[name])

    def _begin_section(self, heading: str) -> None:
        title = PanelTitle(QCoreApplication.translate("settings", heading), self._content)
        title.setContentsMargins(0, 4, 0, 4)
        self._column.addWidget(title)
        self._sections[heading] = [title]

    def _add_setting(self, heading: str, info: OptionInfo) -> None:
        if info.name == "language":
            field = OptionField(info, _language_box(self._languages), self)
        else:
            field = make_field(info, self)
        editor = field.editor()
        if isinstance(editor, QComboBox):
            _word_choices(editor)
        if isinstance(editor, QAbstractSpinBox):
            editor.setKeyboardTracking(False)
        # A word half typed is no value: text counts when the field is left or Enter is pressed.
        done = editor.editingFinished if isinstance(editor, QLineEdit) else field.edited
        done.connect(partial(self._take_value, info.name))
        row = SettingRow(label_text(info), field, self._words_on(info), self._content)
        row.setObjectName(f"setting-{info.name}")
        row.resetRequested.connect(partial(self._preferences.reset, info.name))
        if self._preferences.is_fixed(info.name):
            field.setEnabled(False)
            row.setNotice(
                self.tr("{variable} in the environment decides this.").format(variable=variable_of(info.name))
            )
        self._fields[info.name] = field
        self._rows[info.name] = row
        self._sections[heading].append(row)
        self._column.addWidget(row)
        self._show_value(info.name)

    def _words_on(self, info: OptionInfo) -> str:
        said = [help_text(info), self.tr("Default: {value}.").format(value=self._default_text(info))]
        if info.name in AT_START:
            said.append(self.tr("Holds from the next start on."))
        elif info.name in AT_NEXT_MODEL:
            said.append(self.tr("Holds for the next model that opens."))
        return " ".join(said)

    def _default_text(self, info: OptionInfo) -> str:
        choice = _CHOICES.get(str(info.default))
        if choice:
            return QCoreApplication.translate("settings", choice)
        if isinstance(info.default, bool):
            return self.tr("on") if info.default else self.tr("off")
        return f"{value_text(info.default)} {info.unit}".strip()

    def _fill_keys(self) -> None:
        self._begin_section(_KEYBOARD)
        about = QLabel(
            self.tr("Press a key in a field. Escape keeps the old one, Delete takes it away."), self._content
        )
        about.setProperty("muted", True)
        about.setWordWrap(True)
        reset = QPushButton(self.tr("Reset all keys"), self._content)
        reset.setObjectName("settings-reset-keys")
        reset.clicked.connect(self._shortcuts.reset_all)
        head = QWidget(self._content)
        line = QHBoxLayout(head)
        line.setContentsMargins(0, 0, 0, 4)
        line.addWidget(about, 1)
        line.addWidget(reset)
        self._column.addWidget(head)
        self._sections[_KEYBOARD].append(head)
        self._list_keys()

    @Slot()
    def _follow_keys(self) -> None:
        self._list_keys()
        self._show_matches(self._search.text())

    def _list_keys(self) -> None:
        """A row for every action there is; panels of plugins come and go."""
        groups = self._shortcuts.by_group()
        for name in set(self._keys) - {name for names in groups.values() for name in names}:
            del self._keys[name]
            row = self._key_rows.pop(name)
            self._sections[_KEYBOARD].remove(row)
            row.hide()
            row.deleteLater()
        for group, names in groups.items():
            for name in names:
                if name not in self._keys:
                    self._add_key(f"{group} › {self._title_of(name)}", name)

    def _add_key(self, title: str, name: str) -> None:
        field = KeyField(self._content)
        field.setObjectName(f"key-{name}")
        field.setAccessibleName(self.tr("Key of {name}").format(name=title))
        field.setToolTip(self._shortcuts.action(name).toolTip())
        row = SettingRow(title, field, "", self._content)
        field.keyChosen.connect(partial(self._take_key, name))
        row.resetRequested.connect(partial(self._reset_key, name))
        row.actionRequested.connect(partial(self._take_over, name))
        self._keys[name] = field
        self._key_rows[name] = row
        self._sections[_KEYBOARD].append(row)
        self._column.addWidget(row)

    def _buttons(self) -> QHBoxLayout:
        place = QLabel(str(settings_file(self._context.studio.paths)), self)
        place.setProperty("muted", True)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        place.setAccessibleName(self.tr("Where the settings are kept"))
        copy = QPushButton(self.tr("Copy as commands"), self)
        copy.setObjectName("settings-copy")
        copy.setToolTip(self.tr("Command lines that make these settings elsewhere"))
        copy.setAutoDefault(False)
        copy.clicked.connect(self._copy_commands)
        close = QPushButton(self.tr("Close"), self)
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        line = QHBoxLayout()
        line.addWidget(place, 1)
        line.addWidget(copy)
        line.addWidget(close)
        return line

    # Showing

    @Slot(str)
    def _show_value(self, name: str) -> None:
        field = self._fields.get(name)
        if field is None:
            return
        value = getattr(self._preferences.settings, name)
        field.show_value(value)
        (info,) = (one for one in options_of(Settings) if one.name == name)
        self._rows[name].setDefault(self._default_text(info), is_changed=value != info.default)

    @Slot()
    def _show_keys(self) -> None:
        for name, field in self._keys.items():
            keys = self._shortcuts.keys(name)
            field.setKey(keys[0] if keys else "")
            more = ", ".join(_native(key) for key in keys[1:])
            field.setToolTip(
                self.tr("Also: {keys}").format(keys=more) if more else self._shortcuts.action(name).toolTip()
            )
            suggested = ", ".join(_native(key) for key in self._shortcuts.suggested(name))
            row = self._key_rows[name]
            row.setDefault(suggested or self.tr("no key"), is_changed=self._shortcuts.is_changed(name))
            row.setNotice("")

    @Slot()
    def _show_page(self) -> None:
        blocker = QSignalBlocker(self._search)
        self._search.clear()
        blocker.unblock()
        chosen = self._pages.currentRow()
        for place, widgets in enumerate(self._sections.values()):
            for widget in widgets:
                widget.setVisible(place == chosen)
        self._nothing.hide()
        self._scroll.verticalScrollBar().setValue(0)

    @Slot(str)
    def _show_matches(self, words: str) -> None:
        if not words.strip():
            self._show_page()
            return
        found = False
        for title, *widgets in self._sections.values():
            hits = [widget for widget in widgets if isinstance(widget, SettingRow) and widget.fits(words)]
            for widget in widgets:
                widget.setVisible(widget in hits)
            title.setVisible(bool(hits))
            found = found or bool(hits)
        self._nothing.setVisible(not found)

    # Taking

    def _take_value(self, name: str) -> None:
        row = self._rows[name]
        try:
            self._preferences.set(name, self._fields[name].value())
        except OptionError as error:
            row.setNotice(error.title)
            self._show_value(name)
        else:
            row.setNotice("")

    def _take_key(self, name: str, key: str) -> None:
        row, keys = self._key_rows[name], self._shortcuts.keys(name)
        wanted = (key, *(one for one in keys[1:] if one != key)) if key else ()
        problem = self._shortcuts.problem_with(key) if key else ""
        holder = self._shortcuts.holder_of(key, besides=name) if key else ""
        if problem or holder:
            self._keys[name].setKey(keys[0] if keys else "")
            if problem:
                row.setNotice(problem)
                return
            self._wanted_keys[name] = key
            row.setNotice(
                self.tr("{key} belongs to {action}.").format(key=_native(key), action=self._title_of(holder)),
                action=self.tr("Take it"),
            )
            return
        self._shortcuts.set_keys(name, wanted)

    def _take_over(self, name: str) -> None:
        key = self._wanted_keys.pop(name, "")
        if key:
            self._shortcuts.set_keys(name, (key, *self._shortcuts.keys(name)[1:]))
            self._keys[name].setFocus(Qt.FocusReason.OtherFocusReason)

    def _reset_key(self, name: str) -> None:
        self._shortcuts.reset(name)

    def _title_of(self, name: str) -> str:
        return self._shortcuts.action(name).text().replace("&", "").removesuffix("…")

    @Slot()
    def _copy_commands(self) -> None:
        settings = self._preferences.settings
        lines = [
            shlex.join(["latent-studio", "settings", "set", info.name, value_text(value)])
            for info in options_of(Settings)
            if (value := getattr(settings, info.name)) != info.default
        ]
        lines += [
            shlex.join(["latent-studio", "settings", "set", f"shortcuts.{name}", *(keys or ("none",))])
            for name, keys in settings.shortcuts
        ]
        QGuiApplication.clipboard().setText("\n".join(lines or ["latent-studio settings reset --all"]))
        self._context.messages.success(self.tr("The settings are on the clipboard as commands."))


def _word_choices(box: QComboBox) -> None:
    for place in range(box.count()):
        said = _CHOICES.get(str(box.itemData(place)))
        if said:
            box.setItemText(place, QCoreApplication.translate("settings", said))


def _language_box(languages: tuple[Language, ...]) -> QComboBox:
    box = QComboBox()
    box.addItem(SYSTEM, SYSTEM)
    for language in languages:
        box.addItem(language.name, language.code)
    return box


def _native(key: str) -> str:
    return QKeySequence(key).toString(_NATIVE)
