"""The network that tells persons apart in a projection, if its weights are on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    import torch

    from latent_studio.core.errors import MissingWeightsError
    from latent_studio.core.session import ModelRef
    from latent_studio.methods.projection.objective import FaceNet

#: Its pictures are drawings, in which networks that learned from photographs see nobody.
_DRAWN = "portraits"
_ID = "arcface"


def face_net_for(model: ModelRef, device: torch.device) -> FaceNet | None:
    """ArcFace, where its weights are here and the model gives photographs; else ``None``."""
    from latent_studio.methods.attributes.arcface import make_arcface_predictor

    if model.name == _DRAWN or missing_face_net() is not None:
        return None
    try:
        return make_arcface_predictor(device=device)
    except LatentStudioError:
        # A damaged file is told where it is asked for; a projection does without.
        return None


def missing_face_net() -> MissingWeightsError | None:
    """What is missing and how to get it; ``None`` when it is here."""
    from latent_studio.methods.attributes.published import PUBLISHED

    weights = PUBLISHED[_ID]
    return None if weights.is_here else weights.missing()
