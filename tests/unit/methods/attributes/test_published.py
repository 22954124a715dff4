"""Published face predictors: networks that fit the published files, sentences where a file is not here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
import torchvision

from latent_studio.core.errors import CorruptFileError, MissingWeightsError
from latent_studio.methods.alignment.faces import Face, FaceMarks
from latent_studio.methods.attributes import published
from latent_studio.methods.attributes.action_units import ATTRIBUTES as UNITS
from latent_studio.methods.attributes.action_units import ActionUnitNetwork, ActionUnitPredictor
from latent_studio.methods.attributes.arcface import ArcFaceNetwork, ArcFacePredictor
from latent_studio.methods.attributes.catalog import find_predictor
from latent_studio.methods.attributes.celeba import CelebaNetwork, make_celeba_predictor
from latent_studio.methods.attributes.face_crops import FaceCrops
from latent_studio.methods.attributes.fairface import FairFaceNetwork, FairFacePredictor
from latent_studio.methods.attributes.hopenet import HopenetNetwork
from latent_studio.methods.attributes.protocol import LikenessPredictor
from latent_studio.methods.attributes.published import PUBLISHED, fill, load_published

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from torch import Tensor

CPU = torch.device("cpu")


class Finder:
    """Finds one face, a square in the middle, or none."""

    def __init__(self, *boxes: tuple[float, float, float, float]) -> None:
        self._boxes = boxes

    def find(self, pixels: np.ndarray, **_: object) -> tuple[Face, ...]:
        marks = FaceMarks((40, 40), (60, 40), (42, 60), (58, 60))
        return tuple(Face(box, marks, 1.0) for box in self._boxes)


def lively(network: torch.nn.Module) -> torch.nn.Module:
    """Random statistics, so that a batch norm in the wrong place is seen."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


def pictures(count: int, side: int) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1)) * 2 - 1


