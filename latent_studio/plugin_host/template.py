"""Templates of plugins: small ones that work and pass their own tests."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from latent_studio.core.errors import ExportError, OptionError
from latent_studio.exporters.part_file import check_folder_target, make_folder, write_file
from latent_studio.plugin_host.manifest import is_plugin_id

TemplateKind = Literal["exporter", "attributes", "directions", "dock"]
TEMPLATE_KINDS: tuple[TemplateKind, ...] = get_args(TemplateKind)

_FOLDER = Path(__file__).resolve().parent / "templates"
#: Files of a template end in this, so that no tool takes them for code of the program.
_SUFFIX = ".template"


def write_template(folder: Path, id: str, kind: TemplateKind) -> Path:
    """Begin a plugin.

    Args:
        folder: to make; those above it are made too.
        id: of the plugin and of what it adds.
        kind: what it adds.

    Returns:
        the folder.

    Raises:
        OptionError: the id cannot be one.
        ExportError: the folder exists and is not empty, or the disk refuses.
    """
    if not is_plugin_id(id):
        raise OptionError(
            "ID", f"ID is {id!r}, but must be lower case letters, digits and single hyphens, at most 40."
        )
    make_folder(folder.parent)
    check_folder_target(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise ExportError(f"{folder} is there already.", hint="Choose another name or folder.")
    name = id.replace("-", " ").capitalize()
    for source in sorted([*(_FOLDER / "all").rglob(f"*{_SUFFIX}"), *(_FOLDER / kind).rglob(f"*{_SUFFIX}")]):
        root = _FOLDER / ("all" if source.is_relative_to(_FOLDER / "all") else kind)
        target = folder / source.relative_to(root).with_suffix("")
        text = source.read_text(encoding="utf-8").replace("@id@", id).replace("@name@", name)
        make_folder(target.parent)
        write_file(target, text.encode())
    return folder
