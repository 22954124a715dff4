"""Requests are resolved to ws in the documented order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latent_studio.core.base_blend import BaseBlend, blended
from latent_studio.core.directions import LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import IncompatibleLatentError, OptionError
from latent_studio.core.interpolate import slerp
from latent_studio.core.latent import Latent, z_from_seed
from latent_studio.core.render import RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.spaces import Space
from latent_studio.core.style_mix import StyleMix
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.engine.resolve import Resolver
from tests.helpers.fake_generator import FakeGenerator

if TYPE_CHECKING:
    from latent_studio.core.base_blend import AnyBase

GENERATOR = FakeGenerator(16)
AXIS_Z = LinearDirection("z1", "z1", Space.Z, np.eye(8)[1])
AXIS_W = LinearDirection("w2", "w2", Space.W, np.eye(8)[2])
AXIS_LATE = LinearDirection("w3", "w3", Space.W, np.eye(8)[3], rows=(4, 5))
AXIS_PLUS = LinearDirection("p", "p", Space.W_PLUS, np.arange(48.0).reshape(6, 8))


def mapped(z: np.ndarray, class_idx: int | None = None, generator: FakeGenerator = GENERATOR) -> np.ndarray:
    c = None if class_idx is None else torch.eye(generator.spec.c_dim)[[class_idx]]
    return generator.map(torch.tensor(z)[None], c)[0].numpy()


def resolve(
    base: AnyBase, *edits: Edit, generator: FakeGenerator = GENERATOR, **synthesis: object
) -> np.ndarray:
    settings = SynthesisSettings(**synthesis)  # type: ignore[arg-type]
    return Resolver(generator).ws(RenderRequest(1, base, EditStack(edits), settings))


def test_a_seed_is_mapped_by_the_generator() -> None:
    ws = resolve(SeedPoint(5))
    assert ws.shape == (6, 8)
    assert ws.dtype == np.float32
    assert np.array_equal(ws, mapped(z_from_seed(5, 8)))


@given(st.integers(0, 1000), st.sampled_from([(0.0, 0.0), (0.25, 0.5), (0.0, 0.9)]))
def test_a_place_between_seeds_blends_their_w(seed: int, way: tuple[float, float]) -> None:
    point = SeedPoint(seed, *way)
    expected = sum(
        weight * mapped(z_from_seed(corner, 8)).astype(np.float64) for corner, weight in point.corners()
    )
    np.testing.assert_allclose(resolve(point), expected, atol=1e-6)


def test_the_blend_meets_each_seed_at_whole_places() -> None:
    seed = resolve(SeedPoint(8))
    assert np.array_equal(resolve(SeedPoint(7).moved(1, 0)), seed)
    assert np.array_equal(resolve(SeedPoint(108).moved(0, -1)), seed)
    np.testing.assert_allclose(resolve(SeedPoint(7, dx=1 - 1e-7)), seed, atol=1e-5)


def test_truncation_is_that_of_the_generator_bit_for_bit() -> None:
    z = torch.tensor(z_from_seed(3, 8))[None]
    for psi in (-0.5, 0.0, 0.3, 0.7, 1.0, 1.5):
        for cutoff in (None, 0, 2, 6, 99):
            expected = GENERATOR.map(z, truncation_psi=psi, truncation_cutoff=cutoff)[0].numpy()
            found = resolve(SeedPoint(3), truncation_psi=psi, truncation_cutoff=cutoff)
            assert np.array_equal(found, expected)


def test_the_order_is_z_edits_mapping_truncation_then_w_edits() -> None:
    found = resolve(
        SeedPoint(3), Edit(AXIS_W, 2.0), Edit(AXIS_Z, 0.5), truncation_psi=0.5, truncation_cutoff=3
    )
    z = z_from_seed(3, 8) + 0.5 * np.eye(8, dtype=np.float32)[1]
    expected = mapped(z).copy()
    average = GENERATOR.w_avg.numpy()
    expected[:3] = average + 0.5 * (expected[:3] - average)
    # After truncation, so that psi does not shrink it.
    expected[:, 2] += 2.0
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_z_edits_move_every_corner_of_a_blend() -> None:
    point = SeedPoint(3, 0.5, 0.0)
    shift = np.eye(8, dtype=np.float32)[1] * 2
    expected = (mapped(z_from_seed(3, 8) + shift) + mapped(z_from_seed(4, 8) + shift)) / 2
    np.testing.assert_allclose(resolve(point, Edit(AXIS_Z, 2.0)), expected, atol=1e-6)


def test_w_edits_touch_their_rows_only() -> None:
    plain = resolve(SeedPoint(1))
    own_rows = resolve(SeedPoint(1), Edit(AXIS_LATE, 1.5)) - plain
    assert {int(row) for row in own_rows.any(axis=1).nonzero()[0]} == {4, 5}
    chosen_rows = resolve(SeedPoint(1), Edit(AXIS_LATE, 1.5, rows=(0,))) - plain
    assert {int(row) for row in chosen_rows.any(axis=1).nonzero()[0]} == {0}
    switched_off = resolve(SeedPoint(1), Edit(AXIS_LATE, 1.5, enabled=False))
    assert np.array_equal(switched_off, plain)


def test_a_w_latent_skips_mapping_and_z_edits_but_is_truncated() -> None:
    values = np.linspace(-1, 1, 8).astype(np.float32)
    found = resolve(Latent(Space.W, values), Edit(AXIS_Z, 9.0), truncation_psi=0.0)
    np.testing.assert_array_equal(found, np.tile(GENERATOR.w_avg.numpy(), (6, 1)))
    plain = resolve(Latent(Space.W, values), Edit(AXIS_Z, 9.0))
    np.testing.assert_array_equal(plain, np.tile(values, (6, 1)))


def test_a_w_plus_latent_keeps_its_rows_and_is_truncated() -> None:
    values = np.arange(48, dtype=np.float32).reshape(6, 8)
    np.testing.assert_array_equal(resolve(Latent(Space.W_PLUS, values)), values)
    np.testing.assert_array_equal(
        resolve(Latent(Space.W_PLUS, values), Edit(AXIS_PLUS, -1.0)), np.zeros((6, 8), dtype=np.float32)
    )
    half = resolve(Latent(Space.W_PLUS, values), truncation_psi=0.5)
    np.testing.assert_allclose(half, (values + GENERATOR.w_avg.numpy()) / 2, atol=1e-5)


def test_a_z_latent_is_mapped() -> None:
    z = z_from_seed(9, 8)
    assert np.array_equal(resolve(Latent(Space.Z, z)), resolve(SeedPoint(9)))


def test_a_family_without_mapping_blends_z_and_keeps_its_variance() -> None:
    generator = FakeGenerator(16, z_dim=4096, has_mapping=False)
    for seed in range(3):
        whole = resolve(SeedPoint(seed), generator=generator)[0]
        assert np.array_equal(whole, z_from_seed(seed, 4096))
        blend = resolve(SeedPoint(seed, 0.5, 0.5), generator=generator)[0]
        assert blend.std() == pytest.approx(1, abs=0.05)


def test_a_family_without_mapping_moves_by_the_same_amount_between_seeds() -> None:
    generator = FakeGenerator(16, has_mapping=False)
    point = SeedPoint(3, 0.5, 0.5)
    moved = resolve(point, Edit(AXIS_Z, 2.0), generator=generator) - resolve(point, generator=generator)
    np.testing.assert_allclose(moved, np.tile(2 * np.eye(8)[1], (6, 1)), atol=1e-6)


def test_the_class_is_a_one_hot_and_zero_by_default() -> None:
    generator = FakeGenerator(16, c_dim=3)
    z = z_from_seed(0, 8)
    assert np.array_equal(resolve(SeedPoint(0), generator=generator, class_idx=2), mapped(z, 2, generator))
    assert np.array_equal(resolve(SeedPoint(0), generator=generator), mapped(z, 0, generator))


def test_the_same_seed_in_another_class_is_mapped_again() -> None:
    generator = FakeGenerator(16, c_dim=2)
    resolver = Resolver(generator)
    found = [
        resolver.ws(RenderRequest(1, SeedPoint(0), synthesis=SynthesisSettings(class_idx=class_idx)))
        for class_idx in (0, 1, 0)
    ]
    assert not np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_a_blend_of_classes_lies_between_their_embeddings() -> None:
    generator = FakeGenerator(16, c_dim=3)
    z = torch.from_numpy(z_from_seed(0, 8))[None]
    weights = torch.tensor([[0.25, 0.0, 0.75]])
    found = resolve(SeedPoint(0), generator=generator, class_idx=1, class_blend=((0, 0.25), (2, 0.75)))
    assert np.array_equal(found, generator.map(z, weights)[0].numpy())
    assert np.array_equal(
        resolve(SeedPoint(0), generator=generator, class_blend=((2, 1.0),)),
        resolve(SeedPoint(0), generator=generator, class_idx=2),
    )


@pytest.mark.parametrize(
    ("blend", "words"), [(((0, 0.5), (3, 0.5)), "from 0 to 2"), (((0, float("nan")),), "not a finite number")]
)
def test_a_blend_that_does_not_fit_is_refused(blend: object, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        resolve(SeedPoint(0), generator=FakeGenerator(16, c_dim=3), class_blend=blend)


@pytest.mark.parametrize("class_idx", [-1, 3])
def test_a_class_out_of_range_is_refused(class_idx: int) -> None:
    with pytest.raises(OptionError, match="from 0 to 2"):
        resolve(SeedPoint(0), generator=FakeGenerator(16, c_dim=3), class_idx=class_idx)


def test_the_class_of_an_unconditional_model_is_not_looked_at() -> None:
    assert np.array_equal(resolve(SeedPoint(0), class_idx=7), resolve(SeedPoint(0)))


@pytest.mark.parametrize("setting", [{"truncation_psi": float("nan")}, {"truncation_cutoff": -1}])
def test_settings_without_meaning_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        resolve(SeedPoint(0), **setting)


@pytest.mark.parametrize(
    "base",
    [Latent(Space.Z, np.zeros(9)), Latent(Space.W, np.zeros(9)), Latent(Space.W_PLUS, np.zeros((5, 8)))],
)
def test_a_latent_of_another_model_is_refused(base: Latent) -> None:
    with pytest.raises(IncompatibleLatentError):
        resolve(base)


def test_an_edit_of_another_model_is_refused_unless_it_does_nothing() -> None:
    foreign = LinearDirection("f", "f", Space.W, np.ones(9))
    with pytest.raises(IncompatibleLatentError):
        resolve(SeedPoint(0), Edit(foreign, 1.0))
    with pytest.raises(IncompatibleLatentError):
        resolve(SeedPoint(0), Edit(AXIS_W, 1.0, rows=(6,)))
    assert np.array_equal(resolve(SeedPoint(0), Edit(foreign, 0.0)), resolve(SeedPoint(0)))


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
def test_an_amount_that_is_not_finite_is_refused(amount: float) -> None:
    with pytest.raises(OptionError, match="not a finite number"):
        resolve(SeedPoint(0), Edit(AXIS_W, amount))


def test_mapping_is_remembered_and_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = FakeGenerator(16)
    calls: list[int] = []
    original = generator.map
    monkeypatch.setattr(generator, "map", lambda z, c=None: calls.append(len(z)) or original(z, c))
    resolver = Resolver(generator)
    for psi in (0.5, 0.6, 0.7):
        resolver.ws(RenderRequest(1, SeedPoint(3, 0.5, 0.5), synthesis=SynthesisSettings(psi)))
    assert len(calls) == 4
    for seed in range(1000):
        resolver.ws(RenderRequest(1, SeedPoint(seed)))
    assert len(resolver._mapped) == 256


def test_what_was_given_and_what_is_remembered_stay_as_they_are() -> None:
    resolver = Resolver(FakeGenerator(16, has_mapping=False))
    first = resolver.ws(RenderRequest(1, SeedPoint(0)))
    kept = first.copy()
    if first.flags.writeable:
        first += 1
    assert np.array_equal(resolver.ws(RenderRequest(2, SeedPoint(0))), kept)


def test_a_style_mix_takes_rows_of_the_other_seed_as_that_seed_has_them() -> None:
    settings = SynthesisSettings(truncation_psi=0.6, truncation_cutoff=4)
    mix = StyleMix(SeedPoint(9), (2, 5))
    found = Resolver(GENERATOR).ws(RenderRequest(1, SeedPoint(3), EditStack(), settings, mix=mix))
    base, other = (resolve(SeedPoint(seed), truncation_psi=0.6, truncation_cutoff=4) for seed in (3, 9))
    assert np.array_equal(found[[2, 5]], other[[2, 5]])
    assert np.array_equal(found[[0, 1, 3, 4]], base[[0, 1, 3, 4]])


def test_z_edits_leave_the_source_of_a_mix_alone_and_w_edits_move_the_mixed_rows() -> None:
    mix = StyleMix(SeedPoint(9), (4, 5))
    edits = EditStack((Edit(AXIS_Z, 2.0), Edit(AXIS_LATE, 1.5)))
    found = Resolver(GENERATOR).ws(RenderRequest(1, SeedPoint(3), edits, mix=mix))
    assert np.array_equal(found[:4], resolve(SeedPoint(3), Edit(AXIS_Z, 2.0))[:4])
    assert np.array_equal(found[4:], resolve(SeedPoint(9), Edit(AXIS_LATE, 1.5))[4:])


def test_a_mix_takes_a_latent_of_w_plus_too() -> None:
    values = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32)
    mix = StyleMix(Latent(Space.W_PLUS, values), (0, 3))
    found = Resolver(GENERATOR).ws(RenderRequest(1, SeedPoint(3), mix=mix))
    assert np.array_equal(found[[0, 3]], values[[0, 3]])


def test_rows_to_mix_that_the_model_has_not_got_are_refused() -> None:
    with pytest.raises(IncompatibleLatentError, match="rows 0 to 5"):
        Resolver(GENERATOR).ws(RenderRequest(1, SeedPoint(3), mix=StyleMix(SeedPoint(4), (6,))))


def test_locks_hold_in_z_and_in_w() -> None:
    skew = LinearDirection("skew", "skew", Space.W, np.eye(8)[2] + np.eye(8)[3])
    request = RenderRequest(1, SeedPoint(3), EditStack((Edit(skew, 2.0),)), locks=(AXIS_W,))
    found = Resolver(GENERATOR).ws(request) - resolve(SeedPoint(3))
    np.testing.assert_allclose(found, np.tile(2.0 * np.eye(8)[3], (6, 1)), atol=1e-5)
    in_z = LinearDirection("zz", "zz", Space.Z, np.eye(8)[1] + np.eye(8)[4])
    edits = EditStack((Edit(in_z, 2.0),))
    only_4 = LinearDirection("z4", "z4", Space.Z, np.eye(8)[4])
    locked = Resolver(GENERATOR).ws(RenderRequest(1, SeedPoint(3), edits, locks=(AXIS_Z,)))
    np.testing.assert_allclose(locked, resolve(SeedPoint(3), Edit(only_4, 2.0)), atol=1e-5)


def test_a_lock_of_another_model_is_refused() -> None:
    wrong = LinearDirection("v", "v", Space.W, np.ones(9))
    with pytest.raises(IncompatibleLatentError):
        Resolver(GENERATOR).ws(RenderRequest(1, SeedPoint(3), locks=(wrong,)))


def test_a_blend_of_places_blends_their_ws() -> None:
    parts = ((SeedPoint(3), 0.25), (Latent(Space.W_PLUS, np.arange(48).reshape(6, 8) / 48), 0.75))
    expected = 0.25 * resolve(SeedPoint(3)) + 0.75 * np.arange(48).reshape(6, 8) / 48
    np.testing.assert_allclose(resolve(BaseBlend(parts)), expected, atol=1e-6)


def test_a_spherical_blend_goes_through_z_and_keeps_its_length() -> None:
    halfway = BaseBlend(((SeedPoint(3), 0.5), (SeedPoint(4), 0.5)), course="sphere")
    z = slerp(z_from_seed(3, 8), z_from_seed(4, 8), 0.5)
    assert np.array_equal(resolve(halfway), mapped(z))
    line = BaseBlend(halfway.parts, course="z")
    middle = (z_from_seed(3, 8) + z_from_seed(4, 8)) / 2
    np.testing.assert_allclose(resolve(line), mapped(middle), atol=1e-6)
    # A place that has no z: along a line in w.
    mixed = BaseBlend(((SeedPoint(3), 0.5), (Latent(Space.W, np.ones(8)), 0.5)), course="sphere")
    np.testing.assert_allclose(resolve(mixed), (resolve(SeedPoint(3)) + 1) / 2, atol=1e-6)


def test_without_a_mapping_network_blends_stay_on_the_sphere() -> None:
    plain = FakeGenerator(16, has_mapping=False)
    blend = BaseBlend(((SeedPoint(3), 0.5), (SeedPoint(4), 0.5)))
    lengths = [np.linalg.norm(z_from_seed(seed, 8)) for seed in (3, 4)]
    assert np.linalg.norm(resolve(blend, generator=plain)[0]) == pytest.approx(np.mean(lengths), rel=1e-5)


def test_a_blend_of_one_place_is_that_place() -> None:
    assert blended([(SeedPoint(3), 0.25), (SeedPoint(3), 0.75)]) == SeedPoint(3)
    assert blended([(SeedPoint(3), 1.0), (SeedPoint(4), 0.0)]) == SeedPoint(3)


def test_edits_in_z_move_every_place_of_a_blend() -> None:
    edit = Edit(AXIS_Z, 2.0)
    parts = ((SeedPoint(3), 0.5), (SeedPoint(4), 0.5))
    expected = (resolve(SeedPoint(3), edit) + resolve(SeedPoint(4), edit)) / 2
    np.testing.assert_allclose(resolve(BaseBlend(parts), edit), expected, atol=1e-6)
