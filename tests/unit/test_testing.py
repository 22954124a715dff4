"""The conformance checks find every fault they are for."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import torch

from latent_studio.generators.protocol import Features
from latent_studio.generators.toy import ToyGenerator, ToyStage
from latent_studio.testing import check_generator


class WrappedStage:
    """A stage of the toy, to be changed."""

    def __init__(self, stage):
        self._stage = stage

    def __getattr__(self, name):
        return getattr(self._stage, name)


class WritesBelow(WrappedStage):
    def run(self, below, rgb, ws, noise):
        features = self._stage.run(below, rgb, ws, noise)
        if below is not None:
            below.x.add_(1)
        return features


class ReadsHiddenRow(WrappedStage):
    def run(self, below, rgb, ws, noise):
        features = self._stage.run(below, rgb, ws, noise)
        return Features(x=features.x + ws[:, -1].sum() * 0.01, rgb=features.rgb)


class WritesItsFeatures(WrappedStage):
    def to_rgb(self, features, ws):
        rgb = self._stage.to_rgb(features, ws)
        features.x.mul_(2)
        return rgb


class HidesItsPreview(WrappedStage):
    has_preview = False


class MixesTheBatch(WrappedStage):
    def to_rgb(self, features, ws):
        rgb = self._stage.to_rgb(features, ws)
        return rgb + 0.1 * rgb.mean()


class CutsTheGradient(WrappedStage):
    def to_rgb(self, features, ws):
        return self._stage.to_rgb(features, ws).detach() + 0 * ws.sum()


class WrongSide(WrappedStage):
    resolution = 17


def with_stage(kind, index=-1):
    generator = ToyGenerator()
    stages = list(generator.stages)
    stages[index] = kind(stages[index])
    generator._stages = tuple(stages)
    return generator


class OtherBitsEachTime(ToyGenerator):
    def __init__(self):
        super().__init__()
        self._count = itertools.count()

    def synthesize(self, ws, **kwargs):
        return super().synthesize(ws, **kwargs) + next(self._count) * 1e-6


class IgnoresTheCutoff(ToyGenerator):
    def map(self, z, c=None, *, truncation_psi=1.0, truncation_cutoff=None):
        return super().map(z, c, truncation_psi=truncation_psi)


class DoublePrecision(ToyGenerator):
    def map(self, *args, **kwargs):
        return super().map(*args, **kwargs).double()


class TakesAnyLatent(ToyGenerator):
    def synthesize(self, ws, **kwargs):
        return super().synthesize(ws[:, :6, :8] if ws.ndim == 3 else ws[None], **kwargs)


class WrongError(ToyGenerator):
    def map(self, z, *args, **kwargs):
        if z.shape[1] != 8:
            raise ValueError("bad z")
        return super().map(z, *args, **kwargs)


class GlobalNoise(ToyGenerator):
    def noise_maps(self, mode, *, rng=None, batch=1):
        maps = super().noise_maps(mode, rng=rng, batch=batch)
        return tuple(torch.rand_like(one) for one in maps) if mode == "random" else maps


class UnorderedStyles(ToyGenerator):
    def style_weights(self):
        return super().style_weights()[::-1]


class StylesOfAnotherWidth(ToyGenerator):
    def style_weights(self):
        return [dataclasses.replace(one, weight=one.weight[:, 1:]) for one in super().style_weights()]


FAULTS = {
    "stage writes to the features below": (
        lambda: with_stage(WritesBelow),
        "stage 2 writes to what it was given",
    ),
    "stage reads a row it does not name": (lambda: with_stage(ReadsHiddenRow, 0), "stage 0 depends on rows"),
    "to_rgb writes to the features": (lambda: with_stage(WritesItsFeatures), "to_rgb of stage 2 writes"),
    "stage hides its preview": (lambda: with_stage(HidesItsPreview, 0), "stage 0 says otherwise"),
    "last stage without preview": (lambda: with_stage(HidesItsPreview), "has a preview"),
    "stage lies about its side": (lambda: with_stage(WrongSide, 0), "stages have sides"),
    "batch is mixed": (lambda: with_stage(MixesTheBatch), "one by one"),
    "gradient is cut": (lambda: with_stage(CutsTheGradient), "zero everywhere"),
    "picture is not repeatable": (OtherBitsEachTime, "other bits the second time"),
    "cutoff is ignored": (IgnoresTheCutoff, "leave rows from 1 alone"),
    "ws is float64": (DoublePrecision, "not float32"),
    "any latent is taken": (TakesAnyLatent, "must raise IncompatibleLatentError"),
    "noise comes from nowhere": (GlobalNoise, "the same random generator"),
    "styles are out of order": (UnorderedStyles, "row order"),
    "styles have another width": (StylesOfAnotherWidth, "style weight"),
}


@pytest.mark.parametrize(("make", "sentence"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_and_named(make, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_generator(make())


def test_another_kind_of_error_for_a_wrong_latent_is_a_fault():
    with pytest.raises(ValueError, match="bad z"):
        check_generator(WrongError())


def test_a_sound_generator_passes_with_any_seed():
    for seed in range(3):
        check_generator(ToyGenerator(), seed=seed)


def test_a_wrapped_stage_alone_is_no_fault():
    assert isinstance(ToyGenerator().stages[0], ToyStage)
    check_generator(with_stage(WrappedStage, 1))
