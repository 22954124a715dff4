"""warp train, resume and info as the command line runs them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from latent_studio.app.direction_import import import_directions
from latent_studio.app.tasks.warp_info import WarpInfoOptions, run_warp_info
from latent_studio.app.tasks.warp_rank import WarpRankOptions, run_warp_rank
from latent_studio.app.tasks.warp_resume import WarpResumeOptions, run_warp_resume
from latent_studio.app.tasks.warp_train import WarpTrainOptions, run_warp_train, settings_of
from latent_studio.core.errors import InputError, MissingWeightsError, OptionError
from latent_studio.core.jobs import CancelToken, ignore_progress
from latent_studio.core.spec import GeneratorSpec
from latent_studio.methods.attributes import published
from tests.helpers.model_files import write_tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.app.studio import Studio

SPEC = GeneratorSpec("stylegan2", 256, 3, 128, 128, 14)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "small.safetensors", resolution=32)


def options(model: Path, out: Path) -> WarpTrainOptions:
    return WarpTrainOptions(
        str(model),
        out,
        support_sets=3,
        dipoles=2,
        reconstructor="LeNet",
        batch_size=4,
        iterations=4,
        log_every=2,
        checkpoint_every=2,
    )


def test_training_writes_paths_that_info_describes(studio: Studio, model: Path, tmp_path: Path) -> None:
    result = run_warp_train(studio, options(model, tmp_path / "run"), ignore_progress, CancelToken())
    assert result.lines == (str(tmp_path / "run" / "models" / "support_sets.safetensors"),)
    info = run_warp_info(studio, WarpInfoOptions(tmp_path / "run", json=True), ignore_progress, CancelToken())
    facts = json.loads(info.lines[0])
    assert (facts["model"], facts["checkpoint"], facts["support_sets"]) == ("random", 4, 3)


def test_paths_keep_to_the_rows_they_were_trained_on(studio: Studio, model: Path, tmp_path: Path) -> None:
    wanted = replace(options(model, tmp_path / "run"), rows=("0-1", "4=2"), iterations=1)
    run_warp_train(studio, wanted, ignore_progress, CancelToken())
    spec = studio.open_model(str(model)).spec
    found = import_directions(tmp_path / "run" / "models" / "support_sets.safetensors", spec).directions
    assert [path.rows for path in found] == [(0, 1), (4,), (4,)]
    with pytest.raises(InputError, match="--rows was 0-1,4=2 and is now not given"):
        run_warp_train(studio, replace(wanted, rows=()), ignore_progress, CancelToken())


def test_the_same_options_give_the_same_paths(studio: Studio, model: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run_warp_train(studio, options(model, tmp_path / name), ignore_progress, CancelToken())
    files = [
        (tmp_path / name / "models" / "support_sets.safetensors").read_bytes() for name in ("one", "two")
    ]
    assert files[0] == files[1]


def test_resuming_gives_the_bytes_of_a_training_that_never_stopped(
    studio: Studio, model: Path, tmp_path: Path
) -> None:
    whole = replace(options(model, tmp_path / "whole"), iterations=8)
    run_warp_train(studio, whole, ignore_progress, CancelToken())
    run_warp_train(studio, options(model, tmp_path / "part"), ignore_progress, CancelToken())
    resume = WarpResumeOptions(tmp_path / "part", iterations=8)
    run_warp_resume(studio, resume, ignore_progress, CancelToken())
    one, other = (tmp_path / name / "models" / "checkpoint.safetensors" for name in ("whole", "part"))
    assert one.read_bytes() == other.read_bytes()


def test_the_same_command_goes_on_and_another_is_told_apart(
    studio: Studio, model: Path, tmp_path: Path
) -> None:
    given = options(model, tmp_path / "run")
    run_warp_train(studio, given, ignore_progress, CancelToken())
    run_warp_train(studio, given, ignore_progress, CancelToken())
    with pytest.raises(InputError, match="--batch-size was 4 and is now 8"):
        run_warp_train(studio, replace(given, batch_size=8), ignore_progress, CancelToken())


def test_a_run_of_another_model_is_told_apart(studio: Studio, model: Path, tmp_path: Path) -> None:
    run_warp_train(studio, options(model, tmp_path / "run"), ignore_progress, CancelToken())
    other = write_tiny_model(tmp_path / "other.safetensors", resolution=64)
    with pytest.raises(InputError, match="training of random"):
        run_warp_resume(
            studio, WarpResumeOptions(tmp_path / "run", str(other)), ignore_progress, CancelToken()
        )


def test_a_preset_gives_way_to_what_is_given(tmp_path: Path) -> None:
    settings = settings_of(
        WarpTrainOptions("x", tmp_path, preset="stylegan2", dipoles=16, truncation_psi=0.5), SPEC
    )
    assert (settings.support_sets, settings.dipoles, settings.truncation_psi) == (200, 16, 0.5)
    assert (settings.min_shift_magnitude, settings.learn_gammas, settings.z_truncation) == (0.1, True, 0.7)


def test_the_presets_of_the_bundled_model_fit_it(tmp_path: Path) -> None:
    for preset, counts in (("portraits", ()), ("portraits-rows", (8, 12, 10))):
        settings = settings_of(WarpTrainOptions("x", tmp_path, preset=preset), SPEC)
        settings.check(SPEC)
        assert tuple(count for _, count in settings.row_groups) == counts


def test_the_number_of_paths_must_come_from_somewhere(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="--support-sets is not given"):
        settings_of(WarpTrainOptions("x", tmp_path, dipoles=4), SPEC)


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"support_sets": 0}, "--support-sets"),
        ({"dipoles": 0}, "--dipoles"),
        ({"min_shift_magnitude": -1.0}, "--min-shift-magnitude"),
        ({"min_shift_magnitude": 2.0}, "--max-shift-magnitude"),
    ],
)
def test_bad_numbers_are_refused_before_anything_is_written(
    studio: Studio, model: Path, tmp_path: Path, changes: dict[str, object], flag: str
) -> None:
    wrong = replace(options(model, tmp_path / "run"), **changes)  # type: ignore[arg-type]
    with pytest.raises(OptionError) as caught:
        run_warp_train(studio, wrong, ignore_progress, CancelToken())
    assert caught.value.option.split(", ")[0] == flag
    assert not (tmp_path / "run").exists()


def test_an_empty_folder_is_no_training(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder of a training"):
        run_warp_info(studio, WarpInfoOptions(tmp_path), ignore_progress, CancelToken())


def test_a_predictor_that_cannot_read_is_told_before_anything_is_walked(
    studio: Studio, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "weights_folder", lambda: tmp_path / "nothing")
    run_warp_train(studio, options(model, tmp_path / "run"), ignore_progress, CancelToken())
    wanted = WarpRankOptions(tmp_path / "run", predictor=("hopenet",))
    with pytest.raises(MissingWeightsError, match=r"hopenet_alpha2\.pkl"):
        run_warp_rank(studio, wanted, ignore_progress, CancelToken())
    assert not (tmp_path / "run" / "results").exists()
