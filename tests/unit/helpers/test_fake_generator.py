"""The fake generator keeps the protocol's promises, so that tests built on it mean something."""

from __future__ import annotations

import threading

import pytest
import torch

from latent_studio.core.errors import IncompatibleLatentError
from tests.helpers.fake_generator import FakeGenerator


@pytest.fixture
def ws() -> torch.Tensor:
    return torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(1))


def test_stages_in_order_equal_synthesize(ws: torch.Tensor) -> None:
    generator = FakeGenerator(16)
    features, rgb = None, None
    for stage in generator.stages:
        features = stage.run(features, rgb, ws, generator.noise_maps("const"))
        rgb = stage.to_rgb(features, ws)
    assert rgb is not None
    assert torch.equal(rgb, generator.synthesize(ws))
    assert rgb.shape == (2, 3, 16, 16)


def test_every_row_changes_the_picture_and_no_stage_reads_beyond_its_rows(ws: torch.Tensor) -> None:
    generator = FakeGenerator(16)
    plain = generator.synthesize(ws)
    for row in range(generator.spec.num_ws):
        moved = ws.clone()
        moved[:, row] += 0.5
        assert not torch.equal(generator.synthesize(moved), plain)
    late = ws.clone()
    late[:, generator.stages[1].num_rows :] += 1
    noise = generator.noise_maps("const")
    for values in (ws, late):
        features, rgb = None, None
        for stage in generator.stages[:2]:
            rgb = None if features is None else generator.stages[0].to_rgb(features, values)
            features = stage.run(features, rgb, values, noise)
        assert features is not None and features.rgb is not None
        if values is ws:
            expected = features
    assert torch.equal(features.x, expected.x)
    assert torch.equal(features.rgb, expected.rgb)


def test_noise_and_seed_and_class_matter(ws: torch.Tensor) -> None:
    generator = FakeGenerator(16, c_dim=2)
    assert not torch.equal(generator.synthesize(ws), generator.synthesize(ws, noise_mode="none"))
    assert not torch.equal(generator.synthesize(ws), FakeGenerator(16, seed=1).synthesize(ws))
    z = torch.ones(1, 8)
    assert not torch.equal(generator.map(z, torch.eye(2)[:1]), generator.map(z, torch.eye(2)[1:]))


def test_a_wrong_shape_is_refused(ws: torch.Tensor) -> None:
    generator = FakeGenerator(16)
    with pytest.raises(IncompatibleLatentError):
        generator.synthesize(ws[:, :-1])
    with pytest.raises(IncompatibleLatentError):
        generator.map(torch.zeros(1, 9))


def test_the_brake_holds_before_each_stage_until_it_lets_go(ws: torch.Tensor) -> None:
    generator = FakeGenerator(16)
    generator.brake.on()
    thread = threading.Thread(target=generator.synthesize, args=(ws,))
    thread.start()
    for stage in range(3):
        generator.brake.wait_until_held(stage)
        assert generator.runs == list(range(stage))
        generator.brake.let_through()
    thread.join(10)
    assert generator.runs == [0, 1, 2]


def test_the_brake_off_frees_what_it_holds(ws: torch.Tensor) -> None:
    generator = FakeGenerator(16)
    generator.brake.on()
    thread = threading.Thread(target=generator.synthesize, args=(ws,))
    thread.start()
    assert generator.brake.wait_until_held() == 0
    generator.brake.off()
    thread.join(10)
    assert generator.runs == [0, 1, 2]
