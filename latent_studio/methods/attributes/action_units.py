"""Facial action units by heat maps, trained on DISFA.

Ntinou et al., "A transfer learning approach to heatmap regression for action unit intensity estimation", IEEE
Transactions on Affective Computing 2021. An hourglass network for 68 marks, and a second one on top of its
maps and features with a map per action unit. The intensity is the map's peak, nominally 0 to 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from latent_studio.methods.alignment.finders import make_finder
from latent_studio.methods.attributes.face_crops import FaceCrops
from latent_studio.methods.attributes.protocol import AttributeInfo
from latent_studio.methods.attributes.published import PUBLISHED, load_published

if TYPE_CHECKING:
    from torch import Tensor

_WIDTH, _MARKS, _DEPTH = 128, 68, 4
_SIDE = 256
_MARGIN = 0.25

#: Number and name of each unit, in the order of the maps; ids are the published program's.
_UNITS = (
    (1, "Inner_Brow_Raiser"), (2, "Outer_Brow_Raiser"), (4, "Brow_Lowerer"), (5, "Upper_Lid_Raiser"),
    (6, "Cheek_Raiser"), (9, "Nose_Wrinkler"), (12, "Lip_Corner_Puller"), (15, "Lip_Corner_Depressor"),
    (17, "Chin_Raiser"), (20, "Lip_stretcher"), (25, "Lips_part"), (26, "Jaw_Drop"),
)  # fmt: skip
ATTRIBUTES = tuple(
    AttributeInfo(f"au_{number}_{name}", name.replace("_", " ").capitalize(), "intensity", 0.0, 5.0)
    for number, name in _UNITS
)


class ActionUnitNetwork(nn.Module):
    """Faces to a map per unit."""

    def __init__(self) -> None:
        super().__init__()
        self.fan = _MarkNetwork()
        self.conv1, self.conv2 = _pointwise(_MARKS, _WIDTH), _pointwise(_WIDTH, _WIDTH)
        self.net = _Hourglass(_WIDTH, is_light=True)
        self.conv_last = _pointwise(_WIDTH, _WIDTH)
        self.l = nn.Conv2d(_WIDTH, len(_UNITS), 1)

    def forward(self, faces: Tensor) -> Tensor:
        """``(N, 3, 256, 256)`` in [0, 1] to ``(N, 12, 64, 64)``."""
        marks, seen = self.fan(faces)
        maps: Tensor = self.l(self.conv_last(self.net(self.conv1(marks) + self.conv2(seen))))
        return maps


class _MarkNetwork(nn.Module):
    """The network for 68 marks: their maps, and what it sees before its hourglass."""

    def __init__(self) -> None:
        super().__init__()
        half = _WIDTH // 2
        self.conv1, self.bn1 = nn.Conv2d(3, half, 7, stride=2, padding=3), nn.BatchNorm2d(half)
        self.conv2, self.conv3 = _Branches(half, half), _Branches(half, _WIDTH)
        self.conv4 = _Branches(_WIDTH, _WIDTH)
        self.m0, self.top_m_0 = _Hourglass(_WIDTH), _Branches(_WIDTH, _WIDTH)
        self.conv_last0, self.bn_end0 = nn.Conv2d(_WIDTH, _WIDTH, 1), nn.BatchNorm2d(_WIDTH)
        self.l0 = nn.Conv2d(_WIDTH, _MARKS, 1)

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        x = self.bn1(self.conv1(faces)).relu()
        seen = self.conv4(self.conv3(F.max_pool2d(self.conv2(x), 2)))
        inner = self.bn_end0(self.conv_last0(self.top_m_0(self.m0(seen)))).relu()
        return self.l0(inner), seen


class _Hourglass(nn.Module):
    """Down to a sixteenth of the side and up again, with a way around at every size."""

    def __init__(self, width: int, *, is_light: bool = False) -> None:
        super().__init__()
        for level in range(_DEPTH, 0, -1):
            self.add_module(f"b1_{level}", _Branches(width, width, is_light=is_light))
            self.add_module(f"b2_{level}", _Branches(width, width))
            self.add_module(f"b3_{level}", _Branches(width, width))
        self.b2_plus_1 = _Branches(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self._level(_DEPTH, x)

    def _level(self, level: int, x: Tensor) -> Tensor:
        around = self.get_submodule(f"b1_{level}")(x)
        low = self.get_submodule(f"b2_{level}")(F.max_pool2d(x, 2))
        low = self._level(level - 1, low) if level > 1 else self.b2_plus_1(low)
        low = self.get_submodule(f"b3_{level}")(low)
        summed: Tensor = around + F.interpolate(low, scale_factor=2, mode="nearest")
        return summed


class _Branches(nn.Module):
    """Three convolutions in a row whose results stand side by side, and a way around them."""

    def __init__(self, below: int, width: int, *, is_light: bool = False) -> None:
        super().__init__()
        kernel, padding = (1, 0) if is_light else (3, 1)
        sizes = (below, width // 2, width // 4, width // 4)
        for index in range(3):
            convolution = nn.Conv2d(sizes[index], sizes[index + 1], kernel, padding=padding, bias=False)
            self.add_module(f"conv{index + 1}", convolution)
            self.add_module(f"bn{index + 1}", nn.BatchNorm2d(sizes[index + 1]))
        self.downsample: nn.Module = nn.Identity()
        if below != width:
            narrow = nn.Conv2d(below, width, 1, bias=False)
            self.downsample = nn.Sequential(narrow, nn.BatchNorm2d(width), nn.ReLU6())

    def forward(self, x: Tensor) -> Tensor:
        parts, part = [], x
        for index in (1, 2, 3):
            part = F.relu6(self.get_submodule(f"bn{index}")(self.get_submodule(f"conv{index}")(part)))
            parts.append(part)
        summed: Tensor = torch.cat(parts, dim=1) + self.downsample(x)
        return summed


def _pointwise(below: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(below, width, 1), nn.BatchNorm2d(width), nn.ReLU6())


class ActionUnitPredictor:
    """Reads the largest face of each picture; NaN without one.

    Args:
        network: filled.
        crops: cuts faces out.
    """

    attributes = ATTRIBUTES

    def __init__(self, network: ActionUnitNetwork, crops: FaceCrops) -> None:
        self._network, self._crops = network, crops

    def predict(self, images: Tensor) -> Tensor:
        """See ``AttributePredictor.predict``."""
        faces, found = self._crops.cut(images)
        return torch.where(found[:, None], self._network(faces).amax((2, 3)), torch.nan)


def make_action_unit_predictor(*, device: torch.device) -> ActionUnitPredictor:
    """The predictor, if its file is here.

    Raises:
        MissingWeightsError: it is not; the hint says how to get it.
        CheckpointError: it is damaged, or another file.
    """
    network = ActionUnitNetwork()
    load_published(network, PUBLISHED["action-units"])
    finder = make_finder("mtcnn", device=device)
    return ActionUnitPredictor(network.to(device), FaceCrops(finder, margin=_MARGIN, side=_SIDE))
