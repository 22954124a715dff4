"""What can be seen of factors, and the training of the network that reads it off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from latent_studio.methods.attributes.portraits import read_portrait_predictor
from tools.portraits.edit_accuracy import measure_edits
from tools.portraits.factors import COUNT, INDEX, NAMES, neutral
from tools.portraits.latents import latent_code
from tools.portraits.network import Generator, Shape
from tools.portraits.predictor import (
    PredictorRecipe,
    ReadingReport,
    draw_examples,
    measure_predictor,
    train_predictor,
    write_predictor,
)
from tools.portraits.readings import READINGS, visible
from tools.portraits.renderer import render

if TYPE_CHECKING:
    from pathlib import Path

    from tools.portraits.readings import Reading

TINY = PredictorRecipe(steps=4, batch=4, fresh=2, kept=8)


def nothing(step: int, loss: float, seconds: float) -> None:
    """Report to nobody."""


def person(**factors: float) -> torch.Tensor:
    row = neutral()
    for name, value in factors.items():
        row[0, INDEX[name]] = value
    return row


def perfect(quality: float = 1.0) -> ReadingReport:
    return ReadingReport(dict.fromkeys(NAMES, quality), dict.fromkeys(NAMES, quality))


@pytest.mark.parametrize("reading", [one for one in READINGS if one.shown], ids=lambda one: str(one.name))
def test_a_factor_shows_only_between_the_ends_its_reading_says(reading: Reading) -> None:
    assert reading.shown is not None
    start, whole = reading.shown
    absent = render(torch.cat([person(**{reading.name: x}) for x in (-1.0, start)]), 64).pictures
    between = render(torch.cat([person(**{reading.name: x}) for x in (start, whole)]), 64).pictures
    assert torch.allclose(absent[0], absent[1], atol=1e-5)
    assert not torch.allclose(between[0], between[1], atol=0.05)


def test_visible_amounts_run_from_one_end_to_the_other() -> None:
    amounts, _ = visible(torch.cat([person(glasses=-0.5), person(glasses=0.23), person(glasses=0.9)]))
    assert amounts[:, INDEX["glasses"]].tolist() == pytest.approx([-1.0, 0.0, 1.0], abs=1e-5)


def test_the_shape_of_no_glasses_and_the_waves_of_a_bald_head_cannot_be_told() -> None:
    _, told = visible(torch.cat([person(), person(glasses=0.9, hair_length=-1.0)]))
    assert told[:, INDEX["glasses_shape"]].tolist() == [False, True]
    assert told[:, INDEX["hair_wave"]].tolist() == [True, False]


def test_training_is_a_function_of_its_recipe() -> None:
    first, second = (train_predictor(TINY, None, nothing) for _ in range(2))
    pictures = torch.zeros(2, 3, 128, 128)
    assert torch.equal(first(pictures), second(pictures))


def test_examples_of_a_generator_are_as_large_as_those_of_the_renderer() -> None:
    torch.manual_seed(0)
    network = Generator(Shape(channels=(8, 8, 8, 8), w_dim=80), latent_code())
    for source in (None, network):
        examples = draw_examples(source, 3, torch.Generator().manual_seed(1))
        assert examples.pictures.shape == (3, 3, 128, 128)
        assert examples.amounts.shape == examples.told.shape == (3, COUNT)


def test_what_is_written_reads_the_same_and_leaves_out_what_is_read_badly(tmp_path: Path) -> None:
    network = train_predictor(TINY, None, nothing)
    report = perfect()
    report.generated["glasses"] = 0.2
    path = tmp_path / "attributes.safetensors"
    written = write_predictor(network, report, path)
    read = read_portrait_predictor(path)
    names = [info.id for info in read.attributes]
    # The shape of glasses goes with the glasses.
    assert set(NAMES) - set(names) == {"glasses", "glasses_shape"}
    pictures = torch.rand(3, 3, 256, 256) * 2 - 1
    torch.testing.assert_close(read.predict(pictures), written.predict(pictures), equal_nan=True)


def test_a_predictor_that_reads_nothing_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="train longer"):
        write_predictor(train_predictor(TINY, None, nothing), perfect(0.1), tmp_path / "x.safetensors")


def test_a_constant_answer_explains_nothing() -> None:
    network = train_predictor(TINY, None, nothing)
    torch.nn.init.zeros_(network.out.weight)
    report = measure_predictor(network, None, people=8)
    assert max(report.renders.values()) < 0.05


def test_edits_and_row_groups_are_read_off_with_every_attribute(tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator = Generator(Shape(channels=(8, 8, 8, 8), w_dim=80), latent_code())
    predictor = write_predictor(train_predictor(TINY, None, nothing), perfect(), tmp_path / "a.safetensors")
    report = measure_edits(generator, latent_code(), predictor, people=2)
    assert set(report.accuracy) == set(report.moved) == set(report.side_effect) == set(NAMES)
    assert all(0.0 <= share <= 1.0 for share in report.accuracy.values())
    assert all(value >= 0.0 for value in report.leakage.values())
