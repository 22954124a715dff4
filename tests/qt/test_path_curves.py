"""Curves of single paths stay few and short, however long and large a training is."""

from __future__ import annotations

import math

from latent_studio.ui.path_curves import PathCurves


def test_each_path_has_its_curve() -> None:
    curves = PathCurves()
    curves.add(1, (0.1, math.nan))
    curves.add(2, (0.2, 0.5))
    first, second = curves.curves()
    assert first == ([1, 2], [0.1, 0.2])
    assert math.isnan(second[1][0])
    curves.clear()
    assert curves.curves() == []


def test_many_paths_and_points_become_some_with_the_best_and_the_worst_among_them() -> None:
    curves = PathCurves()
    for iteration in range(1000):
        curves.add(iteration, [k / 200 for k in range(200)])
    found = curves.curves()
    assert len(found) <= 40
    assert all(len(at) <= 200 for at, _ in found)
    ends = {shares[-1] for _, shares in found}
    assert {0.0, 199 / 200} <= ends
