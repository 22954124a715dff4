"""FoundPanel: crop, reconstruction and error side by side, the rungs of the search, and its score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from latent_studio.ui.photo_tuner import PhotoTuner
from latent_studio.ui.photos.controls import button, choice, flow
from latent_studio.ui.photos.film_saver import FilmSaver
from latent_studio.ui.widgets.elided_label import ElidedLabel
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.picture_label import PictureLabel

if TYPE_CHECKING:
    from latent_studio.core.jobs import Progress
    from latent_studio.methods.projection.rungs import Rung
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.photo_desk import PhotoItem, TunedModel

_PICTURE = 74


class FoundPanel(QWidget):
    """What a search has found so far, or in the end.

    Args:
        context: the window's parts.
        parent: Qt owner.

    Signals:
        rungChosen: a ``Rung`` is to be gone back to.
        tunedChosen: the model tuned to the photo is to be opened.
        continued: a ``Rung`` is to be searched on from.
    """

    rungChosen = Signal(object)
    tunedChosen = Signal()
    continued = Signal(object)

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._desk = context.photos
        self._shown_id = 0
        self._is_tuned = False
        names = (
            ("crop", self.tr("Crop")), ("result", self.tr("Found")), ("error", self.tr("Error")),
        )  # fmt: skip
        pictures = QGridLayout()
        pictures.setHorizontalSpacing(8)
        pictures.setVerticalSpacing(2)
        self._pictures: dict[str, PictureLabel] = {}
        for column, (name, title) in enumerate(names):
            picture = PictureLabel(QSize(_PICTURE, _PICTURE), self)
            picture.setObjectName(f"projection-{name}")
            picture.setAccessibleName(title)
            caption = QLabel(title, self)
            caption.setProperty("muted", True)
            caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            pictures.addWidget(picture, 0, column)
            pictures.addWidget(caption, 1, column)
            self._pictures[name] = picture
        pictures.setColumnStretch(3, 1)
        self._pictures["error"].setToolTip(
            self.tr("Where crop and reconstruction differ; yellow is far off.")
        )
        self._rungs = choice(
            self, "projection-rungs", self.tr("Rung"),
            self.tr("Go back to what an earlier rung found; one step of the history. The tuned model and the "
                    "one before it take each other's place, with all your steps."),
            shortest=6,
        )  # fmt: skip
        self._rungs.activated.connect(self._choose_rung)
        self._score = QLabel(self)
        self._score.setObjectName("projection-score")
        self._score.setWordWrap(True)
        self._score.setToolTip(
            self.tr("Perceptual distance (smaller is better), PSNR (greater is better), and how far w "
                    "is from the "
                    "mean: about 1 is usual, and edits fail far beyond it.")
        )  # fmt: skip
        self._continue = button(
            self, "projection-continue", self.tr("Continue"),
            self.tr("Search on from the rung chosen here; an earlier one restarts from there."),
        )  # fmt: skip
        self._continue.clicked.connect(self.go_on)
        self._tune = button(
            self, "projection-tune", self.tr("Tune model…"),
            self.tr("Bend the model around what was found, until it gives this crop; the difference is a "
                    "small file that opens like a model. The open model stays as it is."),
        )  # fmt: skip
        self._tune.clicked.connect(self._ask_to_tune)
        self._tuner = PhotoTuner(context, self)
        self._tuner.changed.connect(self._show_tuning)
        self._stop_tuning = button(
            self, "projection-stop-tuning", "", self.tr("End it; what was reached by then is written.")
        )
        self._stop_tuning.clicked.connect(self._tuner.stop)
        self._pace = ElidedLabel("", self)
        self._pace.setObjectName("projection-tuning-pace")
        self._pace.setProperty("muted", True)
        self._films = FilmSaver(context, self)
        self._film = button(
            self, "projection-save-film", self.tr("Save film…"),
            self.tr("Write the search as a film, target and picture side by side."),
        )  # fmt: skip
        self._film.clicked.connect(self._ask_for_film)
        self._rung_part = QWidget(self)
        part = QVBoxLayout(self._rung_part)
        part.setContentsMargins(0, 0, 0, 0)
        part.setSpacing(6)
        part.addWidget(self._rungs)
        part.addWidget(self._score)
        part.addLayout(flow(self._continue, self._tune, self._stop_tuning, self._film))
        part.addWidget(self._pace)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(pictures)
        layout.addWidget(self._rung_part)
        self._desk.searched.connect(self._show_search)

    def rung(self) -> Rung | None:
        """The rung chosen of the photo looked at."""
        item = self._desk.current
        if item is None or item.found is None:
            return None
        index = self._rungs.currentIndex()
        rungs = item.found.projection.rungs
        if item.tuned is not None and index == len(rungs):
            return item.tuned.rung
        return rungs[index] if 0 <= index < len(rungs) else item.found.projection.best

    @Slot()
    def go_on(self) -> None:
        """Search on from the rung chosen."""
        rung = self.rung()
        if rung is not None:
            self.continued.emit(rung)

    @Slot(int)
    def _choose_rung(self, index: int) -> None:
        item, rung = self._desk.current, self.rung()
        if item is not None and item.found is not None and index >= len(item.found.projection.rungs):
            self.tunedChosen.emit()
        elif rung is not None:
            self.rungChosen.emit(rung)
        if item is not None and rung is not None:
            self._show_found(item, rung)

    @Slot()
    def _ask_to_tune(self) -> None:
        item = self._desk.current
        if item is None or item.found is None:
            return
        stem = Path(item.path or item.name).stem
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Tune model"), f"{stem}-tuned.safetensors", self.tr("Tuning (*.safetensors)")
        )
        if chosen:
            self._tuner.tune(item, Path(chosen).with_suffix(".safetensors"))

    @Slot()
    def _ask_for_film(self) -> None:
        if self._desk.current is not None:
            self._films.ask(self._desk.current)

    @Slot(object, object)
    def _show_search(self, item: PhotoItem, progress: Progress) -> None:
        if self._desk.current is None or item.id != self._desk.current.id:
            return
        if progress.preview is not None:
            self._pictures["result"].setImage(image_of(progress.preview.pixels))

    def show_item(self, item: PhotoItem) -> None:
        """Show what was found for a photo, if anything was."""
        if item.crop is not None:
            self._pictures["crop"].setImage(image_of(item.crop))
        self._show_rungs(item)
        is_busy = self._desk.is_searching(item.id)
        self._rung_part.setVisible(item.found is not None)
        self._is_tuned = item.tuned is not None and self._is_open(item.tuned)
        # The rungs are of the model before it was tuned: they are gone on from there.
        self._continue.setVisible(item.found is not None and not is_busy and not self._is_tuned)
        self._film.setVisible(item.found is not None and bool(item.found.frames))
        self._show_tuning()
        rung = self.rung()
        if rung is not None:
            self._show_found(item, rung)
        elif item.id != self._shown_id:
            self._pictures["result"].setImage(None)
            self._pictures["error"].setImage(None)
            self._score.setText("")
        self._shown_id = item.id

    @Slot()
    def _show_tuning(self) -> None:
        item = self._desk.current
        can_tune = item is not None and item.found is not None and not self._desk.is_searching(item.id)
        self._tune.setVisible(can_tune and not self._tuner.is_running and not self._is_tuned)
        self._stop_tuning.setVisible(self._tuner.is_running)
        self._pace.setVisible(self._tuner.is_running)
        self._pace.setText(self._tuner.pace)
        self._stop_tuning.setText(self.tr("Stop tuning ({share:.0%})").format(share=self._tuner.fraction))

    def _show_rungs(self, item: PhotoItem) -> None:
        rungs = () if item.found is None else item.found.projection.rungs
        names = [self._rung_words(rung) for rung in rungs]
        if item.tuned is not None:
            names.append(self.tr("Tuned model: PSNR {psnr:.1f} dB").format(psnr=item.tuned.rung.score.psnr))
        if names != [self._rungs.itemText(index) for index in range(self._rungs.count())]:
            with QSignalBlocker(self._rungs):
                self._rungs.clear()
                self._rungs.addItems(names)
                if item.tuned is not None and self._is_open(item.tuned):
                    self._rungs.setCurrentIndex(len(rungs))
                elif item.found is not None:
                    best = item.found.projection.best
                    self._rungs.setCurrentIndex(next(i for i, rung in enumerate(rungs) if rung is best))

    def _is_open(self, tuned: TunedModel) -> bool:
        model = self._context.models.model
        return model is not None and model.ref.path == tuned.path

    def _show_found(self, item: PhotoItem, rung: Rung) -> None:
        from latent_studio.app.projector import error_map, pixels_of
        from latent_studio.exporters.pixels import resized

        if item.found is None:
            return
        is_last = rung is item.found.projection.best or rung is item.found.projection.rungs[-1]
        self._continue.setText(self.tr("Continue") if is_last else self.tr("Restart from here"))
        picture = pixels_of(rung.picture)
        self._pictures["result"].setImage(image_of(picture))
        crop = resized(item.found.crop, picture.shape[1], picture.shape[0])
        self._pictures["crop"].setImage(image_of(crop))
        self._pictures["error"].setImage(image_of(error_map(crop, picture[..., :3])))
        score = rung.score
        person = "" if score.identity is None else self.tr(" · person {share:.2f}")
        self._score.setText(
            self.tr("{metric} {distance:.3f} · PSNR {psnr:.1f} dB{person} · {sigmas:.2f} σ. {advice}").format(
                metric=score.metric,
                distance=score.perceptual,
                psnr=score.psnr,
                person=person.format(share=score.identity),
                sigmas=score.sigmas,
                advice=score.advice,
            )
        )

    def _rung_words(self, rung: Rung) -> str:
        return self.tr("Rung {name}: PSNR {psnr:.1f} dB, distance {distance:.3f}").format(
            name=rung.name, psnr=rung.score.psnr, distance=rung.score.perceptual
        )
