"""The portrait renderer: every factor does what its name says, and nothing else."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from tools.portraits.factors import COUNT, INDEX, NAMES, neutral
from tools.portraits.renderer import render

SIZE = 64


def _changed(name: str, **others: float) -> torch.Tensor:
    """How much each pixel changes when one factor goes from -1 to 1, ``(R, R)``."""
    factors = neutral(2)
    for other, value in others.items():
        factors[:, INDEX[other]] = value
    factors[0, INDEX[name]], factors[1, INDEX[name]] = -1.0, 1.0
    first, second = render(factors, SIZE).pictures
    return (second - first).abs().amax(dim=0)


def _boundary(changed: torch.Tensor) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of what changed visibly, in picture coordinates."""
    rows, columns = torch.nonzero(changed > 0.05, as_tuple=True)
    edges = torch.stack([columns.min(), columns.max(), rows.min(), rows.max()]).float()
    left, right, top, bottom = ((edges + 0.5) / SIZE * 2.0 - 1.0).tolist()
    return left, right, top, bottom


def test_the_same_factors_give_the_same_picture_bit_for_bit() -> None:
    factors = torch.rand(3, COUNT, generator=torch.Generator().manual_seed(1)) * 2 - 1
    assert torch.equal(render(factors, SIZE).pictures, render(factors, SIZE).pictures)


def test_a_picture_does_not_depend_on_its_neighbours_in_the_batch() -> None:
    factors = torch.rand(3, COUNT, generator=torch.Generator().manual_seed(2)) * 2 - 1
    together = render(factors, SIZE).pictures
    for index in range(3):
        alone = render(factors[index : index + 1], SIZE).pictures[0]
        assert torch.allclose(alone, together[index], atol=1e-5)


def test_pictures_are_finite_and_within_range_at_the_corners_of_the_factors() -> None:
    signs = torch.randint(0, 2, (24, COUNT), generator=torch.Generator().manual_seed(3)).float() * 2 - 1
    rendering = render(signs, 32)
    assert torch.isfinite(rendering.pictures).all()
    assert rendering.pictures.min() >= -1.0
    assert rendering.pictures.max() <= 1.0
    assert rendering.detail.min() >= 0.0
    assert rendering.detail.max() <= 1.0


def test_a_small_picture_is_the_large_one_seen_from_afar() -> None:
    factors = torch.rand(4, COUNT, generator=torch.Generator().manual_seed(4)) * 2 - 1
    small, large = render(factors, 64).pictures, render(factors, 256).pictures
    assert (F.avg_pool2d(large, 4) - small).abs().mean() < 0.02


def test_factors_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=str(COUNT)):
        render(torch.zeros(1, COUNT - 1), 16)


@pytest.mark.parametrize("name", NAMES)
def test_every_factor_changes_the_picture(name: str) -> None:
    needed = {
        "glasses_shape": {"glasses": 1.0},
        "hair_wave": {"hair_length": 0.5},
        "hair_warmth": {"hair_lightness": 0.5},
    }
    changed = _changed(name, **needed.get(name, {}))
    assert changed.max() > 0.08
    assert (changed > 0.05).float().mean() > 0.002


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("smile", (-0.45, 0.45, -0.1, 0.6)),
        ("mouth_open", (-0.45, 0.45, 0.05, 0.6)),
        ("eye_open", (-0.55, 0.55, -0.4, 0.25)),
        ("eye_size", (-0.55, 0.55, -0.4, 0.25)),
        ("eye_color", (-0.45, 0.45, -0.25, 0.15)),
        ("brow_height", (-0.55, 0.55, -0.5, -0.05)),
        ("brow_angle", (-0.55, 0.55, -0.5, -0.05)),
        ("nose_size", (-0.4, 0.4, -0.3, 0.3)),
        ("glasses", (-0.65, 0.65, -0.35, 0.3)),
        ("earrings", (-0.8, 0.8, 0.0, 0.4)),
        ("lip_color", (-0.45, 0.45, 0.05, 0.6)),
        ("beard", (-0.65, 0.65, -0.15, 0.7)),
        ("collar", (-1.0, 1.0, 0.55, 1.0)),
        ("cloth_hue", (-1.0, 1.0, 0.55, 1.0)),
        ("cloth_light", (-1.0, 1.0, 0.55, 1.0)),
    ],
)
def test_a_local_factor_stays_in_its_part_of_the_picture(
    name: str, limits: tuple[float, float, float, float]
) -> None:
    left, right, top, bottom = _boundary(_changed(name))
    assert limits[0] <= left
    assert right <= limits[1]
    assert limits[2] <= top
    assert bottom <= limits[3]


@pytest.mark.parametrize("name", ["background_hue", "background_light"])
def test_the_background_changes_in_the_corners_and_not_in_the_face(name: str) -> None:
    changed = _changed(name)
    assert changed[:4, :4].min() > 0.05
    assert changed[SIZE // 2 - 4 : SIZE // 2 + 4, SIZE // 2 - 4 : SIZE // 2 + 4].max() < 0.01


def test_a_turn_to_the_right_moves_dark_pupils_to_the_right() -> None:
    factors = neutral(2)
    factors[:, INDEX["eye_color"]] = -1.0
    factors[0, INDEX["yaw"]], factors[1, INDEX["yaw"]] = -1.0, 1.0
    detail = (render(factors, 128).detail[:, 0] > 0.95).float()
    columns = torch.arange(128.0)
    middles = (detail.sum(dim=1) * columns).sum(dim=1) / detail.sum(dim=(1, 2))
    assert middles[1] > middles[0] + 8


def test_the_light_comes_from_the_side_the_factor_says() -> None:
    factors = neutral(2)
    factors[0, INDEX["light_side"]], factors[1, INDEX["light_side"]] = -1.0, 1.0
    left_lit, right_lit = render(factors, SIZE).pictures.mean(dim=1)
    half = SIZE // 2
    assert left_lit[:, :half].mean() > left_lit[:, half:].mean() + 0.03
    assert right_lit[:, half:].mean() > right_lit[:, :half].mean() + 0.03


def test_the_detail_map_marks_eyes_and_leaves_the_background_alone() -> None:
    detail = render(neutral(1), SIZE).detail[0, 0]
    assert detail[:6].max() == 0.0
    assert detail[24:36, 16:48].max() > 0.9


def test_few_people_wear_half_a_pair_of_glasses() -> None:
    factors = neutral(41)
    factors[:, INDEX["glasses"]] = torch.linspace(-1.0, 1.0, 41)
    pictures = render(factors, SIZE).pictures
    none, full = pictures[0], pictures[-1]
    share = (pictures - none).abs().mean(dim=(1, 2, 3)) / (full - none).abs().mean()
    assert ((share > 0.1) & (share < 0.9)).sum() <= 4
