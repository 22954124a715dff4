"""Plans as values."""

from __future__ import annotations

import pytest

from latent_studio.generators.conv_plan import ConvPlan, LayerShape, default_plan


def layer(name="b64.conv1", *, resolution=64, channels=512, up=False):
    return LayerShape(name=name, resolution=resolution, in_channels=channels, out_channels=channels, up=up)


def test_a_layer_that_is_not_named_takes_the_plain_form():
    assert ConvPlan({"b8.conv0": "weights"}).form("b8.conv1") == "plain"


def test_a_plan_is_a_value():
    forms = {"b8.conv0": "weights"}
    plan = ConvPlan(forms)
    forms["b8.conv0"] = "activations"

    assert plan == ConvPlan({"b8.conv0": "weights"})
    assert plan.with_form("b8.conv1", "winograd") == ConvPlan({"b8.conv0": "weights", "b8.conv1": "winograd"})
    with pytest.raises(TypeError):
        plan.forms["b8.conv0"] = "plain"


@pytest.mark.parametrize(
    ("shape", "form"),
    [
        (layer(), "winograd"),
        (layer(up=True), "activations_channels_last"),
        (layer(channels=32), "activations_channels_last"),
        (layer(resolution=4), "activations_channels_last"),
        (layer(resolution=256, channels=128), "winograd"),
        (layer(resolution=512, channels=64), "weights_channels_last"),
        (layer(resolution=256, channels=128, up=True), "weights_channels_last"),
    ],
)
def test_the_default_on_a_cpu_follows_the_layers_shape(shape, form):
    assert default_plan([shape], device_type="cpu").form(shape.name) == form


def test_on_a_gpu_the_weights_stay_and_the_channels_are_last():
    plan = default_plan([layer(), layer("b64.conv0", up=True)], device_type="cuda")

    assert set(plan.forms.values()) == {"activations_channels_last"}
