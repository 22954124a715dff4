from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from latent_studio.app.tasks.model_blend import ModelBlendOptions, run_model_blend
from latent_studio.checkpoints.blend import blend, row_of
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import ModelError, OptionError, UnsupportedOperationError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.generators.catalog import build_generator
from tests.helpers.model_files import write_tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "other.safetensors", seed=1)


def test_rows_decide_where_a_layer_comes_from(tiny_model: Path, other_model: Path):
    first, second = open_checkpoint(tiny_model), open_checkpoint(other_model)
    made = blend(first, second, (0, 1, 2))

    for name, tensor in made.tensors.items():
        source = second if row_of("stylegan2", name) in (0, 1, 2) else first
        assert torch.equal(tensor, source.tensors[name]), name
    assert torch.equal(made.tensors["mapping.w_avg"], first.tensors["mapping.w_avg"])


def test_all_rows_of_one_model_render_as_its_own_synthesis(tiny_model: Path, other_model: Path):
    first, second = open_checkpoint(tiny_model), open_checkpoint(other_model)
    spec = build_generator(first).spec
    made = build_generator(blend(first, second, range(spec.num_ws + 1)))
    ws = torch.randn(1, spec.num_ws, spec.w_dim, generator=torch.Generator().manual_seed(0))

    assert torch.equal(made.synthesize(ws), build_generator(second).synthesize(ws))
    none = build_generator(blend(first, second, ()))
    assert torch.equal(none.synthesize(ws), build_generator(first).synthesize(ws))


def test_a_weight_mixes_both(tiny_model: Path, other_model: Path):
    first, second = open_checkpoint(tiny_model), open_checkpoint(other_model)
    name = next(name for name in first.tensors if row_of("stylegan2", name) == 2 and "weight" in name)
    mixed = blend(first, second, (2,), weight=0.25).tensors[name]
    np.testing.assert_allclose(
        mixed, 0.75 * first.tensors[name] + 0.25 * second.tensors[name], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("family", "name", "row"),
    [
        ("stylegan2", "synthesis.b4.const", 0),
        ("stylegan2", "synthesis.b4.conv1.weight", 0),
        ("stylegan2", "synthesis.b4.torgb.weight", 1),
        ("stylegan2", "synthesis.b8.conv0.weight", 1),
        ("stylegan2", "synthesis.b8.conv1.noise_const", 2),
        ("stylegan2", "synthesis.b8.torgb.affine.weight", 3),
        ("stylegan2", "synthesis.b1024.torgb.bias", 17),
        ("stylegan2", "mapping.fc0.weight", None),
        ("stylegan", "synthesis.const", 0),
        ("stylegan", "synthesis.layer3.affine.weight", 3),
        ("stylegan", "synthesis.output2.weight", 5),
        ("stylegan", "mapping.w_avg", None),
    ],
)
def test_tensors_know_their_rows(family: str, name: str, row: int | None):
    assert row_of(family, name) == row


def test_models_that_do_not_fit_together_are_refused(tiny_model: Path, tiny_grey: Path):
    with pytest.raises(ModelError):
        blend(open_checkpoint(tiny_model), open_checkpoint(tiny_grey), (0,))
    with pytest.raises(UnsupportedOperationError, match="biggan"):
        row_of("biggan", "x")


def test_the_verb_writes_a_model_that_opens(
    studio: Studio, tiny_model: Path, other_model: Path, tmp_path: Path
):
    out = tmp_path / "both.safetensors"
    options = ModelBlendOptions(str(tiny_model), str(other_model), (0, 1), out)
    run_model_blend(studio, options, ignore_progress, CancelToken())
    assert "+" in studio.open_model(out).ref.name

    for rows, path in (((), out), ((99,), out), ((0,), tmp_path / "a.pkl")):
        with pytest.raises(OptionError):
            run_model_blend(
                studio,
                ModelBlendOptions(str(tiny_model), str(other_model), rows, path),
                ignore_progress,
                CancelToken(),
            )
