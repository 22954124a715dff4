"""LpipsNet: the original perceptual distance, where its backbone is on this machine already.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual "
              "Metric", CVPR 2018, by the ``lpips``
package. It would fetch torchvision's backbone by itself; here nothing is fetched.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from latent_studio.core.errors import DownloadError

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.methods.projection.objective import PictureNet
    from latent_studio.methods.projection.perceptual import Features

LossName = Literal["st-lpips", "lpips-alex", "lpips-vgg", "lpips-squeeze"]
LOSSES: tuple[LossName, ...] = ("st-lpips", "lpips-alex", "lpips-vgg", "lpips-squeeze")


@dataclass(frozen=True, slots=True)
class Backbone:
    """A file of torchvision's that a distance needs.

    Attributes:
        file: its name in the hub's folder.
        size_mb: about.
    """

    file: str
    size_mb: int


BACKBONES = {
    "lpips-alex": Backbone("alexnet-owt-7be5be79.pth", 233),
    "lpips-vgg": Backbone("vgg16-397923af.pth", 528),
    "lpips-squeeze": Backbone("squeezenet1_1-b8a52dc0.pth", 5),
}


def backbone_folder() -> Path:
    """Where torchvision keeps what it fetched."""
    return Path(torch.hub.get_dir()) / "checkpoints"


class LpipsNet:
    """The package's network behind the same two calls as ``PerceptualNet``.

    Args:
        loss: which backbone.
        device: where to compute.
        is_random: a backbone of random numbers, for tests of the wiring.

    Raises:
        DownloadError: the backbone is not there; says how to go on without it.
    """

    def __init__(
        self, loss: LossName, *, device: torch.device | str = "cpu", is_random: bool = False
    ) -> None:
        backbone = BACKBONES[loss]
        if not is_random and not (backbone_folder() / backbone.file).is_file():
            raise DownloadError(
                f"{loss} needs {backbone.file}, {backbone.size_mb} MB, which is not on this machine.",
                hint=f"Put it into {backbone_folder()}, or go on with st-lpips, which comes with the "
                f"program.",
            )
        import lpips

        with warnings.catch_warnings():
            # The package calls torchvision by names that it calls outdated.
            warnings.simplefilter("ignore")
            network: Any = lpips.LPIPS(net=loss.removeprefix("lpips-"), pnet_rand=is_random, verbose=False)
        self._network = network.to(device).eval().requires_grad_(False)
        self.name = f"LPIPS ({loss.removeprefix('lpips-')})"

    def features(self, images: Tensor) -> Features:
        """Look at pictures; see ``PerceptualNet.features``."""
        seen = self._network.net(self._network.scaling_layer(images.expand(-1, 3, -1, -1)))
        return tuple(
            layer / (layer.square().sum(1, keepdim=True) + 1e-20).sqrt() * _roots(head)
            for layer, head in zip(seen, self._network.lins, strict=True)
        )

    def distance(self, a: Features, b: Features) -> Tensor:
        """How different two looks are; see ``PerceptualNet.distance``."""
        layers = [(one - other).square().sum(1).mean((1, 2)) for one, other in zip(a, b, strict=True)]
        return torch.stack(layers).sum(0)


def load_picture_net(loss: LossName, device: torch.device | str = "cpu") -> PictureNet:
    """A perceptual network by name.

    Raises:
        LatentStudioError: its weights are missing or damaged.
    """
    if loss == "st-lpips":
        from latent_studio.methods.projection.perceptual import load_perceptual_net

        return load_perceptual_net(device)
    return LpipsNet(loss, device=device)


def _roots(head: Any) -> Tensor:
    """The roots of a layer's trained weights; they are not negative."""
    weight: Tensor = head.model[-1].weight
    return weight.clamp(min=0).sqrt()
