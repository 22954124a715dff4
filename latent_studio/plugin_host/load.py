"""Importing a plugin's modules from the content that was hashed, under names of their own."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from latent_studio.plugin_host.content import PluginContent

#: The package all plugins are below; ``contact-sheet`` becomes ``latent_studio_plugins.contact_sheet_1f2e…``.
ROOT = "latent_studio_plugins"
_install = threading.Lock()


def load_object(content: PluginContent, id: str, named: str) -> object:
    """Import a module of a plugin and take a name from it. Runs the plugin's code, unfenced.

    Args:
        content: the plugin.
        id: of the plugin.
        named: ``"module:name"``, relative to the plugin's folder.

    Raises:
        Exception: whatever the plugin's code raises.
    """
    package = package_name(content, id)
    module, _, name = named.partition(":")
    _finder().add(package, content)
    return getattr(importlib.import_module(f"{package}.{module}"), name)


def package_name(content: PluginContent, id: str) -> str:
    """Name of the package a plugin's modules are in; other content has another name."""
    return f"{ROOT}.{id.replace('-', '_')}_{content.sha256[:12]}"


def unload(content: PluginContent, id: str) -> None:
    """Forget the modules of a plugin, so that it is imported anew; what it has started goes on."""
    package = package_name(content, id)
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


class _PluginFinder(MetaPathFinder):
    """Finds modules of plugins among their content."""

    def __init__(self) -> None:
        self._contents: dict[str, PluginContent] = {}

    def add(self, package: str, content: PluginContent) -> None:
        self._contents[package] = content

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See ``MetaPathFinder``; other names are none of our business."""
        del path, target
        if fullname == ROOT:
            return ModuleSpec(ROOT, None, is_package=True)
        if not fullname.startswith(f"{ROOT}."):
            return None
        package = ".".join(fullname.split(".")[:2])
        content = self._contents.get(package)
        if content is None:
            return None
        below = fullname.removeprefix(package).strip(".").replace(".", "/")
        inside, alone = f"{below}/__init__.py".lstrip("/"), f"{below}.py"
        for relative, is_package in ((inside, True), (alone, False)):
            if relative in content.sources:
                return self._spec(fullname, content, relative, is_package=is_package)
        prefix = f"{below}/" if below else ""
        if any(name.startswith(prefix) for name in content.sources):
            spec = ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = []
            return spec
        return None

    def _spec(self, fullname: str, content: PluginContent, relative: str, *, is_package: bool) -> ModuleSpec:
        origin = str(content.folder / relative)
        spec = ModuleSpec(
            fullname,
            _ContentLoader(origin, content.sources[relative]),
            origin=origin,
            is_package=is_package,
        )
        # __file__ is set, so that a plugin finds its data; __cached__ is not, as nothing is compiled to disk.
        spec.has_location = True
        return spec


class _ContentLoader(SourceLoader):
    """Gives the text that was hashed. It has no ``path_stats``, so no compiled file is read or written."""

    def __init__(self, origin: str, source: bytes) -> None:
        self._origin = origin
        self._source = source

    def get_filename(self, fullname: str) -> str:
        """Where the module stands on the disk."""
        del fullname
        return self._origin

    def get_data(self, path: str | bytes) -> bytes:
        """The text of the one module this is for.

        Raises:
            OSError: asked for another file.
        """
        if path != self._origin:
            raise OSError(f"{path!r} is not {self._origin}")
        return self._source


def _finder() -> _PluginFinder:
    """The one finder of this process."""
    with _install:
        for known in sys.meta_path:
            if isinstance(known, _PluginFinder):
                return known
        finder = _PluginFinder()
        sys.meta_path.append(finder)
        return finder
