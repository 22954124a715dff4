"""The ladder on a tiny network: better rung by rung, the same twice, stopped and gone on with."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from latent_studio.checkpoints.bundled import DEFAULT_MODEL, find_model
from latent_studio.checkpoints.open import open_checkpoint
from latent_studio.core.errors import Cancelled, InputError, OutOfMemoryError
from latent_studio.core.jobs import CancelToken
from latent_studio.engine.gate import PriorityGate
from latent_studio.generators.catalog import build_generator
from latent_studio.methods.projection import ladder
from latent_studio.methods.projection.ladder import project
from latent_studio.methods.projection.latent_stats import latent_stats
from latent_studio.methods.projection.loss_weights import LossWeights
from latent_studio.methods.projection.noise import noise_penalty, normalised_noise
from latent_studio.methods.projection.objective import Target
from latent_studio.methods.projection.perceptual import load_perceptual_net
from latent_studio.methods.projection.pivotal import TuneSettings, TuneStep, tune
from latent_studio.methods.projection.rungs import Look, Projection, Start
from latent_studio.methods.projection.settings import ProjectionSettings, SpaceName, preset
from tests.helpers.model_files import write_tiny_model
from tests.helpers.pooled_net import PooledNet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latent_studio.generators.protocol import Generator

SETTINGS = ProjectionSettings("w+", samples=16, explore_steps=8, w_steps=8, w_plus_steps=8)


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    path: Path = tmp_path_factory.mktemp("m") / "tiny.safetensors"
    return build_generator(open_checkpoint(write_tiny_model(path, resolution=32)))


@pytest.fixture(scope="module")
def target(generator: Generator) -> Target:
    z = torch.from_numpy(np.random.RandomState(5).randn(1, generator.spec.z_dim)).float()
    with torch.no_grad():
        return Target(generator.synthesize(generator.map(z, truncation_psi=0.8)), PooledNet())


def run(
    generator: Generator, target: Target, settings: ProjectionSettings = SETTINGS, **more: object
) -> Projection:
    return project(generator, target, settings, step=contextlib.nullcontext, **more)  # type: ignore[arg-type]


def test_each_rung_is_at_least_as_good_as_the_last(generator: Generator, target: Target) -> None:
    found = run(generator, target)
    errors = [rung.score.error for rung in found.rungs]
    assert [rung.name for rung in found.rungs] == ["start", "w", "w+"]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]
    assert found.best is found.rungs[-1]
    assert found.best.latent.shape == (generator.spec.num_ws, generator.spec.w_dim)
    assert found.is_complete


def test_the_same_seed_gives_the_same_latent(generator: Generator, target: Target) -> None:
    one, two = run(generator, target), run(generator, target)
    assert torch.equal(one.best.latent, two.best.latent)


def test_the_picture_is_that_of_the_latent_and_its_noise(generator: Generator, target: Target) -> None:
    found = run(generator, target, replace(SETTINGS, noise_steps=6))
    best = found.best
    noise = generator.noise_maps("const") if best.noise is None else best.noise
    with torch.no_grad():
        again = generator.synthesize(best.latent[None], noise=noise)
    assert torch.allclose(again, best.picture, atol=1e-5)
    assert found.rungs[-1].name == "noise"


def test_z_can_be_searched_as_well(generator: Generator, target: Target) -> None:
    found = run(generator, target, replace(SETTINGS, space="z"))
    assert [rung.name for rung in found.rungs] == ["start", "z"]
    assert found.best.latent.shape == (generator.spec.z_dim,)
    assert found.rungs[-1].score.error <= found.rungs[0].score.error


def test_a_stop_keeps_the_best_and_can_be_gone_on_from(generator: Generator, target: Target) -> None:
    token = CancelToken()
    seen: list[Look] = []

    def stop_in_w(look: Look) -> None:
        seen.append(look)
        if len(seen) == 5:
            token.cancel()

    stopped = run(generator, target, report=stop_in_w, check_cancel=token.check)
    assert not stopped.is_complete
    assert stopped.best.score.error <= stopped.rungs[0].score.error
    start = Start(stopped.best.space, stopped.best.latent, stopped.best.noise)
    gone_on = run(generator, target, start=start)
    assert gone_on.best.score.error <= stopped.best.score.error * 1.001


def test_a_search_goes_on_from_another_space_where_there_is_a_way(
    generator: Generator, target: Target
) -> None:
    z = torch.from_numpy(np.random.RandomState(5).randn(generator.spec.z_dim)).float()
    of_z = run(generator, target, start=Start("z", z))
    with torch.no_grad():
        w = generator.map(z[None])[0, 0]
    assert of_z.rungs[0].space == "w"
    assert torch.equal(of_z.rungs[0].latent, w)
    rows = w.expand(generator.spec.num_ws, -1).clone()
    of_rows = run(generator, target, replace(SETTINGS, space="w"), start=Start("w+", rows))
    assert of_rows.rungs[-1].evaluations == SETTINGS.w_steps
    with pytest.raises(InputError, match="in z cannot begin"):
        run(generator, target, replace(SETTINGS, space="z"), start=Start("w", w))


@pytest.mark.parametrize("when", (0, 8, 20))
def test_a_stop_at_any_moment_gives_what_there_is(generator: Generator, target: Target, when: int) -> None:
    count = 0

    def check() -> None:
        nonlocal count
        count += 1
        if count > when:
            raise Cancelled

    try:
        found = run(generator, target, check_cancel=check)
    except Cancelled:
        assert when < 6
    else:
        assert not found.is_complete
        assert found.rungs


def test_an_encoders_guess_is_where_it_begins(generator: Generator, target: Target) -> None:
    z = torch.from_numpy(np.random.RandomState(5).randn(1, generator.spec.z_dim)).float()
    with torch.no_grad():
        truth = generator.map(z, truncation_psi=0.8)[0, 0]
    found = run(generator, target, encoded=truth)
    assert found.rungs[0].score.psnr > 60


@pytest.mark.slow
def test_a_worse_guess_than_the_samples_is_left(generator: Generator, target: Target) -> None:
    found = run(generator, target, encoded=torch.full((generator.spec.w_dim,), 1e4))
    assert found.rungs[0].score.sigmas < 10


def test_numbers_that_are_not_finite_end_a_rung_and_not_the_search(
    generator: Generator, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = ladder.picture_loss, 0

    def broken(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        loss, parts = real(*arguments)  # type: ignore[arg-type]
        return (loss * float("nan"), parts) if calls == 7 else (loss, parts)

    monkeypatch.setattr(ladder, "picture_loss", broken)
    found = run(generator, target)
    assert found.rungs[-1].name == "w+"
    assert found.best.latent.isfinite().all()
    assert "not finite" in found.remarks[0]


@pytest.mark.slow
def test_without_memory_smaller_pictures_are_searched_with(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "m.safetensors", resolution=64)
    generator = build_generator(open_checkpoint(path))
    with torch.no_grad():
        image = generator.synthesize(generator.map(torch.ones(1, generator.spec.z_dim)))
    real = ladder.picture_at

    def short_of_memory(*arguments: object, stage: int) -> object:
        if stage == len(generator.stages) - 1:
            raise OutOfMemoryError("no room")
        return real(*arguments, stage=stage)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ladder, "picture_at", short_of_memory)
        found = run(generator, Target(image, PooledNet()))
    assert any("32 pixels instead" in remark for remark in found.remarks)
    assert found.rungs[-1].name == "w+"


@pytest.mark.slow
def test_looking_around_first_finds_the_way_out_of_a_wrong_face() -> None:
    """Going down alone ends in a hollow from which this person is not reached."""
    generator = build_generator(open_checkpoint(find_model(DEFAULT_MODEL)))
    z = torch.from_numpy(np.random.RandomState(10_001).randn(1, generator.spec.z_dim)).float()
    with torch.no_grad():
        image = generator.synthesize(generator.map(z)).clamp(-1, 1)
    stats = latent_stats(generator, step=contextlib.nullcontext)
    settings = ProjectionSettings("w", samples=16, explore_steps=80, w_steps=10)
    around, down = (
        run(generator, Target(image, load_perceptual_net()), one, stats=stats).best.score
        for one in (settings, replace(settings, explore_steps=0, w_steps=18))
    )
    # Both take about as long: a small picture costs a tenth of a full one.
    assert around.psnr > down.psnr + 3
    assert around.perceptual < down.perceptual / 2


def test_looking_around_never_ends_worse_than_it_began(generator: Generator, target: Target) -> None:
    z = torch.from_numpy(np.random.RandomState(5).randn(1, generator.spec.z_dim)).float()
    with torch.no_grad():
        w = generator.map(z, truncation_psi=0.8)[0, 0]
    found = run(generator, target, replace(SETTINGS, start="encoder", w_steps=1, space="w"), encoded=w)
    assert found.best.score.psnr >= found.rungs[0].score.psnr


def test_reports_say_how_far_it_is(generator: Generator, target: Target) -> None:
    looks: list[Look] = []
    run(generator, target, report=looks.append)
    fractions = [look.fraction for look in looks]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert {"loss", "pixel", "prior"} <= set(looks[0].losses)


def test_statistics_know_the_usual(generator: Generator) -> None:
    stats = latent_stats(generator, step=contextlib.nullcontext, count=512)
    assert stats.sigmas(stats.samples).mean().item() == pytest.approx(1, abs=0.15)
    back = stats.to_w(stats.to_whitened(stats.samples[:5]))
    assert torch.allclose(back, stats.samples[:5], atol=1e-3)


def test_white_noise_costs_nearly_nothing() -> None:
    rng = torch.Generator().manual_seed(0)
    white = torch.randn(1, 1, 64, 64, generator=rng)
    smooth = torch.nn.functional.avg_pool2d(white, 4, stride=1)
    smooth = normalised_noise(smooth)
    assert noise_penalty([white]) < 0.05 < noise_penalty([smooth])
    assert smooth.mean().abs() < 1e-6
    assert smooth.square().mean().item() == pytest.approx(1, abs=1e-5)


def test_presets_take_longer_the_better_they_are() -> None:
    steps = [preset(name).w_steps + preset(name).w_plus_steps for name in ("fast", "good", "best")]
    assert steps == sorted(steps)


@pytest.mark.parametrize("space", ["z", "w+"])
def test_a_slider_waits_for_one_evaluation_at_most(
    generator: Generator, target: Target, space: SpaceName, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = PriorityGate(patience_seconds=600)
    log: list[str] = []
    sliders: list[threading.Thread] = []

    def slide() -> None:
        with gate.interactive():
            log.append("slider")

    @contextlib.contextmanager
    def step() -> Iterator[None]:
        with gate.background():
            log.append("step")
            if log.count("step") % 3 == 0:
                sliders.append(threading.Thread(target=slide))
                sliders[-1].start()
                # There is no event for "now blocked".
                while gate.waiting[0] == 0:
                    threading.Event().wait(0.001)
            yield

    def drawn(*details: object, **more: object) -> torch.Tensor:
        log.append("picture")
        return picture_at(*details, **more)  # type: ignore[arg-type]

    picture_at = ladder.picture_at
    monkeypatch.setattr(ladder, "picture_at", drawn)
    settings = replace(SETTINGS, space=space, w_steps=4, w_plus_steps=4, noise_steps=4)
    project(
        generator, target, settings, step=step, stats=latent_stats(generator, step=contextlib.nullcontext)
    )
    for slider in sliders:
        slider.join(20)

    told = " ".join(log)
    assert log.count("picture") >= 9
    assert len(sliders) >= 3
    assert "picture picture" not in told
    # The third step is the one it came in: it has the very next turn.
    for turn in told.replace("picture ", "").replace(" picture", "").split(" slider")[:-1]:
        assert turn.split().count("step") == 3


class _Hues:
    """Tells persons by the mean colour of their pictures."""

    def embed(self, images: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(images.mean((2, 3)) + 2.0, dim=1)


def test_the_person_counts_where_a_network_tells_persons(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "64.safetensors", resolution=64)
    generator = build_generator(open_checkpoint(path))
    z = torch.from_numpy(np.random.RandomState(5).randn(1, generator.spec.z_dim)).float()
    with torch.no_grad():
        image = generator.synthesize(generator.map(z, truncation_psi=0.8))
    looks: list[Look] = []
    found = run(generator, Target(image, PooledNet(), _Hues()), report=looks.append)
    assert "identity" in looks[-1].losses
    scores = [rung.score.identity for rung in found.rungs]
    assert None not in scores
    assert scores[-1] >= scores[0]
    assert run(generator, Target(image, PooledNet())).best.score.identity is None


def test_the_person_counts_in_tuning_as_in_the_search(tmp_path: Path) -> None:
    generator = build_generator(open_checkpoint(write_tiny_model(tmp_path / "64.safetensors", resolution=64)))
    with torch.no_grad():
        image = generator.synthesize(generator.map(torch.ones(1, generator.spec.z_dim)))
        latent = generator.map(torch.zeros(1, generator.spec.z_dim))[0]
    looks: list[TuneStep] = []
    more = {"step": contextlib.nullcontext, "report": looks.append}
    settings = TuneSettings(steps=6, weights=LossWeights(pixel=0.0, perceptual=0.0, identity=1.0))
    tuned = tune(generator, Target(image, PooledNet(), _Hues()), latent, None, settings, **more)
    assert looks[-1].losses["identity"] == looks[-1].losses["loss"]
    before, after = (score.identity for score in tuned.score)
    assert before is not None and after is not None and after > before
    assert looks[-1].done == 6 and looks[-1].seconds_left == 0
    tune(generator, Target(image, PooledNet()), latent, None, TuneSettings(steps=1), **more)
    assert "identity" not in looks[-1].losses


def test_smaller_versions_of_the_picture_count_if_they_are_given_weight(
    generator: Generator, target: Target
) -> None:
    looks: list[Look] = []
    run(generator, target, report=looks.append)
    assert "multi_scale" not in looks[-1].losses
    weights = LossWeights(pixel=0.0, multi_scale=1.0)
    run(generator, target, replace(SETTINGS, weights=weights), report=looks.append)
    assert 0 < looks[-1].losses["multi_scale"] < looks[-1].losses["pixel"]
