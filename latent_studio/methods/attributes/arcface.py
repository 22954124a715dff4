"""ArcFace (Deng et al., CVPR 2019), network IR-SE50: whether two pictures show the same person.

Residual blocks with batch norms first and a squeeze-and-excitation gate last. It looks at the part of the
picture that the published program cuts out: right for pictures aligned as FFHQ's are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from latent_studio.methods.attributes.network import to_side
from latent_studio.methods.attributes.protocol import AttributeInfo
from latent_studio.methods.attributes.published import PUBLISHED, load_published

if TYPE_CHECKING:
    from torch import Tensor

#: Blocks by width; the first of each halves the side.
_STAGES = ((64, 3), (128, 4), (256, 14), (512, 3))
_SIDE, _SEEN = 256, 112
#: What is looked at in 256 px: rows, columns.
_FACE = (slice(35, 223), slice(32, 220))
_REDUCTION = 16


class ArcFaceNetwork(nn.Module):
    """Faces to unit vectors of 512 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)
        )
        blocks, below = [], 64
        for width, depth in _STAGES:
            for place in range(depth):
                blocks.append(_Block(below, width, stride=2 if place == 0 else 1))
                below = width
        self.body = nn.Sequential(*blocks)
        # Numbered as in the file, where a dropout and a flattening stand between.
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(512), nn.Identity(), nn.Flatten(), nn.Linear(512 * 49, 512), nn.BatchNorm1d(512)
        )

    def forward(self, faces: Tensor) -> Tensor:
        """``(N, 3, 112, 112)`` in [-1, 1] to ``(N, 512)``, of length one."""
        return F.normalize(self.output_layer(self.body(self.input_layer(faces))), dim=1)


class _Block(nn.Module):
    def __init__(self, below: int, width: int, *, stride: int) -> None:
        super().__init__()
        self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        if below != width:
            narrow = nn.Conv2d(below, width, 1, stride=stride, bias=False)
            self.shortcut_layer = nn.Sequential(narrow, nn.BatchNorm2d(width))
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(below),
            nn.Conv2d(below, width, 3, padding=1, bias=False),
            nn.PReLU(width),
            nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            _Gate(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        summed: Tensor = self.res_layer(x) + self.shortcut_layer(x)
        return summed


class _Gate(nn.Module):
    """Weighs channels by what they hold on the whole (squeeze and excitation, Hu et al., CVPR 2018)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, width // _REDUCTION, 1, bias=False)
        self.fc2 = nn.Conv2d(width // _REDUCTION, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        whole = x.mean((2, 3), keepdim=True)
        gate: Tensor = self.fc2(self.fc1(whole).relu()).sigmoid()
        return x * gate


class ArcFacePredictor:
    """Says how like another picture's face a face is. It has no numbers that hold for a picture alone.

    Args:
        network: filled.
    """

    attributes: tuple[AttributeInfo, ...] = ()
    likeness = AttributeInfo("identity", "Identity", "cosine", 0.0, 1.0)

    def __init__(self, network: ArcFaceNetwork) -> None:
        self._network = network

    def predict(self, images: Tensor) -> Tensor:
        """``(N, 0)``: see ``embed``."""
        return images.new_zeros(len(images), 0)

    def embed(self, images: Tensor) -> Tensor:
        """See ``LikenessPredictor.embed``."""
        face = to_side(images, _SIDE)[:, :, *_FACE]
        embedded: Tensor = self._network(F.adaptive_avg_pool2d(face, _SEEN))
        return embedded


def make_arcface_predictor(*, device: torch.device) -> ArcFacePredictor:
    """The predictor, if its file is here.

    Raises:
        MissingWeightsError: it is not; the hint says how to get it.
        CheckpointError: it is damaged, or another file.
    """
    network = ArcFaceNetwork()
    load_published(network, PUBLISHED["arcface"])
    return ArcFacePredictor(network.to(device))
