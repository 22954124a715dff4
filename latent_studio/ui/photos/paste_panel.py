"""PastePanel: the edited picture back in its photo, live in small, and saved at full size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, QTimer, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QFileDialog, QVBoxLayout, QWidget

from latent_studio.core.render import Quality
from latent_studio.ui.photo_paster import pasted_small, save_pasted
from latent_studio.ui.photos.brush_mask import BrushMask
from latent_studio.ui.photos.controls import button, choice, flow, row, slider
from latent_studio.ui.theme import colour, colours
from latent_studio.ui.widgets.images import image_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.core.render import Frame
    from latent_studio.methods.alignment.paste import MaskShape, PasteSettings
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem
    from latent_studio.ui.widgets.photo_view import PhotoView

#: A dragged slider pastes at most this often.
_PASTE_MS = 60
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
#: How opaque what is painted is over the photo.
_PAINT_ALPHA = 110


class PastePanel(QWidget):
    """Mask, sliders, and the way into a file.

    Args:
        context: the window's parts.
        view: where the photo is shown, and painted on.
        parent: Qt owner.

    Signals:
        liveChanged: whether the photo is shown with the edited picture in it.
    """

    liveChanged = Signal(bool)

    def __init__(self, context: DockContext, view: PhotoView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._desk = context.photos
        self._view = view
        self._brushes: dict[int, BrushMask] = {}
        self._live = QCheckBox(self.tr("Show in the photo"), self)
        self._live.setObjectName("paste-live")
        self._live.setToolTip(
            self.tr("The photo above shows the edited picture in place, while sliders move.")
        )
        self._live.toggled.connect(self._toggle_live)
        self._mask = choice(
            self, "paste-mask", self.tr("Mask"), self.tr("Which part of the crop is pasted."),
            (
                (self.tr("Ellipse"), "ellipse"), (self.tr("Face"), "hull"), (self.tr("Square"), "square"),
                (self.tr("Painted"), "brush"),
            ),
        )  # fmt: skip
        self._mask.currentIndexChanged.connect(self._show_mask)
        self._difference = QCheckBox(self.tr("Only what changed"), self)
        self._difference.setObjectName("paste-difference")
        self._difference.setChecked(True)
        self._difference.setToolTip(
            self.tr("Add only what the edit changed; hair and background stay the photo's own.")
        )
        self._difference.toggled.connect(self._show_mask)
        self._strength = slider(self, "paste-strength", self.tr("Strength"), (0.0, 1.0), 1.0)
        self._size = slider(self, "paste-size", self.tr("Size of the mask"), (0.4, 2.0), 1.0)
        self._feather = slider(self, "paste-feather", self.tr("Soft edge"), (0.0, 0.3), 0.08)
        self._colour = slider(self, "paste-colour", self.tr("Match colour"), (0.0, 1.0), 0.0)
        self._detail = slider(self, "paste-detail", self.tr("Keep grain"), (0.0, 1.0), 0.0)
        for one in (self._strength, self._size, self._feather, self._colour, self._detail):
            one.valueChanged.connect(self.paste_soon)
        self._brush = slider(self, "paste-brush", self.tr("Brush"), (0.02, 0.25), 0.08)
        self._brush.setToolTip(
            self.tr("Paint over the photo what is pasted; the right button takes away again.")
        )
        self._clear = button(
            self, "paste-clear", self.tr("Clear the mask"), self.tr("Take away all that is painted.")
        )
        self._clear.clicked.connect(self._clear_brush)
        self._save = button(
            self, "paste-save", self.tr("Save photo…"),
            self.tr("Write the photo with the edited face at full size, with its camera notes."),
        )  # fmt: skip
        self._save.clicked.connect(self._ask_to_save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._live)
        layout.addWidget(self._difference)
        layout.addLayout(row(self._mask, self._save, stretches=(1, 0)))
        layout.addWidget(self._brush)
        layout.addLayout(flow(self._clear))
        for one in (self._strength, self._size, self._feather, self._colour, self._detail):
            layout.addWidget(one)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(_PASTE_MS)
        self._clock.timeout.connect(self._show_pasted)
        context.renders.frame_ready.connect(self._take_frame)
        view.brushed.connect(self._paint)
        self._show_mask()

    @property
    def is_live(self) -> bool:
        """Whether the photo is shown with the edited picture in it."""
        return self._live.isChecked()

    def settings(self) -> PasteSettings:
        """How the fields ask to paste."""
        from latent_studio.methods.alignment.paste import PasteSettings

        item = self._desk.current
        can_difference = item is not None and item.found is not None
        return PasteSettings(
            strength=self._strength.value(),
            shape=cast("MaskShape", self._mask.currentData()),
            size=self._size.value(),
            feather=self._feather.value(),
            match_colour=self._colour.value(),
            detail=self._detail.value(),
            difference=self._difference.isChecked() and can_difference,
        )

    # The brush ---------------------------------------------------------------------------------------------

    def _mask_pixels(self) -> NDArray[np.uint8] | None:
        """What is painted on the photo looked at; ``None`` for nothing."""
        item = self._desk.current
        brush = None if item is None else self._brushes.get(item.id)
        return None if brush is None or brush.is_empty else brush.pixels

    @Slot(object, object, bool)
    def _paint(self, start: tuple[float, float], end: tuple[float, float], erase: bool) -> None:
        item = self._desk.current
        if item is None or item.quad is None:
            return
        brush = self._brushes.setdefault(item.id, BrushMask())
        brush.stroke(item.quad, start, end, radius=self._brush.value(), erase=erase)
        self._show_paint()
        self.paste_soon()

    @Slot()
    def _clear_brush(self) -> None:
        if self._desk.current is not None:
            self._brushes.pop(self._desk.current.id, None)
        self._show_paint()
        self.paste_soon()

    @Slot()
    def _show_mask(self) -> None:
        shape = self._mask.currentData()
        self._view.setBrushing(shape == "brush")
        self._brush.setVisible(shape == "brush")
        self._clear.setVisible(shape == "brush")
        self._size.setVisible(shape in ("ellipse", "hull"))
        # What changed has the photo's own colours and grain already.
        item = self._desk.current
        is_whole = not self._difference.isChecked() or item is None or item.found is None
        for one, help in (
            (self._colour, self.tr("Bring the colours of what is pasted to those of the photo.")),
            (self._detail, self.tr("Lay the photo's finest structure over what is pasted.")),
        ):
            one.setEnabled(is_whole)
            one.setToolTip(
                help if is_whole else self.tr("With “Only what changed” the photo's own stays anyway.")
            )
        self._show_paint()
        self.paste_soon()

    def _show_paint(self) -> None:
        item, pixels = self._desk.current, self._mask_pixels()
        is_shown = self._mask.currentData() == "brush" and not self.is_live
        if item is None or item.quad is None or pixels is None or not is_shown:
            self._view.setPaint(None, ())
            return
        tint = colour(colours().accent)
        paint = image_of(_tinted(pixels, (tint.red(), tint.green(), tint.blue())))
        self._view.setPaint(paint, item.quad.corners)

    # Live --------------------------------------------------------------------------------------------------

    @Slot(object)
    def _take_frame(self, frame: Frame) -> None:
        if frame.quality is Quality.FINAL:
            self.paste_soon()

    @Slot()
    def paste_soon(self) -> None:
        """Paste anew, a little later, if that is shown."""
        if self.is_live and not self._clock.isActive():
            self._clock.start()

    @Slot()
    def _show_pasted(self) -> None:
        from latent_studio.core.errors import LatentStudioError

        item, frame = self._desk.current, self._context.renders.frame
        if item is None or item.photo is None or frame is None or not self.is_live:
            return
        if frame.quality is not Quality.FINAL:
            return
        settings, brush = self.settings(), self._mask_pixels()
        if settings.shape == "brush" and brush is None:
            # Nothing painted yet: the photo as it is.
            pasted: NDArray[np.uint8] | None = item.small
        else:
            try:
                pasted = pasted_small(item, frame.pixels, settings, brush=brush)
            except LatentStudioError as error:
                self._context.messages.warning(error.title, hint=error.hint)
                return
        if pasted is not None:
            self._view.setPhoto(image_of(pasted), QSize(item.photo.width, item.photo.height))

    @Slot(bool)
    def _toggle_live(self, on: bool) -> None:
        self.liveChanged.emit(on)
        self._show_paint()
        self._show_pasted()

    # Saving ------------------------------------------------------------------------------------------------

    @Slot()
    def _ask_to_save(self) -> None:
        item = self._desk.current
        if item is None or item.photo is None:
            return
        source = Path(item.path) if item.path and not item.path.startswith("http") else Path(item.name)
        suffix = source.suffix if source.suffix.lower() in _PICTURES else ".png"
        suggested = source.with_name(f"{source.stem}-edited{suffix}")
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save photo"), str(suggested), self.tr("Pictures (*.png *.jpg *.webp *.tif)")
        )
        if chosen:
            self.save(chosen)

    def save(self, path: str) -> None:
        """Write the photo with the edited picture in it, as a job."""
        item = self._desk.current
        if item is not None:
            session = self._context.store.session
            save_pasted(self._context, item, session, self.settings(), path, brush=self._mask_pixels())

    def show_item(self, item: PhotoItem) -> None:
        """Offer what can be done with a photo."""
        self.setVisible(item.photo is not None)
        self._show_mask()


def _tinted(mask: NDArray[np.uint8], rgb: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A mask as a see-through colour, ``(S, S, 4)`` uint8."""
    import numpy as np

    tinted = np.empty((*mask.shape, 4), np.uint8)
    tinted[..., :3] = rgb
    tinted[..., 3] = mask // 255 * _PAINT_ALPHA
    return tinted
