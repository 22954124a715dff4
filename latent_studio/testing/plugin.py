"""check_plugin: everything a plugin's manifest promises, each by its own check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from latent_studio.api import API_VERSION
from latent_studio.plugin_host.content import read_content
from latent_studio.plugin_host.load import load_object
from latent_studio.plugin_host.manifest import read_manifest
from latent_studio.testing.require import require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def check_plugin(
    folder: Path, scratch: Path, *, options: Mapping[str, Mapping[str, object]] | None = None
) -> None:
    """Check a plugin as the program would use it.

    Args:
        folder: with its ``plugin.toml``.
        scratch: an empty folder to write in.
        options: values that make direction sources quick, by their id and name.

    Raises:
        AssertionError: the first thing that is wrong.
        PluginError: the manifest cannot be used.
    """
    manifest = read_manifest(folder)
    require(manifest.api == API_VERSION, f"api is {manifest.api}, but this program has {API_VERSION}")
    content = read_content(folder)
    for one in manifest.contributions:
        made = cast("Any", load_object(content, manifest.id, one.object))
        require(callable(made), f"{one.object} is no function or class")
        place = scratch / one.kind / one.id
        place.mkdir(parents=True)
        match one.kind:
            case "exporters":
                from latent_studio.testing.exporter import check_exporter

                for suffix in one.details["suffixes"]:
                    check_exporter(made, place / suffix[1:], suffix=suffix)
            case "attributes":
                from latent_studio.testing.attributes import check_attribute_predictor

                check_attribute_predictor(made)
            case "direction_sources":
                from latent_studio.testing.directions import check_direction_source

                check_direction_source(made, options=(options or {}).get(one.id))
            case "docks":
                from latent_studio.testing.docks import check_dock

                check_dock(made, place)
