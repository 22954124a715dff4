"""OptionsForm: a dataclass of options as fields to fill in."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from latent_studio.core.errors import OptionError
from latent_studio.core.options import check_options, options_of
from latent_studio.ui.widgets.fields import with_room

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latent_studio.core.options import OptionInfo, OptionsClass

_INT_LIMIT = 2**31 - 1
_FLOAT_LIMIT = 1e9
#: Fields may become this narrow.
_FIELD_WIDTH = 84


class OptionsForm(QWidget):
    """One labelled field per option, in the order declared. Knows nothing of what the options are for.

    Args:
        options: the dataclass; its fields are made with ``core.options.option``.
        fields: names of the options to show; the others come from ``values``' ``fixed``. ``None`` shows all.
        parent: Qt owner.
    """

    #: The user changed a field.
    changed = Signal()

    def __init__(
        self,
        options: type[OptionsClass],
        *,
        fields: Sequence[str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._options = options
        self._fields: dict[str, OptionField] = {}
        self._labels: dict[str, QLabel] = {}
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(8)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        infos = {info.name: info for info in options_of(options)}
        for name in fields if fields is not None else infos:
            info = infos[name]
            field = make_field(info, self)
            field.edited.connect(self.changed)
            label = QLabel(label_text(info))
            label.setProperty("muted", True)
            label.setToolTip(help_text(info))
            label.setBuddy(field)
            layout.addRow(label, field)
            self._fields[name] = field
            self._labels[name] = label

    def field(self, name: str) -> QWidget:
        """The widget of one option."""
        return self._fields[name]

    def setTexts(self, name: str, *, label: str = "", not_given: str = "") -> None:
        """Say something better than the option's bare name.

        Args:
            name: of the option.
            label: before the field.
            not_given: in the field of an optional number or choice while it has no value.
        """
        if label:
            self._labels[name].setText(label)
            self._fields[name].editor().setAccessibleName(label)
        editor = self._fields[name].editor()
        if not_given and isinstance(editor, QAbstractSpinBox):
            editor.setSpecialValueText(not_given)
        elif not_given and isinstance(editor, QComboBox):
            editor.setItemText(0, not_given)

    def setBrowse(self, name: str, kind: Literal["save", "open", "folder"]) -> None:
        """What the button beside a path asks for; a file to write, when nothing is said."""
        self._fields[name].browse_kind = kind

    def setChoices(self, name: str, choices: Sequence[tuple[str, object]]) -> None:
        """Let the user choose among values that are known only now, instead of typing one.

        Args:
            name: of the option.
            choices: what is shown, and the value of each.
        """
        editor = QComboBox()
        for text, value in choices:
            editor.addItem(text, value)
        self._fields[name].set_editor(editor)
        self._labels[name].setBuddy(self._fields[name])

    def setLabelWidth(self, width: int) -> None:
        """Give all labels one width, so that the fields stand below those of a form above."""
        for label in self._labels.values():
            label.setFixedWidth(width)

    def setShown(self, name: str, shown: bool) -> None:
        """Show or hide one option; a hidden one keeps its value."""
        layout = self.layout()
        if isinstance(layout, QFormLayout):
            layout.setRowVisible(self._fields[name], shown)

    def set_values(self, values: Mapping[str, object]) -> None:
        """Show values without a signal; names that have no field are left out."""
        for name, value in values.items():
            if name in self._fields:
                self._fields[name].show_value(value)

    def values(self) -> dict[str, Any]:
        """What is filled in, by option name."""
        return {name: field.value() for name, field in self._fields.items()}

    def build(self, **fixed: object) -> OptionsClass:
        """The options as filled in; a field that is out of range is marked.

        Args:
            fixed: values of options that have no field.

        Raises:
            OptionError: names the option, its range and the value found.
        """
        options = self._options(**{**self.values(), **fixed})
        for field in self._fields.values():
            field.mark("")
        try:
            check_options(options)
        except OptionError as error:
            name = error.option.removeprefix("--").replace("-", "_")
            if name in self._fields:
                self._fields[name].mark(error.title)
                self._fields[name].setFocus()
            raise
        return options


class OptionField(QWidget):
    """One editor, whatever the type; the widget inside takes the focus."""

    edited = Signal()

    def __init__(self, info: OptionInfo, editor: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._info = info
        self.browse_kind: Literal["save", "open", "folder"] = "save"
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._editor = editor
        self._row.addWidget(editor, 1)
        self._set_up(editor)

    def set_editor(self, editor: QWidget) -> None:
        """Take another editor in the place of the one there is."""
        self._row.replaceWidget(self._editor, editor)
        self._editor.deleteLater()
        self._editor = editor
        self._set_up(editor)

    def _set_up(self, editor: QWidget) -> None:
        info = self._info
        editor.setObjectName(f"option-{info.name}")
        editor.setAccessibleName(label_text(info))
        editor.setToolTip(help_text(info))
        self.setFocusProxy(editor)
        match editor:
            case QComboBox():
                editor.currentIndexChanged.connect(self._tell)
            case QCheckBox():
                editor.toggled.connect(self._tell)
            case QSpinBox() | QDoubleSpinBox():
                editor.valueChanged.connect(self._tell)
            case QLineEdit():
                editor.textChanged.connect(self._tell)

    def editor(self) -> QWidget:
        """The widget inside."""
        return self._editor

    def value(self) -> Any:
        """What is filled in.

        Raises:
            OptionError: it cannot be read.
        """
        match self._editor:
            case QComboBox():
                return self._editor.currentData()
            case QCheckBox():
                return self._editor.isChecked()
            case QSpinBox() | QDoubleSpinBox():
                at_none = self._info.optional and self._editor.value() == self._editor.minimum()
                return None if at_none else self._editor.value()
            case QLineEdit():
                return self._parse(self._editor.text().strip())
        raise TypeError(f"no editor for {self._info.name}")

    def show_value(self, value: object) -> None:
        """Show a value without a signal."""
        blocker = QSignalBlocker(self._editor)
        match self._editor:
            case QComboBox():
                # What is not set stands first.
                place = -1 if value is None else self._editor.findData(value)
                self._editor.setCurrentIndex(max(0, place))
            case QCheckBox():
                self._editor.setChecked(bool(value))
            case QSpinBox():
                self._editor.setValue(self._editor.minimum() if value is None else int(str(value)))
            case QDoubleSpinBox():
                self._editor.setValue(self._editor.minimum() if value is None else float(str(value)))
            case QLineEdit():
                self._editor.setText(_text_of(value))
        blocker.unblock()

    def mark(self, problem: str) -> None:
        """Show that something is wrong, or with an empty text that nothing is."""
        self._editor.setProperty("invalid", bool(problem))
        self._editor.setToolTip(problem or help_text(self._info))
        self._editor.style().unpolish(self._editor)
        self._editor.style().polish(self._editor)

    def choose_file(self) -> None:
        """Ask for a file to write or to read, or for a folder."""
        if not isinstance(self._editor, QLineEdit):
            return
        path, _ = QFileDialog.getSaveFileName(self, label_text(self._info), self._editor.text())
        if path:
            self._editor.setText(path)

    def _parse(self, text: str) -> Any:
        info = self._info
        if not text and info.optional:
            return None
        try:
            if info.parse is not None:
                return info.parse(text)
            if info.many:
                return tuple(info.type(word) for word in text.replace(",", " ").split())
            return info.type(text)
        except ValueError as error:
            raise OptionError(info.flag, f"{info.flag} cannot be read: {text!r}.") from error

    def _tell(self, *_: object) -> None:
        self.mark("")
        self.edited.emit()


def make_field(info: OptionInfo, parent: QWidget) -> OptionField:
    """The editor that fits an option."""
    default = None if info.default is dataclasses.MISSING else info.default
    editor: QWidget
    if info.choices:
        editor = QComboBox()
        if info.optional:
            editor.addItem(parent.tr("not set"), None)
        for choice in info.choices:
            editor.addItem(str(choice).replace("-", " "), choice)
    elif info.type is bool:
        editor = QCheckBox()
    elif info.many or info.parse is not None or info.type in (str, Path):
        editor = QLineEdit()
    elif info.type is int:
        editor = with_room(QSpinBox())
        low = int(info.low) if info.low is not None else -_INT_LIMIT
        # An optional number has one place below its range that means "not given".
        editor.setRange(low - info.optional, int(info.high) if info.high is not None else _INT_LIMIT)
    elif info.type is float:
        editor = with_room(QDoubleSpinBox())
        editor.setDecimals(2)
        bottom = info.low if info.low is not None else -_FLOAT_LIMIT
        editor.setRange(bottom - info.optional, info.high if info.high is not None else _FLOAT_LIMIT)
    else:
        raise TypeError(f"no field for {info.name}: {info.type}")
    if isinstance(editor, QSpinBox | QDoubleSpinBox):
        editor.setSuffix(f" {info.unit}" if info.unit else "")
        editor.setSpecialValueText(parent.tr("not set") if info.optional else "")
        editor.setMinimumWidth(_FIELD_WIDTH)
    field = OptionField(info, editor, parent)
    if default is not None or info.optional:
        field.show_value(default)
    if info.type is Path and isinstance(editor, QLineEdit):
        browse = QToolButton(field)
        browse.setText("…")
        browse.setObjectName(f"browse-{info.name}")
        browse.setAccessibleName(field.tr("Choose a file"))
        browse.setToolTip(field.tr("Choose a file"))
        browse.clicked.connect(field.choose_file)
        layout = field.layout()
        if layout is not None:
            layout.addWidget(browse)
    return field


def label_text(info: OptionInfo) -> str:
    """What the field of an option is called, in the window's language."""
    return QCoreApplication.translate("options", info.title)


def help_text(info: OptionInfo) -> str:
    """The sentence on an option, in the window's language."""
    return QCoreApplication.translate("options", info.help)


def _text_of(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    return str(value)
