"""project, latent show and latent convert: files in, files out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from latent_studio.app import projector
from latent_studio.app.stored_latents import StoredLatent, read_latents
from latent_studio.app.tasks.encoder_apply import EncoderApplyOptions, run_encoder_apply
from latent_studio.app.tasks.encoder_train import EncoderTrainOptions, run_encoder_train
from latent_studio.app.tasks.latent_convert import LatentConvertOptions, run_latent_convert
from latent_studio.app.tasks.latent_show import LatentShowOptions, run_latent_show
from latent_studio.app.tasks.project import ProjectOptions, ProjectResult, run_project
from latent_studio.core.edits import EditStack
from latent_studio.core.errors import (
    IncompatibleLatentError,
    InputError,
    LatentStudioError,
    NoFaceFoundError,
    OptionError,
)
from latent_studio.core.jobs import Cancelled, CancelToken, Progress, ignore_progress
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.synthesis import SynthesisSettings
from tests.helpers.pooled_net import PooledNet

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio


@pytest.fixture(autouse=True)
def _cheap_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projector.Projector, "_perceptual", lambda *_: PooledNet())


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (6, 5, 3), dtype=np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(noise).resize((50, 60), Image.Resampling.BICUBIC).save(path)
    return path


def project(studio: Studio, model: Path, *photos: Path, out: Path, **more: object) -> ProjectResult:
    details: dict[str, object] = {"square": True, "steps": 6, "start": "samples", **more}
    options = ProjectOptions(str(model), tuple(str(name) for name in photos), out, **details)  # type: ignore[arg-type]
    return run_project(studio, options, ignore_progress, CancelToken())


def test_a_photo_gives_a_latent_that_renders_what_was_shown(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = project(studio, tiny_model, photo, out=out)
    assert sorted(path.name for path in out.iterdir()) == [
        "photo-crop.png", "photo-projected.png", "photo.npz",
    ]  # fmt: skip
    (stored,) = read_latents(result.files[0].path, studio.model.spec)
    request = RenderRequest(
        0, stored.latent, synthesis=SynthesisSettings(truncation_psi=1.0), noise=stored.noise
    )
    frame = studio.engine.render_final(request)
    with Image.open(out / "photo-projected.png") as image:
        assert np.abs(np.asarray(image).astype(int) - frame.pixels).max() <= 1
    assert stored.latent.space is Space.W_PLUS
    assert stored.crop is not None
    assert stored.crop.photo == "photo.png"
    assert stored.model_sha256 == studio.model.ref.sha256
    assert str(tmp_path) not in json.dumps(stored.facts)


def test_the_same_options_give_the_same_bytes(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path
) -> None:
    a, b = (project(studio, tiny_model, photo, out=tmp_path / name).files[0].path for name in "ab")
    assert a.read_bytes() == b.read_bytes()


def test_what_is_there_already_is_skipped(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = project(studio, tiny_model, photo, out=out)
    assert first.files[0].score is not None
    assert project(studio, tiny_model, photo, out=out).files[0].score is None
    assert project(studio, tiny_model, photo, out=out, seed=1).files[0].score is not None
    assert project(studio, tiny_model, photo, out=out, seed=1, resume=False).files[0].score is not None


def test_a_photo_that_fails_does_not_stop_the_others(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path
) -> None:
    result = project(studio, tiny_model, tmp_path / "gone.png", photo, out=tmp_path / "out")
    assert len(result.files) == 1
    assert "gone.png" in result.failures[0]
    assert not result.is_good


def test_a_cancel_writes_the_best_so_far(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path
) -> None:
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if "w:" in progress.message:
            token.cancel()

    options = ProjectOptions(str(tiny_model), (str(photo),), tmp_path / "out", square=True, steps=20)
    with pytest.raises(Cancelled):
        run_project(studio, options, stop, token)
    (stored,) = read_latents(tmp_path / "out" / "photo.npz")
    assert stored.facts["is_complete"] is False


@pytest.mark.parametrize(("space", "expected"), [("z", Space.Z), ("w", Space.W), ("w+", Space.W_PLUS)])
def test_the_space_is_as_asked(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path, space: str, expected: Space
) -> None:
    path = project(studio, tiny_model, photo, out=tmp_path / "out", space=space).files[0].path
    (stored,) = read_latents(path)
    assert stored.latent.space is expected
    with np.load(path) as file:
        assert file["w"].shape == (1, studio.model.spec.num_ws, studio.model.spec.w_dim)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tiny_grey", "tiny_classes"])
def test_grey_models_and_classes(
    studio: Studio, request: pytest.FixtureRequest, photo: Path, tmp_path: Path, kind: str
) -> None:
    class_idx = 2 if kind == "tiny_classes" else None
    result = project(studio, request.getfixturevalue(kind), photo, out=tmp_path / "o", class_idx=class_idx)
    assert result.files[0].score is not None


@pytest.mark.slow
@pytest.mark.parametrize("schedule", ["stylegan2-ada", "mmgen", "vgg-feature"])
def test_published_schedules_run_and_keep_their_noise(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path, schedule: str
) -> None:
    space = "w" if schedule == "stylegan2-ada" else "w+"
    path = (
        project(studio, tiny_model, photo, out=tmp_path / "o", schedule=schedule, space=space).files[0].path
    )
    (stored,) = read_latents(path)
    assert (stored.noise is None) == (schedule == "vgg-feature")


@pytest.mark.slow
def test_a_film_of_the_search(studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path) -> None:
    project(studio, tiny_model, photo, out=tmp_path / "o", video="gif")
    with Image.open(tmp_path / "o" / "photo.gif") as film:
        assert film.size == (32, 16)
        assert film.n_frames > 5


@pytest.mark.slow
def test_a_latent_can_be_gone_on_from(studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path) -> None:
    first = project(studio, tiny_model, photo, out=tmp_path / "a")
    second = project(studio, tiny_model, photo, out=tmp_path / "b", go_on=first.files[0].path)
    assert first.files[0].score is not None
    assert second.files[0].score is not None
    assert second.files[0].score.error <= first.files[0].score.error * 1.001


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"schedule": "mmgen", "space": "z"}, "--space"),
        ({"class_idx": 1}, "--class"),
        ({"steps": 0}, "--steps"),
    ],
)
def test_impossible_options_are_named(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path, more: dict[str, object], expected: str
) -> None:
    with pytest.raises(OptionError) as caught:
        project(studio, tiny_model, photo, out=tmp_path / "o", **more)
    assert caught.value.option == expected


def test_a_search_can_begin_at_what_the_canvas_shows(studio: Studio, tiny_model: Path) -> None:
    model = studio.open_model(tiny_model)
    edits = EditStack().with_amount(model.directions[0], 2.0)
    session = replace(model.start, base=SeedPoint(3), edits=edits)
    start = projector.Projector(studio.engine, studio.paths).canvas_start(model, session)
    shown = studio.engine.resolve_ws(RenderRequest.of(session, revision=0))
    assert start.space == "w+"
    assert np.array_equal(start.latent.numpy(), shown)


@pytest.mark.slow
def test_tuning_gives_a_small_file_that_opens_like_a_model(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o"
    out.mkdir()
    model = out / "tiny.safetensors"
    model.write_bytes(tiny_model.read_bytes())
    result = project(studio, model, photo, out=out, tune=15)
    assert "tuned from" in result.remarks[0]
    (stored,) = read_latents(out / "photo.npz")
    before = studio.engine.render_final(_request(stored)).pixels
    studio.open_model(out / "photo-tuned.safetensors")
    after = studio.engine.render_final(_request(stored)).pixels
    with Image.open(out / "photo-crop.png") as crop:
        wanted = np.asarray(crop).astype(int)
    assert np.square(after - wanted).mean() < np.square(before - wanted).mean()
    model.write_bytes(model.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(LatentStudioError, match="that version of it is not found"):
        studio.open_model(out / "photo-tuned.safetensors")


def _request(stored: StoredLatent) -> RenderRequest:
    return RenderRequest(
        0, stored.latent, synthesis=SynthesisSettings(truncation_psi=1.0), noise=stored.noise
    )


def test_no_face_is_said(studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(NoFaceFoundError):
        project(studio, tiny_model, photo, out=tmp_path / "o", square=False)


@pytest.mark.slow
def test_an_encoder_sees_at_once(studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path) -> None:
    options = EncoderApplyOptions(str(tiny_model), (str(photo),), tmp_path / "o", square=True)
    with pytest.raises(InputError, match="no encoder"):
        run_encoder_apply(studio, options, ignore_progress, CancelToken())
    training = EncoderTrainOptions(str(tiny_model), steps=2)
    run_encoder_train(studio, training, ignore_progress, CancelToken())
    result = run_encoder_apply(studio, options, ignore_progress, CancelToken())
    (stored,) = read_latents(result.files[0].path)
    assert stored.latent.space is Space.W


# Latent files ----------------------------------------------------------------------------------------------


def shown(studio: Studio, path: Path, **more: object) -> tuple[StoredLatent, ...]:
    options = LatentShowOptions(path, **more)  # type: ignore[arg-type]
    result = run_latent_show(studio, options, ignore_progress, CancelToken())
    assert result.lines
    return result.latents


@pytest.mark.parametrize(
    ("shape", "space"),
    [((16,), Space.W), ((1, 16), Space.W), ((6, 16), Space.W_PLUS), ((1, 6, 16), Space.W_PLUS)],
)
def test_bare_arrays_are_guessed_aloud(
    studio: Studio, tiny_model: Path, tmp_path: Path, shape: tuple[int, ...], space: Space
) -> None:
    values = np.random.default_rng(0).normal(0, 0.1, shape).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    (stored,) = shown(studio, tmp_path / "x.npy", model=str(tiny_model))
    assert stored.latent.space is space
    assert str(shape) in stored.how


def test_a_latent_that_does_not_fit_the_model_says_so(
    studio: Studio, tiny_model: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.zeros((7, 9), np.float32))
    options = LatentShowOptions(tmp_path / "x.npy", model=str(tiny_model))
    lines = run_latent_show(studio, options, ignore_progress, CancelToken()).lines
    assert any("the model needs" in line for line in lines)


def test_numbers_spread_like_a_z_are_taken_for_one_unless_said_otherwise(
    studio: Studio, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.random.RandomState(0).randn(1, 512).astype(np.float32))
    assert shown(studio, tmp_path / "x.npy")[0].latent.space is Space.Z
    assert shown(studio, tmp_path / "x.npy", space="w")[0].latent.space is Space.W


def test_adas_projected_w_is_w_when_all_rows_agree(studio: Studio, tmp_path: Path) -> None:
    row = np.random.default_rng(0).normal(0, 1, (1, 1, 512)).astype(np.float32)
    np.savez(tmp_path / "projected_w.npz", w=row.repeat(18, 1))
    assert shown(studio, tmp_path / "projected_w.npz")[0].latent.space is Space.W
    other = np.random.default_rng(0).normal(0, 1, (2, 18, 512)).astype(np.float32)
    np.savez(tmp_path / "projected_w.npz", w=other)
    assert [one.latent.space for one in shown(studio, tmp_path / "projected_w.npz")] == [Space.W_PLUS] * 2


@pytest.mark.parametrize("key", ["injected_noise", "noise"])
def test_projections_of_other_programs(studio: Studio, tmp_path: Path, key: str) -> None:
    tree = {
        f"in/{name}.v1.png": {
            "img": torch.zeros(3, 4, 4),
            "latent": torch.randn(18, 512, requires_grad=name == "a"),
            key: [torch.randn(1, 1, 4, 4), torch.randn(1, 1, 8, 8)],
        }
        for name in "ab"
    }
    torch.save(tree, tmp_path / "p.pt")
    found = shown(studio, tmp_path / "p.pt")
    assert [one.name for one in found] == ["a.v1.png", "b.v1.png"]
    assert found[0].noise is not None
    assert [one.shape for one in found[0].noise.maps] == [(4, 4), (8, 8)]


@pytest.mark.parametrize(
    ("format", "suffix"), [("ada", ".npz"), ("npy", ".npy"), ("mmgen", ".pt"), ("rosinality", ".pt")]
)
def test_what_is_converted_comes_back(
    studio: Studio, tiny_model: Path, photo: Path, tmp_path: Path, format: str, suffix: str
) -> None:
    path = project(studio, tiny_model, photo, out=tmp_path / "o", space="w").files[0].path
    (before,) = read_latents(path)
    out = tmp_path / f"x{suffix}"
    options = LatentConvertOptions(path, out, format, model=str(tiny_model))  # type: ignore[arg-type]
    result = run_latent_convert(studio, options, ignore_progress, CancelToken())
    assert "read as w" in result.how[0] or "in w" in result.how[0]
    (after,) = read_latents(out, studio.model.spec)
    values = after.latent.values if after.latent.values.ndim == 1 else after.latent.values[0]
    assert np.allclose(values, before.latent.values)


def test_a_single_w_needs_its_model_to_become_rows(studio: Studio, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full(512, 0.1, np.float32))
    options = LatentConvertOptions(tmp_path / "x.npy", tmp_path / "y.npz", "ada")
    with pytest.raises(InputError, match="depends on the model"):
        run_latent_convert(studio, options, ignore_progress, CancelToken())


def test_a_latent_of_another_model_is_refused(studio: Studio, tiny_model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full(512, 0.1, np.float32))
    options = LatentConvertOptions(tmp_path / "x.npy", tmp_path / "y.npz", "ada", model=str(tiny_model))
    with pytest.raises(IncompatibleLatentError):
        run_latent_convert(studio, options, ignore_progress, CancelToken())


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01\x00v\x00{'descr': '|O'"])
def test_what_holds_no_latent_is_said(studio: Studio, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(LatentStudioError, match=r"x\.npy"):
        shown(studio, tmp_path / "x.npy")
