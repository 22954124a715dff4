"""What probes are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latent_studio.app.paths import Paths
from latent_studio.app.probes.finding import Examination
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from latent_studio.core.jobs import CancelToken

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def examination(profile: Path) -> Examination:
    """Of a studio that measures nothing."""
    studio = Studio(Paths.in_profile(profile), Settings(device="cpu", threads=1, measure_forms=False))
    return Examination(studio, CancelToken(), lambda fraction, message: None)
