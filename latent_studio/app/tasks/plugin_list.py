"""plugin list: the plugins there are, where from, and how they stand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latent_studio.core.options import check_options, option
from latent_studio.plugin_host.manifest import KIND_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latent_studio.app.studio import Studio
    from latent_studio.core.jobs import CancelToken, ProgressSink
    from latent_studio.plugin_host.discover import Origin
    from latent_studio.plugin_host.host import PluginState, PluginStatus

#: How a state is told.
STATE_WORDS: Mapping[PluginState, str] = {
    "off": "off",
    "on": "enabled",
    "changed": "off, changed since it was enabled",
    "failed": "enabled, but failed",
    "unusable": "cannot be used",
}
#: How a plugin was found.
ORIGIN_WORDS: Mapping[Origin, str] = {
    "bundled": "came with the program",
    "package": "installed as a Python package",
    "user": "your own",
    "given": "named by --plugin-dir",
}


@dataclass(frozen=True, slots=True)
class PluginListOptions:
    """How to say it."""

    json: bool = option(False, help="As JSON, for other programs.")
    check: bool = option(
        False, help="Import the enabled ones, which runs their code, to see whether they work."
    )


@dataclass(frozen=True, slots=True)
class PluginListResult:
    """All of them.

    Attributes:
        plugins: in the order of searching.
        as_json: what ``lines`` should look like.
    """

    plugins: tuple[PluginStatus, ...]
    as_json: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """Two or more lines a plugin for people, or one JSON list."""
        if self.as_json:
            return (json.dumps([_plain(one) for one in self.plugins], indent=1, ensure_ascii=False),)
        if not self.plugins:
            return ("There are no plugins.",)
        return tuple(line for one in self.plugins for line in describe(one))

    @property
    def is_good(self) -> bool:
        """Whether no enabled one has failed."""
        return all(one.state != "failed" for one in self.plugins)


def run_plugin_list(
    studio: Studio, options: PluginListOptions, progress: ProgressSink, cancel: CancelToken
) -> PluginListResult:
    """Find and describe them; nothing of theirs runs unless ``check`` says so."""
    check_options(options)
    if options.check:
        for one in studio.plugins.statuses():
            cancel.check()
            if one.is_enabled:
                studio.plugins.check(one.id)
    return PluginListResult(studio.plugins.statuses(), options.json)


def describe(one: PluginStatus) -> list[str]:
    """A plugin in a few lines."""
    manifest = one.manifest
    version = f" {manifest.version}" if manifest is not None else ""
    lines = [f"{one.id}{version}  {STATE_WORDS[one.state]}"]
    if manifest is not None:
        lines.append(f"    {manifest.summary}")
        lines += [
            f"    adds {KIND_NAMES[one.kind]} {one.id}, “{one.title}”" for one in manifest.contributions
        ]
        if manifest.permissions:
            lines.append(f"    its author says of what it touches: {manifest.permissions}")
        if manifest.requirements:
            lines.append(f"    needs: {manifest.requirements}")
    lines.append(f"    {ORIGIN_WORDS[one.origin]}: {one.folder}")
    if one.problem:
        lines.append(f"    {one.problem}")
    return lines


def _plain(one: PluginStatus) -> dict[str, object]:
    manifest = one.manifest
    return {
        "id": one.id,
        "name": one.name,
        "version": manifest.version if manifest is not None else "",
        "state": one.state,
        "problem": one.problem,
        "origin": one.origin,
        "folder": str(one.folder),
        "sha256": one.sha256,
        "adds": [
            {"kind": added.kind, "id": added.id, "title": added.title}
            for added in (manifest.contributions if manifest is not None else ())
        ],
    }
