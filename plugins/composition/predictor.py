"""How a picture is built, in six numbers; no weights, any model.

Colourfulness: Hasler and Suesstrunk, "Measuring colourfulness in natural images", 2003. Sharpness: variance
of the Laplacian (Pech-Pacheco et al., 2000).
"""

from __future__ import annotations

import torch
from torch.nn import functional

from latent_studio.api import AttributeInfo

#: Weights of red, green and blue in luma (ITU-R BT.709).
LUMA = (0.2126, 0.7152, 0.0722)
#: Pictures are compared at this side, so that a large one is not sharper than the same one small.
SIDE = 64


class CompositionPredictor:
    """See ``latent_studio.api.AttributePredictor``."""

    attributes = (
        AttributeInfo("symmetry", "Symmetry", "correlation of left and right", -1.0, 1.0),
        AttributeInfo("balance_x", "Weight to the right", "of half the width", -0.5, 0.5),
        AttributeInfo("balance_y", "Weight down", "of half the height", -0.5, 0.5),
        AttributeInfo("colourfulness", "Colourfulness", "", 0.0, 0.6),
        AttributeInfo("sharpness", "Sharpness", "", 0.0, 0.1),
        AttributeInfo("middle", "Middle lighter than edge", "", -0.5, 0.5),
    )

    def predict(self, images):
        """``(N, 3, H, W)`` in [-1, 1] to ``(N, 6)`` float32."""
        colours = ((images.float() + 1) / 2).clamp(0, 1)
        colours = functional.adaptive_avg_pool2d(colours, SIDE)
        red, green, blue = colours.unbind(1)
        luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
        across = torch.linspace(-1, 1, SIDE, device=images.device)
        # What stands out from the mean has weight, whether it is light or dark.
        weight = (luma - luma.mean((1, 2), keepdim=True)).abs() + 1e-6
        whole = weight.sum((1, 2))
        edge = torch.ones(SIDE, SIDE, dtype=torch.bool, device=images.device)
        edge[SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4] = False
        return torch.stack(
            [
                _correlation(luma, luma.flip(2)),
                (weight * across).sum((1, 2)) / whole,
                (weight * across[:, None]).sum((1, 2)) / whole,
                _colourfulness(red, green, blue),
                _laplacian(luma).var((1, 2), correction=0),
                luma[:, ~edge].mean(1) - luma[:, edge].mean(1),
            ],
            dim=1,
        )


def _correlation(one, other):
    a, b = (x.flatten(1) - x.flatten(1).mean(1, keepdim=True) for x in (one, other))
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp_min(1e-8)


def _colourfulness(red, green, blue):
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = (red_green.var((1, 2), correction=0) + yellow_blue.var((1, 2), correction=0)).sqrt()
    mean = (red_green.mean((1, 2)) ** 2 + yellow_blue.mean((1, 2)) ** 2).sqrt()
    return spread + 0.3 * mean


def _laplacian(luma):
    across = luma[:, 1:-1, :-2] + luma[:, 1:-1, 2:]
    down = luma[:, :-2, 1:-1] + luma[:, 2:, 1:-1]
    return across + down - 4 * luma[:, 1:-1, 1:-1]


def make_predictor(*, device):
    """What ``plugin.toml`` names. There are no weights, so any device will do."""
    return CompositionPredictor()
