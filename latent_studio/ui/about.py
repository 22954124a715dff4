"""AboutDialog: version, licence, and the licences of what the program is built on."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout

import latent_studio
from latent_studio.ui.icons import icon

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class BuiltOn:
    """One package the program is built on.

    Attributes:
        package: its name on the package index.
        licence: its licence in short.
    """

    package: str
    licence: str

    @property
    def version(self) -> str:
        """The installed version; empty when it is not there."""
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return ""


BUILT_ON = (
    BuiltOn("PySide6-Essentials", "LGPL-3.0"),
    BuiltOn("torch", "BSD-3-Clause"),
    BuiltOn("numpy", "BSD-3-Clause"),
    BuiltOn("pillow", "MIT-CMU"),
    BuiltOn("safetensors", "Apache-2.0"),
    BuiltOn("platformdirs", "MIT"),
    BuiltOn("torchvision", "BSD-3-Clause"),
    BuiltOn("opencv-python", "Apache-2.0"),
    BuiltOn("lpips", "BSD-2-Clause"),
    BuiltOn("face-alignment", "BSD-3-Clause"),
    BuiltOn("pyqtgraph", "MIT"),
)


class AboutDialog(QDialog):
    """Says what this program is and whom it thanks.

    Args:
        parent: the window.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("about")
        self.setWindowTitle(self.tr("About Latent Studio"))
        self.setMinimumWidth(440)
        picture = QLabel(self)
        picture.setPixmap(icon("app", size=64).pixmap(64, 64))
        name = QLabel(self.tr("Latent Studio {version}").format(version=latent_studio.__version__), self)
        name.setProperty("heading", True)
        words = QLabel(
            self.tr(
                "Explore the latent spaces of GANs as if they were an instrument. Model files are read as "
                "data: nothing in them is run.\nMIT licence."
            ),
            self,
        )
        words.setWordWrap(True)
        words.setProperty("muted", True)
        text = QVBoxLayout()
        text.addWidget(name)
        text.addWidget(words)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(text, 1)
        licences = QPlainTextEdit(self)
        licences.setObjectName("about-licences")
        licences.setAccessibleName(self.tr("Licences of what the program is built on"))
        licences.setReadOnly(True)
        licences.setPlainText(licences_text())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setIcon(QIcon())
        close.setFocus()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(top)
        layout.addWidget(licences, 1)
        layout.addWidget(buttons)


def licences_text() -> str:
    """One line per package: name, version, licence."""
    lines = [f"{part.package} {part.version or '(not installed)'}: {part.licence}" for part in BUILT_ON]
    return "Built on\n" + "\n".join(lines)
