"""Latents and scores as other programs keep them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latent_studio.app.attribute_pool import read_scores
from latent_studio.app.latent_files import read_latents
from latent_studio.app.stored_latents import read_latents as read_file
from latent_studio.core.errors import LatentStudioError
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec

SPEC = GeneratorSpec("stylegan2", 16, 3, z_dim=6, w_dim=4, num_ws=3)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "space", "count"),
    [
        ((4,), Space.W, 1),
        ((7, 4), Space.W, 7),
        ((6,), Space.Z, 1),
        ((2, 6), Space.Z, 2),
        ((3, 4), Space.W_PLUS, 1),
        ((5, 3, 4), Space.W_PLUS, 5),
        ((2, 1, 6), Space.Z, 2),
    ],
)
def test_the_shape_says_where_latents_live(tmp_path, shape, space, count):
    np.save(tmp_path / "a.npy", RNG.normal(size=shape))
    found = read_latents(tmp_path / "a.npy", SPEC)
    assert [latent.space for latent in found] == [space] * count


def test_names_say_what_shapes_cannot(tmp_path):
    spec = GeneratorSpec("stylegan2", 16, 3, z_dim=4, w_dim=4, num_ws=3)
    codes = RNG.normal(size=(2, 4))
    np.save(tmp_path / "z.npy", codes)
    np.save(tmp_path / "faces_w.npy", codes)
    np.savez(tmp_path / "both.npz", z=codes, w=np.repeat(codes[:, None], 3, axis=1))
    assert read_latents(tmp_path / "z.npy", spec)[0].space is Space.Z
    assert read_latents(tmp_path / "faces_w.npy", spec)[0].space is Space.W
    assert read_latents(tmp_path / "z.npy", spec, space=Space.W)[0].space is Space.W
    assert [latent.space for latent in read_latents(tmp_path / "both.npz", spec)] == [Space.W, Space.W]


def test_projections_by_path_and_whole_folders(tmp_path):
    made = {
        "a.png": {"img": torch.zeros(3, 8, 8), "latent": torch.randn(4)},
        "b.png": {"latent": torch.randn(4)},
    }
    torch.save(made, tmp_path / "projected.pt")
    np.savez(tmp_path / "one.npz", w=RNG.normal(size=(1, 3, 4)))
    assert len(read_latents(tmp_path / "projected.pt", SPEC)) == 2
    assert len(read_latents(tmp_path, SPEC)) == 3


def test_window_and_verbs_read_the_same_and_say_how(tmp_path):
    spec = GeneratorSpec("stylegan2", 16, 3, z_dim=64, w_dim=64, num_ws=3)
    np.save(tmp_path / "codes.npy", RNG.normal(size=(5, 64)))
    np.savez(tmp_path / "set.npz", scores=RNG.normal(size=(5, 2)), codes=0.2 * RNG.normal(size=(5, 64)))
    for name, space in (("codes.npy", Space.Z), ("set.npz", Space.W)):
        shown = read_file(tmp_path / name, spec)
        assert [one.latent for one in shown] == list(read_latents(tmp_path / name, spec))
        assert {one.latent.space for one in shown} == {space}
        assert "spread as those of a z" in shown[0].how


def test_latents_of_another_model_and_empty_folders_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", RNG.normal(size=(2, 9)))
    with pytest.raises(LatentStudioError, match="holds latents"):
        read_latents(tmp_path / "a.npy", SPEC)
    (tmp_path / "empty").mkdir()
    with pytest.raises(LatentStudioError, match="holds no latents"):
        read_latents(tmp_path / "empty", SPEC)


def test_scores_are_read_from_arrays_and_tables(tmp_path):
    np.save(tmp_path / "smile.npy", np.arange(3.0)[:, None])
    (tmp_path / "t.csv").write_text("file,smile,age\na.png,0.5,30\nb.png,,41\n")
    assert read_scores(tmp_path / "smile.npy")[0] == ("smile",)
    names, scores = read_scores(tmp_path / "t.csv")
    assert names == ("smile", "age") and np.isnan(scores[1, 0]) and scores[1, 1] == 41
    assert read_scores(tmp_path / "t.csv", column="age")[1].shape == (2, 1)


@pytest.mark.parametrize("text", ["", "smile\n", "name\na\nb\n"])
def test_tables_without_scores_are_refused(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(LatentStudioError):
        read_scores(tmp_path / "t.csv")
    with pytest.raises(LatentStudioError):
        read_scores(tmp_path / "t.csv", column="smile")
