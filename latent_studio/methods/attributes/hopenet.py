"""Hopenet (Ruiz, Chong and Rehg, CVPRW 2018): the angles of a head, by a 50-layer residual network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from latent_studio.methods.alignment.finders import make_finder
from latent_studio.methods.attributes.face_crops import FaceCrops
from latent_studio.methods.attributes.protocol import AttributeInfo
from latent_studio.methods.attributes.published import PUBLISHED, load_published
from latent_studio.methods.attributes.residual import ResidualTrunk, normalised

if TYPE_CHECKING:
    from torch import Tensor

#: Each angle is told by 66 classes of three degrees, the first of which begins at -99.
_BINS, _DEGREES, _FIRST = 66, 3.0, -99.0
_MARGIN = 0.25
_SIDE = 224

ATTRIBUTES = (
    AttributeInfo("yaw", "Yaw", "degrees", -63.0, 63.0),
    AttributeInfo("pitch", "Pitch", "degrees", -29.0, 29.0),
    AttributeInfo("roll", "Roll", "degrees", -17.0, 17.0),
)


class HopenetNetwork(ResidualTrunk):
    """Faces to classes of three angles."""

    def __init__(self) -> None:
        super().__init__(is_wide=True)
        self.fc_yaw, self.fc_pitch, self.fc_roll = (nn.Linear(self.count, _BINS) for _ in range(3))

    def forward(self, faces: Tensor) -> Tensor:
        """``(N, 3, 224, 224)`` in [0, 1] to ``(N, 3)`` degrees: yaw, pitch, roll."""
        seen = self.features(normalised(faces))
        classes = torch.stack([head(seen) for head in (self.fc_yaw, self.fc_pitch, self.fc_roll)], dim=1)
        places = torch.arange(_BINS, dtype=classes.dtype, device=classes.device)
        return (classes.softmax(2) @ places) * _DEGREES + _FIRST


class HopenetPredictor:
    """Reads the largest face of each picture; NaN without one.

    Args:
        network: filled.
        crops: cuts faces out.
    """

    attributes = ATTRIBUTES

    def __init__(self, network: HopenetNetwork, crops: FaceCrops) -> None:
        self._network, self._crops = network, crops

    def predict(self, images: Tensor) -> Tensor:
        """See ``AttributePredictor.predict``."""
        faces, found = self._crops.cut(images)
        return torch.where(found[:, None], self._network(faces), torch.nan)


def make_hopenet_predictor(*, device: torch.device) -> HopenetPredictor:
    """The predictor, if its file is here.

    Raises:
        MissingWeightsError: it is not; the hint says how to get it.
        CheckpointError: it is damaged, or another file.
    """
    network = HopenetNetwork()
    load_published(network, PUBLISHED["hopenet"])
    finder = make_finder("mtcnn", device=device)
    return HopenetPredictor(network.to(device), FaceCrops(finder, margin=_MARGIN, side=_SIDE))
