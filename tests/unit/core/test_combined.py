"""Several edits become one direction that does the same."""

from __future__ import annotations

import numpy as np
import pytest

from latent_studio.core.combined import combined_direction
from latent_studio.core.directions import LinearDirection
from latent_studio.core.drift import drift_along
from latent_studio.core.edits import Edit, EditStack
from latent_studio.core.errors import IncompatibleLatentError, InputError
from latent_studio.core.spaces import Space
from latent_studio.core.style_channels import StyleChannel
from latent_studio.core.support_sets import SupportSet
from latent_studio.core.warp_path import WarpPath

RNG = np.random.default_rng(1)
WS = RNG.standard_normal((5, 6)).astype(np.float32)
A = LinearDirection("a", "a", Space.W, RNG.standard_normal(6))
B = LinearDirection("b", "b", Space.W_PLUS, RNG.standard_normal((5, 6)))
IN_Z = LinearDirection("z", "z", Space.Z, RNG.standard_normal(4))
CURVED = WarpPath("c", "c", Space.W, SupportSet(RNG.standard_normal((4, 6)), [1.0, -1.0, 1.0, -1.0], 0.1))


def test_an_amount_of_one_does_what_the_edits_did_and_names_them() -> None:
    edits = EditStack((Edit(A, 2.0, rows=(1, 2)), Edit(B, -0.5), Edit(IN_Z, 3.0, enabled=False)))
    made = combined_direction(edits, "both", values=WS, model_sha256="abc")
    np.testing.assert_allclose(made.move(WS, 1.0), edits.apply(WS, before_mapping=False), atol=1e-5)
    assert made.info.details["of"] == "a + b"
    assert made.info.model_sha256 == "abc"


def test_a_curved_edit_gives_its_chord_from_here() -> None:
    edits = EditStack((Edit(CURVED, 1.5), Edit(A, 1.0)))
    made = combined_direction(edits, "curve", values=WS)
    np.testing.assert_allclose(made.move(WS, 1.0), edits.apply(WS, before_mapping=False), atol=1e-5)


def test_locks_hold_in_what_is_combined() -> None:
    made = combined_direction(EditStack((Edit(B, 1.0),)), "free", values=WS, locks=(A,))
    assert abs(drift_along(A, WS, made.move(WS, 1.0))) < 1e-5
    assert abs(drift_along(A, WS, B.move(WS, 1.0))) > 0.01


def test_z_edits_become_a_direction_in_z() -> None:
    made = combined_direction(EditStack((Edit(IN_Z, 2.0),)), "z", values=np.zeros(4, dtype=np.float32))
    assert made.space is Space.Z
    assert made.sigma == pytest.approx(1 / np.linalg.norm(2.0 * IN_Z.vector))


def test_sigma_is_the_spread_of_the_models_own_latents() -> None:
    samples = RNG.standard_normal((4000, 6)).astype(np.float32)
    unit = LinearDirection("u", "u", Space.W, np.eye(6)[0])
    made = combined_direction(EditStack((Edit(unit, 2.0),)), "u", values=WS, ws_samples=samples)
    assert made.sigma == pytest.approx(0.5, rel=0.05)


def test_mixed_spaces_nothing_active_and_nothing_left_are_refused() -> None:
    with pytest.raises(InputError, match="mapping network"):
        combined_direction(EditStack((Edit(A, 1.0), Edit(IN_Z, 1.0))), "x", values=WS)
    with pytest.raises(InputError, match="nothing to combine"):
        combined_direction(EditStack((Edit(A, 1.0, enabled=False),)), "x", values=WS)
    channel = StyleChannel("b8.conv0", 3, row=1, unit=0.5)
    with pytest.raises(InputError, match="styles"):
        combined_direction(EditStack((Edit(A, 1.0), Edit(channel, 1.0))), "x", values=WS)
    opposite = LinearDirection("o", "o", Space.W, -A.vector)
    with pytest.raises(IncompatibleLatentError):
        combined_direction(EditStack((Edit(A, 1.0), Edit(opposite, 1.0))), "x", values=np.zeros_like(WS))


def test_drift_is_counted_in_the_directions_own_deviations() -> None:
    wide = LinearDirection("w", "w", Space.W, np.eye(6)[2], sigma=4.0)
    assert drift_along(wide, WS, wide.move(WS, 8.0)) == pytest.approx(2.0, abs=1e-5)
    assert drift_along(CURVED, WS, CURVED.move(WS, 0.2)) == pytest.approx(0.2, rel=0.05)
    assert drift_along(IN_Z, WS, WS) == 0.0
