"""check_attribute_predictor: a predictor against the ``AttributePredictor`` protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from latent_studio.methods.attributes.protocol import AttributeInfo
from latent_studio.testing.require import require

if TYPE_CHECKING:
    from torch import Tensor

    from latent_studio.methods.attributes.protocol import AttributePredictor, PredictorMaker

#: Largest difference between a batch and its pictures one by one, as a share of the attribute's range.
_TOLERANCE = 1e-4


def check_attribute_predictor(make: PredictorMaker, *, device: str = "cpu", seed: int = 0) -> None:
    """Check a predictor of attributes.

    It names its attributes; gives one finite float32, or NaN, for each and every picture; the same pictures
    give the same numbers, one by one or in a batch; pictures of any side are taken, and none is written to.

    Args:
        make: the maker.
        device: where it runs.
        seed: of the pictures shown.

    Raises:
        AssertionError: the first thing that is wrong.
    """
    predictor = make(device=torch.device(device))
    infos = tuple(predictor.attributes)
    require(len(infos) > 0, "a predictor names at least one attribute")
    require(all(isinstance(one, AttributeInfo) for one in infos), "attributes are AttributeInfo")
    ids = [one.id for one in infos]
    require(len(set(ids)) == len(ids), f"attributes have different ids: {ids}")
    for one in infos:
        allowed = set("abcdefghijklmnopqrstuvwxyz0123456789_.")
        require(set(one.id) <= allowed, f"the id {one.id!r} may have lower case, digits, _ and . only")
        require(bool(one.title), f"the attribute {one.id!r} has no title")
    rng = torch.Generator().manual_seed(seed)
    for height, width in ((64, 64), (16, 16), (33, 48), (200, 200)):
        images = _pictures(3, height, width, rng).to(device)
        kept = images.clone()
        given = _predict(predictor, images, len(infos))
        require(torch.equal(images, kept), "predict() wrote to the pictures it was given")
        require(_same(given, _predict(predictor, images, len(infos))), "predict() gives other numbers again")
        apart = torch.cat([_predict(predictor, images[k : k + 1], len(infos)) for k in range(len(images))])
        spans = torch.tensor([one.span for one in infos], device=given.device)
        require(
            torch.equal(given.isnan(), apart.isnan())
            and bool(((given - apart).nan_to_num().abs() <= _TOLERANCE * spans).all()),
            "a batch gives other numbers than its pictures one by one",
        )
    plain = torch.zeros(1, 3, 64, 64, device=device)
    given = _predict(predictor, plain, len(infos))
    require(not bool(given.isinf().any()), "a plain grey picture gives an infinite number")


def _predict(predictor: AttributePredictor, images: Tensor, count: int) -> Tensor:
    with torch.no_grad():
        given = predictor.predict(images)
    require(isinstance(given, torch.Tensor), f"predict() gives {type(given).__name__}, not a tensor")
    shape = (len(images), count)
    require(tuple(given.shape) == shape, f"predict() gives shape {tuple(given.shape)}, not {shape}")
    require(given.dtype == torch.float32, f"predict() gives {given.dtype}, not float32")
    require(given.device == images.device, "predict() must answer on the device of the pictures")
    require(not bool(given.isinf().any()), "predict() gives an infinite number; NaN says that it cannot tell")
    return given


def _pictures(count: int, height: int, width: int, rng: torch.Generator) -> Tensor:
    """Smooth random pictures, ``(count, 3, height, width)`` float32 in [-1, 1]."""
    coarse = torch.randn(count, 3, 5, 5, generator=rng)
    large = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic")
    return large.clamp(-1, 1).contiguous()


def _same(one: Tensor, other: Tensor) -> bool:
    return torch.equal(one.nan_to_num(), other.nan_to_num()) and torch.equal(one.isnan(), other.isnan())