def imagenet(images: Tensor) -> Tensor:
    return torchvision.transforms.functional.normalize(images, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


@torch.no_grad()
def test_fairface_is_torchvisions_network_of_34_layers(tmp_path: Path) -> None:
    theirs = lively(torchvision.models.resnet34(num_classes=18))
    torch.save(theirs.state_dict(), tmp_path / "fairface.pt")
    ours = FairFaceNetwork()
    load_published(ours, PUBLISHED["fairface"], path=tmp_path / "fairface.pt")
    faces = pictures(2, 64) / 2 + 0.5
    assert torch.allclose(ours(faces), theirs(imagenet(faces)), atol=1e-4)


@torch.no_grad()
def test_hopenet_is_torchvisions_network_of_50_layers_and_its_angles_are_expectations() -> None:
    theirs = lively(torchvision.models.resnet50())
    ours = HopenetNetwork()
    state = {name: value for name, value in theirs.state_dict().items() if not name.startswith("fc.")}
    heads = {name: value for name, value in ours.state_dict().items() if name.startswith("fc_")}
    for value in heads.values():
        value.zero_()
    # Yaw is told to be the class 40, pitch to be half 33 and half 34; roll knows nothing.
    heads["fc_yaw.bias"][40] = 100.0
    heads["fc_pitch.bias"][33:35] = 100.0
    fill(ours, state | heads, file_name="hopenet_alpha2.pkl")
    faces = pictures(1, 64) / 2 + 0.5
    angles = ours(faces)[0]
    assert angles.tolist() == pytest.approx([40 * 3 - 99, 33.5 * 3 - 99, 32.5 * 3 - 99], abs=1e-3)
    theirs.fc = torch.nn.Identity()
    normal = imagenet(faces)
    assert torch.allclose(ours.features(normal), theirs(normal), atol=1e-3)


@torch.no_grad()
def test_fairface_gives_years_and_probabilities_and_nan_without_a_face() -> None:
    network = lively(FairFaceNetwork())
    seen = FairFacePredictor(network, FaceCrops(Finder((20, 20, 80, 80)), margin=0.25, side=64))
    age, female, *races = seen.predict(pictures(1, 100))[0].tolist()
    assert 1 < age < 75
    assert 0 < female < 1
    assert sum(races) == pytest.approx(1)
    unseen = FairFacePredictor(network, FaceCrops(Finder(), margin=0.25, side=64))
    assert bool(unseen.predict(pictures(1, 100)).isnan().all())


@torch.no_grad()
def test_identity_is_a_unit_vector_and_the_same_picture_is_the_same_person() -> None:
    predictor = ArcFacePredictor(lively(ArcFaceNetwork()))
    assert isinstance(predictor, LikenessPredictor)
    first, again, other = predictor.embed(torch.cat([pictures(1, 256), pictures(2, 256)]))
    assert float(first.norm()) == pytest.approx(1, abs=1e-5)
    assert float(first @ again) == pytest.approx(1, abs=1e-5)
    assert float(first @ other) < 0.9999
    assert predictor.predict(pictures(2, 256)).shape == (2, 0)


def test_the_networks_of_arcface_and_action_units_have_the_published_tensors() -> None:
    arcface = ArcFaceNetwork().state_dict()
    assert arcface["body.3.shortcut_layer.0.weight"].shape == (128, 64, 1, 1)
    assert arcface["body.23.res_layer.5.fc2.weight"].shape == (512, 32, 1, 1)
    assert arcface["output_layer.3.weight"].shape == (512, 25088)
    units = ActionUnitNetwork().state_dict()
    assert units["fan.m0.b2_plus_1.conv3.weight"].shape == (32, 32, 3, 3)
    assert units["net.b1_4.conv1.weight"].shape == (64, 128, 1, 1)
    assert units["fan.l0.weight"].shape == (68, 128, 1, 1)
    assert units["l.weight"].shape == (12, 128, 1, 1)


@torch.no_grad()
def test_action_units_are_the_peaks_of_their_maps() -> None:
    network = lively(ActionUnitNetwork())
    crops = FaceCrops(Finder((20, 20, 80, 80)), margin=0.25, side=256)
    images = pictures(1, 100)
    found = ActionUnitPredictor(network, crops).predict(images)
    faces, _ = crops.cut(images)
    assert found.shape == (1, len(UNITS))
    assert torch.equal(found, network(faces).flatten(2).amax(2))


@torch.no_grad()
def test_the_heads_of_the_celeba_file_are_found_by_the_ends_of_their_names(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = {}
    for name, value in CelebaNetwork().state_dict().items():
        head = name.split(".")[1] if name.startswith("heads.") else ""
        state[name.replace(f"heads.{head}", f"classifier07{head}") if head else name] = value
    path = tmp_path / "eval_predictor.pth.tar"
    torch.save({"epoch": 3, "state_dict": state}, path)
    predictor = make_celeba_predictor(device=CPU, path=path)
    values = predictor.predict(pictures(2, 160))
    assert values.shape == (2, 5)
    assert bool(((values > 0) & (values < 1)).all())
    del state["classifier07Smiling.1.weight"]
    torch.save({"state_dict": state}, path)
    with pytest.raises(CorruptFileError, match="Smiling"):
        make_celeba_predictor(device=CPU, path=path)


def test_a_file_of_another_network_names_the_first_tensor_that_is_wrong() -> None:
    state = FairFaceNetwork().state_dict()
    state["layer2.0.conv1.weight"] = torch.zeros(3)
    with pytest.raises(CorruptFileError, match=r"layer2\.0\.conv1\.weight.*\(3,\)"):
        fill(FairFaceNetwork(), state, file_name="fairface.pt")


def test_a_crop_is_the_square_around_the_box_with_its_margin() -> None:
    ramp = torch.linspace(-1, 1, 101)[:100].expand(1, 3, 100, 100)
    faces, found = FaceCrops(Finder((30, 20, 70, 80)), margin=0.0, side=60).cut(ramp)
    assert bool(found)
    # From the middle of the box, 50, thirty pixels to each side.
    assert torch.allclose(faces[0, 0, 0] * 2 - 1, ramp[0, 0, 0, 20:80], atol=1e-5)


@pytest.mark.parametrize("weights", PUBLISHED.values(), ids=lambda one: one.id)
def test_a_predictor_without_its_file_says_which_whose_and_under_what_terms(
    weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "weights_folder", lambda: tmp_path)
    with pytest.raises(MissingWeightsError) as caught:
        find_predictor(weights.id).load(CPU)
    assert weights.file in caught.value.title
    assert weights.page in caught.value.hint
    assert weights.terms in caught.value.hint
