"""Projection: drop a photo, choose the face, search its latent, edit, and get the photo back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.core.render import Quality, RenderRequest
from latent_studio.ui.command_text import command_text
from latent_studio.ui.photo_paster import pasted_small, save_pasted
from latent_studio.ui.photo_tuner import tune_to_photo
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.labelled_slider import LabelledSlider
from latent_studio.ui.widgets.loss_plot import LossPlot
from latent_studio.ui.widgets.photo_view import PhotoView
from latent_studio.ui.widgets.picture_label import PictureLabel
from latent_studio.ui.widgets.progress_line import ProgressLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.models import LoadedModel
    from latent_studio.core.jobs import Progress
    from latent_studio.core.projections import ProjectedPhoto
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.methods.alignment.paste import MaskShape, PasteSettings
    from latent_studio.methods.projection.ladder import Rung
    from latent_studio.methods.projection.settings import PresetName, ProjectionSettings, SpaceName
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem

_PICTURE = 74
#: A dragged slider pastes at most this often.
_PASTE_MS = 60


class ProjectionDock(QWidget):
    """The photo, its crop, the search and the way back.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.desk = context.photos
        self._last_preview: NDArray[np.uint8] | None = None
        self._shown_id = 0
        self.setAcceptDrops(True)
        self._make_photo_part()
        self._make_search_part()
        self._make_paste_part()
        self._lay_out()
        self._paste_clock = QTimer(self)
        self._paste_clock.setSingleShot(True)
        self._paste_clock.setInterval(_PASTE_MS)
        self._paste_clock.timeout.connect(self._show_pasted)

        self.desk.changed.connect(self._show)
        self.desk.searched.connect(self._show_search)
        self.desk.finished.connect(self._take_result)
        context.renders.frame_ready.connect(self._take_frame)
        context.models.model_changed.connect(self._take_model)
        context.bridge.session_changed.connect(self._follow)
        self._show()

    # Making ------------------------------------------------------------------------------------------------

    def _make_photo_part(self) -> None:
        self._hint = QLabel(self)
        self._hint.setObjectName("projection-hint")
        self._hint.setProperty("muted", True)
        self._hint.setWordWrap(True)
        self._open = _button(
            self, "projection-open", self.tr("Photos…"), self.tr("Choose photos to project.")
        )
        self._open.clicked.connect(self._ask_for_photos)
        self._paste_photo = _button(
            self,
            "projection-clipboard",
            self.tr("From clipboard"),
            self.tr("Take the picture on the clipboard."),
        )
        self._paste_photo.clicked.connect(self.take_clipboard)
        self._photos = QComboBox(self)
        self._photos.setObjectName("projection-photos")
        self._photos.setAccessibleName(self.tr("Photo"))
        self._photos.setToolTip(self.tr("The photos dropped so far."))
        self._photos.setMinimumWidth(80)
        self._photos.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._photos.setMinimumContentsLength(6)
        self._photos.activated.connect(self._choose_photo)
        self._faces = QComboBox(self)
        self._faces.setObjectName("projection-faces")
        self._faces.setAccessibleName(self.tr("What is cropped"))
        self._faces.setToolTip(self.tr("A face that was found, marks by hand, or a square."))
        self._faces.setMinimumWidth(80)
        self._faces.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._faces.setMinimumContentsLength(6)
        self._faces.activated.connect(self._choose_crop)
        self._view = PhotoView(self)
        self._view.setObjectName("projection-photo")
        self._view.setAccessibleName(self.tr("Photo with faces and marks"))
        self._view.setToolTip(
            self.tr(
                "Click a face to choose it; drag the marks of eyes and mouth, or move them by arrows; "
                "Page keys "
                "choose a mark, the wheel looks closer."
            )
        )
        self._view.facePicked.connect(self._pick_face)
        self._view.marksMoved.connect(self._move_marks)
        self._view.cropMoved.connect(self._move_square)
        self._slip = ElidedLabel("", self)
        self._slip.setObjectName("projection-sensitivity")
        self._slip.setProperty("muted", True)

    def _make_search_part(self) -> None:
        names = (
            ("crop", self.tr("Crop")), ("result", self.tr("Found")), ("error", self.tr("Error")),
        )  # fmt: skip
        self._pictures: dict[str, PictureLabel] = {}
        self._captions: dict[str, QLabel] = {}
        for name, title in names:
            picture = PictureLabel(QSize(_PICTURE, _PICTURE), self)
            picture.setObjectName(f"projection-{name}")
            picture.setAccessibleName(title)
            caption = QLabel(title, self)
            caption.setProperty("muted", True)
            caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._pictures[name], self._captions[name] = picture, caption
        self._pictures["error"].setToolTip(
            self.tr("Where crop and reconstruction differ; yellow is far off.")
        )
        self._preset = _choice(
            self, "projection-preset", self.tr("How long"),
            self.tr("Fast takes about a tenth of Good's time, Best about three times."),
            ((self.tr("Fast"), "fast"), (self.tr("Good"), "good"), (self.tr("Best"), "best")),
        )  # fmt: skip
        self._preset.setCurrentIndex(1)
        self._space = _choice(
            self, "projection-space", self.tr("Space"),
            self.tr("w+ comes closest, w is edited most safely; models without w are searched in z."),
            (("w+", "w+"), ("w", "w"), ("z", "z")),
        )  # fmt: skip
        self._start = _button(
            self, "projection-start", self.tr("Project"), self.tr("Search the latent that gives this crop.")
        )
        self._start.setProperty("primary", True)
        self._start.clicked.connect(self.start)
        self._stop = _button(
            self,
            "projection-stop",
            self.tr("Stop, keep best"),
            self.tr("End the search with the best so far."),
        )
        self._stop.clicked.connect(self.stop)
        self._continue = _button(
            self, "projection-continue", self.tr("Continue"), self.tr("Search on from the rung chosen below.")
        )
        self._continue.clicked.connect(self.go_on)
        self._all = _button(
            self,
            "projection-all",
            self.tr("All photos"),
            self.tr("Project every photo, one after the other."),
        )
        self._all.clicked.connect(self.start_all)
        self._copy = _button(
            self, "projection-copy-command", self.tr("Copy as command"),
            self.tr("Put the command line that does the same on the clipboard."),
        )  # fmt: skip
        self._copy.clicked.connect(self._copy_command)
        self._tune = _button(
            self, "projection-tune", self.tr("Tune model…"),
            self.tr("Bend the model around what was found, until it gives this crop; the difference is a "
                    "small file that opens like a model. The open model stays as it is."),
        )  # fmt: skip
        self._tune.clicked.connect(self._ask_to_tune)
        self._bar = ProgressLine(self)
        self._bar.setObjectName("projection-progress")
        self._pace = ElidedLabel("", self)
        self._pace.setObjectName("projection-pace")
        self._pace.setProperty("muted", True)
        self._plot = LossPlot(self)
        self._plot.setObjectName("projection-plot")
        self._rungs = QComboBox(self)
        self._rungs.setObjectName("projection-rungs")
        self._rungs.setAccessibleName(self.tr("Rung"))
        self._rungs.setToolTip(self.tr("Go back to what an earlier rung found; one step of the history."))
        self._rungs.setMinimumWidth(80)
        self._rungs.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._rungs.setMinimumContentsLength(6)
        self._rungs.activated.connect(self._choose_rung)
        self._score = QLabel(self)
        self._score.setObjectName("projection-score")
        self._score.setWordWrap(True)
        self._score.setToolTip(
            self.tr("Perceptual distance (smaller is better), PSNR (greater is better), and how far w "
                    "is from the "
                    "mean: about 1 is usual, and edits fail far beyond it.")
        )  # fmt: skip

    def _make_paste_part(self) -> None:
        self._live = QCheckBox(self.tr("Show in the photo"), self)
        self._live.setObjectName("paste-live")
        self._live.setToolTip(
            self.tr("The photo above shows the edited picture in place, while sliders move.")
        )
        self._live.toggled.connect(self._toggle_live)
        self._mask = _choice(
            self, "paste-mask", self.tr("Mask"), self.tr("Which part of the crop is pasted."),
            (
                (self.tr("Ellipse"), "ellipse"), (self.tr("Face"), "hull"), (self.tr("Square"), "square"),
            ),
        )  # fmt: skip
        self._mask.currentIndexChanged.connect(self._paste_soon)
        self._difference = QCheckBox(self.tr("Only what changed"), self)
        self._difference.setObjectName("paste-difference")
        self._difference.setChecked(True)
        self._difference.setToolTip(
            self.tr("Add only what the edit changed; hair and background stay the photo's own.")
        )
        self._difference.toggled.connect(self._paste_soon)
        self._strength = _slider(self, "paste-strength", self.tr("Strength"), 0.0, 1.0, 1.0)
        self._feather = _slider(self, "paste-feather", self.tr("Soft edge"), 0.0, 0.3, 0.08)
        self._colour = _slider(self, "paste-colour", self.tr("Match colour"), 0.0, 1.0, 0.0)
        self._detail = _slider(self, "paste-detail", self.tr("Keep grain"), 0.0, 1.0, 0.0)
        for slider in (self._strength, self._feather, self._colour, self._detail):
            slider.valueChanged.connect(self._paste_soon)
        self._save = _button(
            self, "paste-save", self.tr("Save photo…"),
            self.tr("Write the photo with the edited face at full size, with its camera notes."),
        )  # fmt: skip
        self._save.clicked.connect(self._ask_to_save)

    def _lay_out(self) -> None:
        top = _row(self._open, self._paste_photo, stretch=True)
        which = _row(self._photos, self._faces, stretches=(1, 1))
        pictures = QGridLayout()
        pictures.setHorizontalSpacing(8)
        pictures.setVerticalSpacing(2)
        for column, name in enumerate(self._pictures):
            pictures.addWidget(self._pictures[name], 0, column)
            pictures.addWidget(self._captions[name], 1, column)
        pictures.setColumnStretch(3, 1)
        self._search_part = QWidget(self)
        search = QVBoxLayout(self._search_part)
        search.setContentsMargins(0, 0, 0, 0)
        search.setSpacing(6)
        search.addLayout(which)
        search.addWidget(self._view, 1)
        search.addWidget(self._slip)
        search.addLayout(pictures)
        search.addLayout(_row(self._preset, self._space, stretches=(1, 1)))
        search.addLayout(_row(self._start, self._stop, self._continue, self._all, stretch=True))
        search.addWidget(self._bar)
        search.addWidget(self._pace)
        search.addWidget(self._plot)
        search.addWidget(self._rungs)
        search.addWidget(self._score)
        search.addLayout(_row(self._copy, self._tune, stretch=True))
        self._paste_part = QWidget(self)
        paste = QVBoxLayout(self._paste_part)
        paste.setContentsMargins(0, 4, 0, 0)
        paste.setSpacing(6)
        paste.addWidget(self._live)
        paste.addWidget(self._difference)
        paste.addLayout(_row(self._mask, self._save, stretches=(1, 0)))
        for slider in (self._strength, self._feather, self._colour, self._detail):
            paste.addWidget(slider)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._hint)
        layout.addLayout(top)
        layout.addWidget(self._search_part, 1)
        layout.addWidget(self._paste_part)
        layout.addStretch(0)

    # Photos ------------------------------------------------------------------------------------------------

    def take_files(self, paths: list[str]) -> None:
        """Photos were dropped or chosen."""
        self.desk.add_files(paths)

    @Slot()
    def take_clipboard(self) -> None:
        """Take the clipboard's picture, or the files copied to it."""
        clipboard = QGuiApplication.clipboard()
        mime = clipboard.mimeData()
        files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []
        if files:
            self.desk.add_files(files)
            return
        image = clipboard.image()
        if image.isNull():
            self._context.messages.news(
                self.tr("There is no picture on the clipboard."), hint=self.tr("Copy one first.")
            )
            return
        self.desk.add_pixels(_pixels_of_image(image), self.tr("clipboard"))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and addresses are welcome."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take them."""
        urls = event.mimeData().urls()
        self.desk.add_files([url.toLocalFile() if url.isLocalFile() else url.toString() for url in urls])
        event.acceptProposedAction()

    @Slot()
    def _ask_for_photos(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(
            self,
            self.tr("Choose photos"),
            "",
            self.tr(
                "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif *.heic *.heif);;All files (*)"
            ),
        )
        if chosen:
            self.desk.add_files(chosen)

    @Slot(int)
    def _choose_photo(self, index: int) -> None:
        self._view.lookAt(())
        self.desk.look_at(int(self._photos.itemData(index)))

    @Slot(int)
    def _choose_crop(self, index: int) -> None:
        item, choice = self.desk.current, self._faces.itemData(index)
        if item is None or item.photo is None:
            return
        if choice == "square":
            self.desk.set_square(item.id)
        elif choice == "hand":
            marks = item.marks.array.tolist() if item.marks is not None else _usual_marks(item)
            self.desk.set_marks(item.id, marks)
            if item.quad is not None and item.marks is not None:
                self._view.lookAt(item.quad.corners)
        else:
            self.desk.choose_face(item.id, int(choice))

    @Slot(int)
    def _pick_face(self, index: int) -> None:
        if self.desk.current is not None:
            self.desk.choose_face(self.desk.current.id, index)

    @Slot(object)
    def _move_marks(self, points: object) -> None:
        if self.desk.current is not None:
            problem = self.desk.set_marks(self.desk.current.id, points)
            if problem:
                self._slip.setText(problem)

    @Slot(float, float)
    def _move_square(self, dx: float, dy: float) -> None:
        if self.desk.current is not None:
            self.desk.set_square(self.desk.current.id, moved=(dx, dy))

    # Searching ---------------------------------------------------------------------------------------------

    def settings(self) -> ProjectionSettings:
        """The search that the fields ask for."""
        from latent_studio.methods.projection.settings import preset

        return preset(
            cast("PresetName", self._preset.currentData()), space=cast("SpaceName", self._space.currentData())
        )

    @Slot()
    def start(self) -> None:
        """Search for the photo looked at."""
        if self.desk.current is not None:
            self._begin([self.desk.current.id])

    @Slot()
    def start_all(self) -> None:
        """Search for all photos, one after the other."""
        self._begin([item.id for item in self.desk.items if item.photo is not None])

    @Slot()
    def stop(self) -> None:
        """End the search of the photo looked at; the best is kept."""
        if self.desk.current is not None:
            self.desk.stop(self.desk.current.id)

    @Slot()
    def go_on(self) -> None:
        """Search on from the rung chosen."""
        from latent_studio.app.projector import continued
        from latent_studio.methods.projection.ladder import Start

        item, rung = self.desk.current, self._rung()
        if item is None or rung is None:
            return
        start = Start(rung.space, rung.latent, rung.noise)
        self.desk.search([item.id], continued(self.settings(), rung.space), start=start)

    def _begin(self, item_ids: list[int]) -> None:
        self._plot.clear()
        self.desk.search(item_ids, self.settings())

    def _rung(self) -> Rung | None:
        item = self.desk.current
        if item is None or item.found is None:
            return None
        index = self._rungs.currentIndex()
        rungs = item.found.projection.rungs
        return rungs[index] if 0 <= index < len(rungs) else item.found.projection.best

    @Slot(object, object)
    def _show_search(self, item: PhotoItem, progress: Progress) -> None:
        if self.desk.current is None or item.id != self.desk.current.id:
            return
        self._bar.setFraction(progress.fraction)
        self._pace.setText(progress.message)
        losses = {name: value for name, value in progress.metrics.items() if name in _PLOTTED}
        if losses:
            self._plot.add(losses)
        if progress.preview is not None:
            self._last_preview = progress.preview.pixels
            self._pictures["result"].setImage(image_of(progress.preview.pixels))

    @Slot(object)
    def _take_result(self, item: PhotoItem) -> None:
        if item.found is None:
            return
        model = self._context.models.model
        if model is None or model.ref.sha256 != item.found.model_sha256:
            self._context.messages.warning(
                self.tr("{name} was found on another model than the one open now.").format(name=item.name),
                hint=self.tr("Open that model again, or project the photo on this one."),
            )
            return
        self._use(item, item.found.projection.best, self.tr("Project {name}").format(name=item.name))
        if not item.found.projection.is_complete:
            self._context.messages.news(
                self.tr("Stopped; the best so far is kept."), hint=self.tr("Continue goes on from there.")
            )

    def _use(self, item: PhotoItem, rung: Rung, label: str) -> None:
        """Make a rung's latent the session's base: one step of the history."""
        from latent_studio.app.projector import rung_latent
        from latent_studio.core.projections import remembered

        latent, noise = rung_latent(rung)
        store = self._context.store
        session = store.session
        photo = _projected_photo(item, rung)
        store.replace(
            replace(
                session,
                base=latent,
                noise=noise,
                # What was found is the picture itself; pulled to the mean it would be another one.
                synthesis=replace(session.synthesis, truncation_psi=1.0, noise_mode="const"),
                projections=remembered(session.projections, photo),
            ),
            label,
        )

    @Slot(int)
    def _choose_rung(self, index: int) -> None:
        item, rung = self.desk.current, self._rung()
        model = self._context.models.model
        if item is None or rung is None or item.found is None or model is None:
            return
        if model.ref.sha256 == item.found.model_sha256:
            self._use(item, rung, self.tr("Go to rung {name}").format(name=rung.name))
        self._show_found(item, rung)

    @Slot()
    def _copy_command(self) -> None:
        from latent_studio.app.tasks.project import ProjectOptions

        item, model = self.desk.current, self._context.models.model
        if item is None or model is None:
            return
        marks = None
        if item.chosen < 0 and item.marks is not None:
            marks = tuple(float(value) for value in item.marks.array.flatten())
        box = None
        if item.marks is None and item.quad is not None:
            corners = item.quad.array + 0.5
            box = (*corners[0].tolist(), *corners[2].tolist())
        options = ProjectOptions(
            model.ref.path, (item.path or item.name,), Path("projections"),
            preset=self._preset.currentData(), space=self._space.currentData(),
            face=max(item.chosen, 0), marks=marks, box=box,  # type: ignore[arg-type]
        )  # fmt: skip
        QGuiApplication.clipboard().setText(command_text("project", options))
        self._context.messages.success(self.tr("The command is on the clipboard."))

    @Slot()
    def _ask_to_tune(self) -> None:
        item = self.desk.current
        if item is None or item.found is None:
            return
        stem = Path(item.path or item.name).stem
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Tune model"), f"{stem}-tuned.safetensors", self.tr("Tuning (*.safetensors)")
        )
        if chosen:
            tune_to_photo(self._context, item, Path(chosen).with_suffix(".safetensors"))

    # Pasting back ------------------------------------------------------------------------------------------

    def paste_settings(self) -> PasteSettings:
        """How the fields ask to paste."""
        from latent_studio.methods.alignment.paste import PasteSettings

        item = self.desk.current
        can_difference = item is not None and item.found is not None
        return PasteSettings(
            strength=self._strength.value(),
            shape=cast("MaskShape", self._mask.currentData()),
            feather=self._feather.value(),
            match_colour=self._colour.value(),
            detail=self._detail.value(),
            difference=self._difference.isChecked() and can_difference,
        )

    @Slot(object)
    def _take_frame(self, frame: Frame) -> None:
        if frame.quality is Quality.FINAL and self._live.isChecked():
            self._paste_soon()

    @Slot()
    def _paste_soon(self) -> None:
        if self._live.isChecked() and not self._paste_clock.isActive():
            self._paste_clock.start()

    @Slot()
    def _show_pasted(self) -> None:
        from latent_studio.core.errors import LatentStudioError

        item, frame = self.desk.current, self._context.renders.frame
        if item is None or item.photo is None or frame is None or not self._live.isChecked():
            return
        if frame.quality is not Quality.FINAL:
            return
        try:
            pasted = pasted_small(item, frame.pixels, self.paste_settings())
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        if pasted is not None:
            self._view.setPhoto(image_of(pasted), QSize(item.photo.width, item.photo.height))

    @Slot(bool)
    def _toggle_live(self, on: bool) -> None:
        if on:
            self._view.setMarks(())
            self._view.setQuad(())
            self._view.setFaces((), -1)
            self._show_pasted()
        else:
            self._show()

    @Slot()
    def _ask_to_save(self) -> None:
        item = self.desk.current
        if item is None or item.photo is None:
            return
        source = Path(item.path) if item.path and not item.path.startswith("http") else Path(item.name)
        suffix = (
            source.suffix if source.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp", ".tif") else ".png"
        )
        suggested = source.with_name(f"{source.stem}-edited{suffix}")
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save photo"), str(suggested), self.tr("Pictures (*.png *.jpg *.webp *.tif)")
        )
        if chosen:
            self.save_photo(chosen)

    def save_photo(self, path: str) -> None:
        """Write the photo with the edited picture in it, as a job."""
        item = self.desk.current
        if item is not None:
            request = RenderRequest.of(self._context.store.session, revision=0)
            save_pasted(self._context, item, request, self.paste_settings(), path)

    # Showing -----------------------------------------------------------------------------------------------

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        has_w = model.spec.has_mapping
        self._space.setEnabled(has_w)
        if not has_w:
            self._space.setCurrentIndex(self._space.findData("z"))
        self._show()

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if (old.model is None) != (new.model is None):
            self._show()

    @Slot()
    def _show(self) -> None:
        item = self.desk.current
        self._search_part.setVisible(item is not None)
        self._paste_part.setVisible(item is not None and item.photo is not None)
        if item is None:
            self._hint.setText(
                self.tr("Drop a photo here. Its face is found, its latent searched, and after editing "
                        "it goes back "
                        "into the photo.")
            )  # fmt: skip
            self._hint.show()
            return
        self._show_lists(item)
        self._show_photo(item)
        self._show_state(item)
        if item.found is not None:
            rung = self._rung()
            if rung is not None:
                self._show_found(item, rung)
        elif item.id != self._shown_id:
            self._pictures["result"].setImage(None)
            self._pictures["error"].setImage(None)
            self._score.setText("")
        self._shown_id = item.id

    def _show_lists(self, item: PhotoItem) -> None:
        with QSignalBlocker(self._photos):
            self._photos.clear()
            for one in self.desk.items:
                self._photos.addItem(f"{one.name}  {self._state_words(one)}", one.id)
            self._photos.setCurrentIndex(self._photos.findData(item.id))
        with QSignalBlocker(self._faces):
            self._faces.clear()
            count = len(item.faces)
            for index in range(count):
                words = self.tr("Face {number} of {count}") if count > 1 else self.tr("Face")
                self._faces.addItem(words.format(number=index + 1, count=count), index)
            self._faces.addItem(self.tr("Marks by hand"), "hand")
            self._faces.addItem(self.tr("Square"), "square")
            choice: object = (
                item.chosen if item.chosen >= 0 else ("hand" if item.marks is not None else "square")
            )
            self._faces.setCurrentIndex(self._faces.findData(choice))
        rungs = () if item.found is None else item.found.projection.rungs
        names = [self._rung_words(rung) for rung in rungs]
        if names != [self._rungs.itemText(index) for index in range(self._rungs.count())]:
            with QSignalBlocker(self._rungs):
                self._rungs.clear()
                self._rungs.addItems(names)
                if item.found is not None:
                    best = item.found.projection.best
                    self._rungs.setCurrentIndex(next(i for i, rung in enumerate(rungs) if rung is best))
        self._rungs.setVisible(bool(rungs))

    def _show_photo(self, item: PhotoItem) -> None:
        if item.photo is None or item.small is None:
            self._view.setPhoto(None, QSize(1, 1))
            return
        if not self._live.isChecked():
            self._view.setPhoto(image_of(item.small), QSize(item.photo.width, item.photo.height))
            self._view.setFaces([face.box for face in item.faces], item.chosen)
            self._view.setMarks(() if item.marks is None else [(x, y) for x, y in item.marks.array.tolist()])
            self._view.setQuad(() if item.quad is None else item.quad.corners)
        if item.crop is not None:
            self._pictures["crop"].setImage(image_of(item.crop))
        if item.marks is not None:
            from latent_studio.methods.alignment.crop import sensitivity

            share = sensitivity(item.marks) / max(item.quad.side if item.quad else 1.0, 1.0)
            self._slip.setText(
                self.tr("1 px at a mark moves the crop by {share:.1%} at most.").format(share=share)
            )
        else:
            self._slip.setText(self.tr("Drag the square, or place marks by hand."))

    def _show_state(self, item: PhotoItem) -> None:
        hints = {
            "reading": self.tr("Looking for faces in {name}."),
            "failed": "{problem}",
        }
        no_face = item.photo is not None and not item.faces and item.found is None
        text = hints.get(item.state, "").format(name=item.name, problem=item.problem)
        if no_face and item.state == "ready":
            text = self.tr("No face was found: mark eyes and mouth by hand, or take the square.")
        self._hint.setText(text)
        self._hint.setVisible(bool(text))
        busy = self.desk.is_searching(item.id)
        has_model = self._context.models.model is not None
        ready = item.photo is not None and has_model
        self._start.setVisible(not busy)
        self._start.setEnabled(ready)
        self._start.setText(self.tr("Project") if item.found is None else self.tr("Restart"))
        self._stop.setVisible(busy)
        self._continue.setVisible(item.found is not None and not busy)
        self._tune.setVisible(item.found is not None and not busy)
        self._all.setVisible(len(self.desk.items) > 1)
        self._bar.setVisible(busy)
        self._pace.setVisible(busy)
        if busy and item.state == "waiting":
            self._pace.setText(self.tr("Waits for its turn."))
            self._bar.setFraction(0.0)

    def _show_found(self, item: PhotoItem, rung: Rung) -> None:
        from latent_studio.app.projector import error_map, pixels_of
        from latent_studio.exporters.pixels import resized

        if item.found is None:
            return
        picture = pixels_of(rung.picture)
        self._pictures["result"].setImage(image_of(picture))
        crop = resized(item.found.crop, picture.shape[1], picture.shape[0])
        self._pictures["crop"].setImage(image_of(crop))
        self._pictures["error"].setImage(image_of(error_map(crop, picture[..., :3])))
        score = rung.score
        self._score.setText(
            self.tr("{metric} {distance:.3f} · PSNR {psnr:.1f} dB · {sigmas:.2f} σ. {advice}").format(
                metric=score.metric,
                distance=score.perceptual,
                psnr=score.psnr,
                sigmas=score.sigmas,
                advice=score.advice,
            )
        )

    def _state_words(self, item: PhotoItem) -> str:
        return {
            "reading": self.tr("(reading)"),
            "waiting": self.tr("(waits)"),
            "searching": self.tr("(searching)"),
            "found": self.tr("(found)"),
            "failed": self.tr("(failed)"),
        }.get(item.state, "")

    def _rung_words(self, rung: Rung) -> str:
        return self.tr("Rung {name}: PSNR {psnr:.1f} dB, distance {distance:.3f}").format(
            name=rung.name, psnr=rung.score.psnr, distance=rung.score.perceptual
        )


