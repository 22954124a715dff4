"""Finding plugins: with the program, by entry points, in the user's folder, where a flag says. No imports."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latent_studio.core.errors import PluginError
from latent_studio.plugin_host.manifest import FILE_NAME, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from latent_studio.plugin_host.manifest import Manifest

log = logging.getLogger(__name__)

#: Where a plugin was found, in the order of searching; the first of an id is the one that counts.
Origin = Literal["bundled", "package", "user", "given"]
ENTRY_POINTS = "latent_studio.plugins"

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """One folder with a ``plugin.toml``.

    Attributes:
        folder: of the plugin.
        origin: how it was found.
        manifest: what it says of itself; ``None`` where that cannot be used.
        problem: why it cannot be used, in a sentence; empty when it can.
    """

    folder: Path
    origin: Origin
    manifest: Manifest | None
    problem: str = ""

    @property
    def id(self) -> str:
        """Its id; the folder's name where the manifest cannot be read."""
        return self.manifest.id if self.manifest is not None else self.folder.name


def bundled_plugins_dir() -> Path:
    """The folder of the plugins that come with the program: in an installed package, else in a checkout."""
    installed = _PACKAGE / "plugins"
    return installed if installed.is_dir() else _PACKAGE.parent / "plugins"


def find_plugins(
    *, bundled: Path | None, user: Path | None, given: Sequence[Path] = ()
) -> tuple[FoundPlugin, ...]:
    """Every plugin there is, in the order of searching.

    Args:
        bundled: folder with one folder per plugin that came with the program; ``None`` for none.
        user: the same of the user's own.
        given: folders named by the user: a plugin each, or with one folder per plugin.
    """
    found: list[FoundPlugin] = []
    if bundled is not None:
        found += [_found(folder, "bundled") for folder in _below(bundled)]
    found += [_found(folder, "package") for folder in _of_packages()]
    if user is not None:
        found += [_found(folder, "user") for folder in _below(user)]
    for folder in given:
        folder = folder.expanduser().absolute()
        folders = [folder] if (folder / FILE_NAME).exists() else list(_below(folder))
        if not folders:
            found.append(FoundPlugin(folder, "given", None, f"There is no plugin in {folder}."))
        found += [_found(one, "given") for one in folders]
    return _without_twins(found)


def _found(folder: Path, origin: Origin) -> FoundPlugin:
    try:
        return FoundPlugin(folder, origin, read_manifest(folder))
    except PluginError as error:
        return FoundPlugin(folder, origin, None, error.title)


def _below(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if not entry.name.startswith((".", "_")) and (entry / FILE_NAME).is_file():
            yield entry


def _of_packages() -> Iterator[Path]:
    """Folders of installed packages that name themselves; none of their code runs here."""
    for entry in sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda one: one.name):
        top, *rest = entry.module.split(".")
        try:
            # Asked of the finders directly: find_spec() of importlib would import the packages above.
            spec = PathFinder.find_spec(top)
        except (ImportError, ValueError) as error:
            log.warning("The plugin package %s cannot be found: %s", entry.module, error)
            continue
        places: Iterable[str] = (spec.submodule_search_locations or ()) if spec is not None else ()
        for place in places:
            folder = Path(place, *rest)
            if (folder / FILE_NAME).is_file():
                yield folder
                break
        else:
            log.warning("The plugin package %s has no %s.", entry.module, FILE_NAME)


def _without_twins(found: Iterable[FoundPlugin]) -> tuple[FoundPlugin, ...]:
    """One of an id can be used; later ones stay in the list and say why they cannot."""
    first: dict[str, FoundPlugin] = {}
    kept: list[FoundPlugin] = []
    for one in found:
        if any(one.folder.resolve() == other.folder.resolve() for other in kept):
            continue
        if one.manifest is not None:
            other = first.setdefault(one.manifest.id, one)
            if other is not one:
                one = FoundPlugin(
                    one.folder,
                    one.origin,
                    one.manifest,
                    f"Another plugin has the id {one.manifest.id!r}: the one in {other.folder}.",
                )
        kept.append(one)
    return tuple(kept)
