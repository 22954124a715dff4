"""What another model shows of a session."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latent_studio.app.beside import session_beside
from latent_studio.core.directions import LinearDirection
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.latent import Latent
from latent_studio.core.seed_plane import SeedPoint
from latent_studio.core.session import ModelRef, Session
from latent_studio.core.spaces import Space
from latent_studio.core.spec import GeneratorSpec
from latent_studio.core.style_mix import StyleMix
from latent_studio.core.synthesis import SynthesisSettings

OWN = GeneratorSpec("stylegan2", 64, 3, 8, 8, 10)
ALIKE = replace(OWN, resolution=128, num_ws=12)
OTHER = GeneratorSpec("stylegan3", 64, 3, 16, 16, 8, c_dim=4)
REF = ModelRef("other", "other.pkl", "abc")
W = Latent(Space.W, np.arange(8))
W_PLUS = Latent(Space.W_PLUS, np.arange(80).reshape(10, 8))


@pytest.mark.parametrize(
    ("base", "other", "shown", "words"),
    [
        (SeedPoint(7, 0.25), ALIKE, SeedPoint(7, 0.25), "same z"),
        (SeedPoint(7), OTHER, SeedPoint(7), "same seed, other sizes"),
        (W, ALIKE, W, "same w"),
        (W_PLUS, OWN, W_PLUS, "same w+"),
        (W_PLUS, ALIKE, Latent(Space.W, W_PLUS.values.mean(axis=0)), "mean of the same w+"),
        (W, OTHER, SeedPoint(0), "seed 0: the latent is of another size"),
    ],
)
def test_the_same_latent_where_it_fits_else_the_same_seed_and_it_is_said(base, other, shown, words):
    session, said = session_beside(Session(base=base), OWN, other=other, ref=REF)

    assert session.base == shown
    assert said == words
    assert session.model == REF


def test_what_does_not_fit_is_left_out_and_counted():
    fitting = LinearDirection("z", "in z", Space.Z, np.ones(8))
    session = Session(
        edits=EditStack((Edit(LinearDirection("a", "a", Space.W, np.ones(8)), 1.0), Edit(fitting, 2.0))),
        locks=(LinearDirection("b", "b", Space.W, np.ones(8)),),
        mix=StyleMix(SeedPoint(3), (9,)),
        centre=W,
        synthesis=SynthesisSettings(truncation_psi=0.5, truncation_cutoff=10),
    )
    shown, words = session_beside(session, OWN, other=OTHER, ref=REF)

    assert words == "same seed, other sizes, without 2 edits"
    assert (len(shown.edits), shown.locks, shown.mix, shown.centre) == (0, (), None, None)
    assert shown.synthesis.truncation_psi == 0.5
    assert shown.synthesis.truncation_cutoff == 8
    assert shown.synthesis.class_idx == 0
    all_of_it, words = session_beside(session, OWN, other=ALIKE, ref=REF)
    assert words == "same z"
    assert (all_of_it.edits, all_of_it.mix, all_of_it.centre) == (session.edits, session.mix, W)
