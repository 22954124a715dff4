"""Pools in the window: made of chosen seeds, shown in the gallery, rated; one of another model is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from latent_studio.app.pools import Pool, read_pool
from latent_studio.app.ratings import RatingPool
from latent_studio.app.tasks.pool_create import PoolCreateResult
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.ui.views import grid as grid_view
from latent_studio.ui.views import rating as rating_view
from latent_studio.ui.widgets.picture_grid import PictureGrid
from tests.qt.conftest import WAIT_MS

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.ui.views.grid import GridView


@pytest.fixture
def gallery(qtbot, window) -> GridView:
    window.resize(1480, 900)
    window.views.bring("grid")
    grid = window.views.widget("grid")
    grid.show_page(1)
    return grid


@pytest.fixture
def pool(qtbot, window, gallery, tmp_path, monkeypatch) -> Path:
    """Of the seeds 3, 5 and 11 at a truncation of 0.5, made in the gallery."""
    ref, store = window.context.models.model.ref, window.context.store

    def create(studio, options, progress, cancel):
        # What the task itself does is tested with the task.
        synthesis = SynthesisSettings(truncation_psi=options.truncation_psi)
        z, ws = np.zeros((3, 8), np.float32), np.zeros((3, 2, 8), np.float32)
        Pool(options.out, ref.name, ref.sha256, options.seeds, synthesis, z, ws).write()
        return PoolCreateResult(options.out, 3)

    monkeypatch.setattr(grid_view, "run_pool_create", create)
    store.set_synthesis(SynthesisSettings(truncation_psi=0.5), "psi")
    gallery._seeds.setFocus()
    for right in (3, 2, 6):
        for _ in range(right):
            qtbot.keyClick(gallery._seeds, Qt.Key.Key_Right)
        qtbot.keyClick(gallery._seeds, Qt.Key.Key_Space)
    assert gallery._seeds.chosen() == (3, 5, 11)
    folder = tmp_path / "friends"
    gallery.make_pool(folder)
    qtbot.waitUntil(lambda: (folder / "pool.json").exists(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not window.context.jobs.jobs, timeout=WAIT_MS)
    store.set_synthesis(SynthesisSettings(truncation_psi=1.0), "psi")
    return folder


def test_a_pool_of_the_chosen_seeds_is_made_and_shown_and_its_pictures_are_taken_as_they_are(
    qtbot, window, gallery, pool
):
    assert read_pool(pool).seeds == (3, 5, 11)
    seeds = gallery.findChild(PictureGrid, "seed-grid")
    qtbot.waitUntil(lambda: seeds.shownItems() == (0, 1, 2), timeout=WAIT_MS)
    assert [gallery._seed_name(item) for item in range(3)] == ["3", "5", "11"]
    assert gallery.findChild(QToolButton, "seeds-pool").text() == "friends"
    seeds.taken.emit(1)
    session = window.context.store.session
    assert (session.base, session.synthesis.truncation_psi) == (SeedPoint(5), 0.5)
    gallery.close_pool()
    assert gallery._seed_name(1) == "1"


def test_a_pool_of_another_model_is_refused_and_the_gallery_stays(window, gallery, pool):
    gallery.close_pool()
    index = json.loads((pool / "pool.json").read_text())
    index["model"] = {"name": "cats", "sha256": "0" * 64}
    (pool / "pool.json").write_text(json.dumps(index))
    failed = []
    window.context.messages.failure = failed.append
    gallery.open_pool(pool)
    assert "pool of cats" in failed[0].title
    assert gallery._seed_name(7) == "7"


def test_a_pools_latents_are_rated(qtbot, window, pool, monkeypatch):
    def pool_of_latents(model, latents, *, progress, cancel):
        values = np.stack([one.values.mean(axis=0) for one in latents])
        bases = tuple(latents)
        return RatingPool(bases, values, Space.W, values, None, model.ref.sha256, is_exact=True)

    def none(model, *, first_seed, progress, cancel):
        return RatingPool((), np.zeros((0, 8), np.float32), Space.W, np.zeros((2, 8), np.float32), None, "")

    monkeypatch.setattr(rating_view, "pool_of_samples", none)
    monkeypatch.setattr(rating_view, "pool_of_latents", pool_of_latents)
    window.views.bring("rating")
    rating = window.views.widget("rating")
    rating.rate_folders([pool])
    qtbot.waitUntil(lambda: rating._grid.count() == 3, timeout=WAIT_MS)
    assert all(isinstance(base, Latent) for base in rating._ratings.pool.bases)
