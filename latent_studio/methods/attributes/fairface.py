"""FairFace (Kärkkäinen and Joo, 2019): age, gender and race of a face, by a 34-layer residual network.

The published file has 18 outputs: seven places for race, of which this file was trained for four; two for
gender; nine for age. Age here is the expectation over the nine classes in years, not the number of the
likeliest one: it goes up when the face grows older, without steps. Race has no order, so each gets a number
of its own.
"""

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

_RACES = slice(0, 4)
_FEMALE, _GENDERS = 1, slice(7, 9)
_AGES = slice(9, 18)
#: Middles of 0-2, 3-9, 10-19, then tens, then 70 and older, in years.
_YEARS = (1.0, 6.0, 14.5, 24.5, 34.5, 44.5, 54.5, 64.5, 75.0)
#: The published program's margin of a face.
_MARGIN = 0.25
_SIDE = 224

ATTRIBUTES = (
    AttributeInfo("age", "Age", "years", 0.0, 80.0),
    AttributeInfo("gender", "Taken for a woman", "probability"),
    AttributeInfo("race_white", "Taken for White", "probability"),
    AttributeInfo("race_black", "Taken for Black", "probability"),
    AttributeInfo("race_asian", "Taken for Asian", "probability"),
    AttributeInfo("race_indian", "Taken for Indian", "probability"),
)


class FairFaceNetwork(ResidualTrunk):
    """Faces to 18 numbers."""

    def __init__(self) -> None:
        super().__init__(is_wide=False)
        self.fc = nn.Linear(self.count, 18)

    def forward(self, faces: Tensor) -> Tensor:
        """``(N, 3, 224, 224)`` in [0, 1] to ``(N, 18)`` logits."""
        logits: Tensor = self.fc(self.features(normalised(faces)))
        return logits


class FairFacePredictor:
    """Reads the largest face of each picture; NaN without one.

    Args:
        network: filled.
        crops: cuts faces out.
    """

    attributes = ATTRIBUTES

    def __init__(self, network: FairFaceNetwork, crops: FaceCrops) -> None:
        self._network, self._crops = network, crops

    def predict(self, images: Tensor) -> Tensor:
        """See ``AttributePredictor.predict``."""
        faces, found = self._crops.cut(images)
        logits = self._network(faces)
        ages = logits[:, _AGES].softmax(1) @ logits.new_tensor(_YEARS)
        gender = logits[:, _GENDERS].softmax(1)[:, _FEMALE]
        values = torch.cat([ages[:, None], gender[:, None], logits[:, _RACES].softmax(1)], dim=1)
        return torch.where(found[:, None], values, torch.nan)


def make_fairface_predictor(*, device: torch.device) -> FairFacePredictor:
    """The predictor, if its file is here.

    Raises:
        MissingWeightsError: it is not; the hint says how to get it.
        CheckpointError: it is damaged, or another file.
    """
    network = FairFaceNetwork()
    load_published(network, PUBLISHED["fairface"])
    finder = make_finder("mtcnn", device=device)
    return FairFacePredictor(network.to(device), FaceCrops(finder, margin=_MARGIN, side=_SIDE))
