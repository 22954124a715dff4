"""Settings that move the input, leave resolutions out or change the size draw as the generator does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from latent_studio.core.errors import OptionError
from latent_studio.core.render import Quality, RenderRequest
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.synthesis import SynthesisSettings
from latent_studio.engine.pixels import to_pixels
from latent_studio.engine.prefix_cache import PrefixCache
from latent_studio.engine.renderer import Renderer
from latent_studio.engine.views import ViewBook
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.input_transform import input_transform
from latent_studio.generators.random_grown import random_stylegan
from latent_studio.generators.random_stylegan3 import LayerPlan, plan_layers, random_stylegan3
from tests.helpers.fake_generator import FakeGenerator
from tests.helpers.foreign_stylegan2 import small_multi_size_network

if TYPE_CHECKING:
    from latent_studio.generators.protocol import Generator


def small_plan() -> tuple[LayerPlan, ...]:
    return plan_layers(16, num_layers=4, channel_base=256, channel_max=8)


@pytest.fixture(scope="module")
def movable() -> Generator:
    return build_generator(random_stylegan3(16, z_dim=8, w_dim=8, plan=small_plan()))


@pytest.fixture(scope="module")
def grown() -> Generator:
    return build_generator(
        random_stylegan(32, z_dim=8, w_dim=8, mapping_layers=2, channel_base=128, channel_max=8)
    )


@pytest.fixture(scope="module")
def sized() -> Generator:
    return build_generator(small_multi_size_network())


def drawn(renderer: Renderer, **settings: object) -> np.ndarray:
    synthesis = SynthesisSettings(**settings)  # type: ignore[arg-type]
    return renderer.final(RenderRequest(1, SeedPoint(3), synthesis=synthesis)).pixels


def expected(generator: Generator) -> np.ndarray:
    z = torch.from_numpy(np.random.RandomState(3).randn(1, generator.spec.z_dim)).float()
    with torch.inference_mode():
        return to_pixels(generator.synthesize(generator.map(z)))


def renderer_of(generator: Generator) -> Renderer:
    return Renderer(generator, cache=PrefixCache(64 << 20))


def test_a_moved_picture_is_that_of_the_moved_input(movable: Generator) -> None:
    renderer = renderer_of(movable)
    matrix = input_transform(translate_x=0.2, translate_y=-0.1, rotate_degrees=30)
    plain = drawn(renderer)
    moved = drawn(renderer, translate_x=0.2, translate_y=-0.1, rotate_degrees=30.0)
    np.testing.assert_array_equal(moved, expected(movable.with_input_transform(matrix)))  # type: ignore[attr-defined]
    assert not np.array_equal(moved, plain)
    np.testing.assert_array_equal(drawn(renderer), plain)


def test_levels_of_detail_draw_as_the_network_does(grown: Generator) -> None:
    renderer = renderer_of(grown)
    found = {lod: drawn(renderer, lod=lod) for lod in (0.0, 0.5, 2.0)}
    for lod, pixels in found.items():
        np.testing.assert_array_equal(pixels, expected(grown.with_lod(lod)))  # type: ignore[attr-defined]
    assert len({pixels.tobytes() for pixels in found.values()}) == 3


def test_a_chosen_scale_gives_its_size_in_coarse_and_sharp_frames(sized: Generator) -> None:
    renderer = renderer_of(sized)
    assert drawn(renderer).shape == (16, 16, 3)
    assert drawn(renderer, chosen_scale=2).shape == (24, 24, 3)
    assert sized.spec.size_at(2) == (24, 24)
    assert sized.spec.size_at(None) == (16, 16)
    request = RenderRequest(1, synthesis=SynthesisSettings(chosen_scale=4, noise_mode="random"))
    (*_, last) = renderer.frames(request)
    assert last.quality is Quality.FINAL
    assert last.pixels.shape == (32, 32, 3)


def test_views_share_what_is_known_of_stage_times_and_only_the_last_few_are_kept(movable: Generator) -> None:
    book = ViewBook(movable)
    views = [book.view(SynthesisSettings(translate_x=0.01 * step)) for step in range(20)]
    assert views[0] is book.plain
    assert len({view.key for view in views}) == 20
    assert all(view.times is book.plain.times for view in views)
    assert book.view(SynthesisSettings(translate_x=0.01 * 19)) is views[-1]


@pytest.mark.parametrize(
    ("settings", "option"),
    [({"lod": 1.0}, "--lod"), ({"chosen_scale": 1}, "--chosen-scale"), ({"translate_x": 0.1}, "--translate"),
     ({"rotate_degrees": 1.0}, "--translate")],
)  # fmt: skip
def test_what_a_generator_cannot_do_is_refused(settings: dict[str, float], option: str) -> None:
    with pytest.raises(OptionError) as caught:
        ViewBook(FakeGenerator(16)).view(SynthesisSettings(**settings))  # type: ignore[arg-type]
    assert caught.value.option == option


def test_places_out_of_range_are_refused(movable: Generator, grown: Generator, sized: Generator) -> None:
    for generator, settings in (
        (movable, SynthesisSettings(translate_x=float("nan"))),
        (grown, SynthesisSettings(lod=9.0)),
        (sized, SynthesisSettings(chosen_scale=99)),
    ):
        with pytest.raises(OptionError):
            ViewBook(generator).view(settings)


def test_the_facts_say_what_can_be_drawn(movable: Generator, grown: Generator, sized: Generator) -> None:
    assert movable.spec.can_move
    assert not grown.spec.can_move
    assert grown.spec.highest_lod == 3
    assert sized.spec.sizes[:4] == (16, 20, 24, 28)