#: Curves of the plot.
_PLOTTED = ("loss", "perceptual", "pixel", "noise")


def _projected_photo(item: PhotoItem, rung: Rung) -> ProjectedPhoto:
    from latent_studio.app.projector import rung_latent
    from latent_studio.core.projections import ProjectedPhoto

    if item.photo is None or item.quad is None:
        raise ValueError("a photo without a crop has no latent")
    latent, noise = rung_latent(rung)
    marks = () if item.marks is None else tuple(float(v) for v in item.marks.array.flatten())
    return ProjectedPhoto(
        item.name, item.path, item.photo.digest, (item.photo.width, item.photo.height),
        tuple(float(v) for v in item.quad.array.flatten()), marks, latent, noise,
        rung.score.perceptual, rung.score.psnr, rung.score.sigmas,
    )  # fmt: skip


def _usual_marks(item: PhotoItem) -> list[tuple[float, float]]:
    """Marks in the middle of the photo, for a hand to drag."""
    if item.photo is None:
        return []
    width, height = item.photo.width, item.photo.height
    unit = min(width, height) / 8
    x, y = width / 2, height * 0.45
    return [(x - unit, y), (x + unit, y), (x - 0.7 * unit, y + 1.7 * unit), (x + 0.7 * unit, y + 1.7 * unit)]


