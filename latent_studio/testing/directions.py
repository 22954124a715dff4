"""check_direction_source: a source of directions against the ``DirectionSource`` protocol."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch

from latent_studio.core.directions import LinearDirection
from latent_studio.core.errors import Cancelled
from latent_studio.core.options import check_options, options_of
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.random_stylegan2 import random_checkpoint
from latent_studio.testing.require import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from latent_studio.core.options import OptionsClass
    from latent_studio.generators.protocol import Generator
    from latent_studio.methods.direction_source import DirectionSource


def check_direction_source(
    make: Callable[[], DirectionSource],
    *,
    generator: Generator | None = None,
    options: Mapping[str, object] | None = None,
) -> None:
    """Check a source of directions.

    Its options are a dataclass with defaults; it finds at least one straight direction that fits the model,
    each with an id of its own and a positive sigma; the same options give the same directions; it says how
    far it is and stops when asked; it leaves the model as it was.

    Args:
        make: the maker.
        generator: the model it looks at; a small StyleGAN2 with random weights by default.
        options: values that make it quick, by name.

    Raises:
        AssertionError: the first thing that is wrong.
    """
    if generator is None:
        generator = build_generator(
            random_checkpoint(16, z_dim=16, w_dim=16, channel_base=256, channel_max=16, mapping_layers=2)
        )
    source = make()
    cls = getattr(source, "options", None)
    require(isinstance(cls, type) and dataclasses.is_dataclass(cls), "options is a dataclass")
    assert isinstance(cls, type)  # noqa: S101 -- was required
    described = {info.name for info in options_of(cls)}
    for field in dataclasses.fields(cls):
        require(field.name in described, f"the option {field.name} is made with option(…)")
        require(field.default is not dataclasses.MISSING, f"the option {field.name} has a default")
    chosen: OptionsClass = cls(**(options or {}))
    check_options(chosen)
    picture = _picture(generator)
    told: list[float] = []
    found = _find(source, generator, chosen, told)
    require(bool(told), "progress is told at least once")
    require(all(0 <= one <= 1 for one in told), f"progress goes from 0 to 1, not to {max(told)}")
    require(torch.equal(picture, _picture(generator)), "the model gives another picture than before")
    again = _find(make(), generator, chosen, [])
    require(list(found) == list(again), "the same options must give the same directions")
    asked = [0]

    def stop() -> None:
        asked[0] += 1
        raise Cancelled

    try:
        make().find_directions(generator, chosen, progress=lambda *_: None, check_cancel=stop)
    except Cancelled:
        return
    require(asked[0] > 0, "check_cancel is called between steps")
    raise AssertionError("Cancelled must come out of find_directions()")


def _find(
    source: DirectionSource, generator: Generator, options: OptionsClass, told: list[float]
) -> Sequence[LinearDirection]:
    def progress(fraction: float, message: str = "") -> None:
        require(isinstance(message, str), "progress takes a fraction and a text")
        told.append(fraction)

    found = source.find_directions(generator, options, progress=progress, check_cancel=lambda: None)
    require(isinstance(found, list | tuple) and len(found) > 0, "find_directions() gives a list, not empty")
    for one in found:
        require(isinstance(one, LinearDirection), f"{one!r} is no LinearDirection")
        one.check_fits(generator.spec)
        require(one.sigma > 0, f"the direction {one.name!r} has a sigma of {one.sigma:g}")
        require(bool(one.name), f"the direction {one.id!r} has no name")
    ids = [one.id for one in found]
    require(len(set(ids)) == len(ids), f"directions have different ids: {ids}")
    return found


def _picture(generator: Generator) -> torch.Tensor:
    z = torch.randn(1, generator.spec.z_dim, generator=torch.Generator().manual_seed(1))
    c = None
    if generator.spec.c_dim:
        c = torch.nn.functional.one_hot(torch.tensor([0]), generator.spec.c_dim).float()
    with torch.no_grad():
        return generator.synthesize(generator.map(z.to(generator.device), c))
