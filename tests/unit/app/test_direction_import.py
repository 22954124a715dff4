"""Every layout of the field as a small file, and what is no direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from latent_studio.app.direction_files import write_direction_file
from latent_studio.app.direction_import import Reading, import_directions
from latent_studio.core.directions import DirectionInfo, LinearDirection
from latent_studio.core.errors import IncompatibleLatentError, LatentStudioError
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec
from latent_studio.core.support_sets import SupportSet
from latent_studio.core.warp_path import WarpPath

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SPEC = GeneratorSpec("stylegan2", 16, 3, z_dim=6, w_dim=4, num_ws=5)
V = np.array([1.0, -2.0, 0.5, 2.0])
WS = np.zeros((5, 4), dtype=np.float32)


@pytest.mark.parametrize("shape", [(4,), (1, 4)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_vector_is_read_in_the_space_it_fits_with_its_length(tmp_path, shape, dtype):
    np.save(tmp_path / "big_smile.npy", V.astype(dtype).reshape(shape))
    found = import_directions(tmp_path / "big_smile.npy", SPEC)
    (direction,) = found.directions
    assert (direction.space, direction.name) == (Space.W, "big smile")
    assert np.array_equal(direction.vector, V)
    assert "length 3.04" in found.sentence and "kept" in found.sentence
    assert "does not say which model" in found.warnings[0]


@pytest.mark.parametrize("shape", [(5, 4), (1, 5, 4)], ids=str)
@pytest.mark.parametrize("suffix", ["npy", "npz", "pt", "pth"])
def test_a_row_for_each_of_the_models_is_one_direction_of_w_plus(tmp_path, shape, suffix):
    rows = np.tile(V, (5, 1)).astype(np.float32).reshape(shape)
    path = tmp_path / f"smile.{suffix}"
    match suffix:
        case "npy":
            np.save(path, rows)
        case "npz":
            np.savez_compressed(path, direction=rows)
        case "pt":
            torch.save(torch.from_numpy(rows), path)
        case _:
            torch.save({"direction": torch.from_numpy(rows)}, path, _use_new_zipfile_serialization=False)
    found = import_directions(path, SPEC)
    assert found.directions[0].space is Space.W_PLUS and "all equal" in found.sentence
    assert np.allclose(found.directions[0].move(WS, 1.0), np.tile(V, (5, 1)))


@pytest.mark.parametrize("key", ["eigen_vector", "eigvec"])
def test_factor_files_hold_their_directions_as_columns(tmp_path, key):
    columns = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0].astype(np.float32)
    torch.save({"ckpt": "/a/models/faces.pt", key: torch.from_numpy(columns)}, tmp_path / "factor.pt")
    found = import_directions(tmp_path / "factor.pt", SPEC)
    assert np.allclose([d.vector for d in found.directions], columns.T)
    assert "faces.pt" in found.sentence
    turned = import_directions(tmp_path / "factor.pt", SPEC, reading=Reading(axis="rows", count=2))
    assert np.allclose([d.vector for d in turned.directions], columns[:2])


def test_a_reading_can_be_corrected(tmp_path):
    np.save(tmp_path / "a.npy", V)
    found = import_directions(
        tmp_path / "a.npy", SPEC, reading=Reading(space=Space.W_PLUS, rows=(1, 2), norm="unit")
    )
    (direction,) = found.directions
    assert direction.space is Space.W_PLUS and direction.rows == (1, 2)
    assert np.allclose(np.linalg.norm(direction.vector, axis=1), 1)
    assert found.reading.space is Space.W_PLUS and found.reading.norm == "unit"


def test_no_rows_chosen_means_all_of_them(tmp_path):
    np.save(tmp_path / "a.npy", V)
    (direction,) = import_directions(tmp_path / "a.npy", SPEC, reading=Reading(rows=())).directions
    assert direction.rows is None and np.allclose(direction.move(WS, 1.0), np.tile(V, (5, 1)))


def test_sigma_is_the_spread_of_the_models_latents_in_units_of_the_vector(tmp_path):
    np.save(tmp_path / "a.npy", 4 * np.eye(4)[0])
    ws = np.random.default_rng(0).normal(scale=2.0, size=(20_000, 4)).astype(np.float32)
    (direction,) = import_directions(tmp_path / "a.npy", SPEC, ws_samples=ws).directions
    assert direction.sigma == pytest.approx(0.5, rel=0.03)


def test_files_of_our_own_come_back_whole_and_name_another_model(tmp_path):
    info = DirectionInfo("boundary", "cd" * 32)
    kept = [
        LinearDirection("a", "smile", Space.W, V, sigma=0.3, info=info),
        WarpPath("b", "path", Space.Z, SupportSet(np.eye(6), np.ones(6), 0.5), info=info),
    ]
    write_direction_file(kept, tmp_path / "a.safetensors")
    found = import_directions(tmp_path / "a.safetensors", SPEC, model_sha256="ab" * 32)
    assert list(found.directions) == kept and "another model" in found.warnings[0]
    assert not import_directions(tmp_path / "a.safetensors", SPEC, model_sha256="cd" * 32).warnings


def test_support_sets_without_settings_are_read_from_their_numbers_and_warned_about(tmp_path):
    sets = {
        "SUPPORT_SETS": torch.randn(3, 4 * 6),
        "ALPHAS": torch.ones(3, 4),
        "LOGGAMMA": torch.full((3, 1), -2.0),
    }
    torch.save(sets, tmp_path / "support_sets.pt")
    found = import_directions(tmp_path / "support_sets.pt", SPEC)
    assert [path.space for path in found.directions] == [Space.Z] * 3
    assert found.directions[0].support_set.gamma == pytest.approx(np.exp(-2.0))
    assert any("args.json" in warning for warning in found.warnings)


def test_support_sets_of_another_family_are_warned_about(tmp_path):
    sets = {"SUPPORT_SETS": torch.randn(2, 4 * 6), "ALPHAS": torch.ones(2, 4), "LOGGAMMA": torch.zeros(2, 1)}
    torch.save(sets, tmp_path / "support_sets.pt")
    (tmp_path / "args.json").write_text('{"gan_type": "BigGAN", "shift_in_w_space": false}')
    assert "BigGAN" in import_directions(tmp_path / "support_sets.pt", SPEC).warnings[0]


def save(name: str, array: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.save(folder / name, array, allow_pickle=True)
        return folder / name

    return write


def save_npz(**arrays: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.savez(folder / "a.npz", **arrays)
        return folder / "a.npz"

    return write


def save_torch(thing: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        torch.save(thing, folder / "a.pt")
        return folder / "a.pt"

    return write


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (save("a.npy", np.ones(7)), "holds 7 numbers"),
        (save("a.npy", np.ones((9, 7))), "another model"),
        (save("a.npy", np.zeros(4)), "zero"),
        (save("a.npy", np.full(4, np.nan)), "not finite"),
        (save("a.npy", np.array([{"a": 1}], dtype=object)), "objects"),
        (save("a.npy", np.arange(4)), "no vectors"),
        (save("a.npy", np.array(["smile"])), "no vectors"),
        (save_npz(w=np.ones((1, 5, 4))), "latents"),
        (save_npz(a=np.ones(4), b=np.ones(4)), "several arrays"),
        (
            save_torch({"SUPPORT_SETS": torch.randn(3, 25), "ALPHAS": torch.ones(3, 4)}),
            "do not belong together",
        ),
        (save_torch({"SUPPORT_SETS": torch.randn(3, 28), "ALPHAS": torch.ones(3, 4)}), "holds 7 numbers"),
        (save_torch({"SUPPORT_SETS": torch.randn(3, 24)}), "ALPHAS"),
        (save_torch({"eigvec": torch.randn(4)}), "holds 4 numbers"),
        (lambda folder: folder, "is a folder"),
        (lambda folder: folder / "none.npy", "There is no file"),
    ],
)
def test_what_is_no_direction_of_this_model_is_refused_in_one_sentence(tmp_path, write, words):
    with pytest.raises(LatentStudioError, match=words):
        import_directions(write(tmp_path), SPEC)


def test_rows_outside_the_model_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", V)
    with pytest.raises(IncompatibleLatentError):
        import_directions(tmp_path / "a.npy", SPEC, reading=Reading(rows=(9,)))
