"""sefa: the files it writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors import safe_open

from latent_studio.app.tasks.sefa import SefaOptions, run_sefa
from latent_studio.core.errors import ExportError, OptionError
from latent_studio.core.jobs import Cancelled, CancelToken, ignore_progress
from tests.helpers.recorder import Recorder

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


def run(studio: Studio, model: Path, out: Path, **more: object) -> Path:
    options = SefaOptions(str(model), out, **more)  # type: ignore[arg-type]
    return run_sefa(studio, options, ignore_progress, CancelToken()).path


def test_npz_holds_unit_vectors_eigenvalues_and_where_they_come_from(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    path = run(studio, tiny_model, tmp_path / "d.npz", layers=(0, 1), variant="mmgen", count=5)
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_allclose(np.linalg.norm(file["vectors"], axis=1), np.ones(5), rtol=1e-5)
        assert (np.diff(file["eigenvalues"]) <= 0).all()
        assert file["sigma"].shape == (5,)
        metadata = json.loads(str(file["metadata"]))
    assert (metadata["variant"], metadata["layers"], metadata["space"]) == ("mmgen", [0, 1], "w")
    assert metadata["model"]["sha256"] == studio.model.ref.sha256
    assert metadata["ids"][2] == "sefa:mmgen:0-1:2"
    assert str(tmp_path) not in json.dumps(metadata)


def test_all_directions_are_written_unless_a_count_is_given(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    vectors = np.load(run(studio, tiny_model, tmp_path / "d.npy"), allow_pickle=False)
    assert vectors.shape == (16, 16)
    expected = [direction.vector for direction in studio.model.directions]
    np.testing.assert_array_equal(vectors[: len(expected)], expected[:16])


def test_safetensors_holds_the_same(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    plain = np.load(run(studio, tiny_model, tmp_path / "d.npy"))
    path = run(studio, tiny_model, tmp_path / "d.safetensors")
    with safe_open(path, "np") as file:
        np.testing.assert_array_equal(file.get_tensor("vectors"), plain)
        assert json.loads(file.metadata()["latent-studio"])["method"] == "sefa"


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".safetensors"])
def test_two_runs_give_the_same_bytes(studio: Studio, tiny_model: Path, tmp_path: Path, suffix: str) -> None:
    once, again = (run(studio, tiny_model, tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
    assert once == again


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"layers": (6,)}, "--layers"),
        ({"layers": (5,), "variant": "mmgen"}, "--layers"),
        ({"variant": "mine"}, "--variant"),
        ({"count": 0}, "--count"),
        ({"out": "d.txt"}, "--out"),
    ],
)
def test_options_that_do_not_fit_are_named(
    studio: Studio, tiny_model: Path, tmp_path: Path, more: dict[str, object], flag: str
) -> None:
    out = tmp_path / str(more.pop("out", "d.npz"))
    with pytest.raises(OptionError) as error:
        run(studio, tiny_model, out, **more)
    assert error.value.option == flag
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no folder"):
        run(studio, tiny_model, tmp_path / "missing" / "d.npz")


def test_cancel_leaves_nothing(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    recorder = Recorder(cancel_after=1)
    with pytest.raises(Cancelled):
        run_sefa(studio, SefaOptions(str(tiny_model), tmp_path / "d.npz"), recorder, recorder.token)
    assert list(tmp_path.iterdir()) == []
