"""PhotoDesk: the photos a user dropped, where their faces are, and what searches found for them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.projector import Found, Projector
    from latent_studio.app.store import SessionStore
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, Progress, ProgressSink
    from latent_studio.core.session import Session
    from latent_studio.methods.alignment.crop import Quad
    from latent_studio.methods.alignment.faces import Face, FaceMarks
    from latent_studio.methods.alignment.photo import Photo
    from latent_studio.methods.projection.lpips_net import LossName
    from latent_studio.methods.projection.published import PublishedSettings
    from latent_studio.methods.projection.rungs import Rung, Start
    from latent_studio.methods.projection.settings import ProjectionSettings
    from latent_studio.ui.failures import Failure
    from latent_studio.ui.job_thread import Job, JobThread
    from latent_studio.ui.messages import Messages
    from latent_studio.ui.model_opener import ModelOpener
    from latent_studio.ui.twin import Twin

#: Longer side in pixels of what is shown of a photo.
SHOWN_SIDE = 900
#: Side of a crop while marks are dragged.
_LIVE_SIDE = 160


@dataclass(frozen=True, slots=True)
class TunedModel:
    """A model that was tuned to what was found for a photo.

    Attributes:
        path: of the file of differences.
        base: path of the model they belong to.
        rung: the one it was tuned around, with the tuned model's picture and score.
    """

    path: str
    base: str
    rung: Rung


@dataclass(frozen=True, slots=True)
class PhotoItem:
    """One photo on the desk.

    Attributes:
        id: grows with every photo.
        name: of the file.
        path: where it was; empty for the clipboard.
        state: ``"reading"``, ``"ready"``, ``"waiting"``, ``"searching"``, ``"found"`` or ``"failed"``.
        photo: once it is read.
        small: ``(h, w, 3)`` uint8, what is shown of it.
        faces: all found, the largest first.
        chosen: index of the face; -1 for marks or a square by hand.
        marks: of the crop; ``None`` for a square.
        quad: the crop.
        crop: ``(S, S, 3)`` uint8, a small picture of it.
        found: what the last search found.
        tuned: the model tuned to it, the last rung of all; ``None`` before.
        takes_edits: the search began at the canvas, edits and all, so what was found takes their place.
        problem: a sentence, where something failed.
        twin: what does its last search again without the window; ``None`` before.
    """

    id: int
    name: str
    path: str = ""
    state: str = "reading"
    photo: Photo | None = None
    small: NDArray[np.uint8] | None = None
    faces: tuple[Face, ...] = ()
    chosen: int = -1
    marks: FaceMarks | None = None
    quad: Quad | None = None
    crop: NDArray[np.uint8] | None = None
    found: Found | None = None
    tuned: TunedModel | None = None
    takes_edits: bool = False
    problem: str = ""
    twin: Twin | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    photo: Photo
    small: NDArray[np.uint8]
    faces: tuple[Face, ...] = field(default=())
    problem: LatentStudioError | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    settings: ProjectionSettings | PublishedSettings
    start: Start | None
    canvas: Session | None
    loss: LossName
    frames: int
    class_idx: int


class PhotoDesk(QObject):
    """Reads photos and searches for them, one after the other, as jobs.

    Args:
        studio: what jobs are given.
        store: whose session says which class.
        models: the open model.
        jobs: long work.
        messages: news for the message bar.
        parent: Qt owner.

    Signals:
        changed: a photo's state or crop changed, or another one is looked at.
        searched: ``(PhotoItem, Progress)`` from a running search.
        finished: a ``PhotoItem`` for which something was found.
    """

    changed = Signal()
    searched = Signal(object, object)
    finished = Signal(object)

    def __init__(
        self,
        studio: Studio,
        *,
        store: SessionStore,
        models: ModelOpener,
        jobs: JobThread,
        messages: Messages,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._studio = studio
        self._store = store
        self._models = models
        self._job_thread = jobs
        self._messages = messages
        self._ids = itertools.count(1)
        self._items: dict[int, PhotoItem] = {}
        self._jobs: dict[int, Job] = {}
        self._looks: dict[int, Job] = {}
        self._current = 0
        self._finder = "mtcnn"
        self._projector: Projector | None = None
        self._loss: LossName = "st-lpips"
        jobs.progressed.connect(self._take_progress)
        jobs.cancelled.connect(self._take_cancelled)
        models.opening_changed.connect(self._make_way)

    @property
    def items(self) -> tuple[PhotoItem, ...]:
        """All photos, in the order they came."""
        return tuple(self._items.values())

    @property
    def current(self) -> PhotoItem | None:
        """The one looked at."""
        return self._items.get(self._current)

    def look_at(self, item_id: int) -> None:
        """Look at another photo."""
        if item_id in self._items and item_id != self._current:
            self._current = item_id
            self.changed.emit()

    def add_files(self, paths: Iterable[str]) -> None:
        """Read photos; folders stand for the pictures in them."""
        from latent_studio.app.photo_files import expand_photos, open_photo

        try:
            names = expand_photos(paths)
        except LatentStudioError as error:
            self._messages.warning(error.title, hint=error.hint)
            return
        for name in names:
            self._add(name.replace("\\", "/").rpartition("/")[2], name, partial(open_photo, name))

    def add_pixels(self, pixels: NDArray[np.uint8], name: str) -> None:
        """Take a picture that is no file, such as the clipboard's: ``(H, W, 3 or 4)`` uint8."""
        from latent_studio.methods.alignment.photo import photo_of_pixels

        self._add(name, "", partial(photo_of_pixels, pixels, name=name))

    def remove(self, item_id: int) -> None:
        """Forget a photo; a search for it stops."""
        self.stop(item_id)
        self._items.pop(item_id, None)
        if self._current == item_id:
            self._current = next(reversed(self._items), 0)
        self.changed.emit()

    @property
    def finder(self) -> str:
        """What looks for faces: ``"mtcnn"`` or ``"fan"``."""
        return self._finder

    def use_finder(self, finder: str) -> None:
        """Look for faces with another finder from now on: ``"mtcnn"`` or ``"fan"``."""
        self._finder = finder

    def look_again(self, item_id: int) -> None:
        """Look for the faces of a photo anew."""
        item = self._items[item_id]
        if item.photo is not None and item_id not in self._jobs:
            photo = item.photo
            self._put(replace(item, state="reading"))
            self._look(item, lambda: photo)

    def spread_faces(self, item_id: int) -> None:
        """Put every other face of a photo on the desk as a photo of its own."""
        from latent_studio.methods.alignment.crop import face_quad

        item = self._items[item_id]
        for index, face in enumerate(item.faces):
            if index == item.chosen:
                continue
            other = replace(
                item, id=next(self._ids), state="ready", chosen=index, marks=face.marks,
                quad=face_quad(face.marks), found=None, tuned=None, problem="",
                name=self.tr("{name}, face {number}").format(name=item.name, number=index + 1),
            )  # fmt: skip
            self._items[other.id] = self._cropped(other)
        self.changed.emit()

    def choose_face(self, item_id: int, index: int) -> None:
        """Crop another face."""
        from latent_studio.methods.alignment.crop import face_quad

        item = self._items[item_id]
        if 0 <= index < len(item.faces):
            marks = item.faces[index].marks
            self._put(self._cropped(replace(item, chosen=index, marks=marks, quad=face_quad(marks))))

    def set_marks(self, item_id: int, points: object) -> str:
        """Crop by marks: four ``(x, y)``.

        Returns:
            why they do not do; empty when they do.
        """
        from latent_studio.methods.alignment.crop import face_quad
        from latent_studio.methods.alignment.faces import FaceMarks

        item = self._items[item_id]
        try:
            marks = FaceMarks.from_array(points)  # type: ignore[arg-type]
            cropped = self._cropped(replace(item, chosen=-1, marks=marks, quad=face_quad(marks)))
        except LatentStudioError as error:
            return str(error)
        self._put(cropped)
        return ""

    def set_square(
        self, item_id: int, *, moved: tuple[float, float] = (0.0, 0.0), scale: float = 1.0
    ) -> None:
        """Crop a square: the one there is, moved and scaled, or the largest in the middle."""
        import numpy as np

        from latent_studio.methods.alignment.crop import Quad, square_quad

        item = self._items[item_id]
        if item.photo is None:
            return
        if item.quad is None or item.marks is not None:
            quad = square_quad((item.photo.width, item.photo.height))
        else:
            middle = item.quad.array.mean(0)
            quad = Quad.from_array((item.quad.array - middle) * scale + middle + np.array(moved))
        try:
            self._put(self._cropped(replace(item, chosen=-1, marks=None, quad=quad)))
        except LatentStudioError:
            # Out of the picture: it stays where it was.
            return

    def search(
        self,
        item_ids: Iterable[int],
        settings: ProjectionSettings | PublishedSettings,
        *,
        start: Start | None = None,
        from_canvas: bool = False,
        loss: LossName = "st-lpips",
        frames: int = 0,
        twin: Callable[[PhotoItem], Twin] | None = None,
    ) -> None:
        """Queue searches on the open model.

        Args:
            item_ids: of photos that are not searched for already.
            settings: how.
            start: an earlier result to go on from.
            from_canvas: go on from what the canvas shows now, edits and all.
            loss: which perceptual network.
            frames: keep about this many pictures of the way.
            twin: gives what does the same for a photo without the window; its job offers to copy it.
        """
        model = self._models.model
        if model is None:
            return
        for item_id in item_ids:
            item = self._items.get(item_id)
            if item is None or item.photo is None or item.quad is None or item_id in self._jobs:
                continue
            same = None if twin is None else twin(item)
            self._put(replace(item, state="waiting", problem="", twin=same))
            class_idx = self._store.session.synthesis.class_idx or 0
            canvas = self._store.session if from_canvas else None
            plan = _Plan(settings, start, canvas, loss, frames, class_idx)
            work = partial(self._work, self._studio, model, item, plan)
            self._jobs[item_id] = self._job_thread.start(
                self.tr("Project {name}").format(name=item.name),
                work,
                on_done=partial(self._take_found, item_id, takes_edits=from_canvas),
                on_failed=partial(self._take_failure, item_id),
                twin=same,
            )
        self.changed.emit()

    def keep_tuned(self, tuned_to: PhotoItem, tuned: TunedModel) -> None:
        """Remember a model tuned to what was found for a photo, unless something else was found since."""
        item = self._items.get(tuned_to.id)
        if item is not None and item.found is tuned_to.found:
            self._put(replace(item, tuned=tuned))

    def is_searching(self, item_id: int) -> bool:
        """Whether a search for a photo runs or waits."""
        return item_id in self._jobs

    def stop(self, item_id: int) -> None:
        """Stop a search; the best so far is kept."""
        job = self._jobs.get(item_id)
        if job is not None:
            self._job_thread.cancel(job.id)

    def _add(self, name: str, path: str, read: Callable[[], Photo]) -> None:
        item = PhotoItem(next(self._ids), name, path)
        self._items[item.id] = item
        self._current = item.id
        self._look(item, read)
        self.changed.emit()

    def _look(self, item: PhotoItem, read: Callable[[], Photo]) -> None:
        """Read a photo and look for its faces, as a job."""
        self._looks[item.id] = self._job_thread.start(
            self.tr("Look at {name}").format(name=item.name),
            partial(_read, read, self._finder),
            on_done=partial(self._take_read, item.id),
            on_failed=partial(self._take_failure, item.id),
            quiet=True,
        )

    def _take_read(self, item_id: int, read: _Read) -> None:
        from latent_studio.methods.alignment.crop import face_quad, square_quad

        self._looks.pop(item_id, None)
        item = self._items.get(item_id)
        if item is None:
            return
        item = replace(item, photo=read.photo, small=read.small, faces=read.faces)
        item = replace(item, state=_resting(item))
        if read.faces:
            marks = read.faces[0].marks
            item = replace(item, chosen=0, marks=marks, quad=face_quad(marks))
        else:
            square = square_quad((read.photo.width, read.photo.height))
            item = replace(item, chosen=-1, marks=None, quad=square)
        if read.problem is not None:
            self._messages.warning(read.problem.title, hint=read.problem.hint)
        for remark in read.photo.remarks:
            self._messages.news(remark)
        self._put(self._cropped(item))

    def _take_found(self, item_id: int, found: Found, *, takes_edits: bool = False) -> None:
        self._jobs.pop(item_id, None)
        item = self._items.get(item_id)
        if item is None:
            return
        item = replace(item, state="found", found=found, tuned=None, takes_edits=takes_edits, crop=found.crop)
        self._items[item_id] = item
        for remark in found.projection.remarks:
            self._messages.warning(remark)
        self.finished.emit(item)
        self.changed.emit()

    def _take_failure(self, item_id: int, failure: Failure) -> None:
        self._jobs.pop(item_id, None)
        self._looks.pop(item_id, None)
        item = self._items.get(item_id)
        if item is not None:
            self._put(replace(item, state=_resting(item), problem=failure.title))
        self._messages.failure(failure)

    def _take_progress(self, job: Job, progress: Progress) -> None:
        for item_id, one in self._jobs.items():
            if one.id == job.id and item_id in self._items:
                if self._items[item_id].state == "waiting":
                    self._put(replace(self._items[item_id], state="searching"))
                self.searched.emit(self._items[item_id], progress)
                return

    @Slot(str)
    def _make_way(self, name: str) -> None:
        """Another model is wanted: a search that runs ends with its best; those that wait go on later."""
        if not name:
            return
        for item_id in tuple(self._jobs):
            item = self._items.get(item_id)
            if item is not None and item.state == "searching":
                self.stop(item_id)

    def _take_cancelled(self, job: Job) -> None:
        for jobs in (self._jobs, self._looks):
            for item_id, one in tuple(jobs.items()):
                if one.id == job.id:
                    jobs.pop(item_id)
                    item = self._items.get(item_id)
                    if item is not None:
                        self._put(replace(item, state=_resting(item), problem=self.tr("Stopped.")))

    def _cropped(self, item: PhotoItem) -> PhotoItem:
        """With a small picture of the crop, cut from the small picture of the photo."""
        from latent_studio.methods.alignment.crop import Quad, align
        from latent_studio.methods.alignment.photo import Photo

        if item.small is None or item.quad is None or item.photo is None:
            return item
        scale = item.small.shape[1] / item.photo.width
        quad = Quad.from_array((item.quad.array + 0.5) * scale - 0.5)
        crop = align(
            Photo(item.name, item.small), quad, output_size=_LIVE_SIDE, transform_size=2 * _LIVE_SIDE
        )
        return replace(item, crop=crop.pixels)

    def _put(self, item: PhotoItem) -> None:
        self._items[item.id] = item
        self.changed.emit()

    def _work(
        self,
        studio: Studio,
        model: LoadedModel,
        item: PhotoItem,
        plan: _Plan,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> Found:
        """Runs on the job thread; of this object only the projector is touched there."""
        from latent_studio.app.projector import Projector
        from latent_studio.methods.alignment.crop import align

        if item.photo is None or item.quad is None:
            raise LatentStudioError(f"{item.name} has not been read yet.")
        if self._projector is None or self._loss != plan.loss:
            self._projector = Projector(studio.engine, studio.paths, loss=plan.loss)
            self._loss = plan.loss
        crop = align(item.photo, item.quad, output_size=model.spec.resolution).pixels
        start = plan.start
        if plan.canvas is not None:
            start = self._projector.canvas_start(model, plan.canvas)
        return self._projector.project(
            model, crop, plan.settings, class_idx=plan.class_idx, start=start, frames=plan.frames,
            has_face=item.marks is not None, progress=progress, cancel=cancel,
        )  # fmt: skip


def _resting(item: PhotoItem) -> str:
    """The state of a photo for which nothing is done."""
    if item.found is not None:
        return "found"
    return "ready" if item.photo is not None else "failed"


def _read(read: Callable[[], Photo], finder: str, progress: Any, cancel: CancelToken) -> _Read:
    """Runs on the job thread."""
    import numpy as np
    from PIL import Image

    from latent_studio.methods.alignment.finders import make_finder

    photo = read()
    cancel.check()
    flat = photo.flat
    image = Image.fromarray(flat)
    image.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)
    small = np.asarray(image, dtype=np.uint8)
    try:
        faces = make_finder(finder).find(flat, check_cancel=cancel.check)
    except LatentStudioError as error:
        # The photo itself is good: marks and squares go without a finder.
        return _Read(photo, small, (), error)
    return _Read(photo, small, faces)
