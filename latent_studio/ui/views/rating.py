"""Rating: thumbs up and down on samples, and the direction that comes of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.app.pools import is_pool, read_pool
from latent_studio.app.rating_pools import pool_of_folders, pool_of_latents, pool_of_samples
from latent_studio.app.ratings import ROUND, Ratings
from latent_studio.app.state_code import place_of
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.latent import Latent
from latent_studio.core.render import RenderRequest
from latent_studio.core.spaces import Space
from latent_studio.ui.direction_marks import import_deed
from latent_studio.ui.failures import Failure
from latent_studio.ui.icons import set_icon
from latent_studio.ui.seeds import draw_seed
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.picture_strip import PictureStrip
from latent_studio.ui.widgets.rating_grid import RatingGrid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.projector import Found
    from latent_studio.app.ratings import RatingPool
    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.methods.boundary.learn import LearnedBoundary
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.job_thread import Job

_GRID, _STRIP, _LEARN = "rating grid", "rating strip", "rating"
#: Amounts of the strip, in standard deviations.
_STRIP_SIGMAS = (-3.0, -1.5, 0.0, 1.5, 3.0)
#: Models that take longer than this show previews.
_SHARP_WITHIN_MS = 2000.0


class RatingView(QWidget):
    """Ten pictures at a time; after each ten a direction, how far it can be trusted, and what it does.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._ratings: Ratings | None = None
        self._learned: LearnedBoundary | None = None
        self._places: tuple[int, ...] = ()
        self._round = 0
        self._job: Job | None = None
        self._asked = 0
        self._folders: tuple[Path, ...] = ()
        self._is_of_photos = False
        self._suggested = ""
        self._pool_number = 0
        context.navigation.folders_given.connect(self.rate_folders)
        self._question = QLabel(self.tr("What are you looking for?"), self)
        self._name = QLineEdit(self)
        self._name.setObjectName("rating-name")
        self._name.setPlaceholderText(self.tr("a smile, an open mouth, a look you like…"))
        self._name.setAccessibleName(self.tr("What the direction is for"))
        self._name.setToolTip(self.tr("The direction is called after it."))
        self._question.setBuddy(self._name)
        self._source = QToolButton(self)
        self._source.setObjectName("rating-source")
        self._source.setText(self.tr("Samples"))
        self._source.setToolTip(
            self.tr("Which pictures are rated: samples, projected photos, or a folder dropped here.")
        )
        self._source.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._source)
        menu.setObjectName("rating-source-menu")
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill_sources)
        self._source.setMenu(menu)
        self._again = QPushButton(self.tr("Start again"), self)
        self._again.setObjectName("rating-restart")
        self._again.setToolTip(self.tr("Forget all ratings; of samples, others are drawn."))
        self._undo = QToolButton(self)
        self._undo.setObjectName("rating-undo")
        self._undo.setAccessibleName(self.tr("Take back"))
        self._undo.setToolTip(self.tr("Take the last rating back (Backspace)."))
        set_icon(self._undo, "undo")
        self._grid = RatingGrid(self)
        self._grid.setObjectName("rating-grid")
        self._says = QLabel(self)
        self._says.setObjectName("rating-says")
        self._says.setWordWrap(True)
        self._strip = PictureStrip(self)
        self._strip.setObjectName("rating-strip")
        self._strip.setAccessibleName(self.tr("What the direction does to the picture"))
        self._keep = QPushButton(self.tr("Keep as direction"), self)
        self._keep.setObjectName("rating-keep")
        self._keep.setProperty("primary", True)
        self._keep.setToolTip(self.tr("Put the direction into the bank of boundaries."))
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._question)
        head.addWidget(self._name, 1)
        head.addWidget(self._source)
        head.addWidget(self._undo)
        head.addWidget(self._again)
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addWidget(self._says, 1)
        words.addWidget(self._keep, 0, Qt.AlignmentFlag.AlignLeft)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addLayout(words, 2)
        foot.addWidget(self._strip, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(12)
        layout.addLayout(head)
        layout.addWidget(self._grid, 1)
        layout.addLayout(foot)
        self.setFocusProxy(self._grid)
        self.setAcceptDrops(True)

        self._grid.rated.connect(self._rate)
        self._grid.undoRequested.connect(self._take_back)
        self._undo.clicked.connect(self._take_back)
        self._again.clicked.connect(self.start)
        self._keep.clicked.connect(self._keep_direction)
        self._name.returnPressed.connect(self._grid.setFocus)
        context.jobs.cancelled.connect(self._take_cancelled)
        context.pictures.ready.connect(self._take_frame)
        context.pictures.computed.connect(self._take_learned)
        context.models.model_changed.connect(self._take_model)
        context.bridge.session_changed.connect(self._follow)
        self._show_state()

    def showEvent(self, event: object) -> None:
        """Begin when first seen."""
        if self._ratings is None and self._job is None:
            self.start()

    @Slot()
    def start(self) -> None:
        """Forget all ratings, and draw samples nobody chose or read the photos again."""
        model = self._context.models.model
        self._forget()
        if model is None or self._job is not None:
            return
        studio = self._context.studio
        if self._folders:
            title = self.tr("Look at the pictures of {name}").format(name=self._folders[0].name)
            work = partial(_read_folders, studio, model, self._folders)
        elif self._is_of_photos:
            title = self.tr("Look at the projected photos")
            work = partial(_take_photos, model, self._photos_found(model))
        else:
            title, work = self.tr("Prepare pictures to rate"), partial(_draw_samples, model)
        self._asked += 1
        self._job = self._context.jobs.start(
            title,
            work,
            on_done=partial(self._take_pool, model, self._asked),
            on_failed=self._fail,
            quiet=True,
        )
        self._show_state()

    def rate_samples(self) -> None:
        """Rate pictures of random seeds."""
        self._folders, self._is_of_photos = (), False
        self._restart()

    def rate_photos(self) -> None:
        """Rate what the projection panel has found."""
        self._folders, self._is_of_photos = (), True
        self._restart()

    def rate_folders(self, folders: Sequence[Path]) -> None:
        """Rate the pictures of one folder; of two, the first holds what is wanted and the second does not."""
        self._folders, self._is_of_photos = tuple(folders[:2]), False
        if len(self._folders) == 2 and self._name.text().strip() in ("", self._suggested):
            # What nobody typed gives way to the next folder's name.
            self._suggested = self._folders[0].name.replace("_", " ")
            self._name.setText(self._suggested)
        self._restart()

    def _restart(self) -> None:
        """Begin with another source, whatever is being prepared."""
        if self._job is not None:
            self._context.jobs.cancel(self._job.id)
            self._job = None
        self._source.setText(
            " | ".join(folder.name for folder in self._folders)
            or (self.tr("Projected photos") if self._is_of_photos else self.tr("Samples"))
        )
        self.start()

    def _forget(self) -> None:
        self._ratings, self._learned, self._places = None, None, ()
        self._grid.setCount(0)
        self._show_state()

    @Slot()
    def _fill_sources(self) -> None:
        menu, model = self._source.menu(), self._context.models.model
        menu.clear()
        count = 0 if model is None else len(self._photos_found(model))
        for name, text, tooltip, do, can_do in (
            ("samples", self.tr("Samples"), self.tr("Pictures of random seeds."), self.rate_samples, True),
            (
                "photos",
                self.tr("Projected photos ({count})").format(count=count),
                self.tr("Photos whose latents the projection panel has found."),
                self.rate_photos,
                count > 0,
            ),
            (
                "folder",
                self.tr("Folder…"),
                self.tr("A pool, or pictures of a folder; the latents of photos are searched for first."),
                self._ask_folder,
                True,
            ),
            (
                "folders",
                self.tr("Two folders, with it and without it…"),
                self.tr("Pictures that are sorted already: a direction comes at once."),
                self._ask_folders,
                True,
            ),
        ):
            action = menu.addAction(text)
            action.setObjectName(f"rating-from-{name}")
            action.setToolTip(tooltip)
            action.setEnabled(can_do and model is not None)
            action.triggered.connect(do)

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder of pictures"))
        if folder:
            self.rate_folders([Path(folder)])

    def _ask_folders(self) -> None:
        wanted = QFileDialog.getExistingDirectory(self, self.tr("Folder of pictures with it"))
        other = wanted and QFileDialog.getExistingDirectory(self, self.tr("Folder of pictures without it"))
        if wanted and other:
            self.rate_folders([Path(wanted), Path(other)])

    def _photos_found(self, model: LoadedModel) -> tuple[Found, ...]:
        found = (item.found for item in self._context.photos.items)
        return tuple(one for one in found if one is not None and one.model_sha256 == model.ref.sha256)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Folders are welcome; files are the window's business."""
        if _folders_of(event):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Rate their pictures."""
        folders = _folders_of(event)
        if folders:
            event.acceptProposedAction()
            self.rate_folders(folders)

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        self._strip.setCaptions(())
        if self._job is not None:
            self._context.jobs.cancel(self._job.id)
            self._job = None
        self._forget()
        if self.isVisible():
            self.start()

    def _take_pool(self, model: LoadedModel, asked: int, pool: RatingPool) -> None:
        if asked != self._asked:
            # It was cancelled in its last step; what was asked for since is on its way.
            return
        self._job = None
        if self._context.models.model is not model:
            return
        self._ratings = Ratings(pool)
        self._pool_number += 1
        if pool.remarks:
            self._context.messages.warning(
                self.tr("Some pictures are left out."),
                hint=pool.remarks[0],
                details="\n".join(pool.remarks),
            )
        if min(self._ratings.counts) > 0:
            self._learn(self._ratings)
        else:
            self._next_round()

    def _fail(self, failure: Failure) -> None:
        self._job = None
        self._context.messages.failure(failure)
        self._show_state()

    @Slot(object)
    def _take_cancelled(self, job: Job) -> None:
        if job == self._job:
            self._job = None
            self._show_state()

    def _next_round(self) -> None:
        if self._ratings is None:
            return
        self._places = self._ratings.next_places(self._learned)
        self._grid.setCount(len(self._places))
        for cell, place in enumerate(self._places):
            rating = self._ratings.of(place)
            if rating is not None:
                self._grid.setRating(cell, rating)
        self._want_grid()
        self._show_state()

    # Pictures

    def _is_slow(self) -> bool:
        full_ms = self._context.renders.full_ms
        return full_ms is not None and full_ms > _SHARP_WITHIN_MS

    def _want_grid(self) -> None:
        if self._ratings is None:
            return
        pool, session = self._ratings.pool, self._context.store.session
        session = replace(session, edits=EditStack(), mix=None, noise=None)
        if pool.is_exact:
            session = replace(session, synthesis=replace(session.synthesis, truncation_psi=1.0))
        self._context.pictures.wish(
            _GRID,
            [
                (
                    (self._pool_number, place),
                    RenderRequest.of(
                        replace(session, base=pool.bases[place]), revision=0, coarse_only=self._is_slow()
                    ),
                )
                for cell, place in enumerate(self._places)
                if self._grid.image(cell) is None
            ],
            priority=-2,
        )

    def _want_strip(self) -> None:
        if self._learned is None:
            return
        direction, session = self._learned.direction, self._context.store.session
        wishes = []
        for k, sigmas in enumerate(_STRIP_SIGMAS):
            edits = EditStack((Edit(direction, sigmas * direction.sigma),))
            request = RenderRequest.of(replace(session, edits=edits), revision=0, coarse_only=self._is_slow())
            wishes.append(((direction.id, self._round, k), request))
        self._context.pictures.wish(_STRIP, wishes, priority=-1)

    @Slot(str, object, object)
    def _take_frame(self, client: str, key: tuple[object, ...], frame: Frame) -> None:
        if client == _GRID and key[0] == self._pool_number:
            if key[1] in self._places:
                self._grid.setImage(self._places.index(int(str(key[1]))), image_of(frame.pixels))
        elif client == _STRIP and self._learned is not None and key[1] == self._round:
            self._strip.setImage(int(str(key[2])), image_of(frame.pixels))

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if not self.isVisible() or old.model != new.model:
            return
        if old.synthesis != new.synthesis:
            for place in range(self._grid.count()):
                self._grid.setImage(place, None)
            self._want_grid()
        if (old.base, old.synthesis) != (new.base, new.synthesis):
            self._want_strip()

    # Ratings

    @Slot(int, bool)
    def _rate(self, cell: int, liked: bool) -> None:
        if self._ratings is None or not 0 <= cell < len(self._places):
            return
        self._ratings.rate(self._places[cell], liked=liked)
        self._grid.setRating(cell, liked)
        if all(self._ratings.of(place) is not None for place in self._places):
            if min(self._ratings.counts) > 0:
                self._learn(self._ratings)
            else:
                self._next_round()
        self._show_state()

    @Slot()
    def _take_back(self) -> None:
        place = None if self._ratings is None else self._ratings.undo()
        if place is None or self._ratings is None:
            return
        if place not in self._places:
            # It was in the round before: show that picture again, first.
            self._places = (place, *self._places[: ROUND - 1])
            given = [self._ratings.of(one) for one in self._places]
            images = [None, *(self._grid.image(k) for k in range(len(self._places) - 1))]
            self._grid.setCount(len(self._places))
            for k, (rating, image) in enumerate(zip(given, images, strict=True)):
                self._grid.setImage(k, image)
                self._grid.setRating(k, rating)
            self._want_grid()
        else:
            self._grid.setRating(self._places.index(place), None)
        self._show_state()

    def _learn(self, ratings: Ratings) -> None:
        self._round += 1
        name = self._name.text().strip() or self.tr("my taste")
        self._context.pictures.compute((_LEARN, self._round), partial(ratings.learn, name))

    @Slot(object, object)
    def _take_learned(self, token: object, outcome: object) -> None:
        if not (isinstance(token, tuple) and token[0] == _LEARN and token[1] == self._round):
            return
        if isinstance(outcome, Failure):
            self._says.setText(f"{outcome.title} {outcome.hint}".strip())
            self._next_round()
            return
        self._learned = outcome  # type: ignore[assignment]
        self._strip.setCaptions([f"{sigmas:+g} σ" if sigmas else "0" for sigmas in _STRIP_SIGMAS])
        self._next_round()
        self._want_strip()

    @Slot()
    def _keep_direction(self) -> None:
        library, learned = self._context.directions.library, self._learned
        if library is None or learned is None:
            return
        name = self._name.text().strip() or learned.direction.name
        direction = learned.direction
        try:
            library.keep((direction,), name=name)
        except LatentStudioError as error:
            self._context.messages.warning(error.title, hint=error.hint)
            return
        if name != direction.name:
            library.rename(direction.id, name)
        entry, model = library.find(direction.id), self._context.models.model
        if entry is not None and model is not None:
            self._context.commands.add(partial(import_deed, place_of(model.ref), (entry.direction,)))
        self._context.messages.success(
            self.tr("“{name}” is a slider among the boundaries now.").format(name=name)
        )
        self._context.directions.reveal(direction.id)

    def _show_state(self) -> None:
        ratings, learned = self._ratings, self._learned
        self._undo.setEnabled(ratings is not None and bool(ratings.rated))
        self._again.setEnabled(self._context.models.model is not None)
        self._keep.setEnabled(learned is not None)
        self._strip.setVisible(learned is not None)
        if self._context.models.model is None:
            self._says.setText(self.tr("Open a model to rate its pictures."))
            return
        if ratings is None:
            self._says.setText(
                self.tr("Pictures are being prepared…")
                if self._job is not None
                else self.tr("There is nothing to rate. Choose other pictures, or start again.")
            )
            return
        liked, others = ratings.counts
        left = sum(ratings.of(place) is None for place in self._places)
        if learned is not None and ratings.is_complete:
            self._says.setText(
                self.tr(
                    "{sentence} Everything is rated; these are the pictures it is least sure about, and each "
                    "word about them can be changed."
                ).format(sentence=learned.sentence)
            )
        elif learned is not None:
            self._says.setText(
                self.tr("{sentence} These are the pictures it is least sure about: {left} to go.").format(
                    sentence=learned.sentence, left=left
                )
            )
        elif ratings.is_complete and min(liked, others) == 0:
            self._says.setText(
                self.tr("Everything is rated alike, so there is no direction. Change some, or bring others.")
            )
        elif len(ratings.rated) >= ROUND and min(liked, others) == 0:
            self._says.setText(
                self.tr(
                    "Everything is rated alike so far; a direction needs both kinds. {left} to go."
                ).format(left=left)
            )
        else:
            self._says.setText(
                self.tr("→ has it, ← has it not: {left} to go until the first direction.").format(left=left)
            )


def _folders_of(event: QDropEvent) -> list[Path]:
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.is_dir()]


def _draw_samples(model: LoadedModel, progress: ProgressSink, cancel: CancelToken) -> RatingPool:
    return pool_of_samples(model, first_seed=draw_seed(), progress=progress, cancel=cancel)


def _read_folders(
    studio: Studio, model: LoadedModel, folders: Sequence[Path], progress: ProgressSink, cancel: CancelToken
) -> RatingPool:
    if len(folders) == 1 and is_pool(folders[0]):
        pool = read_pool(folders[0])
        pool.check_model(model.ref)
        space = Space.W_PLUS if model.spec.has_mapping else Space.Z
        latents = [Latent(space, values) for values in (pool.ws if model.spec.has_mapping else pool.z)]
        return pool_of_latents(model, latents, progress=progress, cancel=cancel)
    return pool_of_folders(studio, model, folders, progress=progress, cancel=cancel)


def _take_photos(
    model: LoadedModel, photos: Sequence[Found], progress: ProgressSink, cancel: CancelToken
) -> RatingPool:
    from latent_studio.app.projector import rung_latent

    latents = [rung_latent(found.projection.best)[0] for found in photos]
    return pool_of_latents(model, latents, progress=progress, cancel=cancel)
