"""encoder train: learns, goes on, says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from latent_studio.app.encoder_files import (
    EncoderFacts,
    check_encoder,
    encoder_place,
    find_encoder,
    read_encoder,
    write_encoder,
)
from latent_studio.app.tasks.encoder_train import (
    EncoderTrainOptions,
    EncoderTrainResult,
    run_encoder_train,
)
from latent_studio.core.errors import CorruptFileError, IncompatibleLatentError, OptionError
from latent_studio.core.jobs import Cancelled, CancelToken, Progress, ignore_progress

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


def train(
    studio: Studio, model: Path, out: Path | None, *, cancel: CancelToken | None = None, **more: object
) -> EncoderTrainResult:
    options = EncoderTrainOptions(str(model), out, **more)  # type: ignore[arg-type]
    return run_encoder_train(studio, options, ignore_progress, cancel or CancelToken())


def test_it_learns_to_see_w(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    untrained = train(studio, tiny_model, tmp_path / "a.safetensors", steps=1)
    trained = train(studio, tiny_model, tmp_path / "b.safetensors", steps=60, rate=3e-3)
    assert trained.error < 0.8 * untrained.error
    assert trained.steps == 60


def test_a_stopped_training_goes_on_where_it_was(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    out, token = tmp_path / "e.safetensors", CancelToken()

    def stop_at_five(progress: Progress) -> None:
        if progress.message.startswith("Step 5 "):
            token.cancel()

    options = EncoderTrainOptions(str(tiny_model), out, steps=12)
    with pytest.raises(Cancelled):
        run_encoder_train(studio, options, stop_at_five, token)
    assert not out.exists()
    part, _ = read_encoder(tmp_path / "e.safetensors.part")
    assert part.step == 5
    assert any(bool(moment.any()) for moment in part.moments.values())
    seen: list[str] = []
    run_encoder_train(studio, options, lambda progress: seen.append(progress.message), CancelToken())
    assert any(message.startswith("Step 6 of 12") for message in seen)
    assert not any(message.startswith("Step 5 of") for message in seen)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.safetensors"]


def test_the_same_seed_gives_the_same_bytes(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    a, b = (train(studio, tiny_model, tmp_path / f"{n}.safetensors", steps=3).path for n in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_without_a_name_projections_find_it(studio: Studio, tiny_model: Path) -> None:
    result = train(studio, tiny_model, None, steps=2)
    sha256 = studio.model.ref.sha256
    assert result.path == encoder_place(studio.paths, sha256)
    found = find_encoder(tiny_model, sha256, studio.model.spec.w_dim, studio.paths)
    assert found is not None
    assert found[1].model_sha256 == sha256


@pytest.mark.parametrize("kind", ["tiny_classes", "tiny_grey"])
def test_classes_and_grey_models_can_be_learned_from(
    studio: Studio, request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    result = train(studio, request.getfixturevalue(kind), tmp_path / "e.safetensors", steps=2)
    state, _ = read_encoder(result.path)
    assert state.net(torch.zeros(2, 3, 50, 50)).shape == (2, studio.model.spec.w_dim)


def test_an_encoder_of_another_model_is_refused(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    state, facts = read_encoder(train(studio, tiny_model, tmp_path / "e.safetensors", steps=1).path)
    with pytest.raises(IncompatibleLatentError, match="another model"):
        check_encoder(facts, state.net, model_sha256="0" * 64, w_dim=16, name="e")


def test_what_is_no_encoder_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    with pytest.raises(CorruptFileError, match="no encoder"):
        read_encoder(path)
    path.write_bytes(b"anything")
    with pytest.raises(CorruptFileError, match="no encoder"):
        read_encoder(path)


def test_an_encoder_cut_short_is_not_used(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    path = train(studio, tiny_model, tmp_path / "e.safetensors", steps=1).path
    state, facts = read_encoder(path)
    write_encoder(encoder_place(studio.paths, facts.model_sha256), state, facts)
    place = encoder_place(studio.paths, facts.model_sha256)
    place.write_bytes(place.read_bytes()[:-100])
    assert find_encoder(tiny_model, facts.model_sha256, 16, studio.paths) is None


def test_facts_come_back(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    state, _ = read_encoder(train(studio, tiny_model, tmp_path / "e.safetensors", steps=1).path)
    facts = EncoderFacts("cats", "ab" * 32, steps=1, seed=7, error=0.25)
    write_encoder(tmp_path / "f.safetensors", state, facts)
    assert read_encoder(tmp_path / "f.safetensors")[1] == facts


def test_the_file_must_be_safetensors(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="--out"):
        train(studio, tiny_model, tmp_path / "e.pt")
