"""Attributes of colour and light. They need no weights and fit the pictures of any model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.methods.attributes.protocol import AttributeInfo

if TYPE_CHECKING:
    from torch import Tensor

#: Weights of red, green and blue in luma, from ITU-R BT.709.
_LUMA = (0.2126, 0.7152, 0.0722)

TONE_ATTRIBUTES = (
    AttributeInfo("brightness", "Brightness", low=0.0, high=1.0),
    AttributeInfo("contrast", "Contrast", low=0.0, high=0.5),
    AttributeInfo("saturation", "Saturation", low=0.0, high=1.0),
    AttributeInfo("warmth", "Warmth", low=-0.5, high=0.5),
    AttributeInfo("tint", "Tint", low=-0.5, high=0.5),
    AttributeInfo("detail", "Detail", low=0.0, high=0.2),
)


class TonePredictor:
    """Brightness, contrast, saturation, warmth, tint and detail of whole pictures.

    With red, green and blue in 0 to 1, values outside clipped as a saved picture clips them: *brightness* is
    the mean luma (BT.709, of the values as stored), *contrast* its standard deviation, *saturation* the mean
    distance between the greatest and the least of the three, *warmth* the mean of red minus blue, *tint* the
    mean of green minus the mean of red and blue, and *detail* the mean step of luma between neighbours, which
    depends on the picture's size.
    """

    attributes = TONE_ATTRIBUTES
    is_differentiable = True
    #: Goes up when the arithmetic changes.
    digest = "tone-1"

    def predict(self, images: Tensor) -> Tensor:
        """See ``AttributePredictor.predict``; grey pictures of one channel are taken as well."""
        colours = ((images.float() + 1) / 2).clamp(0, 1)
        if colours.shape[1] == 1:
            colours = colours.expand(-1, 3, -1, -1)
        colours = colours[:, :3]
        red, green, blue = colours.unbind(1)
        luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
        steps = (luma.diff(dim=1).abs().mean((1, 2)) + luma.diff(dim=2).abs().mean((1, 2))) / 2
        return torch.stack(
            [
                luma.mean((1, 2)),
                luma.flatten(1).std(1, correction=0),
                (colours.amax(1) - colours.amin(1)).mean((1, 2)),
                (red - blue).mean((1, 2)),
                (green - (red + blue) / 2).mean((1, 2)),
                steps,
            ],
            dim=1,
        )


def make_tone_predictor(*, device: torch.device) -> TonePredictor:
    """The predictor; it has no weights, so any device will do."""
    del device
    return TonePredictor()
