"""The reader of the bundled model's pictures: files, ranges, what cannot be seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file

from latent_studio.core.errors import CorruptFileError, MissingWeightsError
from latent_studio.methods.attributes.network import SIDE, AttributeNetwork, to_side
from latent_studio.methods.attributes.portraits import (
    PortraitAttribute,
    PortraitPredictor,
    read_portrait_predictor,
    to_record,
)
from latent_studio.methods.attributes.protocol import (
    AttributeInfo,
    AttributePredictor,
    DifferentiablePredictor,
)

if TYPE_CHECKING:
    from pathlib import Path

DESCRIBED = (
    PortraitAttribute(AttributeInfo("glasses", "Glasses"), None, 0.9),
    PortraitAttribute(AttributeInfo("shape", "Shape", low=-1.0), ("glasses", 0.5), 0.8),
)


def network_that_says(*raw: float) -> AttributeNetwork:
    torch.manual_seed(0)
    network = AttributeNetwork(len(raw))
    torch.nn.init.zeros_(network.out.weight)
    network.out.bias.data = torch.tensor(raw, dtype=torch.float32)
    return network


def write(path: Path, network: AttributeNetwork, records: object) -> Path:
    save_file(dict(network.state_dict()), path, {"attributes": json.dumps(records)})
    return path


def test_a_person_is_what_makes_one_and_nobody_is_like_a_stranger():
    class Says(AttributeNetwork):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images[:, :, 0, 0]

    described = tuple(
        PortraitAttribute(AttributeInfo(name, name, low=-1.0), None, quality)
        for name, quality in (("jaw", 0.9), ("skin_tone", 0.9), ("smile", 1.0))
    )
    predictor = PortraitPredictor(Says(3), described)
    seen = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.2, 0.0, 0.0], [1.0, 1.0, 0.0]])
    images = seen[:, :, None, None].expand(-1, 3, SIDE, SIDE)
    same, smiling, other_jaw, stranger = predictor.person_likeness(images).tolist()
    assert same == smiling == pytest.approx(1.0)
    assert 0.7 < other_jaw < 1.0
    assert stranger == 0.0
    nobody = PortraitPredictor(network_that_says(0.5, 0.5), DESCRIBED)
    assert nobody.person_likeness(images).isnan().all()


def test_outputs_are_brought_to_the_range_of_the_attribute() -> None:
    predictor = PortraitPredictor(network_that_says(0.5, 0.5), DESCRIBED)
    assert predictor.predict(torch.zeros(1, 3, 32, 32))[0].tolist() == pytest.approx([0.75, 0.5])


def test_the_shape_of_glasses_that_are_not_there_is_nan() -> None:
    values = PortraitPredictor(network_that_says(-0.5, 0.5), DESCRIBED).predict(torch.zeros(2, 3, 64, 64))
    assert values[:, 0].tolist() == pytest.approx([0.25, 0.25])
    assert values[:, 1].isnan().all()


def test_it_is_a_differentiable_predictor() -> None:
    predictor = PortraitPredictor(AttributeNetwork(2), DESCRIBED)
    assert isinstance(predictor, AttributePredictor)
    assert isinstance(predictor, DifferentiablePredictor)
    pictures = torch.zeros(1, 3, 64, 64, requires_grad=True)
    predictor.predict(pictures)[0, 0].backward()
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0


def test_pictures_give_the_same_numbers_one_by_one_and_together() -> None:
    predictor = PortraitPredictor(AttributeNetwork(2), DESCRIBED)
    pictures = torch.rand(3, 3, 256, 256) * 2 - 1
    apart = torch.cat([predictor.predict(picture[None]) for picture in pictures])
    torch.testing.assert_close(predictor.predict(pictures), apart, equal_nan=True)


@pytest.mark.parametrize("shape", [(16, 16), (128, 128), (300, 200), (90, 400)])
def test_pictures_of_any_size_are_brought_to_one(shape: tuple[int, int]) -> None:
    assert to_side(torch.full((1, 3, *shape), 0.5)).shape == (1, 3, SIDE, SIDE)
    assert torch.allclose(to_side(torch.full((1, 3, *shape), 0.5)), torch.tensor(0.5))


def test_a_file_is_read_back(tmp_path: Path) -> None:
    path = write(tmp_path / "a.safetensors", network_that_says(0.5, 0.0), [to_record(x) for x in DESCRIBED])
    predictor = read_portrait_predictor(path)
    assert predictor.described == DESCRIBED
    assert predictor.predict(torch.zeros(1, 3, 32, 32))[0, 0].item() == pytest.approx(0.75)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"a\.safetensors"):
        read_portrait_predictor(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "records",
    [
        [],
        {},
        "glasses",
        [to_record(DESCRIBED[0])],
        [to_record(DESCRIBED[0]), to_record(DESCRIBED[0]) | {"low": 3}],
        [to_record(DESCRIBED[0]), to_record(DESCRIBED[1]) | {"needs": ["hat", 0.5]}],
        [to_record(DESCRIBED[0]), {"id": "shape"}],
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, records: object) -> None:
    with pytest.raises(CorruptFileError, match="does not hold a predictor"):
        read_portrait_predictor(write(tmp_path / "a.safetensors", network_that_says(0, 0), records))


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.safetensors", network_that_says(0, 0), [to_record(x) for x in DESCRIBED])
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CorruptFileError, match="damaged"):
        read_portrait_predictor(path)
