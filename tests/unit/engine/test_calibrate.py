"""Forms are chosen by measuring, once, and the choice is kept."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from latent_studio.engine.calibrate import calibrate
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.conv_plan import LayerShape
from latent_studio.generators.protocol import PlannedGenerator
from latent_studio.generators.random_stylegan2 import random_checkpoint
from tests.helpers.fake_generator import FakeGenerator
from tests.helpers.planned_generator import FORMS, PlannedFake

LARGE = LayerShape("large", 256, 128, 128, up=False)
SMALL = LayerShape("small", 64, 512, 512, up=True)


def chosen(generator: object, layer: str = "large") -> str:
    assert isinstance(generator, PlannedGenerator)
    return generator.plan.form(layer)


def test_the_fastest_form_is_chosen_and_written_down() -> None:
    generator = PlannedFake(LARGE, seconds={"winograd": 0.004})
    measured, table = calibrate(generator, {}, clock=generator.clock)
    assert chosen(measured) == "winograd"
    assert list(table.values()) == ["winograd"]
    assert json.loads(json.dumps(table)) == table


def test_a_written_decision_is_followed_without_measuring() -> None:
    first = PlannedFake(LARGE, seconds={"winograd": 0.004})
    _, table = calibrate(first, {}, clock=first.clock)
    second = PlannedFake(LARGE, seconds={"weights": 0.001})
    measured, again = calibrate(second, table, clock=second.clock)
    assert chosen(measured) == "winograd"
    assert again == table
    assert second.calls == []


def test_the_usual_form_stays_unless_another_is_clearly_faster() -> None:
    generator = PlannedFake(LARGE, seconds={"winograd": 0.0095})
    assert chosen(calibrate(generator, clock=generator.clock)[0]) == "activations_channels_last"


def test_the_plain_form_is_not_measured() -> None:
    generator = PlannedFake(LARGE, seconds={"plain": 0.0001})
    assert chosen(calibrate(generator, clock=generator.clock)[0]) != "plain"
    assert ("large", "plain") not in generator.calls


def test_hopeless_forms_run_once_and_their_siblings_not_at_all() -> None:
    generator = PlannedFake(
        LARGE, seconds={"weights_channels_last": 0.05, "weights": 0.001, "winograd": 0.05}
    )
    calibrate(generator, clock=generator.clock)
    assert generator.calls.count(("large", "winograd")) == 1
    assert ("large", "weights") not in generator.calls


def test_the_costliest_layers_are_measured_first_and_time_is_bounded() -> None:
    generator = PlannedFake(SMALL, LARGE, seconds={"winograd": 0.004})
    measured, table = calibrate(generator, budget_seconds=0.05, clock=generator.clock)
    assert {layer for layer, _ in generator.calls} == {"large"}
    assert (chosen(measured), chosen(measured, "small")) == ("winograd", "activations_channels_last")
    assert generator.now < 0.08
    # What there was no time for is decided too: the next opening must not give other bytes.
    assert sorted(table.values()) == ["activations_channels_last", "winograd"]


def test_without_time_nothing_is_measured() -> None:
    generator = PlannedFake(LARGE, seconds={"winograd": 0.004})
    measured, _ = calibrate(generator, budget_seconds=0, clock=generator.clock)
    assert generator.calls == []
    assert chosen(measured) == "activations_channels_last"


def test_half_a_measurement_decides_nothing() -> None:
    generator = PlannedFake(LARGE, seconds={"winograd": 0.004})
    measured, _ = calibrate(generator, budget_seconds=0.015, clock=generator.clock)
    assert chosen(measured) == "activations_channels_last"


def test_a_table_entry_that_makes_no_sense_is_measured_again() -> None:
    generator = PlannedFake(LARGE, seconds={"winograd": 0.004})
    _, table = calibrate(generator, clock=generator.clock)
    broken = dict.fromkeys(table, "magic") | {"other": "entry"}
    measured, repaired = calibrate(generator, broken, clock=generator.clock)
    assert chosen(measured) == "winograd"
    assert repaired == table | {"other": "entry"}


def test_another_shape_or_thread_count_is_another_entry() -> None:
    generator = PlannedFake(LARGE)
    _, table = calibrate(generator, clock=generator.clock)
    wider = PlannedFake(replace(LARGE, out_channels=256))
    _, table = calibrate(wider, table, clock=wider.clock)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        _, table = calibrate(generator, table, clock=generator.clock)
    finally:
        torch.set_num_threads(threads)
    assert len(table) == 3


@pytest.mark.parametrize(
    "generator", [FakeGenerator(16), PlannedFake(LayerShape("tiny", 16, 8, 8, up=False))]
)
def test_a_model_without_a_plan_or_small_stays_as_it_is(generator: FakeGenerator) -> None:
    measured, table = calibrate(generator, {"a": "b"})
    assert measured is generator
    assert table == {"a": "b"}


def test_a_real_model_gives_the_same_picture_up_to_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latent_studio.engine.calibrate._SMALL_MODEL", 0)
    generator = build_generator(random_checkpoint(32, channel_base=512, channel_max=32, w_dim=32, z_dim=32))
    measured, table = calibrate(generator, {}, budget_seconds=0.5)
    assert measured is not generator
    assert set(table.values()) <= set(FORMS)
    ws = generator.map(torch.randn(1, 32, generator=torch.Generator().manual_seed(0)))
    expected = generator.synthesize(ws)
    scale = float(expected.max() - expected.min())
    torch.testing.assert_close(measured.synthesize(ws), expected, atol=1e-5 * scale, rtol=0)
