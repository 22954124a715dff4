"""The grid: variations of what is shown, to wander by picking; and a gallery of seeds or of a pool."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latent_studio.app.pools import read_pool
from latent_studio.app.state_code import generate_options, model_word
from latent_studio.app.tasks.generate import GenerateOptions
from latent_studio.app.tasks.pool_create import PoolCreateOptions, run_pool_create
from latent_studio.core.edits import EditStack
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.variations import vary
from latent_studio.ui.failures import describe_failure
from latent_studio.ui.seeds import draw_seed
from latent_studio.ui.widgets.images import image_of
from latent_studio.ui.widgets.labelled_slider import LabelledSlider
from latent_studio.ui.widgets.picture_grid import PictureGrid
from latent_studio.ui.widgets.rows_field import RowsField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent, QShowEvent

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.pools import Pool
    from latent_studio.app.studio import Studio
    from latent_studio.app.tasks.pool_create import PoolCreateResult
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.core.render import Frame
    from latent_studio.core.session import Session
    from latent_studio.ui.api import DockContext
    from latent_studio.ui.twin import Deed, Keep

_CLIENT = "grid"
#: The state itself in the middle, and its neighbours around it.
_NEIGHBOURS = 9
_MIDDLE = _NEIGHBOURS // 2
_CELL = 112
_FIRST_SEEDS = 400
_REST_MS = 250
#: Of a pool's name on its button.
_MOST_LETTERS = 16


class GridView(QWidget):
    """Two pages of pictures: variations around the state, and seeds.

    Args:
        context: the window's parts.
        parent: Qt owner.
    """

    def __init__(self, context: DockContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._store = context.store
        self._draw = draw_seed()
        self._generation = 0
        self._made_for: tuple[object, ...] | None = None
        self._variations: dict[int, Session] = {}
        self._pool: Pool | None = None
        self._folder = Path.home()
        self._pages = QStackedWidget(self)
        self._around = PictureGrid(parent=self)
        self._around.setObjectName("variation-grid")
        self._around.setAccessibleName(self.tr("Variations; Enter goes on with one"))
        self._around.taken.connect(self._take_variation)
        self._seeds = PictureGrid(cell=_CELL, endless=True, parent=self)
        self._seeds.setObjectName("seed-grid")
        self._seeds.setAccessibleName(self.tr("Seeds; Enter goes there, digits rate, Space chooses"))
        self._seeds.taken.connect(self._take_seed)
        self._seeds.rated.connect(self._rate)
        self._seeds.chosenChanged.connect(self._show_chosen)
        self._pages.addWidget(self._around)
        self._pages.addWidget(self._seeds)
        tabs = QHBoxLayout()
        tabs.setSpacing(6)
        self._tabs: list[QToolButton] = []
        for page, (text, tip) in enumerate(
            (
                (self.tr("Variations"), self.tr("Pictures around the one shown; pick one to go on from it.")),
                (self.tr("Seeds"), self.tr("One picture per seed; rate them, choose some, export those.")),
            )
        ):
            tab = QToolButton(self)
            tab.setText(text)
            tab.setToolTip(tip)
            tab.setAccessibleName(text)
            tab.setObjectName(f"grid-page-{page}")
            tab.setCheckable(True)
            tab.setAutoExclusive(True)
            tab.setChecked(page == 0)
            tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tab.clicked.connect(partial(self.show_page, page))
            tabs.addWidget(tab)
            self._tabs.append(tab)
        tabs.addSpacing(8)
        tabs.addWidget(self._variation_tools())
        tabs.addWidget(self._seed_tools())
        self._empty = QLabel(self.tr("Open a model, and its pictures come here."), self)
        self._empty.setProperty("muted", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(tabs)
        layout.addWidget(self._empty)
        layout.addWidget(self._pages, 1)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._begin)
        for grid in (self._around, self._seeds):
            grid.rangeShown.connect(self._ask)
        context.bridge.session_changed.connect(self._follow)
        context.pictures.ready.connect(self._take_picture)
        context.models.model_changed.connect(self._take_model)
        self.show_page(0)

    def _variation_tools(self) -> QWidget:
        self._around_tools = QWidget(self)
        row = QHBoxLayout(self._around_tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._radius = LabelledSlider(self.tr("Radius"), parent=self._around_tools)
        self._radius.setObjectName("variation-radius")
        self._radius.setRange(0.05, 1.5)
        self._radius.setDefault(0.4)
        self._radius.setDecimals(2)
        self._radius.setValue(0.4)
        self._radius.setMinimumWidth(110)
        self._radius.setToolTip(
            self.tr("How far the neighbours are; 1 is about as far as two random pictures.")
        )
        self._radius.gestureFinished.connect(self._begin)
        self._rows = RowsField(self._around_tools)
        self._rows.setObjectName("variation-rows")
        self._rows.rowsChanged.connect(self._begin)
        again = QPushButton(self.tr("Others"), self._around_tools)
        again.setObjectName("variation-again")
        again.setToolTip(self.tr("Draw other neighbours."))
        again.clicked.connect(self._draw_others)
        row.addWidget(self._radius, 1)
        row.addWidget(self._rows)
        row.addWidget(again)
        return self._around_tools

    def _seed_tools(self) -> QWidget:
        self._seeds_tools = QWidget(self)
        row = QHBoxLayout(self._seeds_tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._with_edits = QCheckBox(self.tr("With edits"), self._seeds_tools)
        self._with_edits.setObjectName("seeds-with-edits")
        self._with_edits.setToolTip(self.tr("Show every seed with the active edits."))
        self._with_edits.toggled.connect(self._begin)
        self._rated_only = QCheckBox(self.tr("Rated"), self._seeds_tools)
        self._rated_only.setObjectName("seeds-rated-only")
        self._rated_only.setToolTip(self.tr("Show only seeds that have stars, the best first."))
        self._rated_only.toggled.connect(self._begin)
        self._export = QPushButton(self._seeds_tools)
        self._export.setObjectName("seeds-export")
        self._export.setAccessibleName(self.tr("Export the chosen seeds"))
        self._export.setToolTip(self.tr("Write the chosen seeds as pictures into a folder; Space chooses."))
        self._export.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._export.clicked.connect(self._ask_and_export)
        self._pools = QToolButton(self._seeds_tools)
        self._pools.setObjectName("seeds-pool")
        self._pools.setAccessibleName(self.tr("Pool"))
        self._pools.setToolTip(self.tr("Show the pictures of a pool, or make one of the chosen seeds."))
        self._pools.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._pools)
        self._open_pool = menu.addAction(self.tr("Open a pool…"), self._ask_for_pool)
        self._make_pool = menu.addAction(self.tr("Make a pool of the chosen…"), self._ask_and_make_pool)
        self._all_seeds = menu.addAction(self.tr("Show all seeds"), self.close_pool)
        self._pools.setMenu(menu)
        row.addWidget(self._with_edits)
        row.addWidget(self._rated_only)
        row.addStretch(1)
        row.addWidget(self._pools)
        row.addWidget(self._export)
        self._show_pool()
        return self._seeds_tools

    def show_page(self, page: int, checked: bool = True) -> None:
        """Show variations (0) or seeds (1)."""
        self._pages.setCurrentIndex(page)
        self._tabs[page].setChecked(True)
        self._around_tools.setVisible(page == 0)
        self._seeds_tools.setVisible(page == 1)
        self.setFocusProxy(self._grid)
        self._begin()

    @property
    def _grid(self) -> PictureGrid:
        return self._around if self._pages.currentIndex() == 0 else self._seeds

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up."""
        super().showEvent(event)
        self._begin()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: wish for nothing."""
        super().hideEvent(event)
        self._context.pictures.wish(_CLIENT, ())

    @Slot(object, object)
    def _follow(self, old: Session, new: Session) -> None:
        if self.isVisible() and self._key() != self._made_for:
            self._rest.start(_REST_MS)

    def _key(self) -> tuple[object, ...]:
        """What the pictures depend on."""
        session, model = self._store.session, self._context.models.model
        sha256 = "" if model is None else model.ref.sha256
        if self._grid is self._around:
            return (0, sha256, session, self._radius.value(), self._rows.rows(), self._draw)
        edits = session.edits if self._with_edits.isChecked() else EditStack()
        plain = replace(session, base=SeedPoint(), edits=edits)
        folder = None if self._pool is None else self._pool.folder
        return (1, sha256, plain, self._rated_only.isChecked(), folder)

    @Slot()
    def _begin(self) -> None:
        """Show the places for the pictures and ask for them, if they are for another state now."""
        self._rest.stop()
        model, session = self._context.models.model, self._store.session
        usable = model is not None and session.model is not None and session.model.sha256 == model.ref.sha256
        self._empty.setVisible(not usable)
        self._pages.setVisible(usable)
        if not usable or model is None or not self.isVisible():
            return
        if self._rows.numRows() != model.spec.num_ws:
            self._rows.setNumRows(model.spec.num_ws)
        key = self._key()
        if key == self._made_for:
            self._ask(self._grid.shownItems())
            return
        self._made_for = key
        self._generation += 1
        if self._grid is self._around:
            self._variations = {_MIDDLE: session}
            for place in range(_NEIGHBOURS):
                if place != _MIDDLE:
                    self._variations[place] = vary(
                        session,
                        self._draw + place,
                        directions=model.directions,
                        spec=model.spec,
                        radius=self._radius.value(),
                        rows=self._rows.rows(),
                    )
            self._around.setItems(_NEIGHBOURS, caption=self._variation_name)
        else:
            listed = self._listed()
            self._seeds.setItems(
                _FIRST_SEEDS if listed is None else len(listed),
                caption=self._seed_name,
                stars=self._stars_of,
            )
        self._ask(self._grid.shownItems())

    def _rated(self) -> list[int]:
        ratings = self._context.document.ratings
        return sorted(ratings, key=lambda seed: (-ratings[seed], seed))

    def _listed(self) -> Sequence[int] | None:
        """The seeds that are shown; ``None`` is all there are, one after the other."""
        pool = self._pool
        if self._rated_only.isChecked():
            return [seed for seed in self._rated() if pool is None or seed in pool.seeds]
        return None if pool is None else pool.seeds

    def _seed_of(self, item: int) -> int:
        listed = self._listed()
        if listed is None:
            return item
        return listed[item] if item < len(listed) else 0

    def _seed_name(self, item: int) -> str:
        return str(self._seed_of(item))

    def _stars_of(self, item: int) -> int:
        return self._context.document.ratings.get(self._seed_of(item), 0)

    def _variation_name(self, item: int) -> str:
        return self.tr("as it is") if item == _MIDDLE else ""

    def _session_of(self, item: int) -> Session:
        if self._grid is self._around:
            return self._variations[item]
        session = self._store.session
        edits = session.edits if self._with_edits.isChecked() else EditStack()
        synthesis = session.synthesis if self._pool is None else self._pool.synthesis
        return replace(session, base=SeedPoint(self._seed_of(item)), edits=edits, synthesis=synthesis)

    @Slot(object)
    def _ask(self, items: tuple[int, ...]) -> None:
        if not self.isVisible() or self._context.models.model is None:
            return
        grid = self._grid
        # Sharp ones: a preview may be far from the colours, and colours are what is chosen by.
        wishes = [
            ((self._generation, item), RenderRequest.of(self._session_of(item), revision=0))
            for item in items
            if grid.image(item) is None and (grid is self._seeds or item in self._variations)
        ]
        self._context.pictures.wish(_CLIENT, wishes, priority=-1)

    @Slot(str, object, object)
    def _take_picture(self, client: str, key: tuple[int, int], frame: Frame) -> None:
        if client == _CLIENT and key[0] == self._generation:
            self._grid.setImage(key[1], image_of(frame.pixels))

    @Slot(int)
    def _take_variation(self, item: int) -> None:
        if item != _MIDDLE and item in self._variations:
            self._draw = draw_seed()
            self._store.replace(self._variations[item], self.tr("Variation"))

    @Slot()
    def _draw_others(self) -> None:
        self._draw = draw_seed()
        self._begin()

    @Slot(int)
    def _take_seed(self, item: int) -> None:
        seed = self._seed_of(item)
        label = self.tr("Go to seed {seed}").format(seed=seed)
        if self._pool is None:
            self._store.set_base(SeedPoint(seed), label)
            return
        # The picture that was picked, and not the same seed at another truncation.
        session = replace(self._store.session, base=SeedPoint(seed), synthesis=self._pool.synthesis)
        self._store.replace(replace(session, noise=None), label)

    @Slot(int, int)
    def _rate(self, item: int, stars: int) -> None:
        self._context.document.rate(self._seed_of(item), stars)

    @Slot()
    def _show_chosen(self) -> None:
        count = len(self._seeds.chosen())
        self._export.setEnabled(count > 0)
        self._make_pool.setEnabled(count > 0)
        self._export.setText(
            self.tr("Export {n} chosen…").format(n=count) if count else self.tr("Export chosen…")
        )

    # Pools

    @Slot(object)
    def _take_model(self, model: LoadedModel) -> None:
        if self._pool is not None and self._pool.model_sha256 != model.ref.sha256:
            self.close_pool()

    @Slot()
    def _ask_for_pool(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Open a pool"), str(self._folder))
        if chosen:
            self.open_pool(Path(chosen))

    def open_pool(self, folder: Path) -> None:
        """Show a pool's pictures instead of all seeds."""
        model = self._context.models.model
        if model is None:
            return
        try:
            pool = read_pool(folder)
            pool.check_model(model.ref)
        except LatentStudioError as error:
            self._context.messages.failure(describe_failure(error))
            return
        self._folder, self._pool = folder.parent, pool
        self._show_pool()
        self._begin()

    @Slot()
    def close_pool(self) -> None:
        """Show all seeds again."""
        self._pool = None
        self._show_pool()
        self._begin()

    @Slot()
    def _ask_and_make_pool(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of the new pool"), str(self._folder))
        if chosen:
            self.make_pool(Path(chosen))

    def make_pool(self, folder: Path) -> None:
        """Make a pool of the chosen seeds as they are shown, without edits."""
        model = self._context.models.model
        if model is None:
            return
        synthesis = self._store.session.synthesis if self._pool is None else self._pool.synthesis
        options = PoolCreateOptions(
            model=model.ref.path,
            seeds=tuple(sorted(self._seed_of(item) for item in self._seeds.chosen())),
            out=folder,
            truncation_psi=synthesis.truncation_psi,
            truncation_cutoff=synthesis.truncation_cutoff,
            class_idx=None if synthesis.class_blend else synthesis.class_idx,
            noise_mode=synthesis.noise_mode,
            noise_seed=synthesis.noise_seed,
            class_blend=synthesis.class_blend,
            translate=(synthesis.translate_x, synthesis.translate_y),
            rotate=synthesis.rotate_degrees,
            lod=synthesis.lod,
            chosen_scale=synthesis.chosen_scale,
        )
        self._context.jobs.start(
            self.tr("Make a pool of {n} pictures").format(n=len(options.seeds)),
            partial(run_pool_create, self._context.studio, options),
            on_done=self._tell_made,
            on_failed=self._context.messages.failure,
            twin=("pool create", options),
        )

    def _tell_made(self, result: PoolCreateResult) -> None:
        self.open_pool(result.folder)
        self._context.messages.success(
            self.tr("A pool of {n} pictures.").format(n=result.count), hint=str(result.folder)
        )

    def _show_pool(self) -> None:
        name = self.tr("Pool") if self._pool is None else self._pool.folder.name
        self._pools.setText(name if len(name) <= _MOST_LETTERS else f"{name[:_MOST_LETTERS]}…")
        self._all_seeds.setEnabled(self._pool is not None)
        self._make_pool.setEnabled(bool(self._seeds.chosen()))

    @Slot()
    def _ask_and_export(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Export pictures"), str(self._folder))
        if chosen:
            self.export(Path(chosen))

    def export(self, folder: Path) -> None:
        """Write the chosen seeds as pictures with their recipes."""
        self._folder = folder
        sessions = [(self._seed_of(item), self._session_of(item)) for item in self._seeds.chosen()]
        shown = [session for _, session in sessions]
        same = generate_options(shown, folder)
        self._context.jobs.start(
            self.tr("Export {n} pictures").format(n=len(sessions)),
            partial(_export, self._context.studio, sessions, folder),
            on_done=self._tell_exported,
            on_failed=self._context.messages.failure,
            twin=partial(_like_deed, shown, folder) if same is None else ("generate", same),
        )

    def _tell_exported(self, count: int) -> None:
        self._context.messages.success(self.tr("Wrote {n} pictures.").format(n=count), hint=str(self._folder))


def _like_deed(sessions: list[Session], folder: Path, keep: Keep) -> Deed:
    """What draws seeds that share more than ``generate`` has options for."""
    from latent_studio.app.recipe import recipe_of

    first = sessions[0]
    seeds = (session.base.seed for session in sessions if isinstance(session.base, SeedPoint))
    kept = keep(recipe_of(replace(first, base=SeedPoint())), stem="like")
    return "generate", GenerateOptions(model_word(first), tuple(sorted(seeds)), folder, like=kept)


def _export(
    studio: Studio,
    sessions: list[tuple[int, Session]],
    folder: Path,
    progress: ProgressSink,
    cancel: CancelToken,
) -> int:
    from latent_studio.app.recipe import recipe_of
    from latent_studio.core.jobs import Progress
    from latent_studio.exporters.part_file import make_folder
    from latent_studio.exporters.still import save_png

    make_folder(folder)
    requests = (RenderRequest.of(session, revision=place) for place, (_, session) in enumerate(sessions))
    frames = studio.engine.render_batch(requests, check_cancel=cancel.check)
    for place, (frame, (seed, session)) in enumerate(zip(frames, sessions, strict=True)):
        save_png(folder / f"seed{seed:04d}.png", frame.pixels, recipe_of(session))
        progress(Progress((place + 1) / len(sessions), f"Wrote {place + 1} of {len(sessions)}"))
    return len(sessions)
