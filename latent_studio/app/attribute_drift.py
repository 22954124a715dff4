"""AttributeDrift: how far attributes of one picture have moved in another, as predictors see it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latent_studio.core.errors import LatentStudioError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from latent_studio.core.registry import Registry
    from latent_studio.core.session import ModelRef
    from latent_studio.methods.attributes.catalog import PredictorEntry
    from latent_studio.methods.attributes.protocol import AttributePredictor, LikenessPredictor
    from latent_studio.methods.projection.perceptual import PerceptualNet

log = logging.getLogger(__name__)

#: The model whose pictures the predictors of this scope know.
_PORTRAITS = "portraits"


@dataclass(frozen=True, slots=True)
class AttributeDrift:
    """What was measured.

    Attributes:
        moved: titles of attributes with their change, as a share of their usual range; signed.
        likeness: how like the first person the second is, 1 the same; ``None`` where nothing tells persons.
        distance: how different the pictures look, 0 the same, about 0.5 for different people; measured where
            nothing tells persons.
    """

    moved: Mapping[str, float]
    likeness: float | None = None
    distance: float | None = None


class DriftReader:
    """Reads pictures of one model with every predictor that knows such pictures; loads each when first asked.

    Args:
        model: decides which predictors are asked.
        device: where they run.
        registry: the predictors there are.
    """

    def __init__(self, model: ModelRef, device: torch.device, registry: Registry[PredictorEntry]) -> None:
        self._registry = registry
        self._model = model
        self._device = device
        self._loaded: list[AttributePredictor] | None = None
        self._net: PerceptualNet | None = None

    def compare(
        self,
        before: NDArray[np.uint8],
        after: NDArray[np.uint8],
        *,
        names: Collection[str],
        identity: bool = False,
    ) -> AttributeDrift:
        """How far the attributes of these names moved.

        Args:
            before: ``(H, W, C)`` uint8.
            after: the same shape.
            names: what to look for, as users call it; those no predictor knows are left out.
            identity: tell how much the person changed: by a predictor that knows persons, else by how
                different the pictures look.
        """
        import torch

        from latent_studio.methods.attributes.portraits import PortraitPredictor
        from latent_studio.methods.attributes.protocol import LikenessPredictor

        wanted = {name.casefold() for name in names}
        moved: dict[str, float] = {}
        likeness = None
        for predictor in self._predictors():
            known = [
                place
                for place, info in enumerate(predictor.attributes)
                if {info.id.casefold(), info.title.casefold()} & wanted
            ]
            if known:
                with torch.inference_mode():
                    scores = predictor.predict(_images(before, after)).float().cpu().numpy()
                for place in known:
                    info = predictor.attributes[place]
                    change = float(scores[1, place] - scores[0, place]) / info.span
                    if np.isfinite(change):
                        moved[info.title] = change
            if identity and likeness is None and isinstance(predictor, LikenessPredictor):
                likeness = _likeness(predictor, before, after)
            elif identity and likeness is None and isinstance(predictor, PortraitPredictor):
                with torch.inference_mode():
                    value = float(predictor.person_likeness(_images(before, after))[1])
                likeness = value if np.isfinite(value) else None
        is_unknown = identity and likeness is None
        return AttributeDrift(moved, likeness, self._distance(before, after) if is_unknown else None)

    def _distance(self, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float | None:
        """How different two pictures look; ``None`` for pictures too small to look at."""
        import torch

        from latent_studio.methods.projection.objective import SMALLEST_PERCEPTUAL, compared_side
        from latent_studio.methods.projection.perceptual import load_perceptual_net
        from latent_studio.methods.projection.synthesis import at_side

        side = compared_side(min(before.shape[:2]))
        if side < SMALLEST_PERCEPTUAL:
            return None
        if self._net is None:
            self._net = load_perceptual_net(self._device)
        with torch.inference_mode():
            seen = at_side(_images(before, after).to(self._device), side)
            return float(self._net.compare(seen[:1], seen[1:]))

    def _predictors(self) -> list[AttributePredictor]:
        if self._loaded is None:
            registry = self._registry
            entries = [registry.get(id) for id in sorted(registry)]
            self._loaded = [
                predictor
                for entry in entries
                if self._knows(entry) and (predictor := self._load(entry)) is not None
            ]
        return self._loaded

    def _load(self, entry: PredictorEntry) -> AttributePredictor | None:
        """A predictor; ``None`` where its weights are not here: the others still speak."""
        try:
            return entry.load(self._device)
        except LatentStudioError as error:
            log.info("%s does not look at drift: %s", entry.id, error)
            return None

    def _knows(self, entry: PredictorEntry) -> bool:
        if entry.version:
            # A plugin may take its time, and here the next picture would wait for it.
            return False
        if entry.scope == "portraits":
            return self._model.name == _PORTRAITS
        return entry.scope == "any" or self._model.name != _PORTRAITS


def _images(*pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures as predictors take them: ``(N, 3, H, W)`` float32 in [-1, 1]."""
    import torch

    coloured = [one[..., :3] if one.shape[-1] >= 3 else one[..., :1].repeat(3, -1) for one in pictures]
    return torch.from_numpy(np.stack(coloured)).permute(0, 3, 1, 2).float() / 127.5 - 1.0


def _likeness(
    predictor: LikenessPredictor, before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> float | None:
    import torch

    with torch.inference_mode():
        first, second = predictor.embed(_images(before, after)).float().cpu()
    value = float(first @ second)
    return value if np.isfinite(value) else None
