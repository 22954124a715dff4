"""Paths: where files live. ``--profile DIR`` and ``LATENT_STUDIO_PROFILE`` move all of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_APP = "latent-studio"


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders of one user profile. They are made when first written to.

    Attributes:
        config: settings and window geometry.
        cache: found again by computing: directions, measured forms.
        data: models and directions the user keeps.
        state: logs.
    """

    config: Path
    cache: Path
    data: Path
    state: Path

    @classmethod
    def of_user(cls) -> Paths:
        """The desktop's usual folders."""
        dirs = platformdirs.PlatformDirs(_APP, appauthor=False)
        return cls(dirs.user_config_path, dirs.user_cache_path, dirs.user_data_path, dirs.user_state_path)

    @classmethod
    def in_profile(cls, folder: Path) -> Paths:
        """Everything below one folder, so that experiments touch nothing else."""
        return cls(folder / "config", folder / "cache", folder / "data", folder / "state")

    @classmethod
    def choose(cls, profile: Path | None = None) -> Paths:
        """``profile`` if given, else ``LATENT_STUDIO_PROFILE``, else the desktop's folders."""
        chosen = profile or os.environ.get("LATENT_STUDIO_PROFILE")
        return cls.in_profile(Path(chosen)) if chosen else cls.of_user()
