"""All widgets in one window, with content as in life: to be looked at.

``python tests/qt/widgets/gallery.py DIR`` writes ``gallery-dark.png`` and ``gallery-light.png`` there; with
``QT_SCALE_FACTOR=2`` for a dense screen.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QImage, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.core.render import Frame, Quality
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.ui.icons import set_icon
from latent_studio.ui.theme import applyTheme, theme
from latent_studio.ui.widgets.command_palette import CommandPalette
from latent_studio.ui.widgets.edit_list import EditItem, EditList
from latent_studio.ui.widgets.fields import with_room
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.job_card import JobCard
from latent_studio.ui.widgets.labelled_slider import LabelledSlider
from latent_studio.ui.widgets.latent_canvas import LatentCanvas
from latent_studio.ui.widgets.message_bar import MessageBar
from latent_studio.ui.widgets.panel import Panel
from latent_studio.ui.widgets.rows_field import RowsField
from latent_studio.ui.widgets.seed_field import SeedField
from latent_studio.ui.widgets.shortcuts_sheet import ShortcutsSheet
from latent_studio.ui.widgets.slider_bank import SliderBank
from latent_studio.ui.widgets.slider_row import SliderRowState

NAMES = ("smile", "yaw", "glasses", "age", "hair length", "skin tone", "light side", "mouth open")
AMOUNTS = (1.4, -0.8, 0.0, 0.6, 0.0, 0.0, 0.0, -5.6)
ROWS = ("4–7", "0–3", "4–7", "4–13", "0–3", "8–13", "8–13", "4–7")


def face(number: int, side: int = 128) -> np.ndarray:
    """A drawn face, ``(side, side, 3)`` uint8: other colours and another smile for each number."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0:side, 0:side] / side - 0.5
    picture = np.empty((side, side, 3))
    picture[:] = rng.uniform(60, 150, 3)
    picture *= (1.1 - 0.5 * (y + 0.5))[..., None]

    def blend(mask: np.ndarray, colour: object) -> None:
        soft = np.clip(mask * side / 1.5, 0, 1)[..., None]
        picture[:] = picture * (1 - soft) + np.asarray(colour, float) * soft

    def disc(cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
        return (1 - np.hypot((x - cx) / rx, (y - cy) / ry)) * min(rx, ry)

    hair = rng.uniform(20, 120, 3)
    skin = np.array([255, 205, 170]) * rng.uniform(0.5, 1.0)
    blend(disc(0, 0.62, 0.42, 0.30), rng.uniform(60, 200, 3))
    blend(disc(0, -0.06, 0.27, 0.32), hair)
    blend(disc(0, 0.02, 0.21, 0.28), skin)
    for side_of in (-1, 1):
        blend(disc(side_of * 0.085, -0.02, 0.045, 0.026), (250, 250, 250))
        blend(disc(side_of * 0.085, -0.02, 0.02, 0.02), rng.uniform(20, 120, 3))
    blend(np.minimum(disc(0, 0.11, 0.09, 0.07), y - 0.12 + rng.uniform(-0.02, 0.02)), (200, 90, 100))
    return np.clip(picture, 0, 255).astype(np.uint8)


def rows(count: int = 8) -> list[SliderRowState]:
    """Slider rows as a bank shows them."""
    return [
        SliderRowState(
            id=f"sefa-{place}",
            name=NAMES[place] if place < len(NAMES) else f"eigen-direction {place}",
            rows_text=ROWS[place % len(ROWS)],
            amount=AMOUNTS[place] if place < len(AMOUNTS) else 0.0,
            sigma=1.0,
            low=-6.0,
            high=6.0 if place % 3 else 9.0,
            safe_low=-3.5,
            safe_high=4.0,
            starred=place < 2,
            enabled=place != 3,
            tooltip="Found by SeFa",
        )
        for place in range(count)
    ]


class Gallery(QMainWindow):
    """The window."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Gallery")
        for name in ("File", "Edit", "View", "Model", "Directions", "Export", "Help"):
            self.menuBar().addMenu(name)
        self.view_menu = self.menuBar().actions()[2].menu()
        for text, key, checkable in (
            ("Zoom in", "Ctrl++", False),
            ("Fit picture", "Ctrl+0", False),
            ("Dark theme", "", True),
            ("Light theme", "", True),
        ):
            action = QAction(text, self)
            action.setShortcut(QKeySequence(key))
            action.setCheckable(checkable)
            action.setChecked(text == "Dark theme")
            set_icon(action, {"Zoom in": "zoom-in", "Fit picture": "fit"}.get(text, "moon"))
            self.view_menu.addAction(action)
        self.view_menu.addSeparator()
        self.view_menu.addMenu("More").addAction("Nothing")
        page = QWidget()
        page.setObjectName("page")
        grid = QHBoxLayout(page)
        grid.setContentsMargins(10, 4, 10, 4)
        grid.setSpacing(9)
        grid.addLayout(self._left(), 0)
        grid.addLayout(self._centre(), 1)
        grid.addLayout(self._right(), 0)
        self.setCentralWidget(page)
        self.statusBar().addWidget(QLabel("coarse 64² 9 ms → sharp 256² 28 ms   ·   CPU, 2 threads"))
        self.sheet = ShortcutsSheet(self)
        self.sheet.setShortcuts(
            [
                ("File", [("Open model…", "Ctrl+O"), ("Save picture…", "Ctrl+S"), ("Quit", "Ctrl+Q")]),
                (
                    "Edit",
                    [("Undo", "Ctrl+Z"), ("Redo", "Ctrl+Shift+Z"), ("Reset all sliders", "Ctrl+Backspace")],
                ),
                ("View", [("Zoom in", "Ctrl++"), ("Zoom out", "Ctrl+-"), ("Fit picture", "Ctrl+0")]),
                ("Canvas", [("Before and after", "Space"), ("Walk between seeds", "←"), ("Fine", "Shift")]),
            ]
        )
        self.palette_overlay = CommandPalette(self)
        self.palette_overlay.setActions([("View", action) for action in self.view_menu.actions()])
        self.resize(1480, 900)

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(9)
        model = Panel("Model")
        model.setCollapsible(True)
        head = QHBoxLayout()
        picture = QLabel()
        picture.setFixedSize(54, 54)
        image = image_of(face(3, 108))
        from PySide6.QtGui import QPixmap

        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(2)
        picture.setPixmap(pixmap)
        head.addWidget(picture)
        words = QVBoxLayout()
        words.setSpacing(2)
        for text, mark in (
            ("portraits", "heading"),
            ("StyleGAN2 · 256 px · 14 rows", "muted"),
            ("● read as data, no code run", "good"),
        ):
            label = QLabel(text)
            label.setProperty(mark, True)
            words.addWidget(label)
        head.addLayout(words, 1)
        model.contentLayout().addLayout(head)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for text in ("Open…", "Library", "Recent ▾"):
            buttons.addWidget(QPushButton(text))
        model.contentLayout().addLayout(buttons)
        column.addWidget(model)

        latent = Panel("Latent")
        space = QLabel("Z → W")
        space.setProperty("muted", True)
        latent.addHeaderWidget(space)
        line = QHBoxLayout()
        line.addWidget(QLabel("Seed"))
        self.seed = SeedField()
        self.seed.setPoint(SeedPoint(42, 0.25, 0.5))
        line.addWidget(self.seed, 1)
        latent.contentLayout().addLayout(line)
        self.psi = LabelledSlider("Truncation ψ")
        self.psi.setRange(0, 1.5)
        self.psi.setDefault(1)
        self.psi.setValue(0.7)
        latent.contentLayout().addWidget(self.psi)
        cutoff = LabelledSlider("Cut-off row")
        cutoff.setIntegerMode(True)
        cutoff.setRange(0, 14)
        cutoff.setDefault(14)
        cutoff.setValue(9)
        latent.contentLayout().addWidget(cutoff)
        noise = QHBoxLayout()
        noise.addWidget(QLabel("Noise"))
        combo = QComboBox()
        combo.addItems(["constant", "random", "none"])
        noise.addWidget(combo, 1)
        latent.contentLayout().addLayout(noise)
        column.addWidget(latent)

        controls = Panel("Controls")
        grid = QGridLayout()
        grid.setSpacing(8)
        field = QLineEdit()
        field.setPlaceholderText("Placeholder")
        wrong = QLineEdit("0-3,x")
        wrong.setProperty("invalid", True)
        spin = with_room(QSpinBox())
        spin.setValue(64)
        real = with_room(QDoubleSpinBox())
        real.setSuffix(" fps")
        real.setValue(24)
        check, unchecked = QCheckBox("There and back"), QCheckBox("Loop")
        check.setChecked(True)
        radio = QRadioButton("Small")
        radio.setChecked(True)
        off = QPushButton("Disabled")
        off.setEnabled(False)
        primary = QPushButton("Export GIF")
        primary.setProperty("primary", True)
        tool = QToolButton()
        set_icon(tool, "reset")
        tabs = QTabBar()
        for text in ("SeFa", "Boundaries", "★"):
            tabs.addTab(text)
        for place, widget in enumerate(
            (field, wrong, spin, real, check, unchecked, radio, QRadioButton("Large"), primary, off)
        ):
            grid.addWidget(widget, place // 2, place % 2)
        grid.addWidget(tabs, 5, 0, 1, 2)
        grid.addWidget(tool, 6, 0)
        controls.contentLayout().addLayout(grid)
        column.addWidget(controls)
        column.addStretch(1)
        return column

    def _centre(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(9)
        self.bar = MessageBar()
        self.bar.showMessage(
            "good", "Saved portraits-0042.png.", "Drop it on the canvas to get this state back."
        )
        self.bar.showMessage("info", "Another.")
        column.addWidget(self.bar)
        panel = Panel("Canvas")
        for text in ("Picture", "Map", "Grid", "A | B"):
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setChecked(text == "Picture")
            panel.addHeaderWidget(button)
        self.canvas = LatentCanvas()
        self.canvas.showFrame(Frame(1, Quality.FINAL, face(42, 256), 0.03))
        panel.contentLayout().addWidget(self.canvas, 1)
        column.addWidget(panel, 1)
        empty = Panel("Canvas, empty")
        self.empty = LatentCanvas()
        self.empty.setMinimumHeight(200)
        self.empty.showEmptyState(
            "Open a model to begin",
            "Drop a .safetensors or .pkl file here. No code in it is run.",
            "Open model…",
        )
        empty.contentLayout().addWidget(self.empty)
        empty.setFixedHeight(240)
        column.addWidget(empty)
        return column

    def _right(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(9)
        sliders = Panel("Sliders")
        self.rows = RowsField()
        self.rows.setNumRows(14)
        sliders.addHeaderWidget(QLabel("layers"))
        sliders.addHeaderWidget(self.rows)
        filter_field = QLineEdit()
        filter_field.setPlaceholderText("Filter 38 directions")
        sliders.contentLayout().addWidget(filter_field)
        self.bank = SliderBank()
        self.bank.setRows(rows(38))
        for place in range(12):
            self.bank.setThumbnails(f"sefa-{place}", image_of(face(2 * place)), image_of(face(2 * place + 1)))
        sliders.contentLayout().addWidget(self.bank, 1)
        sliders.setFixedWidth(352)
        column.addWidget(sliders, 1)
        edits = Panel("Active edits")
        self.edits = EditList()
        self.edits.setItems(
            [
                EditItem("a", "yaw (boundary)", "−0.80 σ"),
                EditItem("b", "smile (boundary, age locked)", "+1.40 σ"),
                EditItem("c", "path 17 (warp)", "+12 steps", enabled=False),
            ]
        )
        edits.contentLayout().addWidget(self.edits)
        edits.setFixedWidth(352)
        column.addWidget(edits)
        jobs = Panel("Jobs")
        running = JobCard()
        running.setJob("Traversal GIF, smile")
        running.setProgress(0.42, "frame 21 of 50", 38)
        running.setPreview(image_of(face(8)))
        done = JobCard()
        done.setJob("Traversal GIF, yaw")
        done.setResult("50 frames, 1.2 MB", "/tmp/yaw.gif")
        failed = JobCard()
        failed.setJob("Open model.pkl")
        failed.setFailed("model.pkl asks to run 'os.system'.", "Ask for a .safetensors copy.", "details")
        for card in (running, done, failed):
            jobs.contentLayout().addWidget(card)
        jobs.setFixedWidth(352)
        column.addWidget(jobs)
        return column


def picture_of(widget: QWidget, *, ratio: float = 1.0) -> QImage:
    """What the widget looks like, on a screen of that density."""
    size = QSize(round(widget.width() * ratio), round(widget.height() * ratio))
    picture = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    widget.render(picture)
    return picture


def main(folder: Path) -> None:
    app = QApplication(sys.argv[:1])
    applyTheme(app)
    gallery = Gallery()
    gallery.show()
    for mode in ("dark", "light"):
        theme().setMode(mode)
        app.processEvents()
        gallery.grab().save(str(folder / f"gallery-{mode}.png"))
        gallery.canvas.showMessage(
            "The picture could not be made.",
            "The model gave numbers that are none; choose another seed.",
            details="x",
        )
        gallery.canvas.setBusy("Loading portraits")
        gallery.canvas.setComparing(True)
        gallery.sheet.openOverlay()
        app.processEvents()
        gallery.grab().save(str(folder / f"sheet-{mode}.png"))
        gallery.sheet.closeOverlay()
        gallery.palette_overlay.openOverlay()
        gallery.palette_overlay.setText("t")
        app.processEvents()
        gallery.grab().save(str(folder / f"palette-{mode}.png"))
        gallery.palette_overlay.closeOverlay()
        gallery.view_menu.popup(gallery.mapToGlobal(gallery.rect().center()))
        app.processEvents()
        gallery.view_menu.grab().save(str(folder / f"menu-{mode}.png"))
        gallery.view_menu.close()
        gallery.grab().save(str(folder / f"message-{mode}.png"))
        gallery.canvas.hideMessage()
        gallery.canvas.setBusy("")
        gallery.canvas.setComparing(False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
