"""Colours of a portrait as functions of its factors."""

from __future__ import annotations

import torch
from torch import Tensor

Stops = tuple[tuple[float, float, float], ...]

_SKIN: Stops = (
    (0.33, 0.20, 0.15),
    (0.52, 0.33, 0.24),
    (0.72, 0.49, 0.36),
    (0.90, 0.69, 0.55),
    (0.98, 0.84, 0.75),
)
_HAIR: Stops = (
    (0.10, 0.085, 0.10),
    (0.22, 0.14, 0.11),
    (0.40, 0.25, 0.16),
    (0.64, 0.45, 0.26),
    (0.93, 0.78, 0.50),
)
_RED_HAIR: Stops = (
    (0.20, 0.07, 0.07),
    (0.38, 0.13, 0.09),
    (0.60, 0.24, 0.12),
    (0.80, 0.40, 0.18),
    (0.95, 0.64, 0.34),
)
_IRIS: Stops = (
    (0.30, 0.16, 0.09),
    (0.52, 0.34, 0.13),
    (0.34, 0.52, 0.24),
    (0.18, 0.50, 0.62),
    (0.36, 0.62, 0.90),
)
_BACKGROUND: Stops = (
    (0.93, 0.55, 0.47),
    (0.96, 0.73, 0.50),
    (0.82, 0.82, 0.55),
    (0.55, 0.78, 0.64),
    (0.42, 0.71, 0.76),
    (0.47, 0.62, 0.86),
    (0.66, 0.58, 0.86),
)
_CLOTH: Stops = (
    (0.20, 0.32, 0.56),
    (0.16, 0.48, 0.52),
    (0.26, 0.50, 0.32),
    (0.80, 0.62, 0.22),
    (0.78, 0.38, 0.20),
    (0.68, 0.20, 0.26),
)


def skin(tone: Tensor, warmth: Tensor) -> Tensor:
    """Lit skin. Arguments ``(N, 1, 1, 1)`` in [-1, 1]; returns ``(N, 3, 1, 1)`` in [0, 1]."""
    return (blend(_SKIN, tone) * (1.0 + _tint(0.035, 0.0, -0.07) * warmth)).clamp(0.0, 1.0)


def skin_shadow(lit: Tensor) -> Tensor:
    """Skin turned away from the light: darker and redder than ``lit``."""
    return lit * _tint(0.80, 0.68, 0.66)


def hair(lightness: Tensor, warmth: Tensor, grey: Tensor) -> Tensor:
    """Hair from black to blond, ash to red; positive ``grey`` turns it silver."""
    red = (warmth * 0.5 + 0.5).square()
    colored = blend(_HAIR, lightness) * (1.0 - red) + blend(_RED_HAIR, lightness) * red
    silver = _tint(0.70, 0.71, 0.74) + _tint(0.14, 0.14, 0.13) * lightness
    share = ((grey - 0.1) / 0.7).clamp(0.0, 1.0)
    return colored + (silver - colored) * share


def iris(color: Tensor) -> Tensor:
    """Brown over hazel and green to blue."""
    return blend(_IRIS, color)


def lips(lit_skin: Tensor, color: Tensor) -> Tensor:
    """From a little darker than the skin to red."""
    natural = lit_skin * _tint(0.84, 0.68, 0.64)
    red = _tint(0.82, 0.07, 0.17) * (0.60 + 0.40 * lit_skin[:, :1])
    return natural + (red - natural) * (color * 0.5 + 0.5)


def background(hue: Tensor, light: Tensor) -> Tensor:
    """A muted colour; ``light`` scales it."""
    return (blend(_BACKGROUND, hue) * (0.82 + 0.22 * light)).clamp(0.0, 1.0)


def cloth(hue: Tensor, light: Tensor) -> Tensor:
    """From deep to pastel."""
    base = blend(_CLOTH, hue)
    pastel = base * 0.35 + 0.62
    return base + (pastel - base) * (light * 0.5 + 0.5).square()


def blend(stops: Stops, position: Tensor) -> Tensor:
    """Run evenly through ``stops`` while ``position`` (``(N, 1, 1, 1)``) goes from -1 to 1."""
    table = torch.tensor(stops, dtype=position.dtype)
    t = (position.flatten() * 0.5 + 0.5).clamp(0.0, 1.0) * (len(stops) - 1)
    low = t.floor().clamp_max(len(stops) - 2)
    share = (t - low).unsqueeze(1)
    index = low.long()
    return (table[index] * (1.0 - share) + table[index + 1] * share).view(-1, 3, 1, 1)


def _tint(red: float, green: float, blue: float) -> Tensor:
    return torch.tensor([red, green, blue]).view(1, 3, 1, 1)


def aged(skin: Tensor, age: Tensor) -> Tensor:
    """Skin grows sallow with age, a little every year: ``age`` from -1 to 1."""
    sallow = skin * torch.tensor([0.86, 0.88, 0.84]).view(1, 3, 1, 1)
    return skin + (age * 0.5 + 0.5) * (sallow - skin)
