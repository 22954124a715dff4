"""The verbs about directions, on a tiny network: find, learn, read, keep, edit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from latent_studio.app.direction_files import read_direction_file
from latent_studio.app.direction_library import Mark
from latent_studio.app.tasks.boundary_apply import BoundaryApplyOptions, run_boundary_apply
from latent_studio.app.tasks.boundary_condition import BoundaryConditionOptions, run_boundary_condition
from latent_studio.app.tasks.boundary_train import BoundaryTrainOptions, run_boundary_train
from latent_studio.app.tasks.direction_convert import DirectionConvertOptions, run_direction_convert
from latent_studio.app.tasks.direction_keep import DirectionKeepOptions, run_direction_keep
from latent_studio.app.tasks.direction_list import DirectionListOptions, run_direction_list
from latent_studio.app.tasks.direction_remove import DirectionRemoveOptions, run_direction_remove
from latent_studio.app.tasks.direction_show import DirectionShowOptions, run_direction_show
from latent_studio.app.tasks.edit import EditOptions, amounts_of, run_edit
from latent_studio.app.tasks.pca import PcaOptions, run_pca
from latent_studio.core.errors import LatentStudioError, OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress

if TYPE_CHECKING:
    from pathlib import Path


RNG = np.random.default_rng(0)


@pytest.fixture
def scored(tmp_path: Path) -> tuple[Path, Path]:
    """Latents in w and what a predictor might say of them."""
    latents = RNG.normal(size=(300, 16)).astype(np.float32)
    np.save(tmp_path / "codes_w.npy", latents)
    table = ["name,smile,age"] + [f"{k},{x[0]:.4f},{x[3]:.4f}" for k, x in enumerate(latents)]
    (tmp_path / "scores.csv").write_text("\n".join(table))
    return tmp_path / "codes_w.npy", tmp_path / "scores.csv"


def test_components_are_written_and_stand_among_the_sliders_next_time(studio, tiny_model, tmp_path):
    options = PcaOptions(str(tiny_model), tmp_path / "p.npz")
    found = run_pca(studio, options, ignore_progress, CancelToken())
    with np.load(found.path) as file:
        assert file["vectors"].shape[1] == 16 and len(file["sigma"]) == len(file["vectors"])
        assert json.loads(str(file["metadata"]))["method"] == "pca"
    model = studio.open_model(tiny_model)
    assert [bank.id for bank in model.library.banks if bank.entries] == ["sefa", "pca"]


def test_every_column_of_a_table_becomes_a_boundary(studio, tiny_model, tmp_path, scored):
    options = BoundaryTrainOptions(
        str(tiny_model),
        tmp_path / "b.safetensors",
        latents=scored[0],
        scores=scored[1],
        chosen=0.2,
        keep=True,
    )
    done = run_boundary_train(studio, options, ignore_progress, CancelToken())
    names = [direction.name for direction in read_direction_file(done.path)]
    assert names == ["name", "smile", "age"]
    smile = done.learned[1]
    assert smile.direction.vector[0] > 0.9 and smile.trust.cross_validated > 0.9
    assert "Held back: " in done.notes[1] and "examples left out" in done.notes[1]
    assert studio.open_model(tiny_model).library.find("smile").bank == "boundaries"


def test_a_column_that_teaches_nothing_is_named_and_the_others_are_learned(
    studio, tiny_model, tmp_path, scored
):
    table = scored[1].read_text().splitlines()
    flat = tmp_path / "flat.csv"
    flat.write_text("\n".join(f"{line},{'hat' if not k else 1}" for k, line in enumerate(table)))
    options = BoundaryTrainOptions(
        str(tiny_model), tmp_path / "b.safetensors", latents=scored[0], scores=flat, chosen=0.2, check=False
    )
    done = run_boundary_train(studio, options, ignore_progress, CancelToken())
    assert [one.direction.name for one in done.learned] == ["name", "smile", "age"]
    assert done.notes[-1].startswith("hat: ") and "nothing to tell apart" in done.notes[-1]
    with pytest.raises(LatentStudioError):
        run_boundary_train(studio, replace(options, column="hat"), ignore_progress, CancelToken())


def test_two_folders_of_latents_make_a_boundary(studio, tiny_model, tmp_path):
    for name, sign in (("yes", 1.0), ("no", -1.0)):
        (tmp_path / name).mkdir()
        for k in range(6):
            w = RNG.normal(size=16) + 3 * sign * np.eye(16)[5]
            np.savez(tmp_path / name / f"{k}.npz", w=np.tile(w, (1, 6, 1)).astype(np.float32))
    options = BoundaryTrainOptions(
        str(tiny_model), tmp_path / "b.npy", positive=tmp_path / "yes", negative=tmp_path / "no", name="hat"
    )
    done = run_boundary_train(studio, options, ignore_progress, CancelToken())
    assert np.load(done.path).shape == (1, 16) and done.learned[0].direction.vector[5] > 0.5
    assert done.learned[0].direction.name == "hat"


def test_a_predictor_scores_seeds_once(studio, tiny_model, tmp_path):
    options = BoundaryTrainOptions(
        str(tiny_model), tmp_path / "b.safetensors", predictor="tone", attribute=("brightness",), samples=24,
        check=False,
    )  # fmt: skip
    run_boundary_train(studio, options, ignore_progress, CancelToken())
    first = (tmp_path / "b.safetensors").read_bytes()
    kept = list((studio.paths.cache / "scores").iterdir())
    run_boundary_train(studio, options, ignore_progress, CancelToken())
    assert (tmp_path / "b.safetensors").read_bytes() == first and len(kept) == 1


def test_a_condition_leaves_nothing_of_what_it_is_conditioned_on(studio, tiny_model, tmp_path):
    options = BoundaryConditionOptions(
        str(tiny_model), tmp_path / "c.safetensors", "sefa:0", ("sefa:1", "pca:0"), keep=True
    )
    done = run_boundary_condition(studio, options, ignore_progress, CancelToken())
    assert abs(float(done.direction.vector @ studio.model.library.find("e1").direction.vector)) < 1e-6
    assert done.direction.name == "e0 without e1, PC 0"
    with pytest.raises(LatentStudioError, match="Nothing is left"):
        run_boundary_condition(
            studio,
            BoundaryConditionOptions(str(tiny_model), tmp_path / "d.npy", "sefa:0", ("sefa:0",)),
            ignore_progress,
            CancelToken(),
        )


def test_latents_are_moved_to_distances_from_the_boundary(studio, tiny_model, tmp_path, scored):
    np.save(tmp_path / "n_w_boundary.npy", np.eye(16)[2:3])
    options = BoundaryApplyOptions(
        str(tiny_model),
        str(tmp_path / "n_w_boundary.npy"),
        scored[0],
        tmp_path / "m.npy",
        range=(-1, 2),
        steps=4,
    )
    done = run_boundary_apply(studio, options, ignore_progress, CancelToken())
    moved = np.load(done.path)
    assert moved.shape == (300, 4, 16) and np.allclose(moved[..., 2], [[-1, 0, 1, 2]] * 300, atol=1e-5)


def test_a_file_is_shown_and_kept_as_it_is_read(studio, tiny_model, tmp_path):
    np.save(tmp_path / "smile.npy", np.ones((6, 16)))
    shown = run_direction_show(
        studio,
        DirectionShowOptions(str(tiny_model), str(tmp_path / "smile.npy")),
        ignore_progress,
        CancelToken(),
    )
    assert "w+ with 6 rows" in shown.lines[0] and shown.lines[1].startswith("Careful")
    options = DirectionConvertOptions(str(tiny_model), tmp_path / "smile.npy", keep=True, rows=(0, 1))
    run_direction_convert(studio, options, ignore_progress, CancelToken())
    listed = run_direction_list(studio, DirectionListOptions(str(tiny_model)), ignore_progress, CancelToken())
    assert any("smile" in line and "rows 0-1" in line for line in listed.lines)
    options = DirectionListOptions(str(tiny_model), bank="own", json=True)
    (record,) = json.loads(run_direction_list(studio, options, ignore_progress, CancelToken()).lines[0])
    assert (record["name"], record["space"], record["rows"]) == ("smile", "w+", [0, 1])


def test_a_sheet_has_a_row_for_each_start_and_a_column_for_each_amount(studio, tiny_model, tmp_path):
    options = EditOptions(
        str(tiny_model), ("sefa:0",), tmp_path / "s.png", seeds=(0, 1), range=(-1, 2), steps=4, original=True
    )
    run_edit(studio, options, ignore_progress, CancelToken())
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.size == (5 * 18 - 2, 2 * 18 - 2)
        told = json.loads(sheet.info["latent-studio"])["edit"]
    assert told["amounts"] == [-1, 0, 1, 2] and told["starts"] == ["seed 0", "seed 1"]


def test_a_folder_holds_pictures_and_the_latents_before_and_after(studio, tiny_model, tmp_path, scored):
    codes = tmp_path / "two_w.npy"
    np.save(codes, np.load(scored[0])[:2])
    options = EditOptions(
        str(tiny_model), ("sefa:1",), tmp_path / "f", latents=codes, range=(0, 1), step=0.5, layers=(2, 3)
    )
    run_edit(studio, options, ignore_progress, CancelToken())
    assert len(list((tmp_path / "f").glob("*.png"))) == 6
    before, after = np.load(tmp_path / "f" / "latents.npy"), np.load(tmp_path / "f" / "edited.npy")
    assert before.shape == (2, 6, 16) and after.shape == (2, 3, 6, 16)
    assert np.array_equal(after[:, 0], before)
    vector = studio.model.directions[1].vector
    assert np.allclose(after[0, 2, 2] - before[0, 2], vector, atol=1e-5)
    assert np.array_equal(after[0, 2, :2], before[0, :2])


def test_a_film_plays_there_and_back(studio, tiny_model, tmp_path):
    options = EditOptions(
        str(tiny_model), ("sefa:0",), tmp_path / "f.gif", seeds=(0, 1), range=(-1, 1), steps=4
    )
    run_edit(studio, options, ignore_progress, CancelToken())
    with Image.open(tmp_path / "f.gif") as film:
        assert film.n_frames == 6 and film.size == (16 * 2 + 8, 16)


def test_absolute_amounts_put_the_picture_on_the_plane(studio, tiny_model, tmp_path):
    options = EditOptions(
        str(tiny_model), ("sefa:0",), tmp_path / "f", seeds=(3,), range=(0, 2), steps=2, absolute=True
    )
    run_edit(studio, options, ignore_progress, CancelToken())
    after = np.load(tmp_path / "f" / "edited.npy")
    assert np.allclose(after[0, :, 0] @ studio.model.directions[0].vector, [0, 2], atol=1e-4)


@pytest.mark.parametrize(
    ("ends", "steps", "step", "amounts"),
    [
        ((-1, 2), 4, None, (-1, 0, 1, 2)),
        ((0, 1), 9, 0.25, (0, 0.25, 0.5, 0.75, 1)),
        ((1, -1), 9, 0.5, (1, 0.5, 0, -0.5, -1)),
        ((2, 2), 1, None, (2,)),
        ((0, 0.3), 9, 0.1, (0, 0.1, 0.2, 0.3)),
    ],
)
def test_amounts_go_evenly_or_by_a_step(ends, steps, step, amounts):
    assert amounts_of(ends, steps=steps, step=step) == pytest.approx(amounts)


@pytest.mark.parametrize(
    "more",
    [
        {"direction": ()},
        {"direction": ("nonsense",)},
        {"direction": ("sefa:16",)},
        {"direction": ("none.npy",)},
        {"out": "a.xyz"},
        {"range": (0.0, float("nan"))},
        {"range": (0.0, 1.0), "step": 1e-8},
        {"layers": (6,)},
        {"lock": ("nonsense",)},
        {"seeds": (1,), "latents": "x.npy"},
        {"seeds": tuple(range(9)), "out": "a.gif"},
    ],
)
def test_what_cannot_be_edited_is_refused(studio, tiny_model, tmp_path, more):
    out = tmp_path / more.pop("out", "a.png")
    options = EditOptions(str(tiny_model), **({"direction": ("sefa:0",), "out": out} | more))
    with pytest.raises(LatentStudioError):
        run_edit(studio, options, ignore_progress, CancelToken())
    assert not out.exists()


@pytest.mark.parametrize(
    "sources",
    [{}, {"latents": "a"}, {"positive": "a"}, {"predictor": "tone", "latents": "a", "scores": "b"}],
)
def test_examples_must_be_clear(studio, tiny_model, tmp_path, sources):
    options = BoundaryTrainOptions(str(tiny_model), tmp_path / "b.npy", **sources)
    with pytest.raises(OptionError):
        run_boundary_train(studio, options, ignore_progress, CancelToken())


def test_a_folder_without_latents_says_so(studio, tiny_model, tmp_path):
    (tmp_path / "empty").mkdir()
    options = BoundaryTrainOptions(
        str(tiny_model), tmp_path / "b.npy", positive=tmp_path / "empty", negative=tmp_path / "empty"
    )
    with pytest.raises(LatentStudioError, match="holds no latents"):
        run_boundary_train(studio, options, ignore_progress, CancelToken())


def test_a_direction_is_kept_with_marks_and_removed_again(studio, tiny_model):
    keep = DirectionKeepOptions(
        str(tiny_model), "channel:b8.conv1:3", name="glow", ends=(-1.0, 4.0), star=True
    )
    result = run_direction_keep(studio, keep, ignore_progress, CancelToken())
    assert result.entry.is_kept
    assert result.lines == ("glow ★  -1 to 4  channel:b8.conv1:3",)
    wrong = DirectionKeepOptions(str(tiny_model), "glow", ends=(4.0, -1.0))
    with pytest.raises(OptionError, match="low < high"):
        run_direction_keep(studio, wrong, ignore_progress, CancelToken())
    own = DirectionKeepOptions(str(tiny_model), "glow", own=("name", "ends"), star=False)
    assert run_direction_keep(studio, own, ignore_progress, CancelToken()).entry.mark == Mark()
    remove = DirectionRemoveOptions(str(tiny_model), "channel:b8.conv1:3")
    run_direction_remove(studio, remove, ignore_progress, CancelToken())
    for name, words in (("glow", "no direction"), ("sefa:genforce:all:0", "cannot be removed")):
        with pytest.raises(OptionError, match=words):
            run_direction_remove(
                studio, DirectionRemoveOptions(str(tiny_model), name), ignore_progress, CancelToken()
            )
