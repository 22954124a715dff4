"""The attribute predictor of Talk-to-Edit (Jiang et al., ICCV 2021): five attributes of CelebA in six grades.

A 50-layer residual network, a shared layer and a head per attribute. The picture is taken whole, as CelebA's
are aligned, at 128 px. The value is the expected grade, from 0 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from latent_studio.checkpoints.training_state import read_torch_state
from latent_studio.core.errors import CorruptFileError
from latent_studio.methods.attributes.network import to_side
from latent_studio.methods.attributes.protocol import AttributeInfo
from latent_studio.methods.attributes.published import PUBLISHED, fill
from latent_studio.methods.attributes.residual import ResidualTrunk, normalised

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

_GRADES = 6
_SIDE = 128
_STEM, _HIDDEN = 512, 256

ATTRIBUTES = (
    AttributeInfo("celeba_bangs", "Bangs"),
    AttributeInfo("celeba_eyeglasses", "Eyeglasses"),
    AttributeInfo("celeba_beard", "Beard"),
    AttributeInfo("celeba_smiling", "Smiling"),
    AttributeInfo("celeba_age", "Age by grade"),
)
#: Ends of the heads' names in the file; a number of CelebA's list stands before them.
_HEADS = ("Bangs", "Eyeglasses", "No_Beard", "Smiling", "Young")


class CelebaNetwork(ResidualTrunk):
    """Pictures to grades."""

    def __init__(self) -> None:
        super().__init__(is_wide=True)
        self.stem = _FullLayer(self.count, _STEM)
        self.heads = nn.ModuleDict(
            {name: nn.Sequential(_FullLayer(_STEM, _HIDDEN), nn.Linear(_HIDDEN, _GRADES)) for name in _HEADS}
        )

    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, 128, 128)`` in [0, 1] to ``(N, 5)`` in [0, 1], in the order of ``ATTRIBUTES``."""
        seen = self.stem(self.features(normalised(images)))
        grades = torch.linspace(0, 1, _GRADES, device=seen.device)
        return torch.stack([self.heads[name](seen).softmax(1) @ grades for name in _HEADS], dim=1)


class _FullLayer(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.fc, self.bn = nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.fc(x)))


class CelebaPredictor:
    """Reads whole pictures.

    Args:
        network: filled.
    """

    attributes = ATTRIBUTES
    is_differentiable = True

    def __init__(self, network: CelebaNetwork) -> None:
        self._network = network

    def predict(self, images: Tensor) -> Tensor:
        """See ``AttributePredictor.predict``."""
        values: Tensor = self._network(to_side(images, _SIDE) / 2 + 0.5)
        return values


def own_names(tensors: Mapping[str, Tensor], *, file_name: str) -> dict[str, Tensor]:
    """The file's tensors by our names: heads are found by how their names end.

    Raises:
        CorruptFileError: a head is missing.
    """
    own = {}
    for name, tensor in tensors.items():
        first, _, rest = name.removeprefix("module.").partition(".")
        head = next((one for one in _HEADS if first.startswith("classifier") and first.endswith(one)), None)
        own[f"heads.{head}.{rest}" if head else f"{first}.{rest}"] = tensor
    for head in _HEADS:
        if f"heads.{head}.1.weight" not in own:
            raise CorruptFileError(
                f"{file_name} is not the file it should be: it has no head for {head}.",
                hint="Delete it and fetch it again.",
            )
    return own


def make_celeba_predictor(*, device: torch.device, path: Path | None = None) -> CelebaPredictor:
    """The predictor, if its file is here.

    Raises:
        MissingWeightsError: it is not; the hint says how to get it.
        CheckpointError: it is damaged, or another file.
    """
    weights = PUBLISHED["celeba"]
    path = path or weights.path
    if not path.is_file():
        raise weights.missing()
    network = CelebaNetwork()
    tensors = read_torch_state(path, inside="state_dict")
    fill(network, own_names(tensors, file_name=path.name), file_name=path.name)
    return CelebaPredictor(network.to(device))
