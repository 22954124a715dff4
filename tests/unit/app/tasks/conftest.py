"""A studio and a small model for the tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latent_studio.app.paths import Paths
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from tests.helpers.model_files import write_tiny_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unconditional model of 16 pixels: 6 rows, w of 16 numbers."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.safetensors")


@pytest.fixture(scope="session")
def tiny_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of three classes."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "classes.safetensors", c_dim=3)


@pytest.fixture(scope="session")
def tiny_grey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of grey pictures."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "grey.safetensors", channels=1)


@pytest.fixture
def studio(profile: Path) -> Studio:
    """A studio that measures nothing, so that every run takes the same forms."""
    return Studio(Paths.in_profile(profile), Settings(device="cpu", threads=1, measure_forms=False))
