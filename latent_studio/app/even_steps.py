"""Even steps: where to stop on the way along a direction so that each step changes the picture as much.

A direction is even in latent space and seldom to the eye: glasses come within a fifth of the way, and before
and after it hardly anything moves. Change is measured as for the timeline's even speed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.pacing import even_pacing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from latent_studio.app.models import LoadedModel
    from latent_studio.app.studio import Studio

#: Pictures compared from one step to the next.
_PER_STEP = 2
#: Side at which they are compared, and the least that the metric takes.
_SIDE = 64


def even_amounts(
    studio: Studio,
    model: LoadedModel,
    amounts: Sequence[float],
    ws_at: Callable[[float], NDArray[np.float32]],
) -> tuple[float, ...]:
    """As many amounts, from the same first to the same last, with as much change between any two.

    Args:
        studio: whose engine computes; ``model`` is open in it.
        model: draws the pictures, small and with its own noise.
        amounts: ascending, at least two.
        ws_at: the ws ``(num_ws, w_dim)`` at an amount.
    """
    import torch

    from latent_studio.methods.projection.perceptual import load_perceptual_net

    stops = np.interp(
        np.linspace(0, len(amounts) - 1, _PER_STEP * (len(amounts) - 1) + 1), range(len(amounts)), amounts
    )
    device = studio.engine.choice.device
    ws = torch.from_numpy(np.stack([ws_at(float(stop)) for stop in stops])).to(device)
    net = load_perceptual_net(device)
    with studio.engine.gate.background(), torch.inference_mode():
        features = net.features(_small_pictures(model, ws))
        squares = net.distance(tuple(one[:-1] for one in features), tuple(one[1:] for one in features))
    # The metric is a sum of squares; its root is a length, and lengths of steps add up.
    pacing = even_pacing(stops.tolist(), squares.sqrt().tolist())
    return tuple(pacing.at(float(amount)) for amount in amounts)


def _small_pictures(model: LoadedModel, ws: Tensor) -> Tensor:
    """``(N, 1 or 3, 64, 64)`` in [-1, 1]."""
    import torch

    from latent_studio.methods.warp.pictures import render_small

    pictures = render_small(model.generator, ws, min(_SIDE, model.spec.resolution)).float().clamp(-1, 1)
    pictures = pictures[:, :3] if pictures.shape[1] >= 3 else pictures[:, :1]
    if pictures.shape[2:] == (_SIDE, _SIDE):
        return pictures
    return torch.nn.functional.interpolate(
        pictures, size=(_SIDE, _SIDE), mode="bilinear", align_corners=False, antialias=True
    )
