"""Style space: channels as directions, and the pictures they give."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from latent_studio.core.direction_records import from_record, to_record
from latent_studio.core.direction_views import view_of
from latent_studio.core.directions import Direction
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import IncompatibleLatentError, UnsupportedOperationError
from latent_studio.core.render import RenderRequest
from latent_studio.core.spaces import Space
from latent_studio.core.style_channels import StyleChannel
from latent_studio.engine.engine import Engine
from latent_studio.generators.catalog import build_generator
from latent_studio.generators.protocol import StyledGenerator
from latent_studio.generators.random_grown import random_proggan, random_stylegan
from latent_studio.generators.random_stylegan2 import random_checkpoint
from latent_studio.generators.random_stylegan3 import plan_layers, random_stylegan3
from latent_studio.generators.toy import ToyGenerator
from latent_studio.methods.style_channels import style_channels

GENERATOR = build_generator(random_checkpoint(16, w_dim=16, z_dim=16, channel_max=16))
#: A generator of every family with styles, and one of its layers.
STYLED = {
    "stylegan": (random_stylegan(16, z_dim=16, w_dim=16, channel_max=16), "layer2"),
    "stylegan2": (random_checkpoint(16, w_dim=16, z_dim=16, channel_max=16), "b8.conv0"),
    "stylegan3": (
        random_stylegan3(16, z_dim=16, w_dim=16, plan=plan_layers(16, channel_max=8, num_layers=3, margin=4)),
        "L1_24_8",
    ),
}
WS = np.random.default_rng(0).normal(size=(200, 16)).astype(np.float32)


def test_a_channel_is_a_direction_and_comes_back_equal_through_json():
    channel = StyleChannel("b8.conv0", 3, row=1, unit=0.5)
    assert isinstance(channel, Direction) and channel.space is Space.S
    record, arrays = to_record(channel)
    assert from_record(json.loads(json.dumps(record)), arrays) == channel


def test_channels_are_measured_in_their_own_deviation_and_sorted_by_it():
    assert isinstance(GENERATOR, StyledGenerator)
    channels = style_channels(GENERATOR, "b8.conv0", WS, model_sha256="ab")
    ws = torch.from_numpy(WS)[:, None].expand(-1, GENERATOR.spec.num_ws, -1)
    spread = GENERATOR.styles(ws)["b8.conv0"].std(dim=0)
    units = [channel.unit for channel in channels]
    assert units == sorted(units, reverse=True)
    assert units[0] == pytest.approx(float(spread[channels[0].channel]))
    assert channels[0].row == 1 and channels[0].info.model_sha256 == "ab"


@pytest.mark.parametrize("layer", ["b4.conv1", "b8.conv0", "b16.torgb"])
def test_moving_a_channel_is_adding_to_its_style(layer):
    ws = torch.from_numpy(WS[:2])[:, None].expand(-1, GENERATOR.spec.num_ws, -1).contiguous()
    moved = GENERATOR.with_style_offsets(((layer, 2, 0.75), (layer, 2, 0.25)))
    before, after = GENERATOR.styles(ws), moved.styles(ws)
    difference = after[layer] - before[layer]
    assert torch.allclose(difference[:, 2], torch.ones(2), atol=1e-5)
    assert not difference[:, :2].any()
    assert all(torch.equal(before[name], after[name]) for name in before if name != layer)
    with torch.inference_mode():
        assert not torch.equal(moved.synthesize(ws), GENERATOR.synthesize(ws))


@pytest.mark.parametrize("family", STYLED)
def test_the_engine_renders_channels_and_forgets_them_again(family):
    checkpoint, layer = STYLED[family]
    generator = build_generator(checkpoint)
    engine = Engine()
    engine.swap(generator)
    assert isinstance(generator, StyledGenerator)
    channel = style_channels(generator, layer, WS)[0]
    channel.check_fits(generator.spec)

    def picture(*edits: Edit) -> bytes:
        return engine.render_final(RenderRequest(0, edits=EditStack(edits))).pixels.tobytes()

    plain = picture()
    assert picture(Edit(channel, 5.0)) != plain
    assert picture(Edit(channel, 5.0)) == picture(Edit(view_of(channel, name="x", flipped=True), -5.0))
    assert picture(Edit(channel, 5.0, enabled=False)) == plain == picture()


def test_a_stylegan_has_scales_and_shifts_of_every_channel():
    generator = build_generator(STYLED["stylegan"][0])
    assert isinstance(generator, StyledGenerator)
    ws = torch.from_numpy(WS[:2])[:, None].expand(-1, generator.spec.num_ws, -1).contiguous()
    styles = generator.styles(ws)
    assert {layer.name: layer.channels for layer in generator.style_layers} == {
        name: style.shape[1] for name, style in styles.items()
    }
    moved = generator.with_style_offsets((("layer2", 1, 0.75),)).styles(ws)
    assert torch.allclose(moved["layer2"][:, 1] - styles["layer2"][:, 1], torch.tensor(0.75), atol=1e-5)
    assert all(torch.equal(styles[name], moved[name]) for name in styles if name != "layer2")


def test_a_family_without_styles_says_so():
    generator = build_generator(random_proggan(16, w_dim=16, channel_max=16))
    with pytest.raises(UnsupportedOperationError, match="proggan"):
        style_channels(generator, "layer0", WS)


def test_channels_of_another_model_are_refused():
    for layer, channel in (("b64.conv0", 0), ("b8.conv0", 100_000)):
        with pytest.raises(IncompatibleLatentError):
            GENERATOR.with_style_offsets(((layer, channel, 1.0),))
    with pytest.raises(IncompatibleLatentError, match="no layer"):
        style_channels(GENERATOR, "b64.conv0", WS)
    with pytest.raises(IncompatibleLatentError):
        StyleChannel("b8.conv0", 1, row=1, unit=1.0).check_fits(ToyGenerator().spec)
    with pytest.raises(UnsupportedOperationError):
        style_channels(ToyGenerator(), "b8.conv0", WS)


@pytest.mark.parametrize("unit", [0.0, float("nan")])
def test_a_channel_that_does_not_vary_is_refused(unit):
    with pytest.raises(IncompatibleLatentError):
        StyleChannel("b8.conv0", 1, row=1, unit=unit)
