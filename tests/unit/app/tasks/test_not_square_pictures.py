"""A model whose pictures are wider than high, through the verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from PIL import Image

from latent_studio.app.tasks.convert import ConvertOptions, run_convert
from latent_studio.app.tasks.encoder_train import EncoderTrainOptions, run_encoder_train
from latent_studio.app.tasks.generate import GenerateOptions, run_generate
from latent_studio.app.tasks.model_info import ModelInfoOptions, run_model_info
from latent_studio.app.tasks.traverse import TraverseOptions, run_traverse
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import UnsupportedOperationError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.render import Quality, RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from tests.helpers.foreign_stylegan2 import picture_of
from tests.helpers.model_files import write_tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "wide.safetensors", base=(4, 6))


def test_frames_previews_and_exports_have_its_shape(studio: Studio, wide: Path, tmp_path: Path) -> None:
    model = studio.open_model(str(wide))
    request = RenderRequest(1, SeedPoint(3))
    assert studio.engine.render_final(request).pixels.shape == (16, 24, 3)
    frames = list(studio.engine.render(request))
    assert frames[-1].quality is Quality.FINAL
    for frame in frames:
        assert frame.pixels.shape[1] * 2 == frame.pixels.shape[0] * 3
    assert "24 x 16" in "\n".join(
        run_model_info(studio, ModelInfoOptions(str(wide)), ignore_progress, CancelToken()).lines
    )

    options = GenerateOptions(model=str(wide), out=tmp_path / "out", seeds=(1, 2), sheet=True)
    made = run_generate(studio, options, ignore_progress, CancelToken())
    assert [size_of(path) for path in made.paths] == [(24, 16)] * 2
    assert made.sheet is not None
    assert size_of(made.sheet)[1] == 16

    film = TraverseOptions(
        model=str(wide), out=tmp_path / "walk.gif", direction=("sefa:0",), frames=3, size=48
    )
    run_traverse(studio, film, ignore_progress, CancelToken())
    with Image.open(tmp_path / "walk.gif") as picture:
        assert (picture.size, picture.n_frames) == ((48, 32), 3)
    assert model.spec.base == (4, 6)


def test_it_is_converted_bit_for_bit(studio: Studio, wide: Path, tmp_path: Path) -> None:
    target = tmp_path / "again.safetensors"
    run_convert(studio, ConvertOptions(wide, target), ignore_progress, CancelToken())
    assert torch.equal(picture_of(open_checkpoint(wide)), picture_of(open_checkpoint(target)))


def test_photos_are_refused_in_one_sentence(studio: Studio, wide: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedOperationError, match="24 x 16, not square") as caught:
        options = EncoderTrainOptions(model=str(wide), out=tmp_path / "encoder.safetensors", steps=1)
        run_encoder_train(studio, options, ignore_progress, CancelToken())
    assert caught.value.hint
