"""What makes a slider feel quick, as ratios of one run with wide margins."""

from __future__ import annotations

import time

import pytest
import torch

from latent_studio.generators.random_stylegan2 import random_checkpoint
from latent_studio.generators.stylegan2 import build_stylegan2


@pytest.fixture(scope="module")
def generator():
    return build_stylegan2(random_checkpoint(128, channel_base=4096, channel_max=128, mapping_layers=1))


def walk(generator, *, first=0, last=None, before=(None, None)):
    """Run stages ``first`` to ``last`` from what stood before them; the last stage's features and picture."""
    ws = generator.w_avg.expand(1, generator.spec.num_ws, -1)
    noise = generator.noise_maps("const")
    features, rgb = before
    for stage in generator.stages[first:last]:
        features = stage.run(features, rgb, ws, noise)
        rgb = stage.to_rgb(features, ws)
    return features, rgb


def best_of(calls, rounds=7):
    """The least seconds of each call, run in turns so that a busy moment of the machine hits all."""
    best = [float("inf")] * len(calls)
    with torch.inference_mode():
        for _ in range(rounds):
            for index, call in enumerate(calls):
                started = time.perf_counter()
                call()
                best[index] = min(best[index], time.perf_counter() - started)
    return best


def test_a_coarse_picture_costs_a_fraction_of_a_frame(generator):
    coarse, full = best_of([lambda: walk(generator, last=4), lambda: walk(generator)])

    assert generator.stages[3].resolution == 32
    assert coarse < 0.7 * full


def test_an_edit_of_the_last_rows_costs_a_fraction_of_a_frame(generator):
    with torch.inference_mode():
        before = walk(generator, last=-1)

    last, full = best_of(
        [
            lambda: walk(generator, first=len(generator.stages) - 1, before=before),
            lambda: walk(generator),
        ]
    )

    assert last < 0.8 * full


def test_the_usual_forms_are_no_slower_than_the_plain_one(generator):
    plain = generator.with_plan(type(generator.plan)())

    usual, formula = best_of([lambda: walk(generator), lambda: walk(plain)])

    # At this size they are about alike, and a busy neighbour moves the ratio by a tenth.
    assert usual < 1.3 * formula
