"""Draw the self-test's stored picture again, after the bundled model's weights have changed."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.append(str(Path(__file__).resolve().parent.parent))
from latent_studio.app.paths import Paths
from latent_studio.app.probes.pictures import draw_stored
from latent_studio.app.probes.stored_picture import (
    FILE_NAME,
    StoredPicture,
    block_means,
    write_stored_picture,
)
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from latent_studio.checkpoints.bundled import DEFAULT_MODEL, bundled_models_dir

#: A picture with all of the face in it.
SEED = 7
TRUNCATION_PSI = 0.7


def renew(folder: Path) -> Path:
    """Write the stored picture of a model, drawn on the CPU, beside its weights.

    Args:
        folder: of the model; named like the weights in it.

    Returns:
        The file written.
    """
    with TemporaryDirectory() as profile:
        settings = Settings(device="cpu", threads=1, measure_forms=False)
        studio = Studio(Paths.in_profile(Path(profile)), settings)
        model = studio.open_model(folder / f"{folder.name}.safetensors")
        means = block_means(draw_stored(studio.engine, SEED, TRUNCATION_PSI))
    path = folder / FILE_NAME
    write_stored_picture(StoredPicture(model.ref.sha256, SEED, TRUNCATION_PSI, means), path)
    return path


if __name__ == "__main__":
    print(renew(bundled_models_dir() / DEFAULT_MODEL))
