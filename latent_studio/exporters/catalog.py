"""The exporters the program comes with, imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latent_studio.core.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from latent_studio.exporters.protocol import Exporter


def bundled_exporters() -> Registry[Callable[[], Exporter]]:
    """A new registry: id to something that makes an exporter with its default settings."""
    registry: Registry[Callable[[], Exporter]] = Registry("exporter")
    registry.register("gif", "latent_studio.exporters.gif:GifExporter")
    return registry
