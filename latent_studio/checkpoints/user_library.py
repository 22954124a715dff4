"""Where the user's library of models is, for callers that know no profile: scripts and plugins."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def user_library_dir() -> Path:
    """The folder with one folder per model, in the profile of ``LATENT_STUDIO_PROFILE`` or the desktop's."""
    profile = os.environ.get("LATENT_STUDIO_PROFILE")
    data = (
        Path(profile) / "data" if profile else platformdirs.user_data_path("latent-studio", appauthor=False)
    )
    return data / "models"
