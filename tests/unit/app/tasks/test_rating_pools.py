"""Folders of pictures become latents to rate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latent_studio.app import projector
from latent_studio.app.rating_pools import pool_of_folders, pool_of_latents
from latent_studio.app.ratings import Ratings
from latent_studio.app.tasks import project
from latent_studio.app.tasks.generate import GenerateOptions, run_generate
from latent_studio.app.tuning_files import write_tuning
from latent_studio.core.errors import IncompatibleLatentError, InputError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.latent import Latent
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.synthesis import SynthesisSettings
from tests.helpers.pooled_net import PooledNet

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.ratings import RatingPool
    from latent_studio.app.studio import Studio


@pytest.fixture
def model(studio: Studio, tiny_model: Path) -> LoadedModel:
    return studio.open_model(str(tiny_model), progress=ignore_progress, cancel=CancelToken())


def pool(studio: Studio, *folders: Path) -> RatingPool:
    return pool_of_folders(studio, studio.model, folders, progress=ignore_progress, cancel=CancelToken())


def photos(folder: Path, count: int, *, first: int = 0) -> Path:
    folder.mkdir()
    for k in range(count):
        noise = np.random.default_rng(first + k).integers(0, 255, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((16, 16)).save(folder / f"photo{k}.png")
    return folder


def exported(studio: Studio, tiny_model: Path, folder: Path, seeds: range) -> Path:
    options = GenerateOptions(model=str(tiny_model), out=folder, seeds=tuple(seeds), truncation_psi=0.6)
    run_generate(studio, options, ignore_progress, CancelToken())
    return folder


def no_search(*_: object, **__: object) -> None:
    raise AssertionError("nothing has to be searched for")


def test_pictures_of_ours_say_themselves_what_they_show(studio, tiny_model, model, tmp_path, monkeypatch):
    monkeypatch.setattr(projector.Projector, "project", no_search)
    made = pool(studio, exported(studio, tiny_model, tmp_path / "out", range(5)))
    for seed, (base, row) in enumerate(zip(made.bases, made.latents, strict=True)):
        shown = RenderRequest(0, SeedPoint(seed), synthesis=SynthesisSettings(truncation_psi=0.6))
        ws = studio.engine.resolve_ws(shown)
        assert np.allclose(base.values, ws) and np.allclose(row, ws.mean(axis=0), atol=1e-6)
    assert made.is_exact and not made.remarks


def test_photos_are_searched_for_once_and_what_is_none_is_named(studio, model, tmp_path, monkeypatch):
    monkeypatch.setattr(projector.Projector, "_perceptual", lambda *_: PooledNet())
    long = project.settings_of
    monkeypatch.setattr(project, "settings_of", lambda options: replace(long(options), w_steps=2))
    folder = photos(tmp_path / "photos", 4)
    (folder / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n but no more")
    made = pool(studio, folder)
    assert made.latents.shape == (4, 16) and len(made.remarks) == 1 and "torn.png" in made.remarks[0]
    monkeypatch.setattr(projector.Projector, "project", no_search)
    assert np.array_equal(pool(studio, folder).latents, made.latents)


def test_two_folders_are_sorted_already_and_give_a_direction_at_once(studio, tiny_model, model, tmp_path):
    wanted = exported(studio, tiny_model, tmp_path / "with", range(6))
    others = exported(studio, tiny_model, tmp_path / "without", range(6, 12))
    ratings = Ratings(pool(studio, wanted, others))
    assert ratings.counts == (6, 6) and ratings.is_complete
    learned = ratings.learn("it")
    assert learned.direction.space is Space.W and learned.counts == (6, 6)
    assert len(ratings.next_places(learned)) == 10


def test_pictures_in_both_folders_count_in_neither(studio, tiny_model, model, tmp_path):
    wanted = exported(studio, tiny_model, tmp_path / "with", range(6))
    with pytest.raises(InputError, match="with and again hold the same pictures"):
        pool(studio, wanted, exported(studio, tiny_model, tmp_path / "again", range(6)))
    made = pool(studio, wanted, exported(studio, tiny_model, tmp_path / "without", range(4, 10)))
    assert Ratings(made).counts == (4, 4)
    assert made.remarks == ("In both folders, so counted in neither: 2.",)


def test_a_tuned_model_beside_its_latent_is_no_picture(studio, tiny_model, model, tmp_path):
    folder = exported(studio, tiny_model, tmp_path / "out", range(4))
    name, tensor = next(iter(model.generator.tunable_tensors.items()))
    write_tuning(folder / "ada-tuned.safetensors", {name: tensor}, model.ref, photo="ada.png")
    assert pool(studio, folder).remarks == ()


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_pictures_are_refused_in_a_sentence(studio, tiny_model, model, tmp_path, count):
    folder = tmp_path / "few"
    folder.mkdir()
    if count:
        exported(studio, tiny_model, folder, range(count))
    (folder / "notes.txt").write_text("no picture")
    with pytest.raises(
        InputError, match="There is no picture in few" if not count else "3 pictures are too few"
    ):
        pool(studio, folder)


def test_latents_of_another_model_are_refused(model):
    latents = [Latent(Space.W, np.ones(8, dtype=np.float32))] * 5
    with pytest.raises(IncompatibleLatentError):
        pool_of_latents(model, latents, progress=ignore_progress, cancel=CancelToken())
