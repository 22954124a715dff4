"""Plugins written for a test, and a host that finds them."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from latent_studio.plugin_host.host import PluginHost

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
id = "{id}"
name = "{name}"
version = "1.0"
api = 1
summary = "For a test."
"""
TABLES = {
    "exporters": '[[exporters]]\nid = "{id}"\ntitle = "T"\nobject = "code:make"\nsuffixes = [".tst"]\n',
    "attributes": '[[attributes]]\nid = "{id}"\ntitle = "T"\nobject = "code:make"\n',
    "direction_sources": '[[direction_sources]]\nid = "{id}"\ntitle = "T"\nobject = "code:make"\n',
    "docks": '[[docks]]\nid = "{id}"\ntitle = "T"\nobject = "code:make"\n',
}


def write_plugin(
    root: Path, code: str, *, id: str = "mine", kind: str = "exporters", tables: str | None = None
) -> Path:
    """A plugin with one module ``code`` that adds one thing, in a folder of its name below ``root``."""
    folder = root / id
    folder.mkdir(parents=True, exist_ok=True)
    table = (tables if tables is not None else TABLES[kind]).replace("{id}", id)
    head = HEAD.format(id=id, name=id.capitalize())
    (folder / "plugin.toml").write_text(head + table, encoding="utf-8")
    (folder / "code.py").write_text(dedent(code), encoding="utf-8")
    return folder


def host_of(tmp_path: Path, *given: Path, seconds: float = 30.0) -> PluginHost:
    """A host that finds only these."""
    return PluginHost(tmp_path / "plugins.json", given=given, bundled=tmp_path / "none", seconds=seconds)
