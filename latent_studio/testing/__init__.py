"""Conformance checks: what the rest of the program expects of a contribution, for the tests of its author.

A check returns nothing when all is well and raises ``AssertionError`` with one sentence when it is not. None
of them needs pytest. ``check_plugin`` runs all that concern a plugin, by its manifest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latent_studio.testing.attributes import check_attribute_predictor
    from latent_studio.testing.directions import check_direction_source
    from latent_studio.testing.docks import check_dock
    from latent_studio.testing.exporter import check_exporter
    from latent_studio.testing.generator import TOLERANCE, check_generator
    from latent_studio.testing.plugin import check_plugin

__all__ = [
    "TOLERANCE",
    "check_attribute_predictor",
    "check_direction_source",
    "check_dock",
    "check_exporter",
    "check_generator",
    "check_plugin",
]

_HOMES = {
    "TOLERANCE": "generator",
    "check_attribute_predictor": "attributes",
    "check_direction_source": "directions",
    "check_dock": "docks",
    "check_exporter": "exporter",
    "check_generator": "generator",
    "check_plugin": "plugin",
}


def __getattr__(name: str) -> object:
    # Imported when asked for: who tests an exporter need not wait for torch, nor for Qt.
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
