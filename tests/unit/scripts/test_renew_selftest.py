from __future__ import annotations

import renew_selftest

from latent_studio.app.probes.stored_picture import read_stored_picture
from latent_studio.checkpoints.open import open_checkpoint
from tests.helpers.model_files import write_tiny_model


def test_the_picture_is_drawn_by_the_weights_beside_it(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    weights = write_tiny_model(folder / "tiny.safetensors")

    picture = read_stored_picture(renew_selftest.renew(folder))

    assert picture.model_sha256 == open_checkpoint(weights).provenance.sha256
    assert picture.means.shape == (2, 2, 3)
    assert picture.means.std() > 0
