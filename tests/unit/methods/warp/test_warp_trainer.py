"""One step of training warp paths, what it draws, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from latent_studio.core.errors import InputError, ModelError, OptionError
from latent_studio.methods.warp.draws import draw_batch, draw_magnitudes, truncated_normal
from latent_studio.methods.warp.pictures import render_small
from latent_studio.methods.warp.reconstructor import Reconstructor
from latent_studio.methods.warp.support_sets import SupportSets
from latent_studio.methods.warp.trainer import WarpTrainer
from tests.helpers.warp_runs import settings, tiny_generator

if TYPE_CHECKING:
    from pathlib import Path

    from latent_studio.generators.protocol import Generator


@pytest.fixture
def generator(tmp_path: Path) -> Generator:
    return tiny_generator(tmp_path)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_shifts_have_length_one_even_far_from_all_support_vectors() -> None:
    sets = SupportSets(3, 4, 8, gamma=2.0, rng=rng())
    latents = 200 * torch.randn(16, 8, generator=rng(1))
    shift = sets(latents, torch.arange(16) % 3)
    assert torch.allclose(shift.norm(dim=1), torch.ones(16), atol=1e-5)


def test_a_shift_climbs_the_warping_function() -> None:
    sets = SupportSets(1, 3, 6, rng=rng()).double()
    z = torch.randn(1, 6, generator=rng(2), dtype=torch.float64)

    def height(point: torch.Tensor) -> torch.Tensor:
        distances = (point - sets.vectors[0]).square().sum(1)
        return (sets.alphas[0] * (-sets.log_gammas[0].exp() * distances).exp()).sum()

    slope = torch.autograd.functional.jacobian(height, z)
    assert torch.allclose(sets(z, torch.tensor([0])), slope / slope.norm(), atol=1e-9)


def test_dipoles_begin_as_opposites_at_growing_radii() -> None:
    sets = SupportSets(4, 5, 8, rng=rng())
    assert torch.equal(sets.vectors[:, 0::2], -sets.vectors[:, 1::2])
    radii = sets.vectors.detach().norm(dim=2).mean(1)
    assert torch.allclose(radii, torch.tensor([1.0, 1.75, 2.5, 3.25]), atol=1e-5)


@pytest.mark.parametrize(("count", "dipoles", "flag"), [(0, 4, "--support-sets"), (4, 0, "--dipoles")])
def test_no_paths_and_no_dipoles_are_refused(count: int, dipoles: int, flag: str) -> None:
    with pytest.raises(OptionError, match="at least 1") as caught:
        SupportSets(count, dipoles, 8)
    assert caught.value.option == flag


def test_magnitudes_are_as_often_negative_as_positive() -> None:
    drawn = draw_magnitudes(0.25, 0.45, rng(), count=20_000)
    assert abs(float((drawn > 0).float().mean()) - 0.5) < 0.02
    assert float(drawn.abs().min()) >= 0.25
    assert float(drawn.abs().max()) <= 0.45


def test_truncated_values_are_redrawn_and_not_clamped() -> None:
    drawn = truncated_normal((20_000,), 1.0, rng())
    assert float(drawn.abs().max()) <= 1.0
    assert float((drawn.abs() > 0.999).float().mean()) < 0.01


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"support_sets": 0}, "--support-sets"),
        ({"dipoles": 0}, "--dipoles"),
        ({"min_shift_magnitude": -0.1}, "--min-shift-magnitude"),
        ({"min_shift_magnitude": 0.5, "max_shift_magnitude": 0.2}, "--max-shift-magnitude"),
        ({"gamma": 0.0}, "--gamma"),
        ({"batch_size": 1}, "--batch-size"),
        ({"picture_size": 16}, "--picture-size"),
        ({"picture_size": 64}, "--picture-size"),
        ({"classes": (1,)}, "--classes"),
        ({"support_set_lr": float("nan")}, "--support-set-lr"),
    ],
)
def test_settings_that_cannot_be_trained_name_their_option(
    generator: Generator, changes: dict[str, object], flag: str
) -> None:
    with pytest.raises(OptionError) as caught:
        WarpTrainer(generator, settings(**changes))
    assert caught.value.option == flag


@pytest.mark.parametrize("space", ["z", "w"])
@pytest.mark.parametrize("kind", ["LeNet", "ResNet"])
def test_a_step_changes_paths_and_reconstructor_but_not_the_generator(
    generator: Generator, space: str, kind: str
) -> None:
    trainer = WarpTrainer(generator, settings(space=space, reconstructor=kind))
    ws = generator.map(torch.zeros(1, 12))
    before = generator.synthesize(ws)
    sets, weights = trainer.support_sets.vectors.clone(), next(trainer.reconstructor.parameters()).clone()
    stats = trainer.step()
    assert not torch.equal(sets, trainer.support_sets.vectors)
    assert not torch.equal(weights, next(trainer.reconstructor.parameters()))
    assert torch.equal(before, generator.synthesize(ws))
    assert stats.total_loss == pytest.approx(stats.classification_loss + 0.25 * stats.regression_loss)


def test_the_unshifted_picture_carries_no_graph(generator: Generator) -> None:
    trainer = WarpTrainer(generator, settings())
    seen: list[bool] = []
    trainer.reconstructor.register_forward_pre_hook(
        lambda _module, pictures: seen.append((pictures[0].requires_grad, pictures[1].requires_grad))
    )
    trainer.step()
    assert seen == [(False, True)]


def test_alphas_and_gammas_stay_where_they_are_not_learned(generator: Generator) -> None:
    trainer = WarpTrainer(generator, settings(learn_alphas=False, learn_gammas=False))
    before = trainer.support_sets.tensors()
    trainer.step()
    after = trainer.support_sets.tensors()
    assert torch.equal(before["ALPHAS"], after["ALPHAS"])
    assert torch.equal(before["LOGGAMMA"], after["LOGGAMMA"])


def test_paths_can_begin_along_the_models_principal_components(generator: Generator) -> None:
    trainer = WarpTrainer(generator, settings(start="components", dipoles=8))
    z = torch.randn(400, 12, generator=rng(4))
    w = generator.map(z)[:, 0]
    first = torch.linalg.svd(w - w.mean(0), full_matrices=False).Vh[0]
    shift = trainer.support_sets(w[:50], torch.zeros(50, dtype=torch.long)).detach()
    other = trainer.support_sets(w[:50], torch.full((50,), 2)).detach()
    assert float((shift @ first).abs().mean()) > 2 * float((other @ first).abs().mean())


def test_more_paths_than_components_are_refused(generator: Generator) -> None:
    with pytest.raises(OptionError, match="only 16 components"):
        WarpTrainer(generator, settings(start="components", support_sets=20))


def test_a_path_of_some_rows_leaves_the_others_where_they_are(generator: Generator) -> None:
    trainer = WarpTrainer(generator, settings(rows=("0-1", "6,7=2"), start="independent"))
    start, end = (torch.randn(3, 16, generator=rng(seed)) for seed in (1, 2))
    ws = start[:, None].repeat(1, generator.spec.num_ws, 1)
    ws[0, :2] = end[0]
    ws[1:, 6:8] = end[1:, None]
    with torch.no_grad():
        moved = trainer.render_moved(start, end, None, torch.arange(3))
    assert torch.allclose(moved, generator.synthesize(ws), atol=1e-5)
    trainer.step()


def test_paths_are_shared_out_among_rows(generator: Generator) -> None:
    assert settings(support_sets=15, rows=("0-3=8", "4=12", "5-7=10")).row_groups == (
        ((0, 1, 2, 3), 4),
        ((4,), 6),
        ((5, 6, 7), 5),
    )
    assert settings().rows_of_paths() == (None, None, None)
    for rows, words in (("0-8", "from 0 to 7"), ("1=0", "a share"), ("1=x", "a share")):
        with pytest.raises(OptionError, match=words):
            settings(rows=(rows,)).check(generator.spec)
    with pytest.raises(OptionError, match="all rows move together"):
        settings(space="z", rows=("0-1",)).check(generator.spec)


def test_a_model_with_classes_is_trained_on_the_classes_asked_for(tmp_path: Path) -> None:
    generator = tiny_generator(tmp_path, c_dim=4)
    wanted = settings(classes=(1, 3), batch_size=32)
    batch = draw_batch(wanted, generator.spec, rng())
    assert batch.labels is not None
    assert set(batch.labels.argmax(1).tolist()) == {1, 3}
    for space in ("z", "w"):
        WarpTrainer(generator, settings(classes=(1, 3), space=space)).step()


def test_a_pool_gives_the_same_training_whenever_it_is_rendered(generator: Generator) -> None:
    first, second = (WarpTrainer(generator, settings(code_pool=20)) for _ in range(2))
    first.prepare_pool(lambda _done: None)
    assert [first.step() for _ in range(3)] == [second.step() for _ in range(3)]


def test_pictures_below_the_models_size_end_synthesis_early(generator: Generator) -> None:
    ws = generator.map(torch.randn(2, 12, generator=rng()))
    assert render_small(generator, ws, 16).shape == (2, 3, 16, 16)
    assert torch.equal(render_small(generator, ws, 32), generator.synthesize(ws))


def test_paths_are_told_better_after_some_training(generator: Generator) -> None:
    trainer = WarpTrainer(
        generator,
        settings(support_sets=2, batch_size=16, support_set_lr=1e-2, reconstructor_lr=3e-3, log_every=10),
    )
    for _ in range(10):
        trainer.step()
    early = trainer.take_stats()
    for _ in range(50):
        trainer.step()
    trainer.take_stats()
    for _ in range(10):
        trainer.step()
    late = trainer.take_stats()
    assert late.classification_loss < early.classification_loss
    assert len(trainer.path_accuracy) == 2


def test_a_state_gives_the_same_bits_as_going_on(generator: Generator) -> None:
    straight = WarpTrainer(generator, settings(learn_alphas=True))
    for _ in range(3):
        straight.step()
    resumed = WarpTrainer(generator, settings(learn_alphas=True))
    resumed.load_state(straight.state())
    for _ in range(3):
        assert straight.step() == resumed.step()
    one, other = straight.state(), resumed.state()
    assert set(one) == set(other)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_state_of_other_settings_is_refused(generator: Generator) -> None:
    state = WarpTrainer(generator, settings(support_sets=2)).state()
    with pytest.raises(InputError, match="does not belong"):
        WarpTrainer(generator, settings()).load_state(state)


def test_a_loss_that_is_no_number_changes_nothing(generator: Generator) -> None:
    trainer = WarpTrainer(generator, settings())
    with torch.no_grad():
        trainer.support_sets.vectors[:] = float("nan")
    weights = [parameter.clone() for parameter in trainer.reconstructor.parameters()]
    with pytest.raises(ModelError, match="not a number in iteration 1"):
        trainer.step()
    assert trainer.iteration == 0
    assert all(torch.equal(a, b) for a, b in zip(weights, trainer.reconstructor.parameters(), strict=True))


def test_an_imagenet_file_gives_each_picture_half_of_the_first_filters() -> None:
    source = Reconstructor("ResNet", 3, rng=rng(5)).feature_extractor.state_dict()
    filters = torch.randn(64, 3, 7, 7, generator=rng(6))
    network = Reconstructor("ResNet", 3, rng=rng(7))
    network.feature_extractor.load_imagenet({**source, "conv1.weight": filters, "fc.weight": torch.ones(1)})
    own = network.feature_extractor.conv1.weight
    assert torch.allclose(own[:, :3] + own[:, 3:], filters)
    assert torch.equal(own[:, :3], own[:, 3:])