def _pixels_of_image(image: QImage) -> NDArray[np.uint8]:
    import numpy as np

    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : plain.width() * 4].reshape(plain.height(), plain.width(), 4).copy()


def _button(parent: QWidget, name: str, text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    button.setToolTip(tooltip)
    return button


def _choice(
    parent: QWidget, name: str, title: str, tooltip: str, entries: tuple[tuple[str, str], ...]
) -> QComboBox:
    box = QComboBox(parent)
    box.setObjectName(name)
    box.setAccessibleName(title)
    box.setToolTip(tooltip)
    box.setMinimumWidth(64)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(4)
    for text, value in entries:
        box.addItem(text, value)
    return box


def _slider(parent: QWidget, name: str, title: str, low: float, high: float, value: float) -> LabelledSlider:
    slider = LabelledSlider(title, parent=parent)
    slider.setObjectName(name)
    slider.setRange(low, high)
    slider.setDefault(value)
    slider.setStep((high - low) / 50)
    slider.setDecimals(2)
    slider.setValue(value)
    return slider


def _row(*widgets: QWidget, stretch: bool = False, stretches: tuple[int, ...] = ()) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for index, widget in enumerate(widgets):
        row.addWidget(widget, stretches[index] if stretches else 0)
    if stretch:
        row.addStretch(1)
    return row
