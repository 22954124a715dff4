"""LpipsNet: the original perceptual distance, where its backbone is on this machine already.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018, by the
``lpips`` package. It would fetch torchvision's backbone by itself and check nothing; here it is fetched
only where the user asks for it (``app/hub_files.py``), and what is there is checked first.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

import torch

from latent_studio.core.errors import DownloadError
from latent_studio.methods.hub_file import HubFile, hub_folder, missing_of

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.methods.projection.objective import PictureNet
    from latent_studio.methods.projection.perceptual import Features

LossName = Literal["st-lpips", "lpips-alex", "lpips-vgg", "lpips-squeeze"]
LOSSES: tuple[LossName, ...] = ("st-lpips", "lpips-alex", "lpips-vgg", "lpips-squeeze")


_SITE = "https://download.pytorch.org/models"
BACKBONES = {
    "lpips-alex": HubFile("alexnet-owt-7be5be79.pth", f"{_SITE}/alexnet-owt-7be5be79.pth", 233),
    "lpips-vgg": HubFile("vgg16-397923af.pth", f"{_SITE}/vgg16-397923af.pth", 528),
    "lpips-squeeze": HubFile("squeezenet1_1-b8a52dc0.pth", f"{_SITE}/squeezenet1_1-b8a52dc0.pth", 5),
}
BACKBONE_TERMS = "BSD-3-Clause code of torchvision; no terms stated for the weights"


def missing_backbones(loss: str) -> tuple[HubFile, ...]:
    """The files that a distance lacks."""
    return missing_of([BACKBONES[loss]], hub_folder()) if loss in BACKBONES else ()


class LpipsNet:
    """The package's network behind the same two calls as ``PerceptualNet``.

    Args:
        loss: which backbone.
        device: where to compute.
        is_random: a backbone of random numbers, for tests of the wiring.

    Raises:
        DownloadError: the backbone is not there; says how to go on without it.
        CorruptFileError: the file there is another one.
    """

    def __init__(
        self, loss: LossName, *, device: torch.device | str = "cpu", is_random: bool = False
    ) -> None:
        backbone = BACKBONES[loss]
        if not is_random:
            if missing_backbones(loss):
                raise DownloadError(
                    f"{loss} needs {backbone.name}, {backbone.size_mb} MB, which is not on this machine.",
                    hint=f"Fetch it with --fetch, or put it into {hub_folder()}. st-lpips comes with the "
                    "program and does without.",
                )
            backbone.check(hub_folder())
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
