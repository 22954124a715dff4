"""The bundled model's stored picture belongs to its weights, and the self-test tells it from others."""

from __future__ import annotations

import numpy as np

from latent_studio.app.paths import Paths
from latent_studio.app.probes.pictures import draw_stored
from latent_studio.app.probes.stored_picture import TOLERANCE, read_stored_picture
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio


def test_the_bundled_model_draws_its_stored_picture_and_no_other_seed_does(repo_root, profile):
    folder = repo_root / "resources" / "models" / "portraits"
    stored = read_stored_picture(folder / "selftest.json")
    studio = Studio(Paths.in_profile(profile), Settings(device="cpu", threads=1, measure_forms=False))
    model = studio.open_model(folder / "portraits.safetensors")

    assert model.ref.sha256 == stored.model_sha256, "new weights? run: python scripts/renew_selftest.py"
    # Means are kept to a tenth, and other processors round pixels otherwise.
    assert stored.largest_difference(draw_stored(studio.engine, stored.seed, stored.truncation_psi)) < 0.3
    other = stored.largest_difference(draw_stored(studio.engine, stored.seed + 1, stored.truncation_psi))
    assert other > 10 * TOLERANCE
    assert np.ptp(stored.means) > 50
