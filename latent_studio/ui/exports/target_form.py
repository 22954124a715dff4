"""TargetForm: how and where to export: preset, format, encoding, file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, QStandardPaths, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QWidget,
)

from latent_studio.app.tasks.traverse import TraverseOptions
from latent_studio.exporters.film_settings import FilmSettings
from latent_studio.exporters.formats import FORMATS, Format, FormatId, format_by_id
from latent_studio.ui.exports.subject import LABEL_WIDTH, Target
from latent_studio.ui.forms import OptionsForm
from latent_studio.ui.picture_names import unused_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: What a single picture can be written as.
_STILLS: tuple[FormatId, ...] = ("png", "jpg")
_ENCODING = ("fps", "size", "resampling", "quality", "crf", "lossless", "palette", "columns", "keep_part")


@dataclass(frozen=True, slots=True)
class _Preset:
    """A choice of all fields at once.

    Attributes:
        title: what the user sees.
        format: of a film.
        values: of the fields; the others go back to their defaults.
    """

    title: str
    format: FormatId
    values: Mapping[str, Any] = field(default_factory=dict)


class TargetForm(QWidget):
    """Fields for a ``Target``. Fields that do not concern the chosen format are hidden.

    Args:
        formats: gives the formats there are; the program's own by default.
        parent: Qt owner.
    """

    #: The user changed something.
    changed = Signal()

    def __init__(
        self, *, formats: Callable[[], Sequence[Format]] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._ask_formats = formats or (lambda: FORMATS)
        self._formats = tuple(self._ask_formats())
        self._is_film = True
        self._presets = (
            _Preset(self.tr("Video to show"), "mp4", {"size": 512}),
            _Preset(self.tr("GIF for a page"), "gif"),
            _Preset(self.tr("Small GIF"), "gif", {"size": 128, "quality": "fast", "fps": 15.0}),
            _Preset(self.tr("Lossless film"), "apng"),
            _Preset(self.tr("Frames to edit"), "png"),
            _Preset(self.tr("Sheet to print"), "sheet"),
        )
        self._preset = QComboBox(self)
        self._preset.setObjectName("export-preset")
        self._preset.setAccessibleName(self.tr("Preset"))
        self._preset.setToolTip(self.tr("Sets all fields at once."))
        self._preset.addItem(self.tr("choose…"))
        for preset in self._presets:
            self._preset.addItem(preset.title)
        self._format = QComboBox(self)
        self._format.setObjectName("export-format")
        self._format.setAccessibleName(self.tr("Format"))
        self._format.setToolTip(
            self.tr("MP4 is the smallest by far; GIF plays everywhere; PNG keeps every colour.")
        )
        self._form = OptionsForm(TraverseOptions, fields=_ENCODING, parent=self)
        self._form.setTexts("fps", label=self.tr("Speed"))
        self._form.setTexts("size", not_given=self.tr("the model's own"))
        self._form.setTexts("resampling", label=self.tr("Filter"))
        self._form.setTexts("crf", label=self.tr("Rate factor"), not_given=self.tr("by quality"))
        self._form.setTexts("columns", not_given=self.tr("square"))
        self._form.setTexts("keep_part", label=self.tr("Keep part"))
        self._form.setLabelWidth(LABEL_WIDTH)
        self._file = QLineEdit(self)
        self._file.setObjectName("export-file")
        self._file.setAccessibleName(self.tr("File"))
        self._file.setToolTip(self.tr("The file to write; a folder for single pictures."))
        browse = QToolButton(self)
        browse.setText("…")
        browse.setObjectName("export-browse")
        browse.setAccessibleName(self.tr("Choose a file"))
        browse.setToolTip(self.tr("Choose a file"))
        browse.clicked.connect(self._ask_for_file)
        #: Stands apart from the other fields: it is what nobody may have to scroll for.
        self.file_row = QWidget(self)
        file = QHBoxLayout(self.file_row)
        file.setContentsMargins(0, 0, 0, 0)
        file.setSpacing(8)
        file.addWidget(self._file, 1)
        file.addWidget(browse)
        self.file_row.setFocusProxy(self._file)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(8)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, row in (
            (self.tr("Format"), self._format),
            (self.tr("Preset"), self._preset),
        ):
            label = QLabel(text, self)
            label.setProperty("muted", True)
            label.setBuddy(row)
            label.setFixedWidth(LABEL_WIDTH)
            layout.addRow(label, row)
        layout.addRow(self._form)
        self.setFocusProxy(self._format)
        self._fill_formats()
        self._show_fields()

        self._preset.activated.connect(self._take_preset)
        self._format.currentIndexChanged.connect(self._take_format)
        self._form.changed.connect(self.changed)
        self._file.textChanged.connect(self.changed)
        self._file.editingFinished.connect(self._take_suffix)

    @property
    def format(self) -> Format:
        """The format chosen."""
        return format_by_id(self._format.currentData(), formats=self._formats)

    @property
    def has_file(self) -> bool:
        """Whether a file is named."""
        return bool(self._file.text().strip())

    def setFilm(self, is_film: bool) -> None:
        """Offer the formats of films, or those of single pictures."""
        if is_film != self._is_film:
            self._is_film = is_film
            self._fill_formats()
            self._take_format()

    @Slot()
    def renewFormats(self) -> None:
        """The formats there are have changed; one that is gone gives way to the first."""
        chosen = self._format.currentData()
        self._formats = tuple(self._ask_formats())
        self._fill_formats()
        place = self._format.findData(chosen)
        blocker = QSignalBlocker(self._format)
        self._format.setCurrentIndex(max(0, place))
        blocker.unblock()
        if place < 0:
            self._take_format()

    def suggest(self, stem: str) -> None:
        """Name a file that is not there yet, in the folder of the last one."""
        text = self._file.text().strip()
        folder = Path(text).expanduser().parent if text else _pictures_folder()
        blocker = QSignalBlocker(self._file)
        self._file.setText(str(unused_path(folder / f"{stem}{self._suffix()}")))
        blocker.unblock()
        self.changed.emit()

    def suggest_after(self, path: Path) -> None:
        """Name the file for the next export."""
        self._file.setText(str(unused_path(path, taken=path)))

    def target(self) -> Target:
        """What the fields say, frozen."""
        values = self._form.values()
        return Target(
            self._out(),
            self.format.id,
            fps=values["fps"],
            size=values["size"],
            resampling=values["resampling"],
            settings=FilmSettings(
                quality=values["quality"],
                crf=values["crf"] if self.format.can_crf else None,
                lossless=values["lossless"],
                palette=values["palette"],
                columns=values["columns"],
            ),
            keep_part=values["keep_part"],
        )

    def _out(self) -> Path:
        """The file meant; a name without the format's ending gets it."""
        path = Path(self._file.text().strip()).expanduser()
        if not path.name or (self._is_film and self.format.is_folder):
            return path
        suffixes = self._suffixes(self.format)
        return path if path.suffix.lower() in suffixes else path.with_name(f"{path.name}{suffixes[0]}")

    def _suffix(self) -> str:
        suffixes = self._suffixes(self.format)
        return suffixes[0] if suffixes else ""

    def _suffixes(self, format: Format) -> Sequence[str]:
        if self._is_film:
            return format.suffixes
        return (".png",) if format.id == "png" else (".jpg", ".jpeg")

    def _fill_formats(self) -> None:
        blocker = QSignalBlocker(self._format)
        self._format.clear()
        if self._is_film:
            for one in self._formats:
                self._format.addItem(one.title, one.id)
        else:
            for id, title in zip(_STILLS, (self.tr("PNG picture"), self.tr("JPEG picture")), strict=True):
                self._format.addItem(title, id)
        blocker.unblock()

    @Slot()
    def _take_format(self) -> None:
        """Another format: another ending, other fields."""
        text = self._file.text().strip()
        if text:
            path = Path(text)
            known = {suffix for one in self._formats for suffix in one.suffixes} | {".jpg", ".jpeg", ".png"}
            stem = path.with_suffix("") if path.suffix.lower() in known else path
            blocker = QSignalBlocker(self._file)
            self._file.setText(f"{stem}{self._suffix()}")
            blocker.unblock()
        self._show_fields()
        self.changed.emit()

    @Slot()
    def _take_suffix(self) -> None:
        """Who types another ending means that format."""
        suffix = Path(self._file.text().strip()).suffix.lower()
        if not suffix or suffix in self._suffixes(self.format):
            return
        for index in range(self._format.count()):
            one = format_by_id(self._format.itemData(index), formats=self._formats)
            if suffix in self._suffixes(one):
                self._format.setCurrentIndex(index)
                return

    @Slot(int)
    def _take_preset(self, index: int) -> None:
        if index == 0:
            return
        preset = self._presets[index - 1]
        defaults = {"fps": 25.0, "size": None, "quality": "good", "crf": None, "lossless": False}
        self._form.set_values({**defaults, **preset.values})
        place = self._format.findData(preset.format)
        if place >= 0:
            self._format.setCurrentIndex(place)
        self._show_fields()
        self.changed.emit()

    def _show_fields(self) -> None:
        chosen = self.format.id
        is_timed = self._is_film and chosen not in ("png", "jpg", "sheet")
        for name, shown in (
            ("fps", is_timed),
            ("quality", self._is_film and chosen not in ("png", "jpg", "sheet")),
            ("crf", self._is_film and self.format.can_crf),
            ("lossless", self._is_film and chosen == "webp"),
            ("palette", self._is_film and chosen == "gif"),
            ("columns", self._is_film and chosen == "sheet"),
            ("keep_part", self._is_film and chosen != "sheet"),
        ):
            self._form.setShown(name, shown)

    @Slot()
    def _ask_for_file(self) -> None:
        # The export itself asks before it replaces a file, so that it does so once.
        title = self.tr("Export")
        if self._is_film and self.format.is_folder:
            chosen = QFileDialog.getExistingDirectory(self, title, self._file.text())
        else:
            endings = " ".join(f"*{suffix}" for suffix in self._suffixes(self.format))
            chosen, _ = QFileDialog.getSaveFileName(
                self,
                title,
                self._file.text(),
                f"{self._format.currentText()} ({endings})",
                options=QFileDialog.Option.DontConfirmOverwrite,
            )
        if chosen:
            self._file.setText(chosen)
            self._take_suffix()


def _pictures_folder() -> Path:
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(place) if place and Path(place).is_dir() else Path.home()
