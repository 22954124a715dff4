"""A file of differences opens as its model bent a little, with all that is known of that model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from latent_studio.app.model_places import remember_place
from latent_studio.app.paths import Paths
from latent_studio.app.settings import Settings
from latent_studio.app.studio import Studio
from latent_studio.app.tuning_files import write_tuning
from latent_studio.core.errors import IncompatibleLatentError
from tests.helpers.model_files import write_tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.models import LoadedModel


@pytest.fixture
def studio(profile: Path) -> Studio:
    return Studio(Paths.in_profile(profile), Settings(device="cpu", threads=1, measure_forms=False))


@pytest.fixture
def base(studio: Studio, tmp_path: Path) -> LoadedModel:
    return studio.load_model(write_tiny_model(tmp_path / "models" / "tiny.safetensors"))


def bent(path: Path, base: LoadedModel) -> Path:
    """Differences in one layer."""
    path.parent.mkdir(exist_ok=True)
    name, tensor = next(iter(base.generator.tunable_tensors.items()))  # type: ignore[attr-defined]
    write_tuning(path, {name: torch.full_like(tensor, 0.01)}, base.ref, photo="ada.jpg")
    return path


def test_a_tuned_model_keeps_the_directions_of_the_model_it_was_bent_from(
    studio: Studio, base: LoadedModel, tmp_path: Path
) -> None:
    base.library.rename(base.directions[0].id, "smile")
    base.library.star(base.directions[1].id, True)
    tuned = studio.load_model(bent(tmp_path / "models" / "ada-tuned.safetensors", base))
    assert tuned.ref.sha256 != base.ref.sha256
    assert [one.id for one in tuned.directions] == [one.id for one in base.directions]
    assert tuned.library.find("smile") == base.library.find("smile")
    assert [one.id for one in tuned.library.banks[0].entries] == [base.directions[1].id]


def test_its_model_is_found_where_it_was_opened_last(
    studio: Studio, base: LoadedModel, tmp_path: Path
) -> None:
    path = bent(tmp_path / "pictures" / "ada-tuned.safetensors", base)
    with pytest.raises(IncompatibleLatentError, match="tuned on tiny") as caught:
        studio.load_model(path)
    assert "Put tiny.safetensors beside it" in caught.value.hint
    remember_place(base.ref, studio.paths)
    assert studio.load_model(path).ref.name == "random tuned to ada"


def test_another_version_of_the_model_beside_it_is_refused(
    studio: Studio, base: LoadedModel, tmp_path: Path
) -> None:
    path = bent(tmp_path / "other" / "ada-tuned.safetensors", base)
    write_tiny_model(path.with_name("tiny.safetensors"), seed=7)
    with pytest.raises(IncompatibleLatentError, match="that version of it is not found"):
        studio.load_model(path)
