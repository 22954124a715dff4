"""The toy: an oracle must be right itself."""

from __future__ import annotations

import pytest
import torch

from latent_studio.generators.toy import FACTORS, ToyGenerator, factor_directions
from latent_studio.testing import check_generator


@pytest.mark.parametrize("c_dim", [0, 3])
def test_it_keeps_the_protocol(c_dim):
    check_generator(ToyGenerator(c_dim=c_dim))


def test_directions_are_orthonormal():
    directions = factor_directions()

    torch.testing.assert_close(directions @ directions.t(), torch.eye(8))


def test_z_holds_the_factors():
    generator = ToyGenerator()
    z = torch.randn(5, 8)

    ws = generator.map(z)

    factors = (ws[:, 0] - generator.w_avg) @ factor_directions().t()
    torch.testing.assert_close(factors, z / z.square().mean(dim=1, keepdim=True).sqrt())


@pytest.mark.parametrize("index", range(len(FACTORS)), ids=[factor.name for factor in FACTORS])
def test_a_factor_changes_the_picture_through_its_row_only(index):
    generator = ToyGenerator()
    ws = generator.map(torch.randn(1, 8, generator=torch.Generator().manual_seed(0)))
    before = generator.synthesize(ws)
    for row in range(generator.spec.num_ws):
        edited = ws.clone()
        edited[:, row] += 0.5 * factor_directions()[index]

        change = float((generator.synthesize(edited) - before).abs().max())

        if row == FACTORS[index].row:
            assert change > 0.02
        else:
            # The other rows read it through directions that are orthogonal up to rounding.
            assert change < 1e-4


def test_position_moves_the_ellipse_to_the_right():
    generator = ToyGenerator()
    columns = torch.linspace(-1, 1, 64)
    centres = []
    for position in (-2.0, 0.0, 2.0):
        w = generator.w_avg + position * factor_directions()[0]
        picture = generator.synthesize(w.expand(1, 6, 8), noise_mode="none")[0]
        # The sky is flat and dark for an average background; the ellipse is bright.
        weight = (picture.mean(dim=0) + 0.5).clamp_min(0)
        centres.append(float((weight.sum(dim=0) * columns).sum() / weight.sum()))

    assert centres[0] < -0.15 < 0.15 < centres[2]
    assert abs(centres[1]) < 0.05


def test_closed_form_factorisation_finds_the_factors_in_the_order_of_their_gain():
    weights = torch.cat([one.weight for one in ToyGenerator().style_weights()])

    values, vectors = torch.linalg.eigh(weights.t() @ weights)

    found = vectors.flip(1).t()
    likeness = (found * factor_directions()).sum(dim=1).abs()
    torch.testing.assert_close(likeness, torch.ones(8), atol=1e-4, rtol=0)
    gains = torch.tensor([factor.gain for factor in FACTORS])
    torch.testing.assert_close(values.flip(0).sqrt(), gains, atol=1e-4, rtol=0)


def test_previews_show_what_their_rows_have_set():
    generator = ToyGenerator()
    ws = generator.map(torch.randn(1, 8, generator=torch.Generator().manual_seed(3)))
    first = generator.stages[0]
    plain = generator.noise_maps("none")

    preview = first.to_rgb(first.run(None, None, ws, plain), ws)
    rest = ws.clone()
    rest[:, 2:] = generator.w_avg
    small = torch.nn.functional.avg_pool2d(generator.synthesize(rest, noise_mode="none"), 4)

    assert float((preview - small).abs().mean()) < 0.05


def test_classes_differ():
    generator = ToyGenerator(c_dim=2)
    z = torch.zeros(2, 8)

    ws = generator.map(z, torch.eye(2))

    assert not torch.equal(ws[0], ws[1])
